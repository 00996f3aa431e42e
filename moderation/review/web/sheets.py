"""All that the console shows of one item, gathered once."""

import hashlib
import itertools

import msgspec

from moderation.records import Judged, Reason, Utterance
from moderation.review import campaigns, surroundings, threads
from moderation.review.campaigns import CampaignView
from moderation.review.precedent import Precedent, similar
from moderation.review.rules import REASONS
from moderation.review.serving import may_decide
from moderation.review.store import Store
from moderation.review.surroundings import AuthorHistory
from moderation.review.views import ItemView
from moderation.review.web import charts, passages, words
from moderation.review.web.marking import Place, added, marked
from moderation.review.web.passages import Piece
from moderation.review.web.visitor import Visitor

_PRECEDENTS = 3


class Bar(msgspec.Struct, frozen=True):
    """A score with its threshold, both 0..1."""

    name: str
    score: float
    threshold: float
    detail: str
    passage: str
    flagged: bool
    possible_bias: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An item on one line of a list."""

    id: str
    excerpt: str
    """Empty where it is covered."""
    covers: list[str]
    """Codes for which it is covered, in words."""
    reason: str
    more: int
    """Further reasons."""
    priority: float
    age: float
    """Seconds."""
    section: str
    author: str
    state: str
    campaign: str
    held_by: str
    """Somebody else."""


class Answer(msgspec.Struct, frozen=True):
    """A reason for a rejection, as a button."""

    code: str
    name: str
    key: str
    suggested: bool


class Earlier(msgspec.Struct, frozen=True):
    """What a comment said when it was flagged, where its author has edited that away."""

    pieces: list[Piece]
    covers: list[str]
    reasons: list[tuple[str, float]]
    """Names and scores."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """An item in focus."""

    view: ItemView
    key: str
    """Sets the item's ids on the page apart from another item's."""
    age: float
    pieces: list[Piece]
    unmasked: list[Piece]
    """Empty where it says nothing new."""
    covers: list[str]
    parent: str
    """What it answers, unless that is among the comments before it."""
    conversation: list[Utterance]
    """What was said before it in the thread."""
    blurs: bool
    """Whether the person wants to be spared, so that what nobody has scored is asked for, too."""
    bars: list[Bar]
    others: list[tuple[str, float]]
    """Scores that are no reason, by name."""
    answers: list[Answer]
    before: list[Line]
    after: list[Line]
    history: AuthorHistory
    past: list[tuple[Line, str, float]]
    """Earlier comments of the author: line, what became of it, seconds since."""
    nature: str
    in_campaign: int
    campaign: CampaignView | None
    """What is known of the campaign, besides."""
    wording: list[Place]
    """Its text, with what varies."""
    added: list[str]
    """What some copies say besides."""
    heat: str
    """The thread's heat over time, as `polyline` has it; empty where there is no history."""
    precedent: list[Precedent]
    held_by: str
    may_decide: bool
    earlier: Earlier | None


def held_by_other(view: ItemView, visitor: Visitor, now: float) -> str:
    """Who else holds an item now; empty when nobody does."""
    taken = view.claimed_until >= now and view.claimed_by != visitor.name
    return view.claimed_by if taken else ""


def covered_names(visitor: Visitor, *forms: Judged) -> list[str]:
    """The reasons, in words, for which forms of a comment are covered for the person."""
    if not visitor.preferences.blur:
        return []
    return [words.name(code) for code in sorted({*itertools.chain(*map(passages.covers, forms))})]


def line(view: ItemView, visitor: Visitor, now: float) -> Line:
    """An item for a list."""
    judged = view.judged
    hidden = covered_names(visitor, judged)
    unflagged = "Edited, nothing flagged" if judged.decision == "allow" else "No reason"
    return Line(
        id=view.id,
        excerpt="" if hidden else passages.excerpt(judged.text),
        covers=hidden,
        reason=words.name(judged.reasons[0].code) if judged.reasons else unflagged,
        more=max(0, len(judged.reasons) - 1),
        priority=view.priority,
        age=now - view.arrived_at,
        section=judged.section,
        author=judged.author_name or judged.author_id,
        state=view.state,
        campaign=view.campaign,
        held_by=held_by_other(view, visitor, now),
    )


