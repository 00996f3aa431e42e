"""The application: files, errors, health, news."""

import asyncio

import pytest

from moderation.errors import StoreError
from moderation.review import queue
from moderation.review.intake import take_in, take_in_edits
from moderation.review.web import static
from moderation.review.web.live import Hub
from tests.moderation.review.desk import ANNA, BEN, Desk, edit, judged
from tests.moderation.review.web.conftest import Visit
from tests.moderation.review.web.house import House


def test_files_may_be_kept_for_ever(visit: Visit) -> None:
    """A file's address changes with its content; an old address does not spoil a cache."""
    anna = visit("anna")
    for name in ("console.css", "console.js", "icon.svg"):
        assert "immutable" in anna.get(static.url(name)).headers["cache-control"]
    assert "max-age=60" in anna.get("/static/console.0123.css").headers["cache-control"]
    assert 404 == anna.get("/static/..%2Fapp.py").status_code
    assert 404 == anna.get("/static/nothing.css").status_code


def test_no_visitor_no_page(desk: Desk, visit: Visit) -> None:
    """Without somebody who is signed in no page of the queue is shown, and nothing claimed."""
    desk.add("c")
    nobody = visit("")
    for path in ("/", "/parts?need=focus", "/items/c", "/bulk?id=c", "/events"):
        assert 401 == nobody.get(path).status_code
    assert 401 == nobody.post("/decide", data={"comment_id": "c"}).status_code
    assert 200 == nobody.get("/healthz").status_code


def test_errors_are_sentences(desk: Desk, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong is one sentence without a traceback, and says what to do."""
    anna = visit("anna")
    missing = anna.get("/nowhere")
    assert (404, True) == (missing.status_code, "There is no such page." in missing.text)

    def away() -> None:
        raise StoreError("review store postgresql://db: gone")

    monkeypatch.setattr(desk.store, "now", away)
    broken = anna.get("/")
    assert 503 == broken.status_code
    assert "The review store does not answer." in broken.text

    def wrong() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(desk.store, "now", wrong)
    broken = anna.get("/")
    assert 500 == broken.status_code
    assert "it is in the log" in broken.text
    assert "secret detail" not in broken.text
    assert "Traceback" not in broken.text


async def test_news(desk: Desk) -> None:
    """Open pages hear of a new item, a decision and an edit; closing ends them."""
    desk.add("c1")
    hub = Hub(desk.store, every=0.01, grace=0)
    stream = hub.stream("anna")
    await anext(stream)
    first = await asyncio.wait_for(anext(stream), 5)
    assert b'"waiting":1' in first
    take_in(desk.store, [judged("c2")])
    assert b'"waiting":2' in await asyncio.wait_for(anext(stream), 5)
    desk.decide("c1")
    assert b'"waiting":1' in await asyncio.wait_for(anext(stream), 5)
    take_in_edits(desk.store, [edit("c2")])
    assert b'"changed":1790' in await asyncio.wait_for(anext(stream), 5)
    late = hub.stream("ben")
    await anext(late)
    assert b'"waiting":1' in await asyncio.wait_for(anext(late), 5)
    hub.close()
    for open_one in (stream, late):
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(open_one), 5)


async def test_one_look_for_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages are open, the store is asked once for all of them."""
    desk.add("c1")
    hub = Hub(desk.store, every=60, grace=0)
    looks = 0
    look = hub._look

    def counted() -> object:
        nonlocal looks
        looks += 1
        return look()

    monkeypatch.setattr(hub, "_look", counted)
    streams = [hub.stream(f"person{number}") for number in range(10)]
    for stream in streams:
        await anext(stream)
        await asyncio.wait_for(anext(stream), 5)
    assert 1 == looks
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]


async def test_claims_stay_while_another_page_is_open(desk: Desk) -> None:
    """Closing one of two windows gives nothing up; closing the last one does."""
    desk.add("c1")
    queue.claim(desk.store, ANNA, "c1")
    hub = Hub(desk.store, every=60, grace=0)
    stream = hub.stream("anna")
    await anext(stream)
    await hub.left(ANNA, ["c1"])
    assert "anna" == queue.get(desk.store, "c1").claimed_by
    await stream.aclose()  # type: ignore[attr-defined]
    await hub.left(ANNA, ["c1"])
    assert "c1" == queue.claim(desk.store, BEN, "c1").id


def test_weight_of_the_page(desk: Desk, house: House, visit: Visit) -> None:
    """A page with all that it loads stays under 150 kB."""
    desk.add(*(f"c{number}" for number in range(40)), text="A long complaint. " * 40)
    anna = visit("anna")
    weight = len(anna.get("/").content) + sum(
        len(anna.get(static.url(name)).content)
        for name in ("console.css", "console.js", "icon.svg")
    )
    assert weight < 150_000
