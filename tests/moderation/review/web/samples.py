"""Judged comments of our own writing, as different as a real queue's."""

from typing import Any

from moderation.records import Conduct, Context, Forecast, Judged, Reason, Utterance
from moderation.scoring.protocol import Span
from moderation.trolling.logistic import Contribution
from tests.moderation.review.desk import judged

CAMPAIGN = "camp-0#0"


def samples(at: float) -> list[Judged]:
    """The queue that the pages are looked at with; they arrived in the hours before `at`."""
    return [
        _threat(at - 300),
        _leet(at - 1_500),
        _lookalikes(at - 4_000),
        _long(at - 9_000),
        _arabic(at - 2_200),
        _japanese(at - 7_200),
        _joke(at - 700),
        *[_copy(number, at - 3_600 + number * 60) for number in range(6)],
        *[_mild(number, at - 12_000 + number * 500) for number in range(6)],
    ]


def _flagged(name: str, text: str, marks: dict[str, str], **fields: Any) -> Judged:
    """A comment whose evidence is where the marked words stand, by code."""
    spans = [
        Span(text.index(words), text.index(words) + len(words), code)
        for code, words in marks.items()
        if words
    ]
    values: dict[str, Any] = {"section": "local", "author_name": name.title(), **fields}
    return judged(name, text=text, evidence=spans, **values)


def _threat(at: float) -> Judged:
    return _with(
        _flagged(
            "ferryman",
            "Whoever signed off this bridge closure should watch out. I know which bus you take "
            "home and I will be waiting at the last stop.",
            {"threat": "I know which bus you take home and I will be waiting at the last stop"},
            priority=0.97,
            arrived_at=at,
            author_id="u-17",
            parent_id="minutes",
            context=Context(
                article="present",
                parent="present",
                thread=9,
                conversation=[
                    Utterance(
                        "minutes",
                        "u-40",
                        "The council published the minutes today; the report is on page 4.",
                        "Page Turner",
                    ),
                    Utterance("late", "u-41", "Three weeks late, and not a word about the buses."),
                    Utterance(
                        "thanks", "u-42", "Thank you, I had been looking for these.", "Wilma"
                    ),
                ],
            ),
            scores={"threat": 0.93, "toxicity": 0.81, "insult": 0.22, "obscene": 0.03},
        ),
        [
            Reason("threat", 0.93, 0.3, "Announces harm to a person."),
            Reason("toxicity", 0.81, 0.68, "The tone is hostile."),
        ],
        shown=[Reason("joke", 0.04, 0.8)],
        conduct=Conduct(
            "habit",
            [
                Contribution("rejected", 1.4, "3 of the last 8 comments were rejected"),
                Contribution("spread", 0.7, "hostile in 4 threads that were calm before"),
                Contribution("age", -0.3, "has written here for two years"),
            ],
        ),
        forecast=Forecast(0.62, 0.31, "ferryman", "The thread is about to derail."),
    )


def _with(record: Judged, reasons: list[Reason], **fields: Any) -> Judged:
    record.reasons = reasons
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def _leet(at: float) -> Judged:
    text = "Only an 1d10t would pay for this bridge twice. What a m.o.r.o.n."
    return _with(
        _flagged(
            "toll-gate",
            text,
            {"evasion": "1d10t", "insult": "1d10t"},
            priority=0.7,
            arrived_at=at,
            scores={"insult": 0.82, "evasion": 0.9, "toxicity": 0.6},
        ),
        [
            Reason("evasion", 0.9, 0.7, "Two words are masked."),
            Reason("insult", 0.82, 0.58, "Calls a person a name.", possible_bias=True),
        ],
    )


def _lookalikes(at: float) -> Judged:
    text = "St\u200bupid p\u0435ople d\u0435serv\u0435 stupid bridg\u0435s, it is that simple."
    return _with(
        _flagged(
            "mirror", text, {"evasion": "p\u0435ople"}, priority=0.55, arrived_at=at, section="city"
        ),
        [Reason("evasion", 0.74, 0.7, "Letters of another alphabet stand for Latin ones.")],
    )


def _long(at: float) -> Judged:
    paragraphs = [
        "I have crossed that bridge every working day since it opened, and I will say what nobody "
        "in the hall wanted to hear: the bearings were never going to last.",
        "When the inspector came in spring he stood at the east pier for ten minutes, wrote two "
        "lines and left. That is on the record, and so is the letter that three of us sent in May.",
        "And now we read that the detour will cost the market traders a third of their trade. The "
        "people who planned this are fools, every one of them, and they will not even notice.",
    ] * 4
    text = "\n\n".join(paragraphs)
    return _with(
        _flagged(
            "east-pier",
            text,
            {"insult": "The people who planned this are fools, every one of them"},
            priority=0.5,
            arrived_at=at,
            section="opinion",
            revision=1,
        ),
        [Reason("insult", 0.61, 0.58, "Calls people a name.")],
    )


def _arabic(at: float) -> Judged:
    return _with(
        _flagged(
            "jisr",
            "هذا الجسر مغلق منذ شهرين ولا أحد يهتم، أنتم مجموعة من الكسالى.",
            {"toxicity": "أنتم مجموعة من الكسالى"},
            priority=0.45,
            arrived_at=at,
            detected_lang="ar",
            author_name="جسر",
        ),
        [Reason("toxicity", 0.72, 0.68, "The tone is hostile.")],
    )


def _japanese(at: float) -> Judged:
    return _with(
        _flagged(
            "hashi",
            "この橋の工事はいつ終わるのですか。担当者は本当に無能ですね。",
            {"insult": "担当者は本当に無能ですね"},
            priority=0.4,
            arrived_at=at,
            detected_lang="ja",
            author_name="橋守",
        ),
        [Reason("insult", 0.6, 0.58)],
    )


def _joke(at: float) -> Judged:
    return _with(
        _flagged(
            "punster",
            "My cat also refuses to be repaired before the election.",
            {},
            priority=0.2,
            arrived_at=at,
            section="politics",
        ),
        [
            Reason(
                "off_topic_joke",
                0.41,
                0.25,
                "A joke far from the article.",
                passage="The repair of the east pier begins in March and takes eleven weeks.",
            )
        ],
    )


def _copy(number: int, at: float) -> Judged:
    who = ("mayor", "council", "engineers", "planners", "office", "board")[number]
    return _with(
        _flagged(
            f"voice-{number}",
            f"The {who} sold our bridge to a friend and every child in this town knows who cashed "
            "the cheque. Share before it is deleted!",
            {},
            priority=0.6,
            arrived_at=at,
            campaign=CAMPAIGN,
            author_id=f"voice-{number}",
        ),
        [Reason("campaign", 0.88, 0.5, "Six authors post nearly the same words.")],
    )


def _mild(number: int, at: float) -> Judged:
    return _with(
        _flagged(
            f"walker-{number}",
            f"Platform {number} of the old ferry would do as a detour, but that takes somebody who "
            f"can read a map, and plan {number} shows that nobody there can.",
            {},
            priority=0.3,
            arrived_at=at,
            author_id="u-17" if number < 2 else f"walker-{number}",
            article_id=f"a{number % 3}",
        ),
        [Reason("sarcasm", 0.7, 0.65, "Mocks rather than argues.")],
    )
