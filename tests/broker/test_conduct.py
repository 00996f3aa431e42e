"""What several comments show together: trolls, campaigns, heat, and what moderators change."""

import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from moderation.records import Anchor, Decided, Judged, decode_judged, encode
from moderation.trolling.campaigns import CampaignRecord, decode_record
from moderation.trolling.heat import HOT_AT, HeatRecord
from moderation.trolling.rows import THREADS
from streams.clients import producer
from tests.moderation.trolling.campaign_texts import changed, ordinary_text
from tests.pipeline import Pipeline, Worker, until

_numbers = itertools.count()


class River:
    """A worker, and comments that come at times of the test's choice."""

    def __init__(self, pipeline: Pipeline, worker: Worker) -> None:
        self.pipeline = pipeline
        self.worker = worker
        self.begin = float(int(time.time()))
        self._chance = random.Random(11)

    def text(self, words: int = 14) -> str:
        """An ordinary text."""
        return ordinary_text(self._chance, words)

    def say(
        self, author: str, article: str, at: float = 0.0, text: str = "", **fields: Any
    ) -> dict[str, Any]:
        """Send a comment, `at` seconds after the beginning."""
        comment = {
            "id": f"c{next(_numbers)}",
            "article_id": article,
            "author_id": author,
            "text": text or self.text(),
            **fields,
        }
        record = article, json.dumps(comment), self.begin + at
        self.pipeline.send_at(self.pipeline.topics.comments, [record])
        return comment

    def settle(self) -> None:
        """Wait until all is done."""
        self.pipeline.wait_settled(within=90)

    def judged(self, *comments: dict[str, Any]) -> list[Judged]:
        """The ledger's records of comments, in their order."""
        self.settle()
        found = {
            judged.item_id: judged
            for judged in (decode_judged(r.value) for r in self.pipeline.read(self._ledger))
        }
        return [found[f"{each['id']}#{each.get('revision', 0)}"] for each in comments]

    @property
    def _ledger(self) -> str:
        return self.pipeline.topics.judged

    def decide(self, judged: Judged, decision: str, takes_back: str = "") -> str:
        """Send a moderator's decision; its id."""
        number = next(_numbers)
        record = Decided(
            decision_id=f"d{number}",
            id=judged.id,
            item_id=judged.item_id,
            revision=judged.revision,
            article_id=judged.article_id,
            author_id=judged.author_id,
            decision=decision,  # type: ignore[arg-type]
            moderator="m",
            decided_at="",
            heat_before=judged.forecast.before if judged.forecast else None,
            source=judged.source,
            takes_back=takes_back,
            log=Anchor(number, "0"),
        )
        self.pipeline.send(self.pipeline.topics.decisions, [(judged.author_id, encode(record))])
        return record.decision_id

    def campaigns(self) -> list[CampaignRecord]:
        """What was told of campaigns, in order by campaign."""
        return [decode_record(r.value) for r in self.pipeline.read(self.pipeline.topics.campaigns)]

    def heat(self, article: str) -> list[HeatRecord]:
        """What was told of a thread."""
        records = self.pipeline.read(self.pipeline.topics.heat)
        return [
            msgspec.json.decode(record.value, type=HeatRecord)
            for record in records
            if record.key.decode() == article
        ]


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Iterator[River]:
    """A river for all of these tests: each has authors and articles of its own."""
    with Pipeline.on_embedded(tmp_path_factory.mktemp("river")) as pipeline:
        yield River(pipeline, pipeline.worker(article_wait=0.1).wait_ready())


def _codes(judged: Judged) -> set[str]:
    return {reason.code for reason in judged.reasons}


