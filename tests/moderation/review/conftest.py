"""A desk on each database."""

from collections.abc import Iterator

import pytest

from tests.moderation.review.desk import Desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """An empty queue."""
    with Desk.at(database_url) as desk:
        yield desk
