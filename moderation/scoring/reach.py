"""Which scorers can read a comment, by the language that it is in."""

from collections.abc import Collection, Sequence

from moderation import language
from moderation.language import UNDETERMINED, Detected
from moderation.scoring.protocol import Scorer, ScoringInput
from moderation.text import own_words


def known_languages(scorer: Scorer) -> Collection[str] | None:
    """The languages that a scorer knows; None when it takes any."""
    return getattr(scorer, "languages", None)


def detect(inputs: Sequence[ScoringInput]) -> list[Detected]:
    """The language of each comment's own words, citations of article and parent left out."""
    return [
        language.detect(
            own_words(given.text, (given.article_title, given.article_text, given.parent_text)),
            given.lang,
        )
        for given in inputs
    ]


def knows(scorer: Scorer, found: Detected) -> bool:
    """Whether a scorer's scores hold for a comment as a whole."""
    known = known_languages(scorer)
    return known is None or found.lang in {*known, UNDETERMINED}


def is_asked(scorer: Scorer, found: Detected) -> bool:
    """Whether a scorer reads a comment: it knows its language, or that of a passage in it."""
    return knows(scorer, found) or not found.also.isdisjoint(known_languages(scorer) or ())
