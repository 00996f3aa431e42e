"""Explanations of the built-in scorers: for every reason, words without which it does not hold."""

import pytest

from moderation.policy import load_policy
from moderation.scoring.occlusion import without
from moderation.scoring.passages import LENGTH, nearest_passage
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.scoring.reading import shared_reader
from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers

TITLE = "Ferry line to close after fifty years"
STORY = (
    "The ferry between Oskar's Quay and the island will stop in October, the council decided.\n"
    "The two boats are worn out, and new ones would cost 30 million.\n"
    "A bus over the new bridge will take the passengers. Islanders had collected 4,000 signatures."
)
HOSTILE = [
    "You are a brainless idiot.",
    "What an idiot you are,\nand your friends are idiots as well.",
    "Shut up, you pathetic moron, nobody wants to hear from an idiot like you.",
    "The mayor is a lying, thieving piece of garbage and so is everyone who voted for him.",
    "I will find you and break your legs.",
    "Somebody should shoot the whole council, one after the other.",
    "I hope you die in a fire, you disgusting pig!!!",
    "fuck this council and fuck their stupid bus",
    "This is bullshit. Utter bullshit, and the mayor is full of shit.",
    "Stupid stupid stupid people everywhere.",
    "Only a complete moron would believe that a bus can replace a boat. Idiots.",
    "You people are scum. Go drown yourselves.",
    "  \t You  ugly   old   hag ,  go home  ",
    "Nobody asked you, dumbass \U0001f921",
    "> They decided it in March.\nYou liar. You filthy, stupid liar.",
    "All of them are parasites and should be exterminated like rats.",
    "Muslims are animals and should be shot.",
    "We will burn your house down tonight.",
    "I read the whole report, it took me two hours and there is much in it that is good. "
    "The figures on page nine are sound. But whoever wrote page ten is a stupid, ugly cretin. "
    "The rest is about the bridge, which I think will be useful for those who live in the north.",
    "The council heard us on Monday and the hearing was long. " * 12
    + "You pathetic brainless idiots. "
    + "The bridge will be used by many, I am sure of that as well. " * 12,
]
SARCASTIC = [
    "Oh great, a bus. What a genius plan, bravo.",
    "Yeah right, because that worked so well the last time.",
    "Well done to our glorious council. Take a bow!",
    "What could possibly go wrong?",
    'Ah yes, the "experts" have spoken. How reassuring.',
    "Sure, let's all swim. Who needs boats anyway? /s",
    "Thank goodness our mighty mayor is here to save us from ferries ;-)",
    "Colour me shocked.",
    "Wow, just wow. Give that man a medal.",
    "Brilliant. Simply brilliant.",
]
FUNNY = [
    "What do you call a boat without eyes? A bot.",
    "My love life missed the boat years ago, and it never had a quay to anybody's heart.",
    "I asked the ferry if it believed in fairies. It said: only on Sundays.",
    "Why did the captain cross the road? To get to the other tide!",
    "I used to be a banker but I lost interest.",
    "A bus walks into a bar. The barman says: why the long vehicle?",
]
STRAY = [
    "My grandmother used to boil the beetroot first and then fry it in butter with onions, which "
    "made the whole kitchen red.",
    "Does anybody know a good plumber who comes on Saturdays? My kitchen tap has been dripping "
    "since Easter and the neighbours downstairs complain.",
    "The match on Sunday was the best I have seen for years, and the goalkeeper saved two "
    "penalties in the last five minutes of extra time.",
]
PLAIN = [
    "I took the ferry to school every day and I shall miss it.",
    "30 million for two boats is a lot, but a bus is no ferry.",
    "Were the signatures ever handed to the council?",
]
LIMITS = load_policy().limits("")


def _input(text: str, limits: dict[str, float]) -> ScoringInput:
    return ScoringInput(text, TITLE, STORY, limits=limits)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """The default scorers with the built-in toxicity model."""
    options = ScoringOptions(toxicity_backend="builtin")
    encoder = shared_reader(options.threads).encoder
    return Ensemble(
        load_scorers(DEFAULT_SCORERS, options),
        nearest=lambda comment: nearest_passage(encoder, comment),
    )


