"""A console on a desk."""

import pytest
from argon2 import PasswordHasher

from moderation.review.access import passwords
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.site import Site


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with the least work."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


@pytest.fixture
def site(desk: Desk) -> Site:
    """A console with three people."""
    return Site(desk)
