"""The pages by which people come in and leave."""

from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from moderation.errors import ReviewError
from moderation.review.access import links, signin
from moderation.review.access.keys import new_key
from moderation.review.access.passwords import LEAST, MOST
from moderation.review.store import Store
from moderation.review.web import cookies
from moderation.review.web.oidc import Oidc
from moderation.review.web.paths import HOME, origin, safe_next
from moderation.review.web.render import page

_STATUS: Final = {"locked": 429, "wrong": 422, "used": 410}


class Doors:
    """Sign in, sign out, welcome."""

    def __init__(self, store: Store, oidc: Oidc | None, *, secure: bool) -> None:
        self._store = store
        self._oidc = oidc
        self._secure = secure

    def routes(self) -> list[Route]:
        """Where they are."""
        found = [
            Route("/login", self.login),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
            Route("/welcome/{key}", self.welcome),
            Route("/welcome/{key}", self.accept, methods=["POST"]),
        ]
        if self._oidc is not None:
            found += [Route("/oidc/start", self.start), Route("/oidc/back", self.back)]
        return found

    def login(self, request: Request) -> Response:
        """Ask for name and password."""
        where = safe_next(request.query_params.get("next", ""))
        if request.state.visitor is not None:
            return RedirectResponse(where, 303)
        return self._login(request, where)

    def sign_in(self, request: Request) -> Response:
        """Begin a session, and lead back to where the person wanted to go."""
        where = safe_next(said(request, "next"))
        name = said(request, "name")
        asking = cookies.browser(request, secure=self._secure)
        try:
            done = signin.sign_in(self._store, name, said(request, "password"), asking)
        except ReviewError as error:
            return self._login(request, where, name=name, error=error)
        return self._let_in(request, where, done)

    def sign_out(self, request: Request) -> Response:
        """End the session, here and in the store."""
        visitor = request.state.visitor
        signin.sign_out(self._store, visitor.name, request.state.session)
        answer = RedirectResponse("/login", 303)
        cookies.drop(answer, "session", secure=self._secure)
        return answer

    def welcome(self, request: Request) -> Response:
        """Ask whoever holds a link for their password; looking does not use it up."""
        return self._welcome(request)

    def accept(self, request: Request) -> Response:
        """Use a link up."""
        password = said(request, "password")
        name = said(request, "name")
        try:
            if password != said(request, "again"):
                raise ReviewError("differs", "the two passwords differ")
            done = links.accept(
                self._store,
                request.path_params["key"],
                password,
                cookies.browser(request, secure=self._secure),
                name=name,
            )
        except ReviewError as error:
            return self._welcome(request, name=name, error=error)
        return self._let_in(request, HOME, done)

    def start(self, request: Request) -> Response:
        """Send the browser to the identity provider."""
        assert self._oidc is not None  # noqa: S101 - else there is no such route
        key = new_key(self._store)
        try:
            where = self._oidc.start(key, self._back(request))
        except ReviewError as error:
            return self._login(request, HOME, error=error)
        answer = RedirectResponse(where, 303)
        cookies.set_key(answer, "oidc", key, secure=self._secure)
        return answer

    def back(self, request: Request) -> Response:
        """The browser comes back from the identity provider."""
        assert self._oidc is not None  # noqa: S101 - else there is no such route
        key = cookies.key_in(request, "oidc", secure=self._secure)
        try:
            who = self._oidc.finish(key, self._back(request), dict(request.query_params))
            done = signin.sign_in_by(
                self._store, who, cookies.browser(request, secure=self._secure)
            )
        except ReviewError as error:
            answer = self._login(request, HOME, error=error)
        else:
            answer = self._let_in(request, HOME, done)
        cookies.drop(answer, "oidc", secure=self._secure)
        return answer

    def _back(self, request: Request) -> str:
        return f"{origin(request, secure=self._secure)}/oidc/back"

    def _let_in(self, request: Request, where: str, done: signin.SignedIn) -> Response:
        # Whoever was signed in with this browser is not any more.
        if request.state.visitor is not None:
            signin.sign_out(self._store, request.state.visitor.name, request.state.session)
        answer = RedirectResponse(where, 303)
        cookies.drop(answer, "visit", secure=self._secure)
        return cookies.let_in(answer, done, secure=self._secure)

    def _login(
        self, request: Request, where: str, *, name: str = "", error: ReviewError | None = None
    ) -> Response:
        return page(
            request,
            "login.html",
            status=_STATUS.get(error.code, 403) if error else 200,
            csrf=request.state.csrf,
            next=where,
            typed=name[:200],
            error=sentence(error),
            provider=self._oidc.shown if self._oidc else "",
        )

    def _welcome(
        self, request: Request, *, name: str = "", error: ReviewError | None = None
    ) -> Response:
        context: dict[str, Any] = {"csrf": request.state.csrf, "least": LEAST, "most": MOST}
        key = request.path_params["key"]
        try:
            found = links.opened(self._store, key)
        except ReviewError as gone:
            return page(request, "welcome.html", status=410, found=None, error=str(gone), **context)
        return page(
            request,
            "welcome.html",
            status=_STATUS.get(error.code, 400) if error else 200,
            found=found,
            key=quote(key, safe=""),
            typed=name[:200],
            error=sentence(error),
            **context,
        )


def said(request: Request, field: str) -> str:
    """A field of the form as a text; empty when it is not there."""
    value = request.state.form.get(field, "")
    return value if isinstance(value, str) else ""


def sentence(error: ReviewError | None) -> str:
    """A refusal as a person reads it."""
    return f"{str(error)[:1].upper()}{str(error)[1:]}." if error else ""
