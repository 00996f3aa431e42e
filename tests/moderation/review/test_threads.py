"""The heat of threads in the queue: the newest counts, and a bounded past is kept."""

import itertools
from typing import Any

import msgspec
import pytest

from moderation.errors import RecordError
from moderation.records import Forecast
from moderation.review import queue, threads
from moderation.review.erasure import forget
from moderation.review.threads import POINTS, check
from moderation.trolling.heat import EXPIRES_AFTER, HeatRecord, decode_record
from moderation.trolling.logistic import Contribution
from tests.moderation.review.desk import ANNA, LEAD, START, Desk


def record(heat: float, at: float = 0.0, **fields: Any) -> HeatRecord:
    """A thread's heat, `at` seconds after the start."""
    values: dict[str, Any] = {
        "article_id": "a1",
        "contributions": [
            Contribution("level", 3.0, "7 of the last 10 comments hostile"),
            Contribution("speed", -1.0, "slow"),
        ],
        **fields,
    }
    return HeatRecord(heat=heat, at=START + at, **values)


def test_heat_reaches_items_before_and_after(desk: Desk) -> None:
    """Items that are here and those that come later show how hot their thread is now."""
    desk.add("early")
    desk.add("elsewhere", article_id="a2")
    assert 1 == threads.take_in(desk.store, [record(0.7)])
    desk.add("late")
    heats = {name: queue.get(desk.store, name).heat for name in ("early", "late", "elsewhere")}
    assert {"early": 0.7, "late": 0.7, "elsewhere": None} == heats
    assert 1 == queue.get(desk.store, "early").version
    listed = {item.id: item.heat for item in queue.waiting(desk.store).items}
    assert heats == listed
    claimed = queue.claim_next(desk.store, ANNA)
    assert claimed is not None
    assert heats[claimed.id] == claimed.heat


def test_forecast_of_the_comment(desk: Desk) -> None:
    """Until the topic says otherwise, an item has the heat that its own record tells."""
    desk.add("c", forecast=Forecast(0.4, 0.2))
    assert 0.4 == queue.get(desk.store, "c").heat
    threads.take_in(desk.store, [record(0.9)])
    desk.add("d", forecast=Forecast(0.4, 0.2))
    assert [0.9, 0.9] == [queue.get(desk.store, name).heat for name in "cd"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_newest_heat_in_any_order(desk: Desk, order: tuple[int, ...]) -> None:
    """Records that come late or again do not bring an old heat back."""
    desk.add("c")
    records = [record(0.2, 0), record(0.9, 10, tipped="c"), record(0.6, 20, tipped="c")]
    for number in (*order, *order):
        threads.take_in(desk.store, [records[number]])
    (found,) = threads.hot(desk.store)
    assert (0.6, START + 20, "c", 1) == (found.heat, found.at, found.tipped, found.waiting)
    assert "7 of the last 10 comments hostile; in favour: slow" == found.detail
    assert [(START, 0.2), (START + 10, 0.9), (START + 20, 0.6)] == found.history
    assert found.history == threads.history(desk.store, "a1")
    assert 0.6 == queue.get(desk.store, "c").heat


def test_history_is_bounded(desk: Desk) -> None:
    """A long thread keeps its beginning, its end and its course in between."""
    records = [record(number / 1_000, number) for number in range(1_000)]
    for start in range(0, 1_000, 90):
        threads.take_in(desk.store, records[start : start + 90])
    points = threads.history(desk.store, "a1")
    assert len(points) == POINTS
    assert (START, START + 999) == (points[0][0], points[-1][0])
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(points)]
    assert max(gaps) < 100


def test_hot_threads_in_order(desk: Desk) -> None:
    """The hottest first; calm ones, and those that nobody has told of today, are not there."""
    heats = {"a": 0.5, "b": 0.9, "calm": 0.1, "c": 0.7}
    threads.take_in(desk.store, [record(heat, article_id=name) for name, heat in heats.items()])
    assert ["b", "c", "a"] == [found.article_id for found in threads.hot(desk.store)]
    assert ["b"] == [found.article_id for found in threads.hot(desk.store, limit=1)]
    desk.time += 2 * 86_400
    assert [] == threads.hot(desk.store)


def test_old_threads_are_forgotten(desk: Desk) -> None:
    """State about threads is bounded by age."""
    threads.take_in(desk.store, [record(0.9)])
    desk.time += EXPIRES_AFTER + 1
    threads.take_in(desk.store, [record(0.9, article_id="a2")])
    assert 1 == threads.expire(desk.store)
    assert [] == threads.history(desk.store, "a1")
    assert threads.history(desk.store, "a2")


def test_erased_author(desk: Desk) -> None:
    """That a comment tipped its thread goes with its author."""
    desk.add("c", author_id="u-erased")
    threads.take_in(desk.store, [record(0.9, tipped="c")])
    forget(desk.store, LEAD, "u-erased")
    assert "" == threads.hot(desk.store)[0].tipped


def test_nul_character(desk: Desk) -> None:
    """PostgreSQL stores no NUL."""
    told = Contribution("level", 1.0, "a\0b")
    desk.add("c", article_id="a\0")
    records = [record(0.9, article_id="a\0", tipped="\0", contributions=[told])]
    assert 1 == threads.take_in(desk.store, records)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"article_id": ""}, "missing_field"),
        ({"article_id": "x" * 257}, "too_long"),
        ({"tipped": "x" * 257}, "too_long"),
        ({"heat": 1.5}, "out_of_range"),
        ({"at": 1e300}, "out_of_range"),
    ],
)
def test_record_that_no_table_holds(changes: dict[str, object], code: str) -> None:
    """What cannot be stored is told before, so that it becomes a dead letter and not a stop."""
    value = msgspec.json.encode(msgspec.structs.replace(record(0.5), **changes))
    with pytest.raises(RecordError) as caught:
        check(decode_record(value))
    assert code == caught.value.code
