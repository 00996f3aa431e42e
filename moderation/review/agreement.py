"""How far people agree: Cohen's kappa over second looks, and answers on golden items."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import aliased

from moderation.evaluation.metrics import Figure, wilson
from moderation.review.actions import OUTCOMES
from moderation.review.models import Decision, Item, Look
from moderation.review.store import Store

LEAST: Final = 20
"""Pairs below which a kappa is chance."""
_Z: Final = 1.959964
"""Normal quantile of a 95 % interval."""


class Pair(NamedTuple):
    """Two people's outcomes on one item, `approve` or `reject`."""

    first: str
    second: str
    one: str
    other: str
    reasons: Sequence[str]
    """Codes for which it was flagged."""


class Agreement(msgspec.Struct, frozen=True):
    """How far two views of the same items agree."""

    pairs: int
    agreed: int
    kappa: Figure | None
    """None where there are too few pairs, or where everybody always said the same."""


class Agreements(msgspec.Struct, frozen=True):
    """Agreement in all, by reason, and of each person with the others."""

    total: Agreement
    reasons: dict[str, Agreement]
    people: dict[str, Agreement]


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A second look that came to something else: for a lead."""

    look: int
    """What `settle` wants."""
    comment_id: str
    text: str
    first: str
    action: str
    reason: str
    second: str
    second_action: str
    second_reason: str
    second_note: str


def kappa(pairs: Sequence[tuple[str, str]], *, least: int = LEAST) -> Figure | None:
    """Cohen's kappa (1960) with its 95 % interval (Fleiss, Cohen and Everitt 1969).

    None of fewer than `least` pairs, or where chance alone would agree always.
    """
    count = len(pairs)
    if count < max(least, 1):
        return None
    labels = sorted({label for pair in pairs for label in pair})
    counts = Counter(pairs)
    joint = {(a, b): counts[a, b] / count for a in labels for b in labels}
    rows = {a: sum(joint[a, b] for b in labels) for a in labels}
    columns = {b: sum(joint[a, b] for a in labels) for b in labels}
    observed = sum(joint[label, label] for label in labels)
    chance = sum(rows[label] * columns[label] for label in labels)
    if chance > 1 - 1e-12:
        return None
    value = (observed - chance) / (1 - chance)
    agreeing = sum(
        joint[label, label] * (1 - (rows[label] + columns[label]) * (1 - value)) ** 2
        for label in labels
    )
    differing = (1 - value) ** 2 * sum(
        joint[a, b] * (columns[a] + rows[b]) ** 2 for a in labels for b in labels if a != b
    )
    rest = (value - chance * (1 - value)) ** 2
    error = math.sqrt(max(0.0, agreeing + differing - rest) / count) / (1 - chance)
    return Figure(value, max(-1.0, value - _Z * error), min(1.0, value + _Z * error))


def agreements(store: Store, *, since: float = 0.0, most: int | None = None) -> Agreements:
    """Agreement over the second looks since a time (seconds since the epoch).

    `most` bounds it to the latest ones.
    """
    pairs = list(_pairs(store, since, most))
    reasons: dict[str, list[Pair]] = defaultdict(list)
    people: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        for reason in pair.reasons:
            reasons[reason].append(pair)
        people[pair.first].append(pair)
        # The person's own answer stands first.
        people[pair.second].append(
            pair._replace(one=pair.other, other=pair.one, first=pair.second, second=pair.first)
        )
    return Agreements(
        _agreement(pairs),
        {code: _agreement(found) for code, found in sorted(reasons.items())},
        {name: _agreement(found) for name, found in sorted(people.items())},
    )


def golden(store: Store, *, since: float = 0.0) -> dict[str, Figure]:
    """By person, the share of golden items answered as known, with its Wilson interval."""
    answer = aliased(Decision)
    query = (
        select(answer.person, answer.action, Look.expected)
        .join(answer, answer.pk == Look.answer)
        .where(Look.kind == "golden", answer.at >= since, answer.undone.is_(None))
    )
    right: dict[str, list[bool]] = defaultdict(list)
    with store.reading() as session:
        for person, action, expected in session.execute(query):
            if action in OUTCOMES:
                right[person].append(OUTCOMES[action] == OUTCOMES[expected])
    return {name: wilson(sum(found), len(found)) for name, found in sorted(right.items())}


def disagreements(store: Store, *, limit: int = 100) -> list[Disagreement]:
    """Second looks with another outcome than the first, whose first decision still holds."""
    first, second = aliased(Decision), aliased(Decision)
    query = (
        select(Look.pk, Item.id, Item.text, first, second)
        .join(Item, Item.pk == Look.item)
        .join(first, first.pk == Look.decision)
        .join(second, second.pk == Look.answer)
        .where(
            Look.kind == "second",
            Look.state == "done",
            Item.decision == Look.decision,
            second.undone.is_(None),
        )
        .order_by(Look.pk)
    )
    found: list[Disagreement] = []
    with store.reading() as session:
        for look, comment_id, text, one, other in session.execute(query):
            if OUTCOMES[one.action] == OUTCOMES.get(other.action):
                continue
            found.append(
                Disagreement(
                    look=look,
                    comment_id=comment_id,
                    text=text,
                    first=one.person,
                    action=one.action,
                    reason=one.reason,
                    second=other.person,
                    second_action=other.action,
                    second_reason=other.reason,
                    second_note=other.note,
                )
            )
            if len(found) == limit:
                break
    return found


def _pairs(store: Store, since: float, most: int | None) -> Iterable[Pair]:
    first, second = aliased(Decision), aliased(Decision)
    query = (
        select(first, second)
        .select_from(Look)
        .join(first, first.pk == Look.decision)
        .join(second, second.pk == Look.answer)
        .where(
            Look.kind == "second",
            second.at >= since,
            first.undone.is_(None),
            second.undone.is_(None),
        )
    )
    if most is not None:
        latest = select(Look.pk).where(Look.kind == "second", Look.answer.is_not(None))
        query = query.where(Look.pk.in_(latest.order_by(Look.pk.desc()).limit(most)))
    with store.reading() as session:
        rows: list[Any] = list(session.execute(query))
    for one, other in rows:
        if one.action in OUTCOMES and other.action in OUTCOMES:
            yield Pair(
                one.person,
                other.person,
                OUTCOMES[one.action],
                OUTCOMES[other.action],
                list(json.loads(one.flagged)),
            )


def _agreement(pairs: Sequence[Pair]) -> Agreement:
    answers = [(pair.one, pair.other) for pair in pairs]
    return Agreement(len(answers), sum(a == b for a, b in answers), kappa(answers))
