"""What a moderator reads of a reason: one plain sentence."""

from collections.abc import Sequence
from typing import Final

from moderation.scoring.occlusion import whole

PHRASES: Final = {
    "toxicity": "Hostile or hurtful",
    "severe_toxicity": "Full of hate",
    "obscene": "Obscene",
    "threat": "Threatens somebody",
    "insult": "Insults somebody",
    "identity_attack": "Attacks people for who they are",
    "sexual_explicit": "Speaks openly of sex",
    "sarcasm": "Sounds sarcastic",
    "joke": "Reads as a joke",
    "off_topic": "Has little to do with the story",
    "off_topic_joke": "Reads as a joke and has little to do with the story",
    "evasion": "Disguises words",
}
"""By code. For a code that is not here the scorer's own words are used."""

ABOUT_THE_STORY: Final = frozenset({"off_topic", "off_topic_joke"})
"""What is told by the distance to the article, not by words that could be quoted."""
_NOTED: Final = frozenset({"sarcasm", "evasion"})
"""Codes whose scorer says what kind of words it found, as `kind: words; kind: words`."""
_MOST_QUOTED: Final = 3
_LONGEST: Final = 60


def sentence(
    code: str,
    text: str,
    spans: Sequence[tuple[int, int]],
    *,
    note: str = "",
    similarity: float | None = None,
) -> str:
    """Say a reason in a sentence.

    `spans` are the words of the raw text that it rests on, `note` is what the scorer says itself,
    `similarity` (a cosine) that of the nearest passage.
    """
    phrase = PHRASES.get(code) or _capital(note) or _capital(code.replace("_", " "))
    if code in ABOUT_THE_STORY:
        if similarity is None:
            return phrase
        return f"{phrase}; likeness to its nearest passage {max(0.0, similarity) * 100:.0f} of 100"
    if not spans:
        return phrase
    if list(spans) == whole(text) and len(text) > _LONGEST:
        return f"{phrase}: the comment as a whole"
    notes = _notes(note) if code in _NOTED else []
    quoted = [_with_kind(" ".join(text[start:end].split()), notes) for start, end in _chosen(spans)]
    return f"{phrase}: {', '.join(quoted)}"


def bias(said: str, term: str, other: str) -> str:
    """Add to a sentence that it would not hold for other people."""
    return f"{said}. Possible bias: it would pass with \u201c{other}\u201d for \u201c{term}\u201d"


def _chosen(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest spans, in the order of the text."""
    longest = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_QUOTED]
    return sorted(longest)


def _with_kind(words: str, notes: Sequence[tuple[str, str]]) -> str:
    kind = next((kind for kind, said in notes if said in words or words in said), "")
    return f"{kind} {_quoted(words)}".lstrip()


def _quoted(words: str) -> str:
    """Words in quotation marks, cut at a word to at most 60 characters."""
    if len(words) > _LONGEST:
        cut = words[: _LONGEST - 1]
        words = (cut[: cut.rfind(" ")] if " " in cut else cut) + "\u2026"
    return f"\u201c{words}\u201d"


def _notes(note: str) -> list[tuple[str, str]]:
    """`kind: words; kind: words` as pairs."""
    pairs = [piece.partition(": ") for piece in note.split("; ")]
    return [(kind.strip(), words.strip()) for kind, _, words in pairs if words.strip()]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
