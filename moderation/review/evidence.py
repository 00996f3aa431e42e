"""What the store knows that thresholds can be calibrated on."""

import json
from collections.abc import Iterator

from sqlalchemy import select

from moderation.review.actions import OUTCOMES
from moderation.review.calibration import Arrival, Seen
from moderation.review.models import Decision, Item, ItemReason
from moderation.review.rules import confirms
from moderation.review.store import Store

_CHUNK = 5_000


def seen(store: Store, *, since: float = 0.0) -> Iterator[Seen]:
    """What decisions in force say of each reason of their comments."""
    query = (
        select(Decision.section, Decision.flagged, Decision.action, Decision.reason)
        .join(Item, Item.decision == Decision.pk)
        .where(Decision.at >= since, Decision.action.in_(list(OUTCOMES)))
        .execution_options(yield_per=_CHUNK)
    )
    with store.reading() as session:
        for section, flagged, action, reason in session.execute(query):
            rejected = OUTCOMES[action] == "reject"
            for code, (score, threshold) in json.loads(flagged).items():
                yield Seen(section, code, score, threshold, rejected and confirms(reason, code))


def arrivals(store: Store, *, since: float = 0.0) -> Iterator[Arrival]:
    """Every comment that went to review, decided or not."""
    query = (
        select(Item.pk, Item.arrived_at, Item.section, ItemReason.code, ItemReason.score)
        .join(ItemReason, ItemReason.item == Item.pk)
        .where(Item.arrived_at >= since, ItemReason.flagged == 1, Item.state != "golden")
        .order_by(Item.pk)
        .execution_options(yield_per=_CHUNK)
    )
    with store.reading() as session:
        last, arrival = 0, Arrival(0.0, "", {})
        scores: dict[str, float] = {}
        for pk, at, section, code, score in session.execute(query):
            if pk != last:
                if last:
                    yield arrival
                scores = {}
                last, arrival = pk, Arrival(at, section, scores)
            scores[code] = score
        if last:
            yield arrival


def seconds(store: Store, *, since: float = 0.0) -> list[float]:
    """How long decisions took, from claim to key; a claim that a person forgot counts for none."""
    query = select(Decision.seconds).where(
        Decision.at >= since,
        Decision.seconds.is_not(None),
        Decision.seconds <= store.rules.lease,
        Decision.action.in_(list(OUTCOMES)),
        Decision.undone.is_(None),
    )
    with store.reading() as session:
        return [value for value in session.scalars(query) if value is not None]
