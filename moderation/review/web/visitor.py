"""Who is at the other end of a request."""

from typing import Literal

import msgspec

from moderation.review.preferences import Preferences
from moderation.review.rules import Person


class Visitor(msgspec.Struct, frozen=True):
    """A person who is signed in; `request.state.visitor`."""

    name: str
    role: Literal["moderator", "lead", "admin"]
    csrf: str
    """Every unsafe request carries it."""
    preferences: Preferences

    @property
    def person(self) -> Person:
        """The same as the review library knows them."""
        return Person(self.name, self.role)
