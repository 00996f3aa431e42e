"""The pages around the queue: campaigns, hot threads, the decisions, how well it works."""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from moderation.errors import ReviewError
from moderation.review import agreement, campaigns, decided, log, quality, queue, threads
from moderation.review.campaigns import CampaignView
from moderation.review.decided import Asked, Entered
from moderation.review.export import cell
from moderation.review.rules import REASONS, Person
from moderation.review.store import Store
from moderation.review.threads import ThreadView
from moderation.review.views import ItemView
from moderation.review.web import charts, passages, words
from moderation.review.web.forms import signed_in
from moderation.review.web.marking import Place, added, marked
from moderation.review.web.render import page
from moderation.review.web.sheets import Line, line
from moderation.review.web.visitor import Visitor
from moderation.trolling.decay import DAY
from moderation.trolling.heat import HOT_AT

_CARDS: Final = 24
_ITEMS: Final = 50
_MOST_PAGES: Final = 1_000
_MOST_EXPORTED: Final = 100_000
_LONGEST: Final = 300
_FAR: Final = 1e12
"""No time and no number of a row goes so far."""
_PAIRS: Final = 2_000
"""Second looks that a kappa is computed from."""
_FIELDS: Final = ("person", "action", "reason", "section", "author", "since", "until")
_COLUMNS: Final = (
    "at", "person", "action", "reason", "section", "comment_id", "item_id", "from_state",
    "to_state", "seconds", "note", "undone", "reopened_by", "reopened_at", "decision_id",
)  # fmt: skip


class Card(msgspec.Struct, frozen=True):
    """A campaign with its text in pieces."""

    view: CampaignView
    pieces: list[Place]
    added: list[str]
    """What some copies say besides."""
    covers: list[str]
    """For what its text is covered until asked for, in words."""


class Hot(msgspec.Struct, frozen=True):
    """A hot thread with its sparkline and the comment that tipped it."""

    view: ThreadView
    points: str
    tipped: Line | None


class Pages:
    """The pages, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/campaigns", self.campaigns),
            Route("/campaigns/{id:path}", self.campaign),
            Route("/threads", self.threads),
            Route("/decisions", self.decisions),
            Route("/decisions.csv", self.export),
            Route("/quality", self.quality),
        ]

    def campaigns(self, request: Request) -> Response:
        """Campaigns as cards: those with waiting comments, or all."""
        visitor = signed_in(request)
        every = request.query_params.get("show") == "all"
        number = _number(request.query_params.get("page", ""))
        found = campaigns.listed(
            self._store, all_of_them=every, limit=_CARDS + 1, offset=number * _CARDS
        )
        return page(
            request,
            "campaigns.html",
            here="campaigns",
            cards=[self._card(visitor, view) for view in found[:_CARDS]],
            every=every,
            number=number,
            more=len(found) > _CARDS,
            now=self._store.now(),
        )

    def campaign(self, request: Request) -> Response:
        """All that is known of one campaign, and its comments in the queue."""
        visitor = signed_in(request)
        name = request.path_params["id"]
        view = campaigns.get(self._store, name)
        found = queue.of_campaign(
            self._store,
            view.id if view else name,
            limit=_ITEMS,
            after=_place(request.query_params.get("after", ""), queue.Place),
        )
        if view is None:
            # Its record is gone or has not come; comments may know of it all the same.
            if not found.items:
                raise ReviewError("not_found", "nothing is known of this campaign")
            view = campaigns.unknown(name)
        now = self._store.now()
        hidden = decided.blind(self._store, visitor.person)
        return page(
            request,
            "campaign.html",
            here="campaigns",
            card=self._card(visitor, view),
            asked=name,
            lines=[
                line(_hidden(item) if item.id in hidden else item, visitor, now)
                for item in found.items
            ],
            after=_said(found.next),
            now=now,
        )

    def threads(self, request: Request) -> Response:
        """Threads that are about to derail, or do."""
        visitor = signed_in(request)
        return page(
            request,
            "threads.html",
            here="threads",
            hot=[
                Hot(view, charts.spark(view.history), self._line(visitor, view.tipped))
                for view in threads.hot(self._store)
            ],
            hot_at=HOT_AT,
            now=self._store.now(),
        )

    def decisions(self, request: Request) -> Response:
        """The decisions, the latest first, narrowed down."""
        visitor = signed_in(request)
        values = _values(request.query_params)
        found = decided.decided(
            self._store,
            visitor.person,
            self._asked(visitor.person, values),
            limit=_ITEMS,
            after=_place(request.query_params.get("after", ""), decided.Place),
        )
        given = {name: value for name, value in values.items() if value}
        after = _said(found.next)
        return page(
            request,
            "decisions.html",
            here="decisions",
            entries=found.entries,
            said=words.SAID,
            values=values,
            narrowed=bool(given),
            actions=list(words.SAID.items()),
            reasons=[(code, words.name(code)) for code in REASONS],
            following=f"?{urlencode(given | {'after': after})}" if after else "",
            export=f"/decisions.csv?{urlencode(given)}",
            now=self._store.now(),
        )

    def export(self, request: Request) -> Response:
        """The same as a table for a spreadsheet, for leads; that it was taken out is logged."""
        visitor = signed_in(request)
        if not visitor.person.leads:
            raise ReviewError("not_allowed", "exports are for leads")
        values = _values(request.query_params)
        asked = self._asked(visitor.person, values)
        said = {name: value for name, value in values.items() if value and name != "author"}
        log.record(self._store, visitor.name, "export_decisions", asked=said)
        entries = decided.every(self._store, visitor.person, asked, most=_MOST_EXPORTED)
        return StreamingResponse(
            _table(entries),
            media_type="text/csv; charset=utf-8",
            headers={
                "content-disposition": 'attachment; filename="decisions.csv"',
                "cache-control": "no-store",
            },
        )

    def quality(self, request: Request) -> Response:
        """How well the queue works, in figures with their uncertainty."""
        visitor = signed_in(request)
        store = self._store
        agreed = agreement.agreements(store, since=store.now() - quality.SPAN * DAY, most=_PAIRS)
        days = quality.by_day(store)
        waits = quality.waiting(store)
        return page(
            request,
            "quality.html",
            here="quality",
            confirmed=quality.precision(store),
            total=agreed.total,
            reasons_named=[(words.name(code), one) for code, one in agreed.reasons.items()],
            # Leads see everybody's, in the order of names; anybody else their own.
            people={
                name: one
                for name, one in agreed.people.items()
                if visitor.person.leads or name == visitor.name
            },
            least=agreement.LEAST,
            waits=waits,
            most_waiting=max([1, *(count for _, count in waits.ages)]),
            pace=quality.pace(store),
            days=[(_day(one.day), one) for one in days],
            drawn=charts.lines([one.arrivals for one in days], [one.decisions for one in days]),
            width=charts.WIDTH,
            height=charts.HEIGHT,
            span=quality.SPAN,
            most=quality.MOST,
        )

    def _asked(self, person: Person, values: Mapping[str, str]) -> Asked:
        """The filters; that somebody looks an author up is logged."""
        if values["author"]:
            log.record(self._store, person.name, "read_author", author=log.digest(values["author"]))
        until = _midnight(values["until"])
        return Asked(
            person=values["person"],
            action=values["action"],
            reason=values["reason"],
            section=values["section"],
            author_id=values["author"],
            since=_midnight(values["since"]),
            until=None if until is None else until + DAY,
        )

    def _card(self, visitor: Visitor, view: CampaignView) -> Card:
        covers: list[str] = []
        if visitor.preferences.blur and view.text:
            # No score is known of the campaign's text; its first comment here has some.
            for item in queue.of_campaign(self._store, view.id, limit=1).items:
                covers = [words.name(code) for code in passages.covers(item.judged)]
        return Card(view, marked(view.text, view.varying), added(view.varying), covers)

    def _line(self, visitor: Visitor, comment_id: str) -> Line | None:
        """A comment in one line, if it is in the queue."""
        if not comment_id:
            return None
        try:
            item = queue.get(self._store, comment_id)
        except ReviewError:
            return None
        return None if item.state == "golden" else line(item, visitor, self._store.now())


def routes(store: Store) -> list[Route]:
    """The pages' addresses, for `make_app`."""
    return Pages(store).routes()


