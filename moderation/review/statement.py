"""The statement of reasons that a site owes an author whose comment it restricts.

Its parts are those of article 17(3) of the Digital Services Act, Regulation (EU) 2022/2065.
"""

import datetime as dt

import msgspec
from sqlalchemy import select

from moderation.errors import ReviewError
from moderation.records import Judged, decode_judged
from moderation.review.models import Decision, Item
from moderation.review.rules import REASONS
from moderation.review.store import Store


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the statement says of the site itself. Empty texts are left out or said in general."""

    name: str = "this site"
    rules: str = ""
    """Address of the rules of discussion."""
    complaints: str = ""
    """Where a complaint goes, free of charge."""
    dispute_body: str = ""
    """A certified body for out-of-court settlement."""
    territory: str = "everywhere the site can be read"
    legal_ground: str = ""
    """The law, for comments that were rejected as illegal."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a statement of reasons, each a text for the author."""

    comment_id: str
    restriction: str
    """(a) What was decided, where it holds, and for how long."""
    facts: str
    """(b) The facts relied on, and whether a notice led to it."""
    automated: str
    """(c) The use of automated means."""
    ground: str
    """(d), (e) The law or the contractual ground, and why the comment is against it."""
    redress: str
    """(f) What the author can do."""

    def text(self) -> str:
        """The whole as a letter."""
        parts = (
            ("What was decided", self.restriction),
            ("Why", self.facts),
            ("The ground for it", self.ground),
            ("Automated means", self.automated),
            ("What you can do", self.redress),
        )
        return "\n\n".join(f"{title}\n{text}" for title, text in parts) + "\n"


def statement(store: Store, comment_id: str, site: Site | None = None) -> Statement:
    """The statement for a comment that stands rejected; ReviewError when it does not.

    It names no moderator and no note, which are internal.
    """
    with store.reading() as session:
        row = session.execute(
            select(Item.record, Decision)
            .join(Decision, Decision.pk == Item.decision)
            .where(Item.id == comment_id, Item.state == "rejected")
        ).one_or_none()
    if row is None:
        raise ReviewError("not_rejected", f"comment {comment_id} does not stand rejected")
    judged = decode_judged(row.record.encode())
    return _statement(judged, row.Decision, site or Site())


def _statement(judged: Judged, decision: Decision, site: Site) -> Statement:
    day = f"{dt.datetime.fromtimestamp(decision.at, dt.UTC):%-d %B %Y}"
    why = REASONS[decision.reason]
    if decision.reason == "illegal":
        law = site.legal_ground or "the law named by the editors on request"
        ground = f"The comment is regarded as illegal content under {law}: it contains {why}."
    else:
        rules = f" ({site.rules})" if site.rules else ""
        ground = (
            f"The comment is incompatible with the rules of discussion of {site.name}{rules}, "
            f"which are part of its terms: it contains or is {why}."
        )
    flagged = ", ".join(reason.code.replace("_", " ") for reason in judged.reasons)
    redress = [
        f"You can complain to {site.name} within six months, free of charge"
        + (f": {site.complaints}." if site.complaints else ".")
        + " A person will look at it again.",
        "You can turn to a certified body for out-of-court dispute settlement"
        + (f", for instance {site.dispute_body}." if site.dispute_body else "."),
        "You can go to court.",
    ]
    return Statement(
        comment_id=judged.id,
        restriction=(
            f"On {day} your comment {judged.id} was not published, or was removed. "
            f"Where this holds: {site.territory}. It has no end."
        ),
        facts=(
            f"The decision rests on the text of the comment alone:\n\n{_quoted(judged.text)}\n\n"
            f"It was made on {site.name}'s own initiative, not after a notice."
        ),
        automated=(
            "Software brought the comment to a person's attention"
            + (f", for: {flagged}" if flagged else "")
            + ". It did not decide. The decision was made by a person."
        ),
        ground=ground,
        redress="\n".join(redress),
    )


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
