"""Scorers by name, and the ensemble that refuses what is no probability."""

import math
import subprocess
import sys
from collections.abc import Sequence

import pytest

from moderation.errors import ScoringError, SettingsError
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers

OPTIONS = ScoringOptions(toxicity_backend="builtin")


class _Fixed:
    version = "7"

    def __init__(self, name: str, *findings: Finding) -> None:
        self.name = name
        self._findings = list(findings)

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        assert isinstance(inputs, Sequence)
        return self._findings


@pytest.mark.parametrize("name", ["toxicitee", "", ":", "joke.x"])
def test_an_unknown_name_lists_the_known(name: str) -> None:
    """A misspelt scorer is told what there is to choose from, or which module is missing."""
    with pytest.raises(SettingsError, match=r"off_topic|scorer"):
        load_scorers([name], OPTIONS)


@pytest.mark.parametrize("name", ["no_such_module:create", "tests.scorers:no_such_factory"])
def test_a_factory_that_is_not_there(name: str) -> None:
    """A wrong `module:factory` is a setting to mend, not a traceback."""
    with pytest.raises(SettingsError, match="no_such"):
        load_scorers([name], OPTIONS)


def test_a_scorer_of_ones_own() -> None:
    """Any factory on the path can stand beside the built-in scorers."""
    scorers = load_scorers(["tests.scorers:quick", "off_topic"], OPTIONS)
    assert ["quick", "off_topic"] == [scorer.name for scorer in scorers]


def test_the_same_scorer_twice() -> None:
    """Two scorers of one name would overwrite each other's scores in silence."""
    with pytest.raises(SettingsError, match="quick"):
        load_scorers(["tests.scorers:quick", "tests.scorers:quick"], OPTIONS)


def test_findings_are_merged() -> None:
    """A comment gets the scores, evidence and words of every scorer, and who took how long."""
    ensemble = Ensemble(
        [
            _Fixed("a", Finding({"x": 0.1}, [Span(0, 1, "x")], {"x": "why"})),
            _Fixed("b", Finding({"y": 1.0}, [Span(1, 2, "y")])),
        ]
    )
    expected = Finding({"x": 0.1, "y": 1.0}, [Span(0, 1, "x"), Span(1, 2, "y")], {"x": "why"})
    assert [expected] == ensemble.score([ScoringInput("hm")])
    assert {"a": "7", "b": "7"} == ensemble.models
    assert {"a", "b"} == set(ensemble.seconds)


class _Recording:
    """Scores each text by its length, and remembers what it was asked."""

    version = "1"

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        self.asked += [given.text for given in inputs]
        return [Finding({self.name: len(given.text) / 1000}) for given in inputs]


class _Knows(_Recording):
    def __init__(self, name: str, *languages: str) -> None:
        super().__init__(name)
        self.languages = frozenset(languages)


ENGLISH = "The council should have closed that bridge years ago."
GERMAN = "Warum wird die Brücke nicht endlich saniert?"
FRENCH = "Encore une promesse qui ne sera jamais tenue."
MIXED = GERMAN + " You are a worthless idiot and a liar, go and die. " + GERMAN


def test_only_scorers_that_know_the_language_are_asked() -> None:
    """What a scorer cannot read gets no score from it, and the finding names the scorer."""
    one, two, three = _Knows("one", "en"), _Knows("two", "en", "fr"), _Recording("three")
    texts = [GERMAN, ENGLISH, FRENCH, ENGLISH + "!", "👍", "ja"]
    found = Ensemble([one, two, three]).score([ScoringInput(text) for text in texts])
    assert [ENGLISH, ENGLISH + "!", "👍", "ja"] == one.asked
    assert [ENGLISH, FRENCH, ENGLISH + "!", "👍", "ja"] == two.asked
    assert texts == three.asked
    assert ["de", "en", "fr", "en", "und", "und"] == [finding.lang for finding in found]
    assert [["one", "two"], [], ["one"], [], [], []] == [finding.unsupported for finding in found]
    expected = [
        {key: len(text) / 1000 for key in finding.scores}
        for text, finding in zip(texts, found, strict=True)
    ]
    assert expected == [finding.scores for finding in found]
    assert {"three"} == found[0].scores.keys()


