"""A desk on each database."""

import contextlib
from collections.abc import Iterator

import pytest

from moderation.review.store import Store
from tests.moderation.review.desk import Desk
from tests.postgres import database


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """An empty queue."""
    with Desk.at(database_url) as desk:
        yield desk


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store that lives for many examples."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'review.db'}"
        else:
            url = stack.enter_context(database(request.getfixturevalue("postgres")))
        store = Store(url)
        stack.callback(store.close)
        yield store
