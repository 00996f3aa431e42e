"""State: whatever dies in between, what is remembered in the end is what an undisturbed run has."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import pytest

from moderation.records import Source
from moderation.trolling.bands import BandState
from moderation.trolling.campaigns import CampaignState
from moderation.trolling.rows import AUTHORS, THREADS, AuthorRow, Codec, ThreadRow
from streams.broker import ApacheKafka
from tests.broker.traffic import ARTICLES, Stamped, comments, decisions
from tests.pipeline import Pipeline, Worker

_TOTAL: Final = 2_000
_LATER: Final = 300
"""Comments that come after a restart, most of them by known authors in known threads."""
_BANDS: Final = Codec(BandState, "a band")
_CAMPAIGNS: Final = Codec(CampaignState, "a campaign")

Remembered = dict[str, dict[str, Any]]


class Run:
    """The same comments and decisions through a pipeline of its own."""

    def __init__(self, pipeline: Pipeline, begin: float) -> None:
        self.pipeline = pipeline
        self.begin = begin
        self.remembered: Remembered = {}
        self._comments = comments(_TOTAL, begin=begin)

    def articles(self) -> None:
        """Send the articles."""
        self.pipeline.articles(ARTICLES)

    def first(self) -> None:
        """Send most of the comments."""
        self._send(self._comments)

    def decisions(self) -> None:
        """Send what moderators decided on them."""
        sources = {
            json.loads(record.value)["id"]: Source(record.topic, record.partition, record.offset)
            for record in self.pipeline.read(self.pipeline.topics.comments)
        }
        made = decisions(self._comments, sources, begin=self.begin + 1_000)
        self.pipeline.send_at(self.pipeline.topics.decisions, made)

    def later(self) -> None:
        """Send the rest of the comments."""
        begin = self.begin + 1_100
        self._send(comments(_LATER, begin=begin, seed=7, name="later", earlier=self._comments))

    def wait(self) -> None:
        """Wait until nothing is under way."""
        self.pipeline.wait_settled(within=120)

    def done(self, worker: Worker) -> Remembered:
        """What is remembered; the worker has met no damaged row."""
        self.wait()
        assert 0 == worker.metric("trollbridge_state_damaged_total")
        assert 0 == self.pipeline.count(self.pipeline.topics.deadletter)
        return remembered(self.pipeline)

    def _send(self, records: list[Stamped]) -> None:
        self.pipeline.send_at(self.pipeline.topics.comments, records)


def undisturbed(run: Run) -> Remembered:
    """One worker from the beginning to the end."""
    worker = run.pipeline.worker(state_store="memory")
    run.articles()
    run.first()
    run.wait()
    run.decisions()
    run.wait()
    run.later()
    return run.done(worker)


def killed(run: Run) -> Remembered:
    """Killed twice among the comments and once among the decisions; restarted on the same disk."""
    same: dict[str, Any] = {
        "state_store": "rocksdb",
        "data_dir": str(run.pipeline.folder / "state"),
    }
    run.articles()
    run.first()
    for part in (_TOTAL // 4, _TOTAL // 2):
        worker = run.pipeline.worker(**same)
        run.pipeline.wait_terminal(part, within=120)
        worker.kill()
    worker = run.pipeline.worker(**same).wait_ready()
    run.wait()
    run.decisions()
    worker.kill()
    worker = run.pipeline.worker(**same)
    run.wait()
    assert 0 == worker.stop()
    run.later()
    return run.done(run.pipeline.worker(**same))


def joined(run: Run) -> Remembered:
    """A second worker joins and leaves among the comments; later the first restarts from nothing.

    It goes from the memory to an empty disk.
    """
    worker = run.pipeline.worker(state_store="memory").wait_ready()
    run.articles()
    run.first()
    run.pipeline.wait_terminal(_TOTAL // 4, within=120)
    other = run.pipeline.worker(state_store="memory")
    other.wait_ready()
    run.pipeline.wait_terminal(_TOTAL // 2, within=120)
    assert 0 == other.stop()
    run.wait()
    run.decisions()
    run.wait()
    assert 0 == worker.stop()
    run.later()
    return run.done(run.pipeline.worker(state_store="rocksdb"))


@pytest.fixture(scope="module")
def expected(_kafka: ApacheKafka, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The undisturbed run, and with it the time at which every run begins."""
    begin = float(int(time.time()))
    with Pipeline.on_kafka(_kafka, tmp_path_factory.mktemp("undisturbed")) as pipeline:
        run = Run(pipeline, begin)
        run.remembered = undisturbed(run)
        return run


@pytest.mark.parametrize("happens", [killed, joined])
def test_state_is_that_of_an_undisturbed_run(
    happens: Callable[[Run], Remembered], expected: Run, kafka: Pipeline
) -> None:
    """Kills, a rebalance and restarts leave every author, thread, band and campaign as it was.

    On one disk, on an empty one and in memory alike.
    """
    found = happens(Run(kafka, expected.begin))
    for table, rows in expected.remembered.items():
        assert rows, table
        assert [] == differences(rows, found[table]), table


def remembered(pipeline: Pipeline) -> Remembered:
    """What the changelogs hold, without what may differ between two runs.

    Which offsets a row knows one by one follows from the order in which records of several
    partitions came; so does which of two equally old wordings a group shows.
    """
    rows = {table: pipeline.state(table) for table in ("authors", "threads", "bands", "campaigns")}
    return {
        "authors": {key: _author(AUTHORS.decode(row)) for key, row in rows["authors"].items()},
        "threads": {key: _thread(THREADS.decode(row)) for key, row in rows["threads"].items()},
        "bands": {
            key: sorted(each.member for each in _BANDS.decode(row).residents)
            for key, row in rows["bands"].items()
        },
        "campaigns": {
            key: _group(state)
            for key, state in ((k, _CAMPAIGNS.decode(v)) for k, v in rows["campaigns"].items())
            if state.campaign is not None
        },
    }


def _author(row: AuthorRow) -> Any:
    known = sorted(msgspec.to_builtins(row.decisions))
    return msgspec.to_builtins(row.state), known


def _thread(row: ThreadRow) -> Any:
    return (
        msgspec.to_builtins(row.state),
        msgspec.to_builtins(row.said),
        sorted(msgspec.to_builtins(row.rejected)),
        msgspec.to_builtins(row.writers),
    )


def _group(state: CampaignState) -> Any:
    group = state.campaign
    assert group is not None
    return msgspec.to_builtins(
        (state.head, sorted(group.members), group.comments, group.authors, group.articles)
    ), (group.first_seen, group.last_seen)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Where two tables differ, the first few places."""
    found = [
        f"{key}: {place}"
        for key in sorted(one.keys() | other.keys())
        for place in _differences(one.get(key), other.get(key), "")
    ]
    return found[:10]


def _differences(one: Any, other: Any, place: str) -> Iterator[str]:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, theirs, f"{place}/{index}")
    elif isinstance(one, float) and isinstance(other, float):
        # Sums in another order.
        if one != pytest.approx(other, rel=1e-6, abs=1e-9):
            yield f"{place}: {one} {other}"
    elif one != other:
        yield f"{place}: {one} {other}"
