"""Precedent: what was decided on the same or nearly the same words."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.review.actions import OUTCOMES
from moderation.review.likeness import bands, likeness, shingles
from moderation.review.models import Band, Decision, Item
from moderation.review.store import Store

ALIKE: Final = 0.5
"""Least likeness that is shown."""
SAME: Final = 0.8
"""From here on two texts are the same words."""
_CANDIDATES: Final = 100


class Precedent(NamedTuple):
    """A decided item like another."""

    likeness: float
    """Jaccard similarity of the texts, 0..1."""
    comment_id: str
    text: str
    action: str
    reason: str
    person: str
    at: float


def similar(store: Store, comment_id: str, *, limit: int = 5) -> list[Precedent]:
    """The decided items that are most like this one, the most similar first."""
    with store.reading() as session:
        text = session.scalar(select(Item.text).where(Item.id == comment_id))
        return find(session, text, besides=comment_id)[:limit] if text is not None else []


def find(session: Session, text: str, *, besides: str = "", person: str = "") -> list[Precedent]:
    """Decided items whose text is like this one, the most similar first; one person's, if named.

    Of very many candidates those that share the most bands, then the newest, are looked at.
    """
    given = shingles(text)
    keys = bands(given)
    if not keys:
        return []
    shared = func.count().label("shared")
    candidates = (
        select(Band.item, shared)
        .where(Band.band.in_(keys))
        .group_by(Band.item)
        .order_by(shared.desc(), Band.item.desc())
        .limit(_CANDIDATES)
        .subquery()
    )
    query = (
        select(Item.id, Item.text, Decision.action, Decision.reason, Decision.person, Decision.at)
        .join(candidates, candidates.c.item == Item.pk)
        .join(Decision, Decision.pk == Item.decision)
        .where(Item.id != besides, Decision.action.in_(list(OUTCOMES)))
    )
    if person:
        query = query.where(Decision.person == person)
    found = []
    for row in session.execute(query):
        share = likeness(given, shingles(row.text))
        if share >= ALIKE:
            found.append(Precedent(share, *row))
    return sorted(found, key=lambda precedent: (-precedent.likeness, -precedent.at))


def against_own(
    session: Session, person: str, comment_id: str, text: str, action: str
) -> Sequence[Precedent]:
    """The person's own decisions on the same words that went the other way."""
    outcome = OUTCOMES.get(action)
    if outcome is None:
        return []
    own = find(session, text, besides=comment_id, person=person)
    same = [precedent for precedent in own if precedent.likeness >= SAME]
    # Somebody who has been both ways has been asked before.
    if any(OUTCOMES[precedent.action] == outcome for precedent in same):
        return []
    return same
