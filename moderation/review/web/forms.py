"""Reading requests and their forms."""

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from moderation.errors import ReviewError
from moderation.review.actions import Choice
from moderation.review.web.render import visitor_of
from moderation.review.web.visitor import Visitor


def signed_in(request: Request) -> Visitor:
    """Who asks; nobody gets a page without being signed in."""
    visitor = visitor_of(request)
    if visitor is None:
        raise HTTPException(401)
    return visitor


def reads_form(act: Callable[[Request, FormData], Response]) -> Callable[[Request], Any]:
    """Read the form on the event loop, and do the work, which waits for the store, on a thread."""

    async def endpoint(request: Request) -> Response:
        async with request.form() as form:
            return await run_in_threadpool(act, request, form)

    return endpoint


def by_script(request: Request) -> bool:
    """Whether the page's script asks, which puts parts in their places itself."""
    return request.headers.get("x-console") == "1"


def texts(form: FormData) -> dict[str, str]:
    """The fields of a form that are texts."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def text(form: FormData, name: str) -> str:
    """A field as text, empty when it is not there."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def number(form: FormData, name: str) -> int:
    """A field as a number; ReviewError when it is none."""
    value = text(form, name)
    if not (value.isascii() and value.isdigit() and len(value) < 18):  # noqa: PLR2004 - 64 bits
        raise ReviewError("bad_form", f"the form's {name} is no number: load the page again")
    return int(value)


def chosen(form: FormData) -> tuple[Any, str]:
    """Action and reason as the pressed button says them; the library refuses unknown ones."""
    action, _, reason = text(form, "do").partition(":")
    if action == "reject" and text(form, "ban"):
        action = "ban_suggest"
    return action, reason


def choice(form: FormData) -> Choice:
    """What a person decides on one item."""
    action, reason = chosen(form)
    return Choice(
        comment_id=text(form, "comment_id"),
        version=number(form, "version"),
        action=action,
        reason=reason,
        note=text(form, "note").replace("\r\n", "\n"),
        despite_precedent=text(form, "sure") == "1",
    )


def versions(form: FormData) -> dict[str, int]:
    """The versions of a selection, by comment id."""
    try:
        return msgspec.json.decode(text(form, "versions"), type=dict[str, int])
    except msgspec.DecodeError as error:
        raise ReviewError("bad_form", "the form is damaged: load the page again") from error
