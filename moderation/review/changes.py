"""What is different about an item since somebody looked at it."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.errors import ChangedError
from moderation.records import Judged, decode_judged
from moderation.review.models import Decision, ItemVersion

_SHOWN: Final = ("text", "revision", "parent_text", "section", "priority", "scores")


def changed(session: Session, item: Any, seen: int, *, blind: bool = False) -> ChangedError:
    """The refusal of a decision on version `seen`, with every field that differs.

    `item` is a row with pk, id, version, state, record and decision. Whoever looks at it `blind`
    is not told its state, nor who decided.
    """
    changes: dict[str, tuple[Any, Any]] = {}
    then = session.scalar(
        select(ItemVersion.content)
        .where(ItemVersion.item == item.pk, ItemVersion.version >= seen)
        .order_by(ItemVersion.version)
        .limit(1)
    )
    if then is not None:
        changes |= _content(decode_judged(then.encode()), decode_judged(item.record.encode()))
    if blind:
        said = ", ".join(name.replace("_", " ") for name in changes)
        return ChangedError(
            f"comment {item.id} is not what it was at version {seen}"
            f"{f': {said}' if said else ''}; look again",
            version=item.version,
            changes=changes,
        )
    state = session.scalar(
        select(Decision.from_state)
        .where(Decision.comment_id == item.id, Decision.kind == "decision", Decision.version > seen)
        .order_by(Decision.version)
        .limit(1)
    )
    if state is not None and state != item.state:
        changes["state"] = (state, item.state)
    if item.decision is not None:
        person = session.scalar(select(Decision.person).where(Decision.pk == item.decision))
        changes["decided_by"] = ("", person)
    said = ", ".join(
        f"{name} {before} -> {after}" if name == "state" else name.replace("_", " ")
        for name, (before, after) in changes.items()
        if name != "decided_by"
    )
    by = f" by {changes['decided_by'][1]}" if "decided_by" in changes else ""
    return ChangedError(
        f"comment {item.id} has changed since version {seen}: "
        f"{said or 'it was decided and taken back'}{by}; look again",
        version=item.version,
        changes=changes,
    )


def _content(then: Judged, now: Judged) -> dict[str, tuple[Any, Any]]:
    found = {
        name: (getattr(then, name), getattr(now, name))
        for name in _SHOWN
        if getattr(then, name) != getattr(now, name)
    }
    codes = tuple([reason.code for reason in judged.reasons] for judged in (then, now))
    if codes[0] != codes[1]:
        found["reasons"] = (codes[0], codes[1])
    return found
