"""The admin's page of accounts. It shows who there is, and nobody's figures."""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from moderation.errors import ReviewError
from moderation.review.access import accounts, links, sessions, throttle
from moderation.review.rules import ROLES
from moderation.review.store import Store
from moderation.review.web.doors import said, sentence
from moderation.review.web.moments import day
from moderation.review.web.paths import origin
from moderation.review.web.render import page
from moderation.review.web.roles import require

_PAGE: Final = "/users"


class People:
    """Accounts."""

    def __init__(self, store: Store, *, secure: bool) -> None:
        self._store = store
        self._secure = secure

    def routes(self) -> list[Route]:
        """Where they are."""
        one = f"{_PAGE}/{{name}}"
        return [
            Route(_PAGE, self.users),
            Route(f"{_PAGE}/invite", self.invite, methods=["POST"]),
            Route(f"{one}/role", self.role, methods=["POST"]),
            Route(f"{one}/disable", self.disable, methods=["POST"]),
            Route(f"{one}/enable", self.enable, methods=["POST"]),
            Route(f"{one}/sign-out", self.sign_out, methods=["POST"]),
            Route(f"{one}/unlock", self.unlock, methods=["POST"]),
            Route(f"{one}/link", self.link, methods=["POST"]),
        ]

    @require("admin")
    def users(self, request: Request) -> Response:
        """Every account."""
        return self._page(request)

    @require("admin")
    def invite(self, request: Request) -> Response:
        """Add an account, and show once the link that the person needs."""
        name = said(request, "name")
        try:
            key = links.invite(
                self._store, request.state.visitor.person, name, said(request, "role")
            )
        except ReviewError as error:
            return self._page(request, error=error, name=name)
        return self._page(request, link=key, of=name)

    @require("admin")
    def link(self, request: Request) -> Response:
        """Make a link for a forgotten password or a lost invitation, and show it once."""
        name = request.path_params["name"]
        try:
            key = links.reset(self._store, request.state.visitor.person, name)
        except ReviewError as error:
            return self._page(request, error=error)
        return self._page(request, link=key, of=name)

    @require("admin")
    def role(self, request: Request) -> Response:
        """Give an account another role."""
        return self._done(request, accounts.set_role, said(request, "role"))

    @require("admin")
    def disable(self, request: Request) -> Response:
        """Shut an account."""
        return self._done(request, accounts.disable)

    @require("admin")
    def enable(self, request: Request) -> Response:
        """Open an account again."""
        return self._done(request, accounts.enable)

    @require("admin")
    def sign_out(self, request: Request) -> Response:
        """End all sessions of a person."""
        return self._done(request, sessions.end_all)

    @require("admin")
    def unlock(self, request: Request) -> Response:
        """Let a person try again."""
        return self._done(request, throttle.unlock)

    def _done(self, request: Request, act: Callable[..., object], *more: str) -> Response:
        try:
            act(self._store, request.state.visitor.person, request.path_params["name"], *more)
        except ReviewError as error:
            return self._page(request, error=error)
        return RedirectResponse(_PAGE, 303)

    def _page(
        self,
        request: Request,
        *,
        error: ReviewError | None = None,
        name: str = "",
        link: str = "",
        of: str = "",
    ) -> Response:
        closed = throttle.closed(self._store)
        return page(
            request,
            "users.html",
            status=_status(error),
            here="users",
            people=[
                (one, throttle.is_closed(one.name, closed), day(one.signed_in_at))
                for one in accounts.accounts(self._store)
            ],
            roles=ROLES,
            error=sentence(error),
            typed=name[:64],
            link=f"{origin(request, secure=self._secure)}/welcome/{link}" if link else "",
            of=of,
        )


def _status(error: ReviewError | None) -> int:
    if error is None:
        return 200
    return {"not_found": 404, "not_allowed": 403}.get(error.code, 409)
