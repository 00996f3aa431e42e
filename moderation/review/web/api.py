"""The API: the queue for other tools, under the same rules as its pages.

A program acts in a person's name, by an API token. Nothing here decides what is allowed that the
library or the token's role does not decide already.
"""

import base64
import binascii
import functools
import io
import math
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from moderation.errors import ChangedError, PrecedentError, ReviewError, StoreError
from moderation.review import decided, decisions, export, log, queue, serving, taking_back
from moderation.review.actions import Choice
from moderation.review.deeds import Receipt
from moderation.review.queue import Filters
from moderation.review.store import Store
from moderation.review.views import ItemView
from moderation.review.web import api_types as t
from moderation.review.web.openapi import document
from moderation.review.web.operations import Call, Operation
from moderation.review.web.problems import problem
from moderation.review.web.roles import require
from moderation.review.web.visitor import Visitor

_STATUS: Final = {
    "bad_request": 400,
    "not_allowed": 403,
    "not_found": 404,
    "not_json": 415,
    "reason_required": 422,
    "unknown_reason": 422,
    "note_required": 422,
    "unknown_action": 422,
    "not_confirmed": 422,
    "bad_place": 422,
    "too_many": 422,
}
"""Of refusals; all others are 409."""
_FAR: Final = 2**62
_CHUNK: Final = 64 * 1024
_FILES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

_Place = TypeVar("_Place", queue.Place, decided.Place)


def _list_items(call: Call) -> t.Items:
    asked: t.ListItems = call.query
    filters = _filters(call, asked)
    page = queue.waiting(
        call.store, filters, limit=asked.limit, after=_place(asked.after, queue.Place)
    )
    return t.Items(page.items, _said(page.next))


def _get_item(call: Call) -> ItemView:
    return serving.seen_by(call.store, call.person, call.named["id"])[0]


def _claim(call: Call) -> ItemView:
    return serving.take(call.store, call.person, call.named["id"])


def _renew(call: Call) -> ItemView:
    _held(call)
    queue.renew(call.store, call.person)
    return _held(call)


def _release(call: Call) -> t.Released:
    return t.Released(queue.release(call.store, call.person, [call.named["id"]]))


def _claim_next(call: Call) -> t.Claimed:
    asked: t.ClaimNext = call.body
    filters = _filters(call, asked)
    return t.Claimed(queue.claim_next(call.store, call.person, filters, besides=asked.besides))


def _decide(call: Call) -> Receipt:
    asked: t.Decide = call.body
    choice = Choice(
        comment_id=call.named["id"],
        version=asked.version,
        action=asked.action,
        reason=asked.reason,
        note=asked.note,
        despite_precedent=asked.despite_precedent,
    )
    return decisions.decide(call.store, call.person, choice)


def _reopen(call: Call) -> Receipt:
    asked: t.Reopen = call.body
    return taking_back.reopen(call.store, call.person, call.named["id"], note=asked.note)


def _list_decisions(call: Call) -> t.Decisions:
    asked: t.ListDecisions = call.query
    _log_author(call, asked.author_id)
    page = decided.decided(
        call.store,
        call.person,
        decided.Asked(
            person=asked.person,
            action=asked.action,
            reason=asked.reason,
            section=asked.section,
            author_id=asked.author_id,
            since=_given(asked.since),
            until=_given(asked.until),
        ),
        limit=asked.limit,
        after=_place(asked.after, decided.Place),
    )
    return t.Decisions(page.entries, _said(page.next))


def _decide_many(call: Call) -> decisions.Bulk:
    asked: t.DecideMany = call.body
    return decisions.decide_many(
        call.store,
        call.person,
        asked.versions,
        asked.action,
        confirmed=asked.confirmed,
        reason=asked.reason,
        note=asked.note,
    )


def _undo(call: Call) -> taking_back.Undone:
    return taking_back.undo(call.store, call.person, call.named["id"])


