"""What is for leads alone: where two people decided differently, and the way back."""

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from moderation.review import queue
from moderation.review.agreement import Disagreement, disagreements
from moderation.review.queue import Filters
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.review.taking_back import reopen, settle
from moderation.review.web import forms, passages, words
from moderation.review.web.passages import Piece
from moderation.review.web.render import page
from moderation.review.web.roles import require

_MOST = 20


class Dispute(msgspec.Struct, frozen=True):
    """A disagreement with its comment in pieces."""

    found: Disagreement
    pieces: list[Piece]
    covers: list[str]


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a lead besides the queue."""

    escalated: int
    disagreements: int


def for_lead(store: Store, person: Person) -> Waiting:
    """How much of it; nothing for anybody else."""
    if not person.leads:
        return Waiting(0, 0)
    escalated = queue.count(store, Filters(state="escalated"), most=1_000)
    return Waiting(escalated, len(disagreements(store, limit=_MOST)))


class Leads:
    """The pages, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/disagreements", self.disagreements),
            Route("/disagreements", forms.reads_form(self.settle), methods=["POST"]),
            Route("/reopen", forms.reads_form(self.reopen), methods=["POST"]),
        ]

    @require("lead")
    def disagreements(self, request: Request) -> Response:
        """Second looks that came to another end than the first, to be settled."""
        visitor = forms.signed_in(request)
        cover = visitor.preferences.blur
        disputes = []
        for found in disagreements(self._store, limit=_MOST):
            judged = queue.get(self._store, found.comment_id).judged
            covers = [words.name(code) for code in passages.covers(judged)] if cover else []
            disputes.append(Dispute(found, passages.pieces(judged, cover=cover), covers))
        return page(request, "disagreements.html", here="queue", disputes=disputes, said=words.SAID)

    @require("lead")
    def settle(self, request: Request, form: FormData) -> Response:
        """Uphold the first decision, or put the second in its place."""
        visitor = forms.signed_in(request)
        settle(
            self._store,
            visitor.person,
            forms.number(form, "look"),
            uphold=forms.text(form, "do") != "replace",
            note=forms.text(form, "note"),
        )
        return RedirectResponse("/disagreements", 303)

    def reopen(self, request: Request, form: FormData) -> Response:
        """Open a decided item again."""
        visitor = forms.signed_in(request)
        comment_id = forms.text(form, "comment_id")
        reopen(self._store, visitor.person, comment_id, note=forms.text(form, "note"))
        return RedirectResponse(f"/items/{words.quoted(comment_id)}", 303)
