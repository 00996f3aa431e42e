"""Addresses inside the console."""

from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request

HOME: Final = "/"
_MOST: Final = 2_000


def safe_next(given: str) -> str:
    r"""Where to go after signing in: a path of ours, or home.

    A browser reads `//evil`, `/\evil` and `/<tab>/evil` as another host.
    """
    if (
        not given.startswith("/")
        or given.startswith(("//", "/login", "/logout", "/api/"))
        or "\\" in given
        or len(given) > _MOST
        or not given.isascii()
        or not given.isprintable()
    ):
        return HOME
    try:
        parts = urlsplit(given)
    except ValueError:
        return HOME
    return given if not parts.scheme and not parts.netloc else HOME


def login_for(request: Request) -> str:
    """The login page that leads back to what was asked for."""
    if request.method != "GET" or request.scope["path"] == HOME:
        return "/login"
    path = quote(request.scope["path"])
    query = request.scope["query_string"].decode("latin-1")
    here = safe_next(f"{path}?{query}" if query else path)
    return f"/login?next={quote(here, safe='')}" if here != HOME else "/login"


def origin(request: Request, *, secure: bool) -> str:
    """The console's own address, as the browser has it; the guard has looked at the host."""
    scheme = "https" if secure else request.scope["scheme"]
    return f"{scheme}://{request.headers.get('host', '')}"
