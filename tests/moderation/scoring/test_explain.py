"""Explanations with hand-made scorers, of which it is known what they look at."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from moderation.errors import ScoringError
from moderation.scoring.explain import Explainer
from moderation.scoring.occlusion import merged, tokens, without
from moderation.scoring.protocol import Attributing, Finding, ScoringInput, Span
from moderation.scoring.registry import Ensemble

MARKS = str.maketrans(",.!", "   ")
LIMITS = {"insult": 0.5}
WEIGHTS = {"clown": 0.7, "brainless": 0.6, "fool": 0.4, "silly": 0.2}
FILLER = "The bridge will open late and nobody at the council has said why so far. "


class _Words:
    """Knows words: the chance that none of those in the text is an insult, taken from one."""

    name = "words"
    version = "1"

    def __init__(
        self,
        weights: Mapping[str, float] = WEIGHTS,
        evidence: Callable[[str], list[Span]] = lambda _: [],
    ) -> None:
        self._weights = weights
        self._evidence = evidence
        self.calls: list[int] = []

    def value(self, text: str) -> float:
        doubt = 1.0
        for word in text.lower().translate(MARKS).split():
            doubt *= 1 - self._weights.get(word, 0.0)
        return 1 - doubt

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        self.calls.append(len(inputs))
        return [
            Finding(
                {"insult": self.value(given.text)},
                [span for span in self._evidence(given.text) if span.end <= len(given.text) > 0],
            )
            for given in inputs
        ]


class _Telling(_Words):
    """Can tell which words it looks at."""

    def attribute(self, comment: ScoringInput, _: str) -> list[tuple[int, int, float]]:
        return [
            (start, end, self._weights.get(comment.text[start:end].lower(), 0.0))
            for start, end in tokens(comment.text)
        ]


class _Fixed:
    name = "fixed"
    version = "1"

    def __init__(self, value: float) -> None:
        self._value = value

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        return [Finding({"insult": self._value}) for _ in inputs]


class _Drift:
    """Calls everything with a hello off topic."""

    name = "drift"
    version = "1"

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        return [Finding({"off_topic": 0.9 if "hello" in given.text else 0.1}) for given in inputs]


def _evidence(scorer: _Words | _Fixed, text: str) -> list[str]:
    (finding,) = Ensemble([scorer]).score([ScoringInput(text, limits=LIMITS)])
    return [text[span.start : span.end] for span in finding.evidence]


@pytest.mark.parametrize("kind", [_Words, _Telling])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you clown", ["clown"]),
        ("You silly clown!", ["clown"]),
        ("You clown, you brainless man.", ["clown", "brainless"]),
        ("brainless  clown", ["brainless  clown"]),
        (FILLER * 20 + "You clown. " + FILLER * 20, ["clown"]),
        (FILLER * 9 + "Brainless. " + FILLER * 9 + "A clown.", ["Brainless", "clown"]),
        ("silly fool silly fool", ["fool", "fool"]),
    ],
)
def test_no_word_too_many(kind: type[_Words], text: str, expected: list[str]) -> None:
    """A moderator is pointed at the words that are needed for the score, and at no others."""
    assert expected == _evidence(kind(), text)


@pytest.mark.parametrize("kind", [_Words, _Telling])
def test_each_word_is_needed(kind: type[_Words]) -> None:
    """With any span put back the score is at its limit again; without all it is below."""
    scorer = kind({f"w{n}": 0.02 * (n % 7) for n in range(40)})
    text = " ".join(f"w{n}" for n in range(40))
    (finding,) = Ensemble([scorer]).score([ScoringInput(text, limits=LIMITS)])
    spans = [(span.start, span.end) for span in finding.evidence]
    assert scorer.value(without(text, spans)) < 0.5
    for span in spans:
        assert scorer.value(without(text, [other for other in spans if other != span])) >= 0.5


def test_calls_are_few() -> None:
    """A batch of a hundred, ten of them flagged, costs a handful of calls of the scorer."""
    texts = [FILLER + ("You brainless clown, you fool." if n % 10 == 0 else "") for n in range(100)]
    scorer, telling = _Words(), _Telling()
    for each in (scorer, telling):
        Ensemble([each]).score([ScoringInput(text, limits=LIMITS) for text in texts])
    assert len(scorer.calls) <= 8
    assert sum(scorer.calls[1:]) <= 40 * 10
    assert len(telling.calls) <= 5
    assert sum(telling.calls[1:]) <= 10 * 10


def test_calls_are_bounded_for_the_longest_text() -> None:
    """Ten thousand characters with insults strewn all over them do not keep the worker."""
    text = " ".join("silly" if n % 5 == 0 else "word" for n in range(2_000))[:10_000]
    scorer = _Words()
    Ensemble([scorer]).score([ScoringInput(text, limits=LIMITS)])
    assert len(scorer.calls) <= 14
    assert sum(scorer.calls) <= 250


def test_nothing_flagged_costs_nothing() -> None:
    """Without limits, or below them, a scorer is called once."""
    scorer = _Words()
    ensemble = Ensemble([scorer])
    ensemble.score([ScoringInput("you brainless clown"), ScoringInput("hello", limits=LIMITS)])
    assert [2] == scorer.calls
    assert {"words"} == set(ensemble.seconds)


def test_what_is_only_shown_waits_for_a_reason() -> None:
    """A score that no moderator will see costs no explaining; beside a reason it is explained."""
    scorer = _Words()
    ensemble = Ensemble([scorer, _Drift()])
    limits, asides = LIMITS | {"off_topic": 0.5}, frozenset({"off_topic"})
    texts = ["hello there", "hello you brainless clown"]
    allowed, flagged = ensemble.score(
        [ScoringInput(t, limits=limits, asides=asides) for t in texts]
    )
    assert [] == allowed.evidence
    assert {"insult", "off_topic"} == {span.code for span in flagged.evidence}


def test_what_a_scorer_points_at_is_kept() -> None:
    """Evidence that suffices already stays as it is, and costs one text to prove."""
    scorer = _Words(evidence=lambda _: [Span(0, 9, "insult"), Span(10, 15, "insult")])
    assert ["brainless clown"] == _evidence(scorer, "brainless clown at work")
    assert [1, 1] == scorer.calls


def test_what_a_scorer_points_at_may_not_suffice() -> None:
    """Evidence that leaves the score above its limit is replaced by what does not."""
    scorer = _Words(evidence=lambda _: [Span(0, 3, "insult")])
    assert ["clown"] == _evidence(scorer, "you there, clown")


def test_the_whole_text_as_own_evidence_explains_nothing() -> None:
    """A scorer that points at everything is asked which words they are."""
    scorer = _Words(evidence=lambda text: [Span(0, len(text), "insult")])
    assert ["clown"] == _evidence(scorer, "what a clown")


def test_a_score_from_context_alone() -> None:
    """When no removal helps, the evidence is the whole text."""
    assert ["never mind"] == _evidence(_Fixed(0.9), "  never mind\n")


def test_a_text_without_words() -> None:
    """Punctuation and emoji can be evidence as well; an empty text has none."""
    scorer = _Words({"\U0001f921": 0.9, ";-)": 0.6})
    assert ["\U0001f921"] == _evidence(scorer, "Oh \U0001f921 !")
    assert [";-)"] == _evidence(scorer, "well done ;-)")
    assert [] == _evidence(_Fixed(0.9), "")


def test_turns_of_phrase() -> None:
    """Words that count only together are found, though none counts alone."""

    class Phrase(_Words):
        def value(self, text: str) -> float:
            return 0.9 if "go back where" in text else 0.1

    assert 1 == len(_evidence(Phrase(), "I say you should all just go back where you came from"))


def test_scores_stay() -> None:
    """Explaining changes no score, no other evidence, and nothing that the scorer keeps."""
    kept = Finding({"insult": 0.9, "other": 0.9}, [Span(0, 1, "other")], {"other": "why"})

    class Keeping:
        name = "keeping"
        version = "1"

        def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
            return [kept if given.text == "a clown" else Finding({}) for given in inputs]

    (finding,) = Ensemble([Keeping()]).score([ScoringInput("a clown", limits=LIMITS)])
    assert {"insult": 0.9, "other": 0.9} == finding.scores
    assert [Span(0, 1, "other")] == [span for span in finding.evidence if span.code == "other"]
    assert "why" == finding.details["other"]
    expected = Finding({"insult": 0.9, "other": 0.9}, [Span(0, 1, "other")], {"other": "why"})
    assert expected == kept


def test_batch_mates_change_nothing() -> None:
    """A comment is explained alike alone and among others."""
    inputs = [
        ScoringInput(text, limits=LIMITS)
        for text in ("you clown", FILLER, "a brainless, silly fool", "fool, clown", "")
    ]
    ensemble = Ensemble([_Words()])
    assert ensemble.score(inputs) == [ensemble.score([given])[0] for given in inputs]


def test_out_of_time() -> None:
    """In a wave of abuse the evidence is the whole text, rather than comments that wait."""
    scorer = _Words()
    given = [ScoringInput("you clown", limits=LIMITS)]

    def score(_: object, inputs: Sequence[ScoringInput]) -> list[Finding]:
        return scorer.score(inputs)

    ((finding,),) = Explainer([scorer], score).explain(given, [scorer.score(given)], seconds=-1)
    assert [Span(0, 9, "insult")] == finding.evidence
    assert [1] == scorer.calls


def test_attribution_outside_the_text() -> None:
    """A scorer that points beyond the comment is refused by name."""

    class Wild(_Words):
        def attribute(self, *_: object) -> list[tuple[int, int, float]]:
            return [(0, 99, 1.0)]

    with pytest.raises(ScoringError, match="words: attribution 0:99"):
        _evidence(Wild(), "you clown")


def test_attributing_is_told_apart() -> None:
    """A scorer need not be able to tell: what it can do is seen from its methods."""
    assert isinstance(_Telling(), Attributing)
    assert not isinstance(_Words(), Attributing)


def test_nearest_passage_is_shown() -> None:
    """A moderator sees what "off topic" was measured against, where an article is known."""

    class Far(_Fixed):
        def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
            return [Finding({"off_topic": 0.9}) for _ in inputs]

    ensemble = Ensemble([Far(0)], nearest=lambda given: (given.article_text, 0.123))
    known, unknown = ensemble.score(
        [
            ScoringInput("beetroot", article_text=text, limits={"off_topic": 0.8})
            for text in ("The bridge.", "")
        ]
    )
    assert {"off_topic": "The bridge."} == known.passages
    assert "nearest passage 12 of 100" in known.details["off_topic"]
    assert {} == unknown.passages
    assert "Has little to do with the story" == unknown.details["off_topic"]


def test_lines_stay_lines() -> None:
    """A removal never turns a comment's own words into a part of the line that it cites."""
    assert "> they said\nno" == without("> they said \n a b no", [(14, 15), (16, 17)])
    assert [(0, 3), (4, 5)] == merged("a b\nc", [(0, 1), (2, 3), (4, 5)])
