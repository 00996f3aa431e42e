"""Memory of threads: what a comment is scored with."""

from moderation.records import Comment
from streams.threads import Threads


def _comment(name: str, text: str = "", *, article: str = "a", parent: str = "") -> Comment:
    return Comment(id=name, article_id=article, author_id="u", text=text or name, parent_id=parent)


def test_bounded() -> None:
    """The last comments of the last threads are kept, and no more."""
    threads = Threads(keep=2, length=2)
    for article in ("a", "b", "c"):
        for name in ("1", "2", "3"):
            threads.add(_comment(name, article=article))
    assert () == threads.before(_comment("x", article="a"))
    assert ("2", "3") == threads.before(_comment("x", article="c"))


def test_comment_is_not_its_own_context() -> None:
    """A comment that is read again is not part of its own thread; its edit takes its place."""
    threads = Threads(keep=2, length=5)
    for comment in (_comment("1"), _comment("2"), _comment("1", "edited")):
        threads.add(comment)
    assert ("2",) == threads.before(_comment("1"))
    assert ("edited", "2") == threads.before(_comment("3"))


def test_parent() -> None:
    """The parent's text is what the producer sent, or what the thread holds."""
    threads = Threads(keep=2, length=5)
    threads.add(_comment("1", "said"))
    assert "said" == threads.parent(_comment("2", parent="1"))
    assert "" == threads.parent(_comment("2", parent="unknown"))


def test_conversation() -> None:
    """A moderator reads the parent and the latest three before a comment, and nothing after it."""
    threads = Threads(keep=2, length=20)
    for name in "123456":
        threads.add(_comment(name, name * 600))
    shown = [(said.id, len(said.text)) for said in threads.conversation(_comment("7", parent="2"))]
    assert [("2", 500), ("4", 500), ("5", 500), ("6", 500)] == shown
    edited = threads.conversation(_comment("3", "edited", parent="2"))
    assert ["1", "2"] == [said.id for said in edited]
    assert [] == threads.conversation(_comment("x", article="b"))


def test_forgotten_author() -> None:
    """Nobody is scored with the text of an author who was erased; the thread else stays."""
    threads = Threads(keep=2, length=5)
    threads.add(_comment("1"))
    gone = _comment("2")
    gone.author_id = "gone"
    threads.add(gone)
    threads.forget("gone")
    assert ("1",) == threads.before(_comment("3"))
    assert "" == threads.parent(_comment("3", parent="2"))
