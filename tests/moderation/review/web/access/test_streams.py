"""News that is still open when its session is not."""

from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Message

from moderation.review.access import sessions
from moderation.review.web import access
from moderation.review.web.access import AccessOptions
from tests.moderation.review.access.conftest import ADMIN
from tests.moderation.review.desk import START
from tests.moderation.review.web.access.site import Site


async def test_open_stream_ends_with_its_session(site: Site) -> None:
    """Who was signed out by an admin hears nothing more, also on a page that is still open."""
    key = site.browser("anna").cookies["trollbridge-session"]
    said: list[str] = []
    used: set[float] = set()

    async def news() -> AsyncIterator[str]:
        for number in range(30):
            used.update(view.used_at for view in sessions.own(site.desk.store, "anna"))
            if number == 20:
                sessions.end_all(site.desk.store, ADMIN, "anna")
            site.desk.time += 6
            said.append(str(number))
            yield f"data: {number}\n\n"

    options = AccessOptions()
    app = Starlette(
        routes=[Route("/events", lambda _: StreamingResponse(news()))],
        middleware=access.middleware(site.desk.store, options),
    )
    heard: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        heard.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "scheme": "http",
        "path": "/events",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"cookie", f"trollbridge-session={key}".encode())],
        "client": ("127.0.0.1", 5_000),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    bodies = [one["body"] for one in heard if one["type"] == "http.response.body"]
    assert b"data: 20\n\n" in bodies
    assert b"data: 23\n\n" not in bodies
    assert not heard[-1].get("more_body")
    assert len(said) < 30
    # Listening is no activity: a page that nobody looks at keeps nobody signed in.
    assert {START} == used
