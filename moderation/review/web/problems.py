"""Refusals for programs, as RFC 9457 has them."""

from typing import Any

import msgspec
from starlette.responses import Response


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was refused."""

    status: int
    code: str
    """For programs."""
    title: str
    """For people."""
    type: str = "about:blank"
    changes: dict[str, list[Any]] = {}
    """Of an item that changed: before and after, by field."""
    version: int | None = None
    """The item's version now."""
    precedents: list[str] = []
    """Comments on which the same words were decided otherwise."""


def problem(status: int, code: str, said: str, **more: Any) -> Response:
    """The answer that says so."""
    body = Problem(status=status, code=code, title=said, **more)
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")
