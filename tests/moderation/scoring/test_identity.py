"""Identity terms exchanged for others: grammar, and what a biased scorer shows."""

from collections.abc import Callable, Sequence

import pytest

from moderation.scoring import identity
from moderation.scoring.protocol import Finding, ScoringInput
from moderation.scoring.registry import Ensemble

LIMITS = {"toxicity": 0.7, "insult": 0.5, "sarcasm": 0.5}


class _Rule:
    version = "1"

    def __init__(self, name: str, rule: Callable[[str], dict[str, float]]) -> None:
        self.name = name
        self._rule = rule

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        return [Finding(self._rule(given.text)) for given in inputs]


def _biased(text: str) -> dict[str, float]:
    hit = 0.9 if "gay" in text.lower() or "idiot" in text else 0.1
    return {"toxicity": hit, "insult": hit if "idiot" in text else 0.1, "sarcasm": hit}


def _fair(text: str) -> dict[str, float]:
    return {"toxicity": 0.9 if "idiot" in text else 0.1}


def _marked(text: str, *rules: Callable[[str], dict[str, float]]) -> Finding:
    ensemble = Ensemble([_Rule(f"r{number}", rule) for number, rule in enumerate(rules)])
    (finding,) = ensemble.score([ScoringInput(text, limits=LIMITS)])
    return finding


def test_a_biased_score_is_marked() -> None:
    """A comment that is flagged for naming a group, and no other group, is marked."""
    finding = _marked("My gay neighbour is fine.", _biased)
    assert ["toxicity"] == finding.possible_bias
    assert "Possible bias" in finding.details["toxicity"]
    assert "\u201cstraight\u201d for \u201cgay\u201d" in finding.details["toxicity"]
    assert "Possible bias" not in finding.details["sarcasm"]


def test_an_insult_is_none_the_less_one() -> None:
    """A comment that insults is not excused by the group that it names."""
    assert [] == _marked("My gay neighbour is an idiot.", _biased).possible_bias
    assert [] == _marked("My gay neighbour is an idiot.", _fair).possible_bias


def test_every_hostile_score_must_fall() -> None:
    """While one scorer stays above its limit, what the others say is not put down to bias."""

    def harsh(_: str) -> dict[str, float]:
        return {"insult": 0.8}

    def calm(text: str) -> dict[str, float]:
        return {"toxicity": 0.9 if "gay" in text else 0.1}

    assert [] == _marked("My gay neighbour.", calm, harsh).possible_bias
    assert ["toxicity"] == _marked("My gay neighbour.", calm).possible_bias


def test_only_own_words_are_exchanged() -> None:
    """A term that stands in what a comment cites says nothing about the comment."""
    parent = "The gay bar will close in May"
    text = f"> {parent}\nWhat an end."
    assert [] == identity.swaps(ScoringInput(text, parent_text=parent))


def _first(text: str) -> str:
    return identity.swaps(ScoringInput(text))[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Muslims, not a Muslim.", "Christians, not a Christian."),
        ("MUSLIMS and muslims", "CHRISTIANS and christians"),
        ("Islam is a faith", "Christianity is a faith"),
        ("an atheist and An Atheist", "a christian and A Christian"),
        ("a woman among women", "a man among men"),
        ("A young man", "An old man"),
        ("an elderly driver", "a young driver"),
        ("an Arab shop", "a White shop"),
        ("a Mexican, a Russian", "a European, a Canadian"),
        ("a disabled man", "an able-bodied man"),
        ("gay men", "straight men"),
        ("immigrants", "citizens"),
    ],
)
def test_form_is_kept(text: str, expected: str) -> None:
    """Number, form, case and article fit, so that nothing else can explain another score."""
    assert expected in [swap.text for swap in identity.swaps(ScoringInput(text))]


def test_those_named_stay_apart() -> None:
    """Two groups that a comment sets against each other become two others, not one."""
    assert "Christians hate Buddhists" == _first("Muslims hate Jews")
    assert "women and men" == _first("men and women")


def test_few_alternatives() -> None:
    """At most three for a group and three groups, so that a long comment costs no more."""
    assert 3 == len(identity.swaps(ScoringInput("Muslims")))
    assert 1 == len(identity.swaps(ScoringInput("one woman")))
    many = "A black gay Muslim woman, young, Polish and an immigrant"
    assert 0 < len(identity.swaps(ScoringInput(many))) <= 9


@pytest.mark.parametrize("text", ["", "The ferry is late.", "Go straight on.", "mankind, womanly"])
def test_no_term(text: str) -> None:
    """Words that only look like a term are left alone."""
    assert [] == identity.swaps(ScoringInput(text))
