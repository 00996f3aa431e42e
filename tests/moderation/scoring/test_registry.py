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
