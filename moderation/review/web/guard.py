"""What stands before every page: who asks, and whether the request is one of ours.

Refuses by default: a path that nobody thought of needs a session.
"""

import asyncio
import hmac
from collections.abc import Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moderation.errors import StoreError
from moderation.review.access import sessions, tokens
from moderation.review.access.keys import new_key
from moderation.review.access.sessions import Entered
from moderation.review.store import Store
from moderation.review.web.cookies import cookie_name, derived, drop, key_in, set_key
from moderation.review.web.paths import login_for, origin
from moderation.review.web.problems import problem
from moderation.review.web.render import page
from moderation.review.web.visitor import Visitor

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN: Final = ("/login", "/oidc/start", "/oidc/back", "/healthz", "/api/openapi.json")
_OPEN_UNDER: Final = ("/welcome/", "/static/")
_PLAIN: Final = ("/healthz", "/static/", "/api/openapi.json")
"""Open, and nothing is asked of the store for them."""
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_BODY: Final = 1024 * 1024
"""Bytes of a request; a thousand selected comments fit."""
MOST_BODY_OUTSIDE: Final = 16 * 1024
"""The same from somebody who is not signed in."""
_MOST_FIELDS: Final = 5_000
_BODY_SECONDS: Final = 30.0
_LOOK_AGAIN: Final = 10.0
"""Seconds after which an open stream asks whether its session still is."""


class Refusal(Exception):  # noqa: N818 - it is no error of ours
    """The request goes no further."""

    def __init__(self, status: int, said: str, code: str) -> None:
        super().__init__(said)
        self.status = status
        self.code = code


class Guard:
    """Sets `request.state.visitor`, or answers in place of the page."""

    def __init__(self, app: ASGIApp, *, store: Store, secure: bool, hosts: Sequence[str]) -> None:
        self._app = app
        self._store = store
        self._secure = secure
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        scope["state"].update(visitor=None, session="", csrf="", form=FormData())
        request = Request(scope, receive)
        try:
            self._require_ours(request)
            if scope["path"].startswith(_PLAIN):
                await self._app(scope, receive, send)
                return
            answer = await self._enter(request)
            if answer is None and request.method not in _SAFE:
                receive = await self._read(request)
        except Refusal as refusal:
            answer = _refused(request, refusal)
        except StoreError:
            said = "The review store does not answer. Nothing was done; try again in a moment."
            answer = _refused(request, Refusal(503, said, "no_store"))
        if answer is not None:
            await answer(scope, receive, send)
            return
        await self._pass_on(request, receive, send)

    def _require_ours(self, request: Request) -> None:
        """Refuse what no browser of ours would send."""
        if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            raise Refusal(400, "That address holds a character that none of ours has.", "bad_path")
        host = _host(request)
        # A page of another site whose name leads here (DNS rebinding) names itself.
        if self._hosts and host not in self._hosts and request.scope["path"] != "/healthz":
            raise Refusal(400, "The console does not go by that name.", "bad_host")

    async def _enter(self, request: Request) -> Response | None:
        """Say who asks; an answer where that is nobody and the page is not open."""
        state, path = request.scope["state"], request.scope["path"]
        if path.startswith("/api/"):
            state["visitor"] = await self._bearer(request)
            return None
        key = key_in(request, "session", secure=self._secure)
        if key:
            used = path != "/events"
            entered = await run_in_threadpool(sessions.find, self._store, key, used=used)
            if entered is not None:
                csrf = derived(key, "csrf")
                state.update(visitor=_visitor(entered, csrf), session=entered.id, csrf=csrf)
                return None
        if path in _OPEN or path.startswith(_OPEN_UNDER):
            visit = key_in(request, "visit", secure=self._secure)
            if not visit:
                state["visit"] = visit = new_key(self._store)
            state["csrf"] = derived(visit, "csrf")
            return None
        if wants_data(request):
            raise Refusal(401, "You are not signed in.", "not_signed_in")
        answer = RedirectResponse(login_for(request), 303)
        if cookie_name("session", secure=self._secure) in request.cookies:
            drop(answer, "session", secure=self._secure)
        return answer

    async def _bearer(self, request: Request) -> Visitor:
        """Whose API token it is. Cookies do not count: no other site can send a token."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        entered = None
        if scheme.lower() == "bearer":
            entered = await run_in_threadpool(tokens.find, self._store, key.strip())
        if entered is None:
            raise Refusal(401, "Send an API token: Authorization: Bearer …", "not_signed_in")
        return _visitor(entered, "")

    async def _read(self, request: Request) -> Receive:
        """Read a bounded body, and require the mark of our own pages; what replays it."""
        state = request.scope["state"]
        api = request.scope["path"].startswith("/api/")
        if not api:
            self._require_same_site(request)
        body = await _body(request, MOST_BODY if state["visitor"] else MOST_BODY_OUTSIDE)
        if not api:
            await self._require_marked(request, body)
        return _replay(body, request.receive)

    def _require_same_site(self, request: Request) -> None:
        refusal = Refusal(403, "That request came from another site.", "cross_site")
        site = request.headers.get("sec-fetch-site")
        if site is not None and site not in {"same-origin", "none"}:
            raise refusal
        named = request.headers.get("origin")
        # `null` is what our own pages send: they give no referrer. The token decides then.
        ours = {None, "null", origin(request, secure=self._secure)}
        if site is None and named not in ours:
            raise refusal

    async def _require_marked(self, request: Request, body: bytes) -> None:
        """Refuse without the token that only our pages know (CSRF)."""
        state = request.scope["state"]
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _FORMS:
            state["form"] = await _form(request, body, kind)
        given = request.headers.get("x-csrf-token") or state["form"].get("csrf") or ""
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode("utf-8", "replace"), state["csrf"].encode()
        ):
            said = "This page was open for too long. Go back, load it again, and try once more."
            raise Refusal(403, said, "csrf")

    async def _pass_on(self, request: Request, receive: Receive, send: Send) -> None:
        """Let the page answer; the visit's cookie goes with it, and a stream is watched."""
        scope = request.scope
        visit = scope["state"].pop("visit", "")
        watch = _Watch(self, request, send) if scope["path"] == "/events" else None

        async def with_cookie(message: Message) -> None:
            if visit and message["type"] == "http.response.start":
                carrier = Response()
                set_key(carrier, "visit", visit, secure=self._secure)
                message["headers"] = [
                    *message.get("headers", []),
                    *(
                        (name, value)
                        for name, value in carrier.raw_headers
                        if name == b"set-cookie"
                    ),
                ]
            await (watch.send(message) if watch else send(message))

        try:
            await self._app(scope, receive, with_cookie)
        except ClientDisconnect:
            if watch is None or not watch.ended:
                raise

    async def still_in(self, request: Request) -> bool:
        """Whether the session that a request came with has not been ended since."""
        key = key_in(request, "session", secure=self._secure)
        try:
            found = await run_in_threadpool(sessions.find, self._store, key, used=False)
        except StoreError:
            return True
        return found is not None

    def now(self) -> float:
        """The store's time."""
        return self._store.now()


