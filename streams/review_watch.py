"""What the review store looks like, as metrics."""

import time
from typing import Final

from moderation.review import outbox, quality
from moderation.review.store import Store
from streams import metrics_review as metrics

_EVERY_SECONDS: Final = 15.0
"""As often as Prometheus asks; each time costs some queries."""

_REST: Final = 20
"""So many times as long as it took nothing is measured."""


class Watch:
    """Measures the store now and then. Never while somebody waits for /metrics."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = quality.last_decision(store)
        self._next = time.monotonic()

    def step(self) -> None:
        """Measure, if it is time to."""
        if time.monotonic() < self._next:
            return
        began = time.monotonic()
        found = quality.waiting(self._store)
        metrics.waiting.labels("open").set(found.open)
        metrics.waiting.labels("escalated").set(found.escalated)
        metrics.oldest.set(found.oldest)
        metrics.outbox.set(outbox.unsent(self._store))
        self._seen, made = quality.decided_since(self._store, self._seen)
        for action, count in made.items():
            metrics.decisions.labels(action).inc(count)
        ended = time.monotonic()
        # Where a million wait, counting them takes its time: it must not take all of it.
        self._next = ended + max(_EVERY_SECONDS, (ended - began) * _REST)
