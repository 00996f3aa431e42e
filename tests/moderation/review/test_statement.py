"""The statement of reasons: every field that article 17 asks for, and nothing internal."""

import pytest

from moderation.errors import ReviewError
from moderation.review.statement import Site, statement
from tests.moderation.review.desk import Desk

SITE = Site(
    name="The Courier",
    rules="courier.example/rules",
    complaints="courier.example/complain",
    legal_ground="section 185 of the penal code",
)


def test_every_part(desk: Desk) -> None:
    """Decision, scope, facts, automated means, ground and redress are told; no moderator is."""
    desk.add("c", text="You idiot.\nGo away.")
    desk.decide("c", "reject", note="known to us")
    text = statement(desk.store, "c", SITE).text()
    for said in (
        "your comment c was not published",
        "has no end",
        "> You idiot.\n> Go away.",
        "own initiative",
        "for: insult. It did not decide. The decision was made by a person",
        "rules of discussion of The Courier (courier.example/rules)",
        "an insult",
        "courier.example/complain",
        "out-of-court",
        "court.",
    ):
        assert said in text, said
    assert "anna" not in text
    assert "known to us" not in text


def test_illegal_content(desk: Desk) -> None:
    """Illegal content names the law, not the rules of the house."""
    desk.add("c")
    desk.decide("c", "reject", reason="illegal")
    found = statement(desk.store, "c", SITE)
    assert "section 185 of the penal code" in found.ground
    assert "terms" not in found.ground


@pytest.mark.parametrize("action", ["approve", "escalate", "skip"])
def test_nothing_to_state(desk: Desk, action: str) -> None:
    """There is no statement for what was not restricted."""
    desk.add("c")
    desk.decide("c", action)  # type: ignore[arg-type]
    with pytest.raises(ReviewError) as caught:
        statement(desk.store, "c")
    assert "not_rejected" == caught.value.code