def test_nobody_needs_the_language() -> None:
    """Scorers without languages are asked everything, and detection costs nothing."""
    (finding,) = Ensemble([_Recording("any")]).score([ScoringInput(GERMAN)])
    assert ("", [], ["any"]) == (finding.lang, finding.unsupported, [*finding.scores])


def test_batch_without_a_readable_comment() -> None:
    """A scorer is not called with nothing to do, and no time is counted for it."""
    ensemble = Ensemble([_Knows("one", "en")])
    (finding,) = ensemble.score([ScoringInput(GERMAN)])
    assert ({}, ["one"], {}) == (finding.scores, finding.unsupported, ensemble.seconds)
    assert [] == ensemble.score([])


def test_producers_language() -> None:
    """What the producer says counts for a comment too short to tell."""
    (finding,) = Ensemble([_Knows("one", "en")]).score([ScoringInput("Ja, genau!", lang="de-AT")])
    assert ("de", ["one"]) == (finding.lang, finding.unsupported)


def test_cited_language_does_not_count() -> None:
    """An English comment on a German article may quote it at length."""
    given = ScoringInput(f'"{GERMAN}" is what I have been asking for years', article_text=GERMAN)
    assert "en" == Ensemble([_Knows("one", "en")]).score([given])[0].lang


def test_english_passage_is_scored() -> None:
    """Abuse between foreign sentences is scored, and the rest of the comment still marked."""
    (finding,) = Ensemble([_Knows("one", "en")]).score([ScoringInput(MIXED)])
    assert ("de", ["one"], ["one"]) == (finding.lang, finding.unsupported, [*finding.scores])


def test_built_in_scorers_know_english() -> None:
    """Every scorer of ours says what it knows, so that none makes up a score."""
    ensemble = Ensemble(load_scorers(DEFAULT_SCORERS, OPTIONS))
    german, english = ensemble.score([ScoringInput(GERMAN), ScoringInput(ENGLISH)])
    known = [name for name in DEFAULT_SCORERS if name != "evasion"]
    assert ({"evasion": 0.0}, known) == (german.scores, german.unsupported)
    assert {"toxicity", "sarcasm", "off_topic", "joke"} <= english.scores.keys()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.01, 1.01])
def test_no_probability(value: float) -> None:
    """NaN and values outside 0..1 stop here, with the scorer and the key named."""
    ensemble = Ensemble([_Fixed("a", Finding({"x": value}))])
    with pytest.raises(ScoringError, match="a: x"):
        ensemble.score([ScoringInput("hm")])


@pytest.mark.parametrize("span", [(-1, 1), (1, 1), (0, 3)])
def test_evidence_outside_the_text(span: tuple[int, int]) -> None:
    """A console that highlights evidence never points beyond the comment."""
    ensemble = Ensemble([_Fixed("a", Finding({"x": 0.5}, [Span(*span, "x")]))])
    with pytest.raises(ScoringError, match="evidence"):
        ensemble.score([ScoringInput("hm")])


def test_too_few_findings() -> None:
    """A scorer that loses an input is caught before scores land on the wrong comment."""
    ensemble = Ensemble([_Fixed("a", Finding({"x": 0.5}))])
    with pytest.raises(ScoringError, match="1 findings for 2"):
        ensemble.score([ScoringInput("a"), ScoringInput("b")])


def test_names_cost_no_model() -> None:
    """Listing the scorers imports none of the libraries that models need."""
    code = (
        "import sys, moderation.scoring.registry\n"
        "print(sorted({'numpy', 'onnxruntime', 'torch', 'tokenizers'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == found.stdout.strip()


def test_the_default_scorers_load() -> None:
    """Whatever is on by default is there in a plain installation."""
    loaded = [scorer.name for scorer in load_scorers(DEFAULT_SCORERS, OPTIONS)]
    assert list(DEFAULT_SCORERS) == loaded
