"""The last comments of each thread, as this worker has seen them."""

from collections import OrderedDict, deque
from itertools import takewhile
from typing import Final, NamedTuple

from moderation.records import Comment, Utterance

_LATEST: Final = 3
"""Comments that a moderator is shown before a flagged one, beside the one that it answers."""
_MOST: Final = 500
"""Characters of each."""


class _Said(NamedTuple):
    id: str
    text: str
    author_id: str
    author_name: str


class Threads:
    """Recent comments by article; bounded in threads and in comments of each.

    The memory is the worker's own and starts empty: after a restart a comment is scored with the
    thread that has come since, and its record says how much that was.
    """

    def __init__(self, *, keep: int, length: int) -> None:
        self._keep = keep
        self._length = length
        self._threads: OrderedDict[str, deque[_Said]] = OrderedDict()

    def before(self, comment: Comment) -> tuple[str, ...]:
        """Texts of the thread without this comment itself, oldest first."""
        thread = self._threads.get(comment.article_id, ())
        return tuple(said.text for said in thread if said.id != comment.id)

    def parent(self, comment: Comment) -> str:
        """Text of the comment that this one answers, or the empty string when it is not known."""
        if comment.parent_text:
            return comment.parent_text
        for said in self._threads.get(comment.article_id, ()):
            if comment.parent_id and said.id == comment.parent_id:
                return said.text
        return ""

    def conversation(self, comment: Comment) -> list[Utterance]:
        """What a moderator reads before a comment: its parent and the latest, oldest first."""
        thread = self._threads.get(comment.article_id, ())
        # An edit stands where its comment stood.
        earlier = list(takewhile(lambda said: said.id != comment.id, thread))
        latest = earlier[-_LATEST:]
        parent = [said for said in earlier[:-_LATEST] if said.id == comment.parent_id]
        return [
            Utterance(said.id, said.author_id, _cut(said.text), said.author_name)
            for said in (*parent, *latest)
        ]

    def add(self, comment: Comment) -> None:
        """Remember a comment; a later revision takes the place of the earlier one."""
        thread = self._threads.setdefault(comment.article_id, deque(maxlen=self._length))
        self._threads.move_to_end(comment.article_id)
        added = _Said(comment.id, comment.text, comment.author_id, comment.author_name)
        for index, said in enumerate(thread):
            if said.id == comment.id:
                thread[index] = added
                break
        else:
            thread.append(added)
        while len(self._threads) > self._keep:
            self._threads.popitem(last=False)

    def forget(self, author_id: str) -> None:
        """Drop an author's comments."""
        for article_id, thread in self._threads.items():
            if any(said.author_id == author_id for said in thread):
                left = (said for said in thread if said.author_id != author_id)
                self._threads[article_id] = deque(left, maxlen=self._length)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"