def _hidden(item: ItemView) -> ItemView:
    """An item that the visitor looks at a second time: it shows nothing of the first."""
    return msgspec.structs.replace(item, state="open")


def _values(query: Mapping[str, str]) -> dict[str, str]:
    """What the query asks for; what makes no sense in it is left aside."""
    values = {name: query.get(name, "").replace("\x00", "").strip()[:_LONGEST] for name in _FIELDS}
    known: dict[str, Mapping[str, str]] = {"action": words.SAID, "reason": REASONS}
    for name, codes in known.items():
        if values[name] not in codes:
            values[name] = ""
    for name in ("since", "until"):
        if _midnight(values[name]) is None:
            values[name] = ""
    return values


def _midnight(day: str) -> float | None:
    """A date as the time at which it begins, UTC; None when it is none."""
    try:
        return dt.datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        return None


def _day(number: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)


def _number(text: str) -> int:
    return min(int(text), _MOST_PAGES) if text.isascii() and text.isdigit() else 0


def _said(place: Any) -> str:
    """A place as a query has it; empty at the end."""
    return ":".join(str(value) for value in msgspec.structs.astuple(place)) if place else ""


def _place(text: str, kind: type[Any]) -> Any:
    """The place that a query names; None when it makes no sense."""
    first, _, pk = text.partition(":")
    try:
        at, key = float(first), int(pk)
    except ValueError:
        return None
    return kind(at, key) if abs(at) < _FAR and 0 <= key < _FAR else None


def _table(entries: Iterator[Entered]) -> Iterator[str]:
    """Lines of CSV."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")

    def said(row: list[Any]) -> str:
        table.writerow([cell("" if value is None else str(value)) for value in row])
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    yield said(list(_COLUMNS))
    for entry in entries:
        one = entry.decision
        yield said(
            [
                log.timestamp(one.at), one.person, one.action, one.reason, one.section,
                one.comment_id, one.item_id, one.from_state, one.to_state, one.seconds, one.note,
                int(one.undone), entry.reopened_by,
                entry.reopened_at and log.timestamp(entry.reopened_at), one.id,
            ]
        )  # fmt: skip
