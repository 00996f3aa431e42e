"""Short stand-ins for identifiers, so that a state about one author names no other."""

import hashlib
from functools import lru_cache
from typing import Final

from moderation.errors import SettingsError

_BYTES: Final = 4
"""32 bits: enough to tell the few apart that a state holds, too few to stand for a person alone."""
_LONGEST_SALT: Final = 64


@lru_cache(maxsize=65_536)
def pseudonym(author_id: str, salt: bytes) -> int:
    """A number for an author that cannot be traced back without the salt (keyed BLAKE2b, 32 bits).

    `salt` is secret, the same for all workers, at most 64 bytes. SettingsError when it is empty or
    longer.
    """
    if not 0 < len(salt) <= _LONGEST_SALT:
        raise SettingsError(f"a salt has 1 to {_LONGEST_SALT} bytes, this one {len(salt)}")
    return _number(hashlib.blake2b(author_id.encode(), digest_size=_BYTES, key=salt).digest())


@lru_cache(maxsize=65_536)
def short_hash(identifier: str) -> int:
    """A number for a thread or comment, which are public anyway (BLAKE2b, 32 bits)."""
    return _number(hashlib.blake2b(identifier.encode(), digest_size=_BYTES).digest())


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")
