"""The queue's pages: the item in focus, the list beside it, and what is decided on them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from moderation.errors import ReviewError
from moderation.records import Judged
from moderation.review import queue, serving, surroundings
from moderation.review.actions import Choice
from moderation.review.decisions import decide, decide_many, preview
from moderation.review.rules import REASONS
from moderation.review.store import Store
from moderation.review.taking_back import undo
from moderation.review.views import ItemView
from moderation.review.web import forms, passages, refusals, words
from moderation.review.web.leads import for_lead
from moderation.review.web.live import Hub
from moderation.review.web.narrowing import AGES, Narrowing
from moderation.review.web.refusals import Problem
from moderation.review.web.render import page, part
from moderation.review.web.sheets import Line, Sheet, covered_names, line, sheet
from moderation.review.web.visitor import Visitor

_LISTED: Final = 20
_SAMPLE: Final = 8
_CHANGED: Final = Problem(code="changed", say="This comment changed while you read it: look again.")


class Undoable(msgspec.Struct, frozen=True):
    """What can be undone now."""

    id: str
    said: str
    seconds: float
    """What is left."""
    whole: float
    """Of so many."""


class Desk:
    """The pages, over one store."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store = store
        self._hub = hub

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/", self.home, name="queue"),
            Route("/parts", self.parts),
            Route("/decide", forms.reads_form(self.decide), methods=["POST"]),
            Route("/undo", forms.reads_form(self.undo), methods=["POST"]),
            Route("/renew", forms.reads_form(self.renew), methods=["POST"]),
            Route("/release", forms.reads_form(self.release), methods=["POST"]),
            Route("/bulk", self.bulk_preview),
            Route("/bulk", forms.reads_form(self.bulk), methods=["POST"]),
            Route("/items/{id:path}", self.item),
            Route("/events", self.events),
        ]

    def home(self, request: Request) -> Response:
        """The queue: claims the item in focus, and the next one to have it ready."""
        visitor = forms.signed_in(request)
        narrowing = Narrowing(request.query_params)
        view, problem = self._focused(visitor, narrowing, request.query_params.get("item", ""))
        return self._page(request, visitor, narrowing, view, problem=problem)

    def parts(self, request: Request) -> Response:
        """Pieces of the page for its script: `need` among focus, next and list."""
        visitor = forms.signed_in(request)
        narrowing = Narrowing(request.query_params)
        need = request.query_params.get("need", "").split(",")
        leave = request.query_params.get("leave", "")
        if leave:
            queue.release(self._store, visitor.person, [leave])
        shown: ItemView | None
        problem: Problem | None = None
        if "focus" in need:
            item = request.query_params.get("item", "")
            shown, problem = self._focused(visitor, narrowing, item)
        else:
            shown = self._known(visitor, request.query_params.get("on_screen", ""))
        found: dict[str, str] = {}
        changed = self._changed(visitor, request, "on_screen", "version")
        if changed is not None:
            shown, problem = changed, _CHANGED
        if "focus" in need or changed is not None:
            found["focus"] = self._focus(visitor, narrowing, shown, problem=problem)
        ready = self._changed(visitor, request, "ready", "ready_version")
        if ready is not None:
            found["next"] = self._focus(visitor, narrowing, ready)
        following = None
        if "next" in need and shown is not None:
            following = self._next(visitor, narrowing, [shown])
            found["next"] = self._focus(visitor, narrowing, following) if following else ""
        return self._answer(
            visitor, narrowing, [shown, following], found, changed=changed is not None
        )

    def decide(self, request: Request, form: FormData) -> Response:
        """Decide one item; the script gets what comes after the next one, which it has."""
        visitor = forms.signed_in(request)
        narrowing = Narrowing(forms.texts(form))
        choice = forms.choice(form)
        try:
            receipt = decide(self._store, visitor.person, choice)
        except ReviewError as error:
            return self._refused(request, visitor, narrowing, choice, error)
        if not forms.by_script(request):
            if form.get("back") == "item":
                where = f"/items/{words.quoted(choice.comment_id)}?done={receipt.decision_id}"
            else:
                where = f"/{narrowing.query(done=receipt.decision_id)}"
            return RedirectResponse(where, 303)
        shown = self._known(visitor, forms.text(form, "on_screen"))
        found: dict[str, str] = {}
        if shown is None:
            shown = self._next(visitor, narrowing, [])
            found["focus"] = self._focus(visitor, narrowing, shown)
        following = self._next(visitor, narrowing, [shown]) if shown else None
        found["next"] = self._focus(visitor, narrowing, following) if following else ""
        return self._answer(visitor, narrowing, [shown, following], found, receipt.decision_id)

    def undo(self, request: Request, form: FormData) -> Response:
        """Take a decision or a bulk back, and have the item in focus again."""
        visitor = forms.signed_in(request)
        narrowing = Narrowing(forms.texts(form))
        undone = undo(self._store, visitor.person, forms.text(form, "id"))
        alone = undone.comment_ids[0] if len(undone.comment_ids) == 1 else ""
        said = f"Undone: {_comments(len(undone.comment_ids))}"
        if undone.left:
            said += f"; {_comments(len(undone.left))} had changed since and stay decided"
        if not forms.by_script(request):
            return RedirectResponse(f"/{narrowing.query(item=alone)}", 303)
        dropped = forms.text(form, "ready")
        if alone and dropped and dropped != alone:
            queue.release(self._store, visitor.person, [dropped])
        shown = self._known(visitor, forms.text(form, "on_screen"))
        found: dict[str, str] = {"undo": ""}
        if alone:
            following, shown = shown, serving.take(self._store, visitor.person, alone)
            found["focus"] = self._focus(visitor, narrowing, shown)
            return self._answer(visitor, narrowing, [shown, following], found, say=said)
        return self._answer(visitor, narrowing, [shown], found, say=said)

    def renew(self, request: Request, _: FormData) -> Response:
        """There was activity: what the person holds is held on."""
        visitor = forms.signed_in(request)
        return JSONResponse({"held": queue.renew(self._store, visitor.person)})

    def release(self, request: Request, form: FormData) -> Response:
        """The person leaves the page; claims are given up unless another page opens soon."""
        visitor = forms.signed_in(request)
        ids = [value for value in form.getlist("id") if isinstance(value, str)]
        leaving = BackgroundTask(self._hub.left, visitor.person, ids)
        return Response(status_code=204, background=leaving)

    def item(self, request: Request) -> Response:
        """One item in any state, with its decisions and earlier forms."""
        visitor = forms.signed_in(request)
        comment_id: str = request.path_params["id"]
        view, blind = serving.seen_by(self._store, visitor.person, comment_id)
        earlier = surroundings.forms(self._store, comment_id)
        texts: list[Judged] = [*[form.judged for form in earlier], view.judged]
        return page(
            request,
            "one.html",
            here="queue",
            s=sheet(self._store, visitor, view),
            blind=blind,
            # What was decided on an item is not shown to whom it was given to look at afresh.
            decisions=[] if blind else queue.history(self._store, comment_id),
            edits=[
                (
                    form.version,
                    self._store.now() - form.at,
                    covered_names(visitor, before, after),
                    passages.changes(before.text, after.text),
                )
                for form, (before, after) in zip(earlier, itertools.pairwise(texts), strict=True)
            ],
            undoable=self._undoable(visitor, request.query_params.get("done", "")),
            now=self._store.now(),
            narrowing=Narrowing({}),
            problem=None,
            note="",
            back="item",
            said=words.SAID,
        )

    def bulk_preview(self, request: Request) -> Response:
        """What a decision on a campaign or a selection would decide, to be confirmed."""
        visitor = forms.signed_in(request)
        campaign = request.query_params.get("campaign", "")
        ids = request.query_params.getlist("id")
        chosen = preview(self._store, visitor.person, campaign=campaign, comment_ids=ids)
        now = self._store.now()
        sample = [
            line(serving.seen_by(self._store, visitor.person, comment_id)[0], visitor, now)
            for comment_id in list(chosen.versions)[:_SAMPLE]
        ]
        return page(
            request,
            "bulk.html",
            here="queue",
            campaign=campaign,
            chosen=chosen,
            versions=msgspec.json.encode(chosen.versions).decode(),
            sample=sample,
            reasons=[(code, words.name(code)) for code in REASONS],
            suggested="campaign" if campaign else "",
        )

    def bulk(self, request: Request, form: FormData) -> Response:
        """Decide a selection that was shown and confirmed."""
        visitor = forms.signed_in(request)
        action, reason = forms.chosen(form)
        done = decide_many(
            self._store,
            visitor.person,
            forms.versions(form),
            action,
            confirmed=forms.number(form, "confirmed"),
            reason=(reason or forms.text(form, "reason"))
            if action in {"reject", "ban_suggest"}
            else "",
            note=forms.text(form, "note"),
        )
        left = {"changed": len(done.changed), "held": len(done.held)}
        told = {name: str(number) for name, number in left.items() if number}
        return RedirectResponse(f"/{Narrowing({}).query(done=done.batch, **told)}", 303)

    async def events(self, request: Request) -> Response:
        """News as server-sent events."""
        visitor = forms.signed_in(request)
        return StreamingResponse(
            self._hub.stream(visitor.name),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    def _focused(
        self, visitor: Visitor, narrowing: Narrowing, item: str
    ) -> tuple[ItemView | None, Problem | None]:
        """The item that was asked for, or the next one; a problem when it cannot be claimed."""
        if not item:
            return self._next(visitor, narrowing, []), None
        try:
            return serving.take(self._store, visitor.person, item), None
        except ReviewError as error:
            view, _ = serving.seen_by(self._store, visitor.person, item)
            # The page says anyhow who holds it.
            known = error.code == "held"
            return view, None if known else Problem(code=error.code, say=refusals.sentence(error))

    def _next(
        self, visitor: Visitor, narrowing: Narrowing, on_screen: Sequence[ItemView]
    ) -> ItemView | None:
        return serving.next_item(
            self._store,
            visitor.person,
            narrowing.filters(visitor.person),
            on_screen=on_screen,
            interleave=visitor.preferences.interleave,
        )

    def _known(self, visitor: Visitor, comment_id: str) -> ItemView | None:
        if not comment_id:
            return None
        return serving.seen_by(self._store, visitor.person, comment_id)[0]

    def _changed(
        self, visitor: Visitor, request: Request, item: str, version: str
    ) -> ItemView | None:
        """An item that the page shows, if the person holds it and it has changed since.

        `item` and `version` name the parameters that say what the page shows.
        """
        shown = {name: request.query_params.get(name, "") for name in (item, version)}
        if not all(shown.values()):
            return None
        view, blind = serving.seen_by(self._store, visitor.person, shown[item])
        theirs = view.claimed_by == visitor.name and view.claimed_until >= self._store.now()
        return view if theirs and not blind and str(view.version) != shown[version] else None

    def _refused(
        self,
        request: Request,
        visitor: Visitor,
        narrowing: Narrowing,
        choice: Choice,
        error: ReviewError,
    ) -> Response:
        """The item as it is now, with why the decision was not taken, to decide again."""
        view, _ = self._focused(visitor, narrowing, choice.comment_id)
        problem = refusals.problem(error, choice)
        if not forms.by_script(request):
            return self._page(
                request, visitor, narrowing, view, problem=problem, note=choice.note, status=409
            )
        focus = self._focus(visitor, narrowing, view, problem=problem, note=choice.note)
        return JSONResponse(
            {"code": error.code, "say": problem.say, "parts": {"focus": focus}}, 409
        )

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        narrowing: Narrowing,
        view: ItemView | None,
        *,
        problem: Problem | None = None,
        note: str = "",
        status: int = 200,
    ) -> Response:
        following = self._next(visitor, narrowing, [view]) if view else None
        return page(
            request,
            "queue.html",
            status=status,
            here="queue",
            s=sheet(self._store, visitor, view) if view else None,
            following=sheet(self._store, visitor, following) if following else None,
            problem=problem,
            note=note,
            reasons=[(code, words.name(code)) for code in REASONS],
            ages=AGES,
            undoable=self._undoable(
                visitor, request.query_params.get("done", ""), request.query_params
            ),
            back="",
            for_lead=for_lead(self._store, visitor.person),
            now=self._store.now(),
            **self._beside(visitor, narrowing, [view, following]),
        )

    def _beside(
        self, visitor: Visitor, narrowing: Narrowing, shown: Sequence[ItemView | None]
    ) -> dict[str, Any]:
        """What the list and its surroundings need. The first of `shown` is in focus."""
        now = self._store.now()
        filters = narrowing.filters(visitor.person)
        found = queue.waiting(self._store, filters, limit=_LISTED).items
        for view in shown:
            if view is not None and view.claimed_by == visitor.name:
                found = surroundings.in_order(found, view)
        lines: list[Line] = [line(view, visitor, now) for view in found]
        return {
            "lines": lines,
            "current": shown[0].id if shown and shown[0] else "",
            "waiting": queue.count(self._store, filters),
            "narrowing": narrowing,
            "harsh": sum(serving.harsh_lately(self._store, visitor.person)),
        }

    def _focus(
        self,
        visitor: Visitor,
        narrowing: Narrowing,
        view: ItemView | None,
        *,
        problem: Problem | None = None,
        note: str = "",
    ) -> str:
        """The item's part of the page, or that nothing waits."""
        if view is None:
            return part("nothing.html", narrowing=narrowing)
        found: Sheet = sheet(self._store, visitor, view)
        return part(
            "item.html",
            s=found,
            visitor=visitor,
            narrowing=narrowing,
            problem=problem,
            note=note,
            back="",
            now=self._store.now(),
        )

    def _answer(
        self,
        visitor: Visitor,
        narrowing: Narrowing,
        shown: Sequence[ItemView | None],
        parts: dict[str, str],
        done: str = "",
        *,
        say: str = "",
        changed: bool = False,
    ) -> Response:
        """Parts for the script, the list always among them, and what a screen reader says.

        `changed`: the item in focus is among them, since it is not what the page shows.
        """
        beside = self._beside(visitor, narrowing, shown)
        undoable = self._undoable(visitor, done)
        parts["list"] = part("list.html", visitor=visitor, **beside)
        parts["care"] = part("care.html", visitor=visitor, **beside)
        if undoable is not None:
            parts["undo"] = part(
                "undo.html", visitor=visitor, undoable=undoable, narrowing=narrowing
            )
        return JSONResponse(
            {
                "say": say or (undoable.said if undoable else ""),
                "waiting": beside["waiting"],
                "changed": changed,
                "parts": parts,
            },
            headers={"cache-control": "no-store"},
        )

    def _undoable(
        self, visitor: Visitor, name: str, left: Mapping[str, str] | None = None
    ) -> Undoable | None:
        """What the person decided just now, while it can be undone."""
        made = surroundings.made(self._store, visitor.person, name)
        if not made:
            return None
        whole = self._store.rules.undo
        seconds = made[0].at + whole - self._store.now()
        if seconds <= 0:
            return None
        said = words.SAID.get(made[0].action, made[0].action)
        if made[0].reason:
            said += f": {words.name(made[0].reason).lower()}"
        if made[0].batch:
            said += f" ({_comments(len(made))})"
            for why, text in (("changed", "had changed"), ("held", "others hold")):
                number = (left or {}).get(why, "")
                if number.isdigit():
                    said += f"; {_comments(int(number))} left, which {text}"
        return Undoable(name, said, seconds, whole)


def _comments(number: int) -> str:
    return f"{number:,} comment{'' if number == 1 else 's'}"
