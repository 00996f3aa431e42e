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
