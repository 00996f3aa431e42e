"""Keys that are given out once. What is kept of one is its digest, which opens nothing."""

import base64
from typing import Final

from moderation.review.store import Store

_BYTES: Final = 32
"""256 bits: nobody guesses one, so a plain SHA-256 protects it at rest."""


def new_key(store: Store, prefix: str = "") -> str:
    """A key of 43 characters that are safe in a URL and a header."""
    return prefix + base64.urlsafe_b64encode(store.secret(_BYTES)).decode().rstrip("=")


def new_id(store: Store) -> str:
    """A name for something that has a key, by which it may be shown and ended."""
    return store.secret(8).hex()
