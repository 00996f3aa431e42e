"""The console's cookies: the session, the device that is known, and the visit before signing in."""

import hashlib
import hmac
import re
from typing import Final, Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from moderation.review.access.signin import Browser, SignedIn
from moderation.review.access.throttle import DEVICE_LIFE

Name = Literal["session", "device", "visit", "oidc"]

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LIFE: Final[dict[Name, int | None]] = {
    # Ends with the browser, or earlier by the session's own rules.
    "session": None,
    "device": round(DEVICE_LIFE),
    "visit": None,
    "oidc": 600,
}


def cookie_name(name: Name, *, secure: bool) -> str:
    """What the cookie is called.

    `__Host-` makes browsers refuse one that another host, a path or plain http has set; it needs
    https, which a console on loopback does not have.
    """
    return f"__Host-trollbridge-{name}" if secure else f"trollbridge-{name}"


def key_in(request: HTTPConnection, name: Name, *, secure: bool) -> str:
    """The key that a cookie holds; empty when there is none, or something else."""
    value = request.cookies.get(cookie_name(name, secure=secure), "")
    return value if _KEY.fullmatch(value) else ""


def set_key(response: Response, name: Name, key: str, *, secure: bool) -> None:
    """Have the browser keep a key, out of reach of scripts and of requests from other sites."""
    response.set_cookie(
        cookie_name(name, secure=secure),
        key,
        max_age=_LIFE[name],
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop(response: Response, name: Name, *, secure: bool) -> None:
    """Have the browser forget a key."""
    response.delete_cookie(
        cookie_name(name, secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def let_in(response: Response, done: SignedIn, *, secure: bool) -> Response:
    """Have the browser keep what a sign-in gave it."""
    set_key(response, "session", done.session, secure=secure)
    set_key(response, "device", done.device, secure=secure)
    return response


def browser(request: HTTPConnection, *, secure: bool) -> Browser:
    """What asks, as the library wants to know it."""
    return Browser(
        request.client.host if request.client else "",
        request.headers.get("user-agent", ""),
        key_in(request, "device", secure=secure),
    )


def derived(key: str, purpose: str) -> str:
    """Something that only who has the key can know, and from which the key cannot be told."""
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
