"""Identifiers in few bytes, for states that hold millions of them."""

import re
from typing import Final

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LENGTH: Final = 36
_PACKED: Final = 17

_AS_IT_IS: Final = b"\0"
_AS_UUID: Final = b"\1"


def packed(identifier: str) -> bytes:
    """An identifier that begins with a UUID (RFC 9562) in 20 bytes less, any other in one more."""
    if _UUID.match(identifier) is None:
        return _AS_IT_IS + identifier.encode()
    digits = identifier[:_LENGTH].replace("-", "")
    return _AS_UUID + bytes.fromhex(digits) + identifier[_LENGTH:].encode()


def unpacked(kept: bytes) -> str:
    """The identifier that `packed` was given."""
    if kept[:1] != _AS_UUID:
        return kept[1:].decode()
    digits = kept[1:_PACKED].hex()
    uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return uuid + kept[_PACKED:].decode()
