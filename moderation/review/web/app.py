"""The console as an ASGI application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from moderation.errors import ReviewError, StoreError
from moderation.review.models import LogHead
from moderation.review.store import Store
from moderation.review.web import access, api, pages, static
from moderation.review.web.desk import Desk
from moderation.review.web.leads import Leads
from moderation.review.web.live import Hub
from moderation.review.web.options import WebOptions
from moderation.review.web.problems import problem
from moderation.review.web.refusals import sentence
from moderation.review.web.render import page

_STATUS: Final = {"not_found": 404, "not_allowed": 403, "bad_form": 400}
"""Of refusals; all others are 409."""
_SAID: Final = {
    400: "The request was not understood: go back, load the page again, and try once more.",
    401: "You are not signed in.",
    403: "You may not do this.",
    404: "There is no such page.",
    405: "This address does not take such a request.",
    500: "Something went wrong here, and it is in the log. Nothing was decided.",
    503: "The review store does not answer. Nothing was decided; try again in a moment.",
}


def make_app(
    store: Store,
    options: WebOptions,
    *,
    middleware: Sequence[Middleware] | None = None,
) -> Starlette:
    """The console over a store. SettingsError when the options make no sense.

    `middleware` stands in the place of accounts and sessions: it sets `request.state.visitor`,
    without which nobody gets in.
    """
    if middleware is None:
        middleware = access.middleware(store, options.access)
    hub = Hub(store, every=options.poll, grace=options.grace)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        hub.close()

    def healthz(_: Request) -> Response:
        with store.reading() as session:
            session.execute(select(LogHead.number))
        return PlainTextResponse("ok\n")

    app = Starlette(
        routes=[
            *Desk(store, hub).routes(),
            *Leads(store).routes(),
            *pages.routes(store),
            *access.routes(store, options.access),
            *api.routes(store),
            Route("/static/{name}", static.serve),
            Route("/healthz", healthz),
        ],
        middleware=middleware,
        exception_handlers={
            HTTPException: _http,
            ReviewError: _refusal,
            StoreError: _no_store,
            Exception: _broken,
        },
        lifespan=lifespan,
    )
    app.state.hub = hub
    app.state.store = store
    return app


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    said = _SAID.get(error.status_code) or HTTPStatus(error.status_code).phrase
    return _say(request, error.status_code, said, headers=dict(error.headers or {}))


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, ReviewError)  # noqa: S101 - as registered
    return _say(request, _STATUS.get(error.code, 409), sentence(error), code=error.code)


def _no_store(request: Request, _: Exception) -> Response:
    return _say(request, 503, _SAID[503])


def _broken(request: Request, _: Exception) -> Response:
    return _say(request, 500, _SAID[500])


def _say(
    request: Request,
    status: int,
    said: str,
    *,
    code: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """One plain sentence, as a page or for a script."""
    if request.url.path == "/healthz":
        return PlainTextResponse(f"{said}\n", status)
    if request.headers.get("x-console") == "1" or request.url.path == "/events":
        return JSONResponse({"code": code or str(status), "say": said}, status, headers)
    if request.url.path.startswith("/api/"):
        # An id with a line's end in it leads to no operation of the API, and to here.
        refusal = problem(status, code or str(status), said)
        refusal.headers.update(headers or {})
        return refusal
    answer = page(request, "error.html", status=status, said=said)
    answer.headers.update(headers or {})
    return answer
