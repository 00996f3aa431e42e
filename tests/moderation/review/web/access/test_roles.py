"""Every address of the console, and who may use it; a new one cannot be forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.routing import Mount, Route

from moderation.review.access import links, passwords
from moderation.review.rules import ROLES
from moderation.review.web.roles import least_role
from tests.moderation.review.access.conftest import ADMIN
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.tool import House

OPEN = "anybody"
PEOPLE = {"moderator": "anna", "lead": "lea", "admin": "ada"}

EXPECTED = {
    "GET /": "moderator",
    "GET /parts": "moderator",
    "POST /decide": "moderator",
    "POST /undo": "moderator",
    "POST /renew": "moderator",
    "POST /release": "moderator",
    "POST /reopen": "lead",
    "GET /bulk": "moderator",
    "POST /bulk": "moderator",
    "GET /items/{id:path}": "moderator",
    "GET /events": "moderator",
    "GET /campaigns": "moderator",
    "GET /campaigns/{id:path}": "moderator",
    "GET /threads": "moderator",
    "GET /decisions": "moderator",
    "GET /decisions.csv": "lead",
    "GET /quality": "moderator",
    "GET /disagreements": "lead",
    "POST /disagreements": "lead",
    "GET /users": "admin",
    "POST /users/invite": "admin",
    "POST /users/{name}/role": "admin",
    "POST /users/{name}/disable": "admin",
    "POST /users/{name}/enable": "admin",
    "POST /users/{name}/sign-out": "admin",
    "POST /users/{name}/unlock": "admin",
    "POST /users/{name}/link": "admin",
    "GET /me": "moderator",
    "POST /me/password": "moderator",
    "POST /me/preferences": "moderator",
    "POST /me/sessions/end": "moderator",
    "POST /me/sessions/{id}/end": "moderator",
    "POST /me/tokens": "moderator",
    "POST /me/tokens/{id}/revoke": "moderator",
    "POST /logout": "moderator",
    "GET /login": OPEN,
    "POST /login": OPEN,
    "GET /welcome/{key}": OPEN,
    "POST /welcome/{key}": OPEN,
    "GET /static/{name}": OPEN,
    "GET /healthz": OPEN,
    "GET /api/openapi.json": OPEN,
    "GET /api/v1/items": "moderator",
    "GET /api/v1/items/{id:path}": "moderator",
    "POST /api/v1/items/{id:path}/claim": "moderator",
    "POST /api/v1/items/{id:path}/renew": "moderator",
    "POST /api/v1/items/{id:path}/release": "moderator",
    "POST /api/v1/items/{id:path}/decision": "moderator",
    "POST /api/v1/items/{id:path}/reopen": "lead",
    "POST /api/v1/claims": "moderator",
    "GET /api/v1/decisions": "moderator",
    "POST /api/v1/decisions": "moderator",
    "POST /api/v1/decisions/{id}/undo": "moderator",
    "GET /api/v1/export": "lead",
}
"""Whoever adds an address says here who may use it."""
STREAMS = {"GET /events"}
"""These do not end: who is refused is tested, who is served is elsewhere."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A console with a decided comment, and somebody on whom admins can act."""
    url = f"sqlite:///{tmp_path_factory.mktemp('roles') / 'review.db'}"
    with pytest.MonkeyPatch.context() as patch, Desk.at(url) as desk:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        house = House(desk)
        desk.add("c")
        desk.decide("c")
        links.invite(desk.store, ADMIN, "zoe", "moderator")
        yield house


def _addresses(routes: Any, before: str = "") -> Iterator[tuple[str, str, Any]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _addresses(route.routes, before + route.path)
        else:
            assert isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, before + route.path, route.endpoint


def _asked(house: House, method: str, path: str, role: str) -> int:
    """The status of an answer to a person of this role, in a browser or a program of theirs."""
    names = {"{id:path}": "c", "{id}": "c", "{name}": "zoe", "{key}": "x" * 43}
    for name, value in names.items():
        path = path.replace(name, value)
    if path.startswith("/api/"):
        client = house.tool(PEOPLE[role]).client if role else house.browser()
        return int(client.request(method, path, json={}).status_code)
    tab = house.browser(PEOPLE.get(role, ""))
    if method == "GET":
        return int(tab.get(path).status_code)
    return int(tab.fill(path, {"comment_id": "c"}, page="/me" if role else "/login").status_code)


def test_every_address_is_in_the_table(house: House) -> None:
    """An address that nobody thought about fails here before it serves anybody."""
    found = {f"{method} {path}" for method, path, _ in _addresses(house.app.routes)}
    assert set(EXPECTED) == found
    asked = {
        f"{method} {path}": least_role(endpoint)
        for method, path, endpoint in _addresses(house.app.routes)
    }
    for address, role in asked.items():
        if role != "moderator":
            assert EXPECTED[address] == role


@pytest.mark.parametrize("address", EXPECTED)
def test_roles(house: House, address: str) -> None:
    """Nobody below the role of an address is served, and everybody from it on is."""
    method, _, path = address.partition(" ")
    least = EXPECTED[address]
    if least == OPEN:
        assert _asked(house, method, path, "") not in {303, 401, 403, 500}
        return
    nobody = _asked(house, method, path, "")
    data = path.startswith("/api/") or address in STREAMS
    assert nobody == (401 if data else 303)
    for role in ROLES:
        if ROLES.index(role) < ROLES.index(least):
            assert 403 == _asked(house, method, path, role), role
        elif address not in STREAMS:
            status = _asked(house, method, path, role)
            assert status not in {401, 403}, role
            assert status < 500, role