def sheet(store: Store, visitor: Visitor, view: ItemView) -> Sheet:
    """Gather what stands around an item; that its author's history was read is logged."""
    now = store.now()
    judged = view.judged
    cover = visitor.preferences.blur
    history = surroundings.author_history(store, visitor.person, view)
    around = surroundings.thread(store, view)
    campaign = campaigns.get(store, view.campaign) if view.campaign else None
    reasons = {reason.code for reason in (*judged.reasons, *judged.shown)}
    held_by = held_by_other(view, visitor, now)
    # The ledger has it of flagged forms only.
    conversation = (view.earlier or judged).context.conversation
    is_told = any(said.id == judged.parent_id for said in conversation)
    return Sheet(
        view=view,
        key=hashlib.sha256(view.id.encode()).hexdigest()[:8],
        age=now - view.arrived_at,
        pieces=passages.pieces(judged, cover=cover),
        unmasked=passages.unmasked_pieces(judged, cover=cover),
        covers=covered_names(visitor, judged),
        parent="" if is_told else judged.parent_text,
        conversation=conversation,
        blurs=cover,
        bars=[
            _bar(reason, flagged=flagged)
            for flagged, group in ((True, judged.reasons), (False, judged.shown))
            for reason in group
        ],
        others=[
            (words.name(code), score)
            for code, score in sorted(judged.scores.items(), key=lambda one: -one[1])
            if code not in reasons
        ],
        answers=_answers([reason.code for reason in judged.reasons]),
        before=[line(other, visitor, now) for other in around.before],
        after=[line(other, visitor, now) for other in around.after],
        history=history,
        past=[
            (
                line(_as_view(past), visitor, now),
                words.name(past.reason) if past.state == "rejected" else "",
                now - past.at,
            )
            for past in history.last
        ],
        nature=words.NATURES[judged.conduct.nature] if judged.conduct else "",
        in_campaign=surroundings.in_queue(store, view.campaign) if view.campaign else 0,
        campaign=campaign,
        wording=marked(campaign.text, campaign.varying) if campaign else [],
        added=added(campaign.varying) if campaign else [],
        heat=charts.spark(threads.history(store, judged.article_id)),
        precedent=similar(store, view.id, limit=_PRECEDENTS),
        held_by=held_by,
        may_decide=may_decide(visitor.person, view) and not held_by,
        earlier=_earlier(view.earlier, visitor) if view.earlier else None,
    )


def _earlier(judged: Judged, visitor: Visitor) -> Earlier:
    return Earlier(
        passages.pieces(judged, cover=visitor.preferences.blur),
        covered_names(visitor, judged),
        [(words.name(reason.code), reason.score) for reason in judged.reasons],
    )


def _bar(reason: Reason, *, flagged: bool) -> Bar:
    return Bar(
        words.name(reason.code),
        min(1.0, max(0.0, reason.score)),
        min(1.0, max(0.0, reason.threshold)),
        reason.detail,
        reason.passage,
        flagged,
        reason.possible_bias,
    )


def _answers(flagged: list[str]) -> list[Answer]:
    """Every reason for a rejection, those that the item was flagged for first."""
    first = [code for code in flagged if code in REASONS]
    codes = dict.fromkeys([*first, *REASONS])
    return [Answer(code, words.name(code), words.KEYS[code], code in first) for code in codes]


def _as_view(past: surroundings.Past) -> ItemView:
    judged = past.judged
    return ItemView(
        id=past.comment_id,
        item_id=judged.item_id,
        version=0,
        state=past.state,
        judged=judged,
        priority=judged.priority,
        arrived_at=judged.arrived_at,
        campaign=judged.campaign,
        heat=None,
        claimed_by="",
        claimed_until=0.0,
    )
