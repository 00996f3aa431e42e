"""The console with people, and browsers that are signed in to it, without a network."""

import re
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from moderation.review.access.links import accept, first, invite
from moderation.review.access.signin import Browser
from moderation.review.web import access, static
from moderation.review.web.access import AccessOptions
from tests.moderation.review.access.conftest import ADMIN, PASSWORD
from tests.moderation.review.desk import Desk

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
HERE = "http://localhost"


def make_app(desk: Desk, options: AccessOptions | None = None) -> Starlette:
    """The pages of access, and a page and a deed of somebody else's."""
    options = options or AccessOptions()

    def other(request: Request) -> Response:
        visitor = request.state.visitor
        return PlainTextResponse(f"{visitor.name} {visitor.role} {request.url.path}")

    async def deed(request: Request) -> Response:
        form = await request.form()
        return JSONResponse({"note": form.get("note", "")})

    return Starlette(
        routes=[
            Route("/", other),
            Route("/items/{id:path}", other),
            Route("/deed", deed, methods=["POST"]),
            Route("/static/{name}", static.serve),
            Route("/healthz", lambda _: PlainTextResponse("ok\n")),
            *access.routes(desk.store, options),
        ],
        middleware=access.middleware(desk.store, options),
    )


class Site:
    """A console and its people: an admin ada, a lead lea, a moderator anna."""

    def __init__(self, desk: Desk, app: Starlette | None = None, *, here: str = HERE) -> None:
        self.desk = desk
        self.here = here
        accept(desk.store, first(desk.store), PASSWORD, Browser(), name=ADMIN.name)
        for name, role in (("lea", "lead"), ("anna", "moderator")):
            accept(desk.store, invite(desk.store, ADMIN, name, role), PASSWORD, Browser())
        self.app = app or make_app(desk)

    def browser(self, name: str = "") -> "Tab":
        """A new browser, signed in as somebody or nobody."""
        tab = Tab(self.app, base_url=self.here, follow_redirects=False)
        if name:
            answer = tab.sign_in(name)
            assert 303 == answer.status_code, answer.text
        return tab


class Tab(TestClient):
    """A browser that fills in forms as a page of the console has them."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.page = "/me"

    def csrf(self, path: str) -> str:
        """The token that a page's forms carry."""
        found = CSRF.search(self.get(path).text)
        assert found, path
        return found.group(1)

    def fill(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """Post a form of our own page."""
        token = self.csrf(options.pop("page", self.page))
        return self.post(path, data={"csrf": token, **(data or {})}, **options)

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        """Fill in the sign-in page."""
        return self.fill("/login", {"name": name, "password": password, **more}, page="/login")


class Raw(NamedTuple):
    """An answer."""

    status: int
    body: bytes


async def raw(app: Starlette, path: str, *, cookie: str = "", method: str = "GET") -> Raw:
    """Ask for a path as it is: clients tidy one up before they send it."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers if cookie else headers[:1],
        "client": ("127.0.0.1", 5_000),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Raw(sent[0]["status"], body)
