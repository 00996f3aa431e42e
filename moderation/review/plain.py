"""Texts as both databases can hold them."""

from typing import Final

_NUL: Final = {0: "\u2400"}
"""PostgreSQL stores no NUL character; its symbol stands for it."""


def plain(text: str) -> str:
    """The text without a character that a database refuses."""
    return text.translate(_NUL)
