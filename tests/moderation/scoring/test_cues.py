"""Cues of sarcasm: what is one, what only looks like one, and where it stands."""

import pytest

from moderation.scoring.cues import find_cues

ARTICLE = (
    "Minister Hartwell said the new tram in Ostermond, a \u201cmodest detour\u201d, would open in "
    "spring. Anglo-Dutch builders and the Ostermond-based firm Brightline agreed."
)


def _kinds(text: str) -> set[str]:
    return {cue.kind for cue in find_cues(text, [ARTICLE])}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The \u201cexperts\u201d have spoken.", "scare_quotes"),
        ("All hail their 'plan' for us", "pointed_quotes"),
        ("We owe it to our heroic Ministry.", "hype"),
        ("Magnificent planning all round.", "praise"),
        ("What a statesman he is", "praise"),
        ("They lost the keys again. Splendid.", "verdict"),
        ("Oh great, another form.", "interjection"),
        ("Yeah right.", "interjection"),
        ("A tram without brakes, what could possibly go wrong?", "stock"),
        ("I trust them completely /s", "stage"),
        ("They will pay it back *cough*", "stage"),
        ("of course they will (eye roll)", "stage"),
        ("Sure they will \U0001f644", "smiley"),
        ("Somebody give that driver a medal", "reward"),
        ("Next they will tax the rain.", "absurd"),
        ("the so-called reform", "so_called"),
        ("I am so reassured.", "relief"),
        ("Hart-unwell has done it again", "mangled_name"),
        ("The DemocRATS did it", "mangled_name"),
        ("Ask Micro$oft", "mangled_name"),
    ],
)
def test_what_is_a_cue(text: str, kind: str) -> None:
    """Each kind is found in a sentence that has it."""
    assert kind in _kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        'He said "modest detour" and I agree.',
        'The word "tram" comes from mining.',
        'I loved the film "Northern Lights" as a child.',
        "Anglo-Dutch builders are good at this.",
        "The Ostermond-based firm is fine.",
        "Minister Hartwell is right about the tram.",
        "I think NATO and the MPs will agree, and the IMF too.",
        "The fare is US$5 or A$7.",
        "It costs too much and it will be late. I am against it.",
        "I don't know. Thank you for explaining it.",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    """Citations, titles, true names, acronyms and plain criticism are no cues."""
    assert set() == _kinds(text)


def test_cues_point_at_the_raw_text() -> None:
    """What a moderator sees highlighted is the cue itself, quotation marks included."""
    text = "  Well.\n\nTheir \u201cplan\u201d failed."
    cue = next(cue for cue in find_cues(text) if cue.kind == "pointed_quotes")
    assert "\u201cplan\u201d" == text[cue.start : cue.end]


@pytest.mark.parametrize("text", ["'" * 9_000, '"a ' * 3_000, "A-" * 5_000, "so " * 3_000])
def test_hostile_texts_do_not_stall(text: str) -> None:
    """A text made to trip regular expressions is read in the time of any other."""
    assert isinstance(find_cues(text[:10_000], [ARTICLE]), list)
