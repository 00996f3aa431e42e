"""What the API can do, as a table that routes, checks and document are made of."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from moderation.review.rules import Person, Role
from moderation.review.store import Store

_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")


class Call(msgspec.Struct, frozen=True):
    """A request whose parts hold to their types."""

    store: Store
    person: Person
    named: dict[str, str]
    """Parameters of the path."""
    query: Any
    body: Any


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a program may ask for."""

    name: str
    method: str
    path: str
    """As Starlette writes it, below `/api`."""
    summary: str
    act: Callable[[Call], Any]
    query: Any = None
    body: Any = None
    answer: Any = None
    """Type of the answer; none where it is a file."""
    files: tuple[str, ...] = ()
    """Media types of a file."""
    role: Role = "moderator"
    """The least that may ask."""

    @property
    def shown(self) -> str:
        """The path as OpenAPI writes it."""
        return "/api" + _PARAMETER.sub(r"{\1}", self.path)

    @property
    def named(self) -> list[str]:
        """Parameters of the path."""
        return _PARAMETER.findall(self.path)