def test_a_flooder_is_flagged_within_six_comments(river: River) -> None:
    """The flood reaches a moderator as long as it is one, low in the queue, with the reason."""
    flood = [river.say("flooder", f"f{n % 3}", 20.0 * n) for n in range(6)]
    calm = [river.say("regular", f"f{n % 3}", 900.0 * n) for n in range(4)]
    found = river.judged(*flood)
    assert "troll" in _codes(found[-1])
    assert ["allow"] * 2 == [each.decision for each in found[:2]]
    assert found[-1].conduct is not None
    assert "habit" == found[-1].conduct.nature
    assert found[-1].priority <= 0.25
    assert {"allow"} == {each.decision for each in river.judged(*calm)}


def test_copies_with_edits_are_one_campaign(river: River) -> None:
    """Eight authors with one text are one card: one id, each member named once.

    A comment that was edited is still one comment. Once the campaign is known, each further copy
    says to which one it belongs, and goes to review for it.
    """
    chance, original = random.Random(3), river.text(40)

    def copy(number: int, **fields: Any) -> dict[str, Any]:
        text = changed(chance, original, 0.08)
        return river.say(f"puppet{number}", f"k{number % 3}", 60.0 * number, text, **fields)

    copies = [copy(number) for number in range(8)]
    edits = [copy(n, id=copies[n]["id"], article_id=f"k{n % 3}", revision=1) for n in (1, 4)]
    river.settle()

    def marked() -> Judged | None:
        copies.append(copy(len(copies)))
        (judged,) = river.judged(copies[-1])
        return judged if judged.campaign else None

    judged: Judged = until(marked, "a copy that is marked", within=60)
    river.settle()
    records = [record for record in river.campaigns() if not record.merged_into]
    last = {record.id: record for record in records}
    assert [f"{copies[0]['id']}#0"] == list(last)
    joined = Counter(item_id for record in records for item_id in record.joined)
    items = {f"{each['id']}#{each.get('revision', 0)}" for each in (*copies, *edits)}
    assert dict.fromkeys(items, 1) == joined
    latest = max(records, key=lambda record: record.comments)
    assert (len(copies), len(copies), 3) == (latest.comments, latest.authors, latest.articles)
    assert f"{copies[0]['id']}#0" == judged.campaign
    (reason,) = (reason for reason in judged.reasons if reason.code == "campaign")
    assert f"by {judged.scores['campaign'] and len(copies) - 1} authors" in reason.detail


def test_a_flame_war_is_told_of(river: River) -> None:
    """The topic names the comment that tipped the thread, and each record says how hot it was."""
    war, last = [], ""
    for number in range(14):
        author = f"fighter{number % 2}"
        text = f"Only an idiot writes that. {river.text()}"
        war.append(river.say(author, "war", 200.0 + 30 * number, text, parent_id=last))
        last = war[-1]["id"]
    peace = [river.say(f"friend{n}", "peace", 200.0 + 30 * n) for n in range(6)]
    judged = river.judged(*war)
    forecasts = [each.forecast for each in judged if each.forecast is not None]
    assert len(war) == len(forecasts)
    assert forecasts[0].before < HOT_AT <= forecasts[-1].heat
    for earlier, later in itertools.pairwise(forecasts):
        # It cools down a little between two comments.
        assert earlier.heat == pytest.approx(later.before, abs=0.05)
    told = river.heat("war")
    tipped = next(each.id for each, f in zip(judged, forecasts, strict=True) if f.heat >= HOT_AT)
    assert {"", tipped} == {record.tipped for record in told}
    assert tipped == told[-1].tipped == forecasts[-1].tipped
    assert "level" == told[-1].contributions[0].signal
    assert {""} == {each.forecast.tipped for each in river.judged(*peace) if each.forecast}


