"""What a policy says of comments in languages that scorers do not know."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from moderation.language import NAMES, UNCODED
from moderation.records import Reason

UNSUPPORTED: Final = "unsupported_language"
"""Reason code."""
CODES: Final = {**NAMES, UNCODED: "Another language"}
"""The languages that a policy may name: ISO 639 code -> English name."""

LanguageAction = Literal["review", "show", "allow"]


class LanguageRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of a comment that scorers cannot read."""

    unsupported: LanguageAction = "show"
    weight: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.3
    """Share of the review priority that it gives."""


class LanguagePolicy:
    """The policy file's `[languages]`: a rule, and what some languages change in it."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Read the table; msgspec.ValidationError when a value is wrong."""
        own = {key: value for key, value in table.items() if not isinstance(value, dict)}
        self._rule = msgspec.convert(own, LanguageRule)
        self._by_language = {
            code: msgspec.convert(own | change, LanguageRule)
            for code, change in table.items()
            if isinstance(change, dict)
        }

    def rule(self, lang: str) -> LanguageRule:
        """The rule for a language."""
        return self._by_language.get(lang, self._rule)


def unknown_languages(table: Mapping[str, Any]) -> list[str]:
    """Tables in `[languages]` that no comment can ever fall under."""
    return [key for key, value in table.items() if isinstance(value, dict) and key not in CODES]


def unsupported_reason(lang: str, scorers: Sequence[str]) -> Reason:
    """Why there are no scores, in a moderator's words. It is a fact, so its score is 1."""
    detail = f"{CODES.get(lang, lang)}: {', '.join(scorers)} cannot score it"
    return Reason(UNSUPPORTED, 1.0, 1.0, detail)
