"""The console over a store, with visitors who need no password."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moderation.review.preferences import Preferences
from moderation.review.store import Store
from moderation.review.web.app import make_app
from moderation.review.web.options import WebOptions
from moderation.review.web.visitor import Visitor
from streams.broker import free_port

CSRF = "only-for-tests"
ROLES: dict[str, Any] = {"anna": "moderator", "ben": "moderator", "lea": "lead", "ada": "admin"}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; font-src 'self'; "
    "manifest-src 'self'"
)


class Doorman:
    """Lets in whoever the cookie `who` names, and holds forms to their token."""

    def __init__(self, app: ASGIApp, preferences: dict[str, Preferences]) -> None:
        self._app = app
        self._preferences = preferences

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        cookie = SimpleCookie(request.headers.get("cookie", ""))
        name = cookie["who"].value if "who" in cookie else ""
        if name in ROLES:
            preferences = self._preferences.get(name, Preferences())
            request.state.visitor = Visitor(name, ROLES[name], CSRF, preferences)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", CSP.encode()),
                ]
            await send(message)

        if request.method == "POST":
            body = await request.body()
            token = request.headers.get("x-csrf-token", "")
            if token != CSRF and f"csrf={CSRF}".encode() not in body:
                await PlainTextResponse("no token", 403)(scope, receive, guarded)
                return
            sent = False

            async def again() -> Message:
                nonlocal sent
                if sent:
                    return await receive()
                sent = True
                return {"type": "http.request", "body": body, "more_body": False}

            await self._app(scope, again, guarded)
            return
        await self._app(scope, receive, guarded)


class House:
    """The application; and, inside `open`, a server."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        self.preferences: dict[str, Preferences] = {}
        options = {"poll": 0.05, "grace": 0.2} | options
        self.app: Starlette = make_app(
            store,
            WebOptions(**options),
            middleware=[Middleware(Doorman, preferences=self.preferences)],
        )
        self.url = ""

    @contextlib.contextmanager
    def open(self) -> Iterator[Self]:
        """Serve on loopback, on a thread of its own."""
        port = free_port()
        server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                host="127.0.0.1",
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=5,
            )
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        started = threading.Event()
        for _ in range(200):
            if server.started or not thread.is_alive():
                break
            started.wait(0.05)
        assert server.started
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            self.app.state.hub.close()
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the console does not stop"


class Window:
    """A person's browser without scripts: follows redirects, shows what went wrong."""

    def __init__(self, app: Starlette, name: str) -> None:
        self._app = app
        self._cookies = {"who": name} if name else {}

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Load a page."""
        return asyncio.run(self._ask("GET", path, more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Send a form."""
        return asyncio.run(self._ask("POST", path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://console",
            cookies=self._cookies,
            follow_redirects=True,
        ) as client:
            headers = {"X-CSRF-Token": CSRF} | more.pop("headers", {})
            return await client.request(method, path, headers=headers, **more)