def test_moderators_move_it_in_both_directions(river: River) -> None:
    """A rejection raises `troll` of the author's next comment, an approval lowers it.

    What is reopened has no effect, and a rejection heats the thread in which the comment stood.
    """
    authors = ("rejected", "approved", "reopened", "undecided")
    first = {
        author: river.judged(
            *(
                river.say(author, f"{author}{n}", 3_600.0 * n, f"Only an idiot. {river.text()}")
                for n in range(3)
            )
        )
        for author in authors
    }
    for judged in first["rejected"]:
        river.decide(judged, "reject")
    for judged in first["approved"]:
        river.decide(judged, "approve")
    for judged in first["reopened"]:
        river.decide(judged, "reopen", river.decide(judged, "reject"))
    river.settle()
    after = {author: river.say(author, f"{author}3", 4 * 3_600.0) for author in authors}
    scores = {author: river.judged(said)[0].scores["troll"] for author, said in after.items()}
    assert scores["rejected"] > 1.5 * scores["undecided"]
    assert scores["approved"] < scores["undecided"]
    assert scores["undecided"] == pytest.approx(scores["reopened"], abs=1e-3)
    state = river.pipeline.state("threads").items()
    threads = {key.partition("/")[2]: THREADS.decode(row).state for key, row in state}
    deletions = [
        threads[f"{name}0"].deletions.value for name in ("rejected", "approved", "reopened")
    ]
    assert [1, 0, 0] == pytest.approx(deletions, abs=1e-6)


def test_an_answer_reaches_who_is_answered(river: River) -> None:
    """Three people who call an author a troll raise his `troll`, in whichever thread they do."""
    said = {
        name: [river.say(name, f"{name}{n}", 3_600.0 * n) for n in range(3)]
        for name in ("accused", "spared")
    }
    for n, (comment, other) in enumerate(zip(said["accused"], said["spared"], strict=True)):
        for accuser in range(2):
            at = 3_600.0 * n + 600
            name = f"accuser{n}{accuser}"
            troll = "You are nothing but a paid troll."
            river.say(name, comment["article_id"], at, troll, parent_id=comment["id"])
            river.say(f"{name}x", other["article_id"], at, parent_id=other["id"])
    river.settle()
    after = [river.say(name, f"{name}3", 4 * 3_600.0) for name in said]
    accused, spared = river.judged(*after)
    assert accused.scores["troll"] > 1.5 * spared.scores["troll"]
    assert accused.conduct is not None
    assert "accusations" in {each.signal for each in accused.conduct.contributions}


def test_nonsense_on_internal_topics_stops_nothing(river: River) -> None:
    """Each broken record of an internal topic is a dead letter with its code, and work goes on."""
    topics = river.pipeline.topics
    broken = {b"{": "not_json", b'{"type":"forgotten","author_id":"\xff"}': "not_utf8"}
    broken |= {b'{"type":"matched"}': "wrong_type"}
    with producer(river.pipeline.settings) as client:
        for topic, value in itertools.product(topics.internal(), broken):
            client.send(topic, value=value, partition=1).get(timeout=30)
        client.flush()
    river.settle()
    letters = Counter(
        (
            dict(letter.headers)["trollbridge.source.topic"].decode(),
            dict(letter.headers)["trollbridge.code"].decode(),
        )
        for letter in river.pipeline.read(topics.deadletter)
    )
    expected = itertools.product(topics.internal(), broken.values())
    assert dict.fromkeys(expected, 1) == letters
    said = [river.say("unmoved", f"n{n}") for n in range(8)]
    assert 8 == len(river.judged(*said))
    assert 0 == river.worker.metric("trollbridge_state_damaged_total")
    assert river.worker.process.poll() is None


def test_what_is_switched_off_is_off(embedded: Pipeline) -> None:
    """Signals that the settings name have no part in what is said of authors and threads."""
    worker = embedded.worker(
        article_wait=0.1,
        troll_signals_off=("pace", "repeats", "spread"),
        heat_signals_off=("level", "slope"),
    )
    river = River(embedded, worker.wait_ready())
    flood = [river.say("flooder", f"f{n % 3}", 20.0 * n) for n in range(8)]
    war = [river.say(f"u{n}", "war", 20.0 * n, f"Idiot. {river.text()}") for n in range(12)]
    assert {"allow"} == {each.decision for each in river.judged(*flood)}
    assert {""} == {each.forecast.tipped for each in river.judged(*war) if each.forecast}
    assert [] == [record for record in river.heat("war") if record.tipped]
