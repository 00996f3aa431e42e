"""A whole run on a small folder, and what is shown of it."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from moderation.errors import ScoringError, SettingsError
from moderation.evaluation import markdown
from moderation.evaluation.page import page
from moderation.evaluation.peers import Absent, Scorers, System, TextPeer, peers
from moderation.evaluation.report import Report
from moderation.evaluation.run import evaluate
from moderation.evaluation.sets import read_set
from moderation.evaluation.tables import tables
from moderation.policy import load_policy
from moderation.scoring.protocol import ScoringInput, ScoringOptions
from tests.moderation.evaluation.folder import TOPICS, write_folder
from tests.scorers import quick, raising

VOID = {"meta", "line", "path", "circle", "br"}


def _ours() -> Scorers:
    return Scorers("trollbridge", [quick(ScoringOptions())])


def _coin() -> System:
    return TextPeer("coin", "1", {"toxicity": lambda texts: [0.4] * len(texts)})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A scorer that knows one word beside a coin."""
    folder = write_folder(tmp_path_factory.mktemp("data"))
    names = ("ucc_val", "identity_templates", "threads")
    return evaluate(
        _ours(),
        [_coin, lambda: Absent("oracle", "it is <away>")],
        [functools.partial(read_set, folder, name) for name in names],
        load_policy(),
    )


def test_figures_of_a_scorer_that_is_right(report: Report) -> None:
    """Where each toxic comment scores higher than all others, the figures say so."""
    ours, coin = (q for q in report.quality if q.set == "ucc_val" and q.key == "toxicity")
    assert (1, 1, 0) == (ours.auc.value, ours.ap.value, ours.fpr.value)
    assert ("coin", 0.5, 12, 12) == (coin.system, coin.auc.value, coin.positives, coin.negatives)
    assert ours.lead is None
    assert coin.lead is not None
    assert (0.5, 0.5, 0.5) == (coin.lead.value, coin.lead.low, coin.lead.high)


def test_too_few_labels_are_said(report: Report) -> None:
    """No figure rests on three positives, and a reader learns why there is none."""
    assert not any(q.set == "threads" for q in report.quality)
    reasons = {skipped.name: skipped.reason for skipped in report.skipped}
    assert "3 positives" in reasons["threads: toxicity"]
    assert "it is <away>" == reasons["oracle"]


def test_flag_rates(report: Report) -> None:
    """Of the harmless none is flagged; of all, the half that has the word."""
    found = {(f.set, f.who): f for f in report.flags}
    assert (24, 0.5) == (found["ucc_val", "all"].texts, found["ucc_val", "all"].flagged.value)
    assert {"toxicity": 12} == found["ucc_val", "all"].codes
    assert 0 == found["ucc_val", "harmless"].flagged.value


def test_thresholds(report: Report) -> None:
    """What the default threshold gives, and which one a precision needs."""
    (found,) = (t for t in report.thresholds if t.set == "ucc_val")
    assert found.now.precision is not None
    assert found.now.recall is not None
    limit = load_policy().limits("")["toxicity"]
    assert (limit, 1, 1, 0.5) == (
        found.now.threshold,
        found.now.precision.value,
        found.now.recall.value,
        found.now.flag_rate.value,
    )
    needed = found.for_precision["0.9"]
    assert needed is not None
    assert 0.99 == needed.threshold


def test_identity_gaps_name_the_terms(report: Report) -> None:
    """Each system has a row, with false flags only where a policy's threshold is known."""
    ours, coin = report.fairness
    assert {"baker", "old sailor", "sailor"} == {term.term for term in ours.gaps.terms}
    assert ours.gaps.false_flags is not None
    assert coin.gaps.false_flags is None
    assert 0.5 == pytest.approx(coin.gaps.bpsn)


def test_the_report_survives_json(report: Report) -> None:
    """A page can be drawn from a report that was kept."""
    assert report == msgspec.json.decode(msgspec.json.encode(report), type=Report)


