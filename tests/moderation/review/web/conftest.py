"""The console over a queue whose time and luck the test holds."""

from collections.abc import Callable

import pytest

from tests.moderation.review.desk import Desk
from tests.moderation.review.web.house import House, Window

Visit = Callable[[str], Window]


@pytest.fixture
def house(desk: Desk) -> House:
    """The console over it."""
    return House(desk.store)


@pytest.fixture
def visit(house: House) -> Visit:
    """A browser without scripts, by the name of its person."""
    return lambda name: Window(house.app, name)
