"""Who may use the console: the middleware and the pages of it."""

import msgspec
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from moderation.review.access import links
from moderation.review.store import Store
from moderation.review.web.doors import Doors
from moderation.review.web.guard import Guard
from moderation.review.web.headers import Headers
from moderation.review.web.mine import Mine
from moderation.review.web.oidc import Oidc, OidcOptions
from moderation.review.web.people import People
from moderation.review.web.roles import require

__all__ = ["AccessOptions", "first_link", "middleware", "require", "routes"]


class AccessOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever starts the console says about it."""

    secure: bool = False
    """Browsers reach it by https alone, by our TLS or that of a trusted proxy."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names by which it is reached, without ports; none: any name."""
    oidc: OidcOptions | None = None


def middleware(store: Store, options: AccessOptions) -> list[Middleware]:
    """What stands before every page, the outermost first."""
    return [
        Middleware(Headers, secure=options.secure),
        Middleware(Guard, store=store, secure=options.secure, hosts=options.hosts),
    ]


def routes(store: Store, options: AccessOptions) -> list[BaseRoute]:
    """Sign in and out, welcome, `/users` and `/me`. SettingsError for a wrong provider."""
    oidc = Oidc(options.oidc) if options.oidc else None
    return [
        *Doors(store, oidc, secure=options.secure).routes(),
        *People(store, secure=options.secure).routes(),
        *Mine(store, secure=options.secure).routes(),
    ]


def first_link(store: Store) -> str:
    """The path by which the first admin comes in, once; empty when there is an account."""
    key = links.first(store)
    return f"/welcome/{key}" if key else ""
