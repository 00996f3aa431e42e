"""A review store with a clock and a chance that the test holds, and records to put into it."""

import contextlib
import hashlib
import zlib
from collections.abc import Iterator
from typing import Any, Self

from moderation.records import Context, Judged, Reason, Source
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.deeds import Receipt
from moderation.review.intake import take_in
from moderation.review.models import Action
from moderation.review.rules import Person, Rules
from moderation.review.store import Store

START = 1_790_000_000.0
ANNA = Person("anna")
BEN = Person("ben")
LEAD = Person("lea", "lead")
NEVER = 0.999


class Desk:
    """The store, its time and its luck."""

    def __init__(self, url: str, **rules: Any) -> None:
        self.time = START
        self.luck = NEVER
        self.url = url
        self.store = Store(
            url, rules=Rules(**rules), clock=lambda: self.time, chance=lambda: self.luck
        )

    @classmethod
    @contextlib.contextmanager
    def at(cls, url: str, **rules: Any) -> Iterator[Self]:
        """A desk that is cleared at the end."""
        desk = cls(url, **rules)
        try:
            yield desk
        finally:
            desk.store.close()

    def add(self, *names: str, **fields: Any) -> None:
        """Take comments in."""
        take_in(self.store, [judged(name, **fields) for name in names])

    def decide(
        self,
        name: str,
        action: Action = "approve",
        *,
        person: Person = ANNA,
        version: int = 1,
        **fields: Any,
    ) -> Receipt:
        """Decide one; a rejection is for an insult unless said otherwise."""
        if action in {"reject", "ban_suggest"}:
            fields.setdefault("reason", "insult")
        choice = Choice(comment_id=name, version=version, action=action, **fields)
        return decide(self.store, person, choice)


def judged(
    name: str, *, priority: float = 0.5, reasons: dict[str, float] | None = None, **fields: Any
) -> Judged:
    """A flagged comment as `comments.review` holds it."""
    scores = {"insult": 0.9} if reasons is None else reasons
    revision = fields.get("revision", 0)
    offset = fields.pop("offset", zlib.crc32(f"{name}#{revision}".encode()))
    values: dict[str, Any] = {
        "article_id": "a1",
        "author_id": f"author-of-{name}",
        "text": f"About the bridge, from {name}: {_words(name)}.",
        "decision": "review",
        "reasons": [Reason(code, score, 0.5) for code, score in scores.items()],
        "scores": scores,
        "models": {"toxicity": "builtin-1"},
        "policy": "default-1",
        "context": Context(),
        "arrived_at": START,
        "judged_at": f"2026-09-21T13:46:{40 + revision:02d}.000+00:00",
        **fields,
    }
    return Judged(
        id=name,
        item_id=f"{name}#{revision}",
        priority=priority,
        source=Source("comments", 0, offset),
        **values,
    )


def edit(name: str, revision: int = 1, **fields: Any) -> Judged:
    """The ledger's record of an edit that was allowed."""
    values: dict[str, Any] = {"text": f"Harmless {revision}.", "priority": 0.02, **fields}
    return judged(name, decision="allow", reasons={}, revision=revision, **values)


def _words(name: str) -> str:
    """Words that no other comment has."""
    digits = hashlib.sha256(name.encode()).hexdigest()
    return " ".join(digits[start : start + 8] for start in range(0, 64, 8))
