"""What becomes of a scored comment under a policy."""

from moderation.policy import load_policy
from moderation.records import Comment, Context, Scored, Source
from moderation.scoring.protocol import Span
from streams.agents.judge import judge


def _scored(possible_bias: list[str]) -> Scored:
    return Scored(
        comment=Comment(id="c", article_id="a", author_id="u", text="They came, the fools."),
        scores={"toxicity": 0.9, "sarcasm": 0.7, "off_topic": 0.9},
        models={},
        source=Source("comments", 0, 0),
        arrived_at=0.0,
        context=Context(),
        evidence=[Span(15, 20, "toxicity"), Span(0, 4, "sarcasm"), Span(0, 4, "joke")],
        details={"toxicity": "Hostile or hurtful: \u201cfools\u201d"},
        possible_bias=possible_bias,
        passages={"off_topic": "The bridge."},
    )


def test_explanation_reaches_the_record() -> None:
    """The console needs no other source for the words, the sentence and the passage."""
    judged = judge(_scored([]), load_policy(), "")
    assert ["toxicity", "sarcasm"] == [span.code for span in judged.evidence]
    assert "Hostile or hurtful: \u201cfools\u201d" == judged.reasons[0].detail
    assert ["The bridge."] == [reason.passage for reason in judged.shown]


def test_possible_bias_is_last() -> None:
    """The ledger says what may be bias, and the priority is that of the other reasons alone."""
    judged = judge(_scored(["toxicity"]), load_policy(), "")
    assert "review" == judged.decision
    assert [("sarcasm", False), ("toxicity", True)] == [
        (reason.code, reason.possible_bias) for reason in judged.reasons
    ]
    assert judged.priority < judge(_scored([]), load_policy(), "").priority
    without = _scored([])
    del without.scores["toxicity"]
    assert judge(without, load_policy(), "").priority == judged.priority
