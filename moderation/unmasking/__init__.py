"""Reading masked words: zero-width and bidi characters, lookalikes, leetspeak, gaps, blots."""

from moderation.unmasking.unmask import Mask, Unmasked, unmask

__all__ = ["Mask", "Unmasked", "unmask"]
