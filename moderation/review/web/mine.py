"""A person's own page: password, preferences, sessions, API tokens."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from moderation.errors import ReviewError
from moderation.review.access import accounts, sessions, signin, tokens
from moderation.review.access.passwords import LEAST, MOST
from moderation.review.preferences import Preferences
from moderation.review.rules import ROLES
from moderation.review.store import Store
from moderation.review.web import cookies
from moderation.review.web.doors import said, sentence
from moderation.review.web.moments import day, minute
from moderation.review.web.render import page

_PAGE: Final = "/me"
_STATUS: Final = {"locked": 429, "not_allowed": 403, "not_found": 404}


class Mine:
    """What concerns nobody but the person who is signed in."""

    def __init__(self, store: Store, *, secure: bool) -> None:
        self._store = store
        self._secure = secure

    def routes(self) -> list[Route]:
        """Where it is."""
        return [
            Route(_PAGE, self.me),
            Route(f"{_PAGE}/password", self.password, methods=["POST"]),
            Route(f"{_PAGE}/preferences", self.preferences, methods=["POST"]),
            Route(f"{_PAGE}/sessions/end", self.end_others, methods=["POST"]),
            Route(f"{_PAGE}/sessions/{{id}}/end", self.end, methods=["POST"]),
            Route(f"{_PAGE}/tokens", self.make_token, methods=["POST"]),
            Route(f"{_PAGE}/tokens/{{id}}/revoke", self.revoke_token, methods=["POST"]),
        ]

    def me(self, request: Request) -> Response:
        """The page."""
        return self._page(request, done=request.query_params.get("done", ""))

    def password(self, request: Request) -> Response:
        """Set another password; every other browser is signed out."""
        try:
            if said(request, "password") != said(request, "again"):
                raise ReviewError("differs", "the two new passwords differ")
            done = signin.change_password(
                self._store,
                request.state.visitor.name,
                said(request, "old"),
                said(request, "password"),
                cookies.browser(request, secure=self._secure),
            )
        except ReviewError as error:
            return self._page(request, wrong="password", error=error)
        answer = RedirectResponse(f"{_PAGE}?done=password", 303)
        return cookies.let_in(answer, done, secure=self._secure)

    def preferences(self, request: Request) -> Response:
        """Keep what the person has set."""
        given = {name: bool(said(request, name)) for name in ("blur", "interleave", "shortcuts")}
        values: dict[str, Any] = {
            **given,
            "theme": said(request, "theme"),
            "break_minutes": said(request, "break_minutes"),
        }
        try:
            wanted = msgspec.convert(values, Preferences, strict=False)
        except msgspec.ValidationError:
            error = ReviewError("bad_form", "that is none of the choices")
            return self._page(request, wrong="preferences", error=error)
        accounts.set_preferences(self._store, request.state.visitor.name, wanted)
        return RedirectResponse(f"{_PAGE}?done=preferences", 303)

    def end(self, request: Request) -> Response:
        """Sign another browser out."""
        try:
            sessions.end(self._store, request.state.visitor.name, request.path_params["id"])
        except ReviewError as error:
            return self._page(request, wrong="sessions", error=error)
        return RedirectResponse(f"{_PAGE}?done=sessions", 303)

    def end_others(self, request: Request) -> Response:
        """Sign all other browsers out."""
        person = request.state.visitor.person
        sessions.end_all(self._store, person, person.name, besides=request.state.session)
        return RedirectResponse(f"{_PAGE}?done=sessions", 303)

    def make_token(self, request: Request) -> Response:
        """Make an API token, and show it once."""
        visitor = request.state.visitor
        days = said(request, "days")
        try:
            # A token outlives the session: one that was left open must not make one.
            if signin.has_password(self._store, visitor.name):
                asking = cookies.browser(request, secure=self._secure)
                signin.require_password(
                    self._store, visitor.name, said(request, "password"), asking
                )
            token = tokens.make(
                self._store,
                visitor.person,
                said(request, "name"),
                said(request, "role"),
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,  # noqa: PLR2004 - digits
            )
        except ReviewError as error:
            return self._page(request, wrong="tokens", error=error, name=said(request, "name"))
        return self._page(request, token=token)

    def revoke_token(self, request: Request) -> Response:
        """End an API token."""
        try:
            tokens.revoke(self._store, request.state.visitor.person, request.path_params["id"])
        except ReviewError as error:
            return self._page(request, wrong="tokens", error=error)
        return RedirectResponse(f"{_PAGE}?done=tokens", 303)

    def _page(
        self,
        request: Request,
        *,
        done: str = "",
        wrong: str = "",
        error: ReviewError | None = None,
        name: str = "",
        token: str = "",
    ) -> Response:
        visitor = request.state.visitor
        return page(
            request,
            "me.html",
            status=_STATUS.get(error.code, 400) if error else 200,
            here="me",
            done=done,
            wrong=wrong,
            error=sentence(error),
            typed=name[:64],
            token=token,
            most_days=tokens.MOST_DAYS,
            least=LEAST,
            most=MOST,
            roles=ROLES[: ROLES.index(visitor.role) + 1],
            has_password=signin.has_password(self._store, visitor.name),
            sessions=[
                (one, one.id == request.state.session, minute(one.used_at))
                for one in sessions.own(self._store, visitor.name)
            ],
            tokens=[
                (one, day(one.expires_at), minute(one.used_at))
                for one in tokens.own(self._store, visitor.name)
            ],
        )