def _export(call: Call) -> Response:
    asked: t.Export = call.query
    log.record(call.store, call.person.name, "export", asked.comment_id, format=asked.format)
    # The log may be larger than memory.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    export.write(log.entries(call.store, comment_id=asked.comment_id), text, asked.format)
    text.flush()
    text.detach()
    file.seek(0)
    return StreamingResponse(
        _sent(file),
        media_type=_FILES[asked.format],
        headers={"content-disposition": f'attachment; filename="log.{asked.format}"'},
    )


OPERATIONS: Final = (
    Operation(
        name="listItems",
        method="GET",
        path="/v1/items",
        summary="Waiting items in their order, narrowed down or searched.",
        query=t.ListItems,
        answer=t.Items,
        act=_list_items,
    ),
    Operation(
        name="claimItem",
        method="POST",
        path="/v1/items/{id:path}/claim",
        summary="Claim this item.",
        body=t.Nothing,
        answer=ItemView,
        act=_claim,
    ),
    Operation(
        name="renewItem",
        method="POST",
        path="/v1/items/{id:path}/renew",
        summary="Hold on to this item, and to all else that is held.",
        body=t.Nothing,
        answer=ItemView,
        act=_renew,
    ),
    Operation(
        name="releaseItem",
        method="POST",
        path="/v1/items/{id:path}/release",
        summary="Give the claim on this item up.",
        body=t.Nothing,
        answer=t.Released,
        act=_release,
    ),
    Operation(
        name="decideItem",
        method="POST",
        path="/v1/items/{id:path}/decision",
        summary="Decide this item.",
        body=t.Decide,
        answer=Receipt,
        act=_decide,
    ),
    Operation(
        name="reopenItem",
        method="POST",
        path="/v1/items/{id:path}/reopen",
        summary="Open a decided item again.",
        body=t.Reopen,
        answer=Receipt,
        role="lead",
        act=_reopen,
    ),
    Operation(
        name="getItem",
        method="GET",
        path="/v1/items/{id:path}",
        summary="One item in any state.",
        answer=ItemView,
        act=_get_item,
    ),
    Operation(
        name="claimNext",
        method="POST",
        path="/v1/claims",
        summary="Claim the next free item, or get what is held already.",
        body=t.ClaimNext,
        answer=t.Claimed,
        act=_claim_next,
    ),
    Operation(
        name="listDecisions",
        method="GET",
        path="/v1/decisions",
        summary="Decisions, the latest first.",
        query=t.ListDecisions,
        answer=t.Decisions,
        act=_list_decisions,
    ),
    Operation(
        name="decideMany",
        method="POST",
        path="/v1/decisions",
        summary="Decide a selection of items as one.",
        body=t.DecideMany,
        answer=decisions.Bulk,
        act=_decide_many,
    ),
    Operation(
        name="undoDecision",
        method="POST",
        path="/v1/decisions/{id}/undo",
        summary="Take a decision, or a whole bulk by its batch, back in time.",
        body=t.Nothing,
        answer=taking_back.Undone,
        act=_undo,
    ),
    Operation(
        name="exportLog",
        method="GET",
        path="/v1/export",
        summary="The log, as CSV or as JSON lines that others can check.",
        query=t.Export,
        files=("text/csv", "application/jsonl"),
        role="lead",
        act=_export,
    ),
)


def routes(store: Store) -> list[BaseRoute]:
    """Everything below `/api`."""
    said = msgspec.json.encode(document(OPERATIONS))

    def openapi(_: Request) -> Response:
        return Response(
            said, media_type="application/json", headers={"cache-control": "public, max-age=60"}
        )

    app = Starlette(
        routes=[
            Route("/openapi.json", openapi),
            *(Route(one.path, _endpoint(store, one), methods=[one.method]) for one in OPERATIONS),
        ],
        exception_handlers={
            HTTPException: _http,
            ReviewError: _refused,
            StoreError: _no_store,
            Exception: _broken,
        },
    )
    return [Mount("/api", app)]