class _Watch:
    """Ends a stream of events when the session that opened it has ended."""

    def __init__(self, guard: Guard, request: Request, send: Send) -> None:
        self._guard = guard
        self._request = request
        self._send = send
        self._looked = guard.now()
        self.ended = False

    async def send(self, message: Message) -> None:
        due = self._guard.now() - self._looked >= _LOOK_AGAIN
        if message["type"] == "http.response.body" and message.get("more_body") and due:
            self._looked = self._guard.now()
            if not await self._guard.still_in(self._request):
                self.ended = True
                await self._send({"type": "http.response.body", "body": b""})
                # What a server says when the other side is gone; the stream ends with it.
                raise OSError
        await self._send(message)


def wants_data(request: Request) -> bool:
    """Whether a program asks, which has no use for a page."""
    return (
        request.scope["path"].startswith(("/api/", "/events"))
        or request.headers.get("x-console") == "1"
        or "text/event-stream" in request.headers.get("accept", "")
    )


def _refused(request: Request, refusal: Refusal) -> Response:
    if wants_data(request):
        answer: Response = problem(refusal.status, refusal.code, str(refusal))
        if refusal.status == 401:  # noqa: PLR2004 - as the RFC says
            answer.headers["www-authenticate"] = "Bearer"
        return answer
    return page(request, "refused.html", status=refusal.status, said=str(refusal))


def _visitor(entered: Entered, csrf: str) -> Visitor:
    return Visitor(entered.name, entered.role, csrf, entered.preferences)


def _host(request: Request) -> str:
    """The host a request names, without port."""
    host = request.headers.get("host", "").lower()
    if host.startswith("["):
        return host.partition("]")[0].lstrip("[")
    return host.partition(":")[0]


async def _body(request: Request, most: int) -> bytes:
    too_large = Refusal(413, "That is too much at once.", "too_large")
    given = request.headers.get("content-length", "0")
    if not given.isdigit() or int(given[:20]) > most:
        raise too_large
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > most:
                    raise too_large
    except TimeoutError as error:
        raise Refusal(408, "The request did not come to its end.", "too_slow") from error
    return bytes(found)


async def _form(request: Request, body: bytes, kind: str) -> FormData:
    """A form of texts; files and NUL characters have no place in ours."""
    bad = Refusal(400, "The form is damaged: load the page again.", "bad_form")
    if (b"%00" if kind == _FORMS[0] else b"\x00") in body:
        raise bad
    again = Request(request.scope, _replay(body, request.receive))
    try:
        return await again.form(max_files=0, max_fields=_MOST_FIELDS)
    except (HTTPException, MultiPartException, UnicodeDecodeError, ValueError) as error:
        raise bad from error


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, and then what the server says."""
    given: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return given.pop() if given else await receive()

    return replayed
