"""Stores that an older trollbridge has filled."""

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert

from moderation.records import encode
from moderation.review import queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.intake import take_in_edits
from moderation.review.models import Base
from moderation.review.store import Store
from moderation.review.surroundings import forms
from tests.moderation.review.desk import ANNA, START, edit, judged


def test_filled_store_of_the_form_before_edits(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits in a store of the third form waits on, with its past, and hears of edits."""
    with monkeypatch.context() as older:
        older.setattr("moderation.review.store.migrate", _third)
        store = Store(database_url)
    first, second = judged("c"), judged("c", revision=1, text="Edited, and still abusive.")
    row = {
        "id": "c", "item_id": "c#1", "revision": 1, "version": 2, "state": "open", "priority": 0.5,
        "sort_key": START, "arrived_at": START, "judged_at": second.judged_at, "fingerprint": "f",
        "source": "comments/0/1", "article_id": "a1", "author_id": "author-of-c", "section": "",
        "author_name": "", "reason": "insult", "text": second.text,
        "record": encode(second).decode(),
    }  # fmt: skip
    with store.connection() as connection:
        tables = Base.metadata.tables
        connection.execute(insert(tables["review_items"]).values(**row))
        connection.execute(
            insert(tables["review_item_versions"]).values(
                item=1, version=1, content=encode(first).decode(), at=START
            )
        )
    store.close()
    store = Store(database_url)
    try:
        item = queue.get(store, "c")
        assert (second, None) == (item.judged, item.earlier)
        assert [first] == [form.judged for form in forms(store, "c")]
        assert 1 == take_in_edits(store, [edit("c", 2)])
        item = queue.get(store, "c")
        assert ("Harmless 2.", second) == (item.judged.text, item.earlier)
        decide(store, ANNA, Choice(comment_id="c", version=item.version, action="approve"))
    finally:
        store.close()


def _third(connection: Any) -> None:
    """The form of a store before it knew edits."""
    config = Config()
    config.set_main_option("script_location", "moderation.review:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0003")
