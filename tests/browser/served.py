"""The console as it is served, with its own way in."""

import contextlib
from collections.abc import Iterator

from moderation.review.store import Store
from moderation.review.web.access import AccessOptions
from moderation.review.web.app import make_app
from moderation.review.web.options import WebOptions
from tests.moderation.review.web.house import House


@contextlib.contextmanager
def served(store: Store) -> Iterator[House]:
    """On a port of its own, until the end of the `with`."""
    house = House(store)
    house.app = make_app(store, WebOptions(poll=0.05, grace=0.0, access=AccessOptions()))
    with house.open() as house:
        yield house