class _Tags(HTMLParser):
    """Whether tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's form
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as above
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


def test_the_page_needs_nothing_from_elsewhere(report: Report) -> None:
    """A page that is mailed to an editor shows everything without a network, and runs nothing."""
    drawn = page(report)
    tags = _Tags()
    tags.feed(drawn)
    assert [] == tags.open
    assert {"svg", "table", "figure"} <= tags.seen
    assert not {"script", "link", "img", "iframe"} & tags.seen
    assert not re.search(r"https?:|url\(|@import|src=", drawn)
    assert "it is &lt;away&gt;" in drawn
    assert "nan" not in drawn


def test_best_is_marked_where_it_means_something(report: Report) -> None:
    """On sets that trained nothing the best figure stands out; on the others none does."""
    first, second, *_ = tables(report)
    assert {0: {1, 2, 3, 4, 5}, 1: set()} == {
        number: set(row.best) for number, row in enumerate(first.rows)
    }
    assert not any(row.best for row in second.rows)


def test_the_documentation_is_rewritten_between_its_marks(report: Report, tmp_path: Path) -> None:
    """Numbers in the documentation are written by the run; the words around them stay."""
    document = tmp_path / "models.md"
    document.write_text(f"before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n", "utf-8")
    for _ in range(2):
        markdown.write(report, document)
    text = document.read_text("utf-8")
    assert text.startswith(f"before\n{markdown.BEGIN}\n")
    assert text.endswith(f"{markdown.END}\nafter\n")
    assert "\nold\n" not in text
    assert 1 == text.count("**1.000 (1.00-1.00)** | **0.000")
    document.write_text("no marks", "utf-8")
    with pytest.raises(SettingsError, match="put results between"):
        markdown.write(report, document)


def test_a_scorer_that_raises_is_one_line(tmp_path: Path) -> None:
    """A site's own scorer that fails is named with its error."""
    folder = write_folder(tmp_path)
    file = folder / "dev_only/ucc_val.csv"
    file.write_text(file.read_text("utf-8").replace("number 7", "poison"), "utf-8")
    ours = Scorers("trollbridge", [raising(ScoringOptions())])
    with pytest.raises(ScoringError, match="cannot read this"):
        evaluate(ours, [], [functools.partial(read_set, folder, "ucc_val")], load_policy())


def test_sections(tmp_path: Path) -> None:
    """An editor sees which desk's comments are flagged; desks with few comments have no row."""
    folder = write_folder(tmp_path)
    path = folder / "threads/made.jsonl"
    path.write_text(path.read_text("utf-8").replace("about tower", "about quay"), "utf-8")
    found = evaluate(_ours(), [], [functools.partial(read_set, folder, "threads")], load_policy())
    assert ["section: about quay"] == [f.who for f in found.flags if "section" in f.who]
    assert len(TOPICS) - 1 == found.flags[-1].texts / 12


def _loaded(given: Iterator[Callable[[], System | Absent]]) -> dict[str, System | Absent]:
    found = [load() for load in given]
    return {peer.name: peer for peer in found}


def test_peers_say_why_they_are_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without weights or training data a peer is left out with its reason; the others run."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    found = _loaded(peers(_ours(), ScoringOptions(), tmp_path / "nowhere"))
    assert isinstance(found["detoxify"], Absent)
    assert str(tmp_path) not in found["detoxify"].reason
    assert isinstance(found["tf-idf"], Absent)
    checker = found["alt-profanity-check"]
    assert not isinstance(checker, Absent)
    scores = checker.score([ScoringInput(text=text) for text in ("you stupid fool", "good day")])
    first, second = (given["toxicity"] for given in scores)
    assert first > second


def test_tf_idf_learns_from_what_trains_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The plain peer had the same lessons, so that a lead over it is the scorers' own."""
    from moderation.training import data as labelled  # noqa: PLC0415 - patched here

    def lessons(key: str) -> Callable[[Path], Sequence[labelled.Example]]:
        return lambda _: [
            labelled.Example(f"{word} thing {n}", {key: label}, 1.0, "made")
            for n in range(8)
            for word, label in (("awful", 1.0), ("lovely", 0.0), ("odd", 0.5))
        ]

    for name, key in (("toxicity", "toxicity"), ("sarcasm", "sarcasm"), ("humor", "joke")):
        monkeypatch.setattr(labelled, name, lessons(key))
    peer = _loaded(peers(_ours(), ScoringOptions(), tmp_path))["tf-idf"]
    assert not isinstance(peer, Absent)
    awful, lovely = peer.score([ScoringInput(text=f"{word} thing") for word in ("awful", "lovely")])
    assert {"toxicity", "sarcasm", "joke"} == awful.keys()
    assert all(awful[key] > 0.5 > lovely[key] for key in awful)
