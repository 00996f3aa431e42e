"""Articles at hand: who waits for one, for how long, and what is kept."""

import asyncio

from moderation.records import Article
from streams.shelf import Shelf


async def test_waits_until_the_article_comes() -> None:
    """A comment waits for its article and goes on at once when it comes."""
    shelf = Shelf(keep=10, wait=30)
    waiting = shelf.awaits("a")
    assert waiting is not None
    shelf.put(Article(id="a"))
    await asyncio.wait_for(waiting, 1)
    assert shelf.awaits("a") is None


async def test_nobody_overtakes_who_waited_for_the_same_article() -> None:
    """An edit that comes just after the article does not go before the comment that awaited it."""
    shelf, went = Shelf(keep=10, wait=30), list[str]()
    comment = shelf.awaits("a")
    assert comment is not None
    comment.add_done_callback(lambda _: went.append("comment"))
    shelf.put(Article(id="a"))
    edit = shelf.awaits("a")
    if edit is None:
        went.append("edit")
    else:
        edit.add_done_callback(lambda _: went.append("edit"))
        await asyncio.wait_for(edit, 1)
    assert ["comment", "edit"] == went
    assert shelf.awaits("a") is None


async def test_does_not_wait_twice_for_what_does_not_come() -> None:
    """Only the first comments of an unknown article wait; a site without articles is not slowed."""
    shelf = Shelf(keep=10, wait=0.01)
    waiting = shelf.awaits("a")
    assert waiting is not None
    await asyncio.wait_for(waiting, 1)
    assert shelf.get("a") is None
    assert shelf.awaits("a") is None


async def test_keeps_what_was_used_last() -> None:
    """Memory is bounded: the article that was neither written nor used longest goes first."""
    shelf = Shelf(keep=2, wait=0)
    for name in ("a", "b"):
        shelf.put(Article(id=name))
    shelf.get("a")
    shelf.put(Article(id="c"))
    assert [True, False, True] == [shelf.get(name) is not None for name in ("a", "b", "c")]
