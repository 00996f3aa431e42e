"""What the review library refuses, in the words of the page."""

from collections.abc import Sequence
from typing import Any

import msgspec

from moderation.errors import ChangedError, PrecedentError, ReviewError
from moderation.review.actions import Choice
from moderation.review.web import passages, words


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was refused, as a person reads it beside the item."""

    code: str
    say: str
    changes: Sequence[tuple[str, str, str]] = ()
    """Name, before and after, of what changed besides the text."""
    text: Sequence[passages.Change] = ()
    """What changed in the text."""
    precedents: Sequence[Any] = ()
    again: str = ""
    """What the person wanted, to be asked once more."""
    ban: bool = False


def problem(error: ReviewError, choice: Choice) -> Problem:
    """A refusal of a choice, to be shown beside the item."""
    again = f"{'reject' if choice.action == 'ban_suggest' else choice.action}:{choice.reason}"
    match error:
        case PrecedentError():
            return Problem(
                code=error.code,
                say="You decided the other way on the same words. Do you mean it?",
                precedents=error.precedents,
                again=again.rstrip(":"),
                ban=choice.action == "ban_suggest",
            )
        case ChangedError():
            return Problem(
                code=error.code,
                say="This comment changed while you read it. Nothing was decided: look again.",
                changes=[
                    (name.replace("_", " "), _shown(before), _shown(after))
                    for name, (before, after) in error.changes.items()
                    if name not in {"text", "revision"}
                ],
                text=passages.changes(*error.changes["text"]) if "text" in error.changes else (),
            )
        case _:
            held = error.code == "held"
            say = (
                "Nothing was decided: somebody else has this comment." if held else sentence(error)
            )
            return Problem(code=error.code, say=say)


def sentence(error: Exception) -> str:
    """A refusal as a sentence."""
    said = str(error)
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."


def _shown(value: Any) -> str:
    """A changed field in words."""
    match value:
        case float():
            return f"{value:.2f}"
        case dict():
            return ", ".join(f"{words.name(code)} {score:.2f}" for code, score in value.items())
        case list():
            return ", ".join(words.name(code) for code in value) or "none"
        case _:
            return str(value)
