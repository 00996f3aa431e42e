"""Passwords: what is asked of one, and how it is kept."""

import base64
import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from moderation.errors import ReviewError

LEAST: Final = 12
MOST: Final = 256
"""Characters; more would only cost time."""
_LEFT: Final = 8
"""So many characters have to be something else than the person's name."""
_AT_ONCE: Final = 4
"""Each hash takes 64 MiB for a moment: who tries many at once waits."""

_turn = threading.BoundedSemaphore(_AT_ONCE)
_hasher = PasswordHasher()
"""Argon2id with the second set of parameters that RFC 9106 recommends."""


def require_good(name: str, password: str) -> None:
    """ReviewError when a password is too short, or the person's own name."""
    if len(password) < LEAST:
        raise ReviewError("weak_password", f"a password has at least {LEAST} characters")
    if len(password) > MOST:
        raise ReviewError("weak_password", f"a password has at most {MOST} characters")
    if len(_plain(password).casefold().replace(_plain(name).casefold(), "")) < _LEFT:
        raise ReviewError("weak_password", "your own name is no password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _turn:
        return _hasher.hash(_plain(password))


def matches(kept: str, password: str) -> bool:
    """Whether it is the password; nothing kept takes the same work, and never matches."""
    try:
        with _turn:
            return _hasher.verify(kept or _decoy(), _plain(password[:MOST])) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _plain(text: str) -> str:
    """The same characters, however a keyboard composes them (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())


def _decoy() -> str:
    """The form of a hash of today's parameters, which no password has."""
    salt, tag = (base64.b64encode(bytes(n)).decode().rstrip("=") for n in (16, 32))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"
