"""A desk with people, and passwords that cost little to hash."""

import pytest
from argon2 import PasswordHasher

from moderation.review.access import passwords
from moderation.review.access.links import accept, first, invite
from moderation.review.access.signin import Browser
from moderation.review.rules import Person
from tests.moderation.review.desk import Desk

ADMIN = Person("ada", "admin")
PASSWORD = "green bridges at dawn"  # noqa: S105 - of a test


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with the least work."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


@pytest.fixture
def people(desk: Desk) -> Desk:
    """A desk with an admin, a lead and a moderator."""
    accept(desk.store, first(desk.store), PASSWORD, Browser(), name=ADMIN.name)
    for name, role in (("lea", "lead"), ("anna", "moderator")):
        accept(desk.store, invite(desk.store, ADMIN, name, role), PASSWORD, Browser())
    return desk