def _endpoint(store: Store, one: Operation) -> Any:
    """What answers requests for an operation."""

    @require(one.role)
    async def endpoint(request: Request) -> Response:
        visitor: Visitor = request.state.visitor
        body = await request.body() if one.body is not None else b""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if one.body is not None and kind != "application/json":
            raise ReviewError("not_json", "send the body as application/json")
        call = Call(
            store=store,
            person=visitor.person,
            named=_named(request),
            query=_query(request, one.query),
            body=_decoder(one.body).decode(body) if one.body is not None else None,
        )
        found = await run_in_threadpool(one.act, call)
        if isinstance(found, Response):
            return found
        return Response(msgspec.json.encode(found), media_type="application/json")

    @functools.wraps(endpoint)
    async def checked(request: Request) -> Response:
        try:
            return await endpoint(request)
        except msgspec.MsgspecError as error:
            raise ReviewError("bad_request", str(error)) from error
        except UnicodeDecodeError as error:
            raise ReviewError("bad_request", "the body is not UTF-8") from error
        except RecursionError as error:
            raise ReviewError("bad_request", "the body is nested too deeply") from error

    return checked


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _named(request: Request) -> dict[str, str]:
    return {
        name: msgspec.convert(value, t.Identifier) for name, value in request.path_params.items()
    }


def _query(request: Request, kind: Any) -> Any:
    """The query as its type has it; an operation without one takes none."""
    items = request.query_params.multi_items()
    if len({name for name, _ in items}) < len(items):
        raise ReviewError("bad_request", "a parameter is given more than once")
    return msgspec.convert(dict(items), kind or t.Nothing, strict=False)


def _filters(call: Call, asked: t.Narrowing) -> Filters:
    if asked.state == "escalated" and not call.person.leads:
        raise ReviewError("not_allowed", "escalated items are for leads")
    _log_author(call, asked.author_id)
    return Filters(**{name: _given(getattr(asked, name)) for name in Filters.__struct_fields__})


def _given(value: Any) -> Any:
    """What was asked for, if anything."""
    return None if value is msgspec.UNSET else value


def _log_author(call: Call, author: str) -> None:
    if author:
        log.record(call.store, call.person.name, "read_author", author=log.digest(author))


def _held(call: Call) -> ItemView:
    """The item, if the person holds it now."""
    view = _get_item(call)
    if view.claimed_by != call.person.name or view.claimed_until < call.store.now():
        raise ReviewError("not_held", f"you do not hold comment {view.id}: claim it")
    return view


def _said(place: queue.Place | decided.Place | None) -> str | None:
    """A place as an opaque word."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(msgspec.structs.astuple(place))).decode()


def _place(word: str, kind: type[_Place]) -> _Place | None:
    """The place that a word names."""
    if not word:
        return None
    try:
        first, pk = msgspec.json.decode(
            base64.b64decode(word.encode(), altchars=b"-_", validate=True), type=tuple[float, int]
        )
    except (binascii.Error, UnicodeEncodeError, ValueError, msgspec.MsgspecError) as error:
        raise ReviewError("bad_place", "`after` is not the `next` of a page") from error
    if not math.isfinite(first) or abs(first) > _FAR or abs(pk) > _FAR:
        raise ReviewError("bad_place", "`after` is not the `next` of a page")
    return kind(first, pk)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    codes = {403: "not_allowed", 404: "not_found", 405: "bad_method"}
    answer = problem(error.status_code, codes.get(error.status_code, "refused"), error.detail)
    answer.headers.update(error.headers or {})
    return answer


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ReviewError)  # noqa: S101 - as registered
    more: dict[str, Any] = {}
    match error:
        case ChangedError():
            changes = {name: list(pair) for name, pair in error.changes.items()}
            more = {"changes": changes, "version": error.version}
        case PrecedentError():
            more = {"precedents": [one.comment_id for one in error.precedents]}
        case _:
            pass
    return problem(_STATUS.get(error.code, 409), error.code, str(error), **more)


def _no_store(_: Request, __: Exception) -> Response:
    return problem(503, "no_store", "the review store does not answer; try again in a moment")


def _broken(_: Request, __: Exception) -> Response:
    return problem(500, "broken", "something went wrong here")
