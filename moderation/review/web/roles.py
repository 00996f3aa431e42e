"""Which role a page needs."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request

from moderation.review.rules import ROLES, Role

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_MARK: Final = "least_role"


def require(role: Role) -> Callable[[_Endpoint], _Endpoint]:
    """Let a page answer this role and those above it; others get 403.

    Whoever is not signed in does not come so far.
    """

    def wrap(endpoint: _Endpoint) -> _Endpoint:
        if inspect.iscoroutinefunction(endpoint):

            @functools.wraps(endpoint)
            async def waiting(*given: Any, **named: Any) -> Any:
                _require(role, given)
                return await endpoint(*given, **named)

            checked: Any = waiting
        else:

            @functools.wraps(endpoint)
            def checked(*given: Any, **named: Any) -> Any:
                _require(role, given)
                return endpoint(*given, **named)

        setattr(checked, _MARK, role)
        return cast("_Endpoint", checked)

    return wrap


def least_role(endpoint: Any) -> Role:
    """What `require` asks for, or the least role there is."""
    return cast("Role", getattr(endpoint, _MARK, ROLES[0]))


def _require(role: Role, given: tuple[Any, ...]) -> None:
    request = next(one for one in given if isinstance(one, Request))
    visitor = request.state.visitor
    if visitor is None or ROLES.index(visitor.role) < ROLES.index(role):
        raise HTTPException(403)