@pytest.fixture(scope="module")
def found(ensemble: Ensemble) -> list[tuple[str, Finding]]:
    """Each comment with what is found and explained."""
    texts = [*HOSTILE, *SARCASTIC, *FUNNY, *STRAY, *PLAIN]
    return list(zip(texts, ensemble.score([_input(t, LIMITS) for t in texts]), strict=True))


def _reasons(finding: Finding) -> list[str]:
    return [code for code, score in finding.scores.items() if score >= LIMITS.get(code, 2.0)]


def test_every_reason_rests_on_its_words(
    ensemble: Ensemble, found: list[tuple[str, Finding]]
) -> None:
    """Without the words that are shown to a moderator the comment would not have that reason."""
    seen = set()
    for text, finding in found:
        for code in _reasons(finding):
            spans = [(at.start, at.end) for at in finding.evidence if at.code == code]
            assert spans
            assert all(0 <= start < end <= len(text) for start, end in spans)
            bare = text
            for start, end in reversed(spans):
                bare = bare[:start] + bare[end:]
            for rest in (without(text, spans), bare):
                (again,) = ensemble.score([_input(rest, {})])
                assert again.scores[code] < LIMITS[code], (text, code, rest)
            seen.add((text, code))
    assert len({text for text, _ in seen}) >= len(HOSTILE)
    assert {"toxicity", "insult", "threat", "sarcasm", "off_topic"} <= {code for _, code in seen}


def test_few_words(found: list[tuple[str, Finding]]) -> None:
    """For an insult it is a word or a few that are shown, not the comment, however long it is."""
    shares = [
        sum(at.end - at.start for at in finding.evidence if at.code == "insult") / len(text)
        for text, finding in found
        if "insult" in _reasons(finding)
    ]
    assert sum(shares) / len(shares) < 0.3


def test_scores_are_what_they_were(ensemble: Ensemble, found: list[tuple[str, Finding]]) -> None:
    """Explaining changes nothing but evidence and words."""
    plain = ensemble.score([_input(text, {}) for text, _ in found])
    assert [finding.scores for finding in plain] == [finding.scores for _, finding in found]


def test_every_reason_is_a_sentence(found: list[tuple[str, Finding]]) -> None:
    """A moderator reads plain words, with what was said in quotation marks."""
    for _, finding in found:
        for code in _reasons(finding):
            assert finding.details[code][0].isupper()
            assert "_" not in finding.details[code].partition("\u201c")[0]
    insult = next(finding for text, finding in found if text == HOSTILE[0]).details["insult"]
    assert insult.startswith("Insults somebody: \u201c")
    assert "idiot" in insult


def test_what_is_far_names_the_nearest_passage(found: list[tuple[str, Finding]]) -> None:
    """Beside "off topic" stands the part of the article that came nearest."""
    passages = [passage for _, finding in found for passage in finding.passages.values()]
    assert passages
    assert all(passage in (TITLE, *STORY.split("\n")) for passage in passages)


def test_nearest_passage() -> None:
    """The paragraph that a comment speaks of is found, and cut at a word when it is long."""
    encoder = shared_reader(2).encoder
    long = STORY + "\n" + "The bakery on the quay sells bread and rolls to the passengers. " * 5
    bread, alike = nearest_passage(encoder, ScoringInput("Bread and rolls!", TITLE, long))
    assert bread.startswith("The bakery on the quay")
    assert bread.endswith("\u2026")
    assert LENGTH - 20 < len(bread) <= LENGTH
    assert 0.3 < alike < 1
    assert ("", 0.0) == nearest_passage(encoder, ScoringInput("Bread!"))
    assert ("", 0.0) == nearest_passage(encoder, ScoringInput(" ", TITLE, STORY))
