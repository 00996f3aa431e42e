"""The review store as metrics."""

from collections.abc import Iterator

import pytest

from streams import metrics_review as metrics
from streams import review_watch
from streams.review_watch import Watch
from tests.moderation.review.desk import Desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """An empty queue on each database."""
    with Desk.at(database_url) as desk:
        yield desk


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_the_store_looks_like(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth, age and what is not sent are as in the store; decisions count from the start on."""
    monkeypatch.setattr(review_watch, "_EVERY_SECONDS", 0.0)
    desk.add("before", "c1", "c2", "c3", "c4")
    desk.decide("before")
    watch = Watch(desk.store)
    approved = _value("trollbridge_review_decisions_total", action="approve")
    desk.time += 60
    desk.decide("c1")
    desk.decide("c2", "escalate")
    watch.step()
    watch.step()
    assert 2 == _value("trollbridge_review_waiting_items", state="open")
    assert 1 == _value("trollbridge_review_waiting_items", state="escalated")
    assert 60 == _value("trollbridge_review_oldest_seconds")
    assert 2 == _value("trollbridge_review_outbox_records")
    assert approved + 1 == _value("trollbridge_review_decisions_total", action="approve")


def test_not_each_time(desk: Desk) -> None:
    """The reader steps many times a second; the store is asked now and then."""
    watch = Watch(desk.store)
    watch.step()
    desk.add("c")
    watch.step()
    assert 0 == _value("trollbridge_review_waiting_items", state="open")
