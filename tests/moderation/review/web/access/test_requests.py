"""Requests that no page of ours sends: all refused."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from moderation.review.access import passwords
from moderation.review.web import paths
from moderation.review.web.guard import MOST_BODY, MOST_BODY_OUTSIDE
from tests.moderation.review.access.conftest import PASSWORD
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.site import Site, raw


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One console for all of them, since none of them changes anything in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('requests') / 'review.db'}"
    with pytest.MonkeyPatch.context() as patch, Desk.at(url) as desk:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        yield Site(desk)


def test_csrf(site: Site) -> None:
    """A form without our token, with a wrong one, or with another person's does nothing."""
    anna, lea = site.browser("anna"), site.browser("lea")
    mine, theirs = anna.csrf("/me"), lea.csrf("/me")
    again = site.browser("anna").csrf("/me")
    assert 3 == len({mine, theirs, again})
    for token in (None, "", "0" * 64, theirs, again, mine[:-1], mine.upper(), "ä" * 64):
        data = {"note": "x"} if token is None else {"note": "x", "csrf": token}
        answer = anna.post("/deed", data=data)
        assert (403, True) == (answer.status_code, "load it again" in answer.text), token
    assert {"note": "x"} == anna.post("/deed", data={"note": "x", "csrf": mine}).json()
    assert 200 == anna.post("/deed", headers={"x-csrf-token": mine}).status_code
    multipart = {"note": (None, "x"), "csrf": (None, mine)}
    assert {"note": "x"} == anna.post("/deed", files=multipart).json()
    assert 403 == anna.post("/deed", json={"csrf": mine}).status_code
    assert 403 == anna.post(f"/deed?csrf={mine}").status_code


def test_sign_in_needs_the_page_as_well(site: Site) -> None:
    """Another site cannot sign somebody in as somebody else, in whose name they would act."""
    tab = site.browser()
    data = {"name": "anna", "password": PASSWORD}
    assert 403 == tab.post("/login", data=data).status_code
    strange = site.browser().csrf("/login")
    assert 403 == tab.post("/login", data=data | {"csrf": strange}).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://localhost:9999"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "null"}, 200),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_other_sites(site: Site, headers: dict[str, str], status: int) -> None:
    """A browser that says another site sent the form is believed, whatever token came with it."""
    tab = site.browser("anna")
    answer = tab.fill("/deed", {"note": "x"}, headers=headers)
    assert status == answer.status_code


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:80", "", "[::2]", "127.0.0.2"]
)
def test_other_host_names(site: Site, host: str) -> None:
    """A name that somebody pointed at us (DNS rebinding) is answered nothing."""
    tab = site.browser("anna")
    assert 400 == tab.get("/", headers={"host": host}).status_code
    assert 400 == site.browser().get("/login", headers={"host": host}).status_code
    assert 200 == site.browser().get("/healthz", headers={"host": host}).status_code


@pytest.mark.parametrize("host", ["localhost:8080", "LOCALHOST", "127.0.0.1", "[::1]:80", "::1"])
def test_own_host_names(site: Site, host: str) -> None:
    """Loopback goes by any of its names, with any port."""
    found = site.browser().get("/login", headers={"host": host}).status_code
    assert (200 if host != "::1" else 400) == found


def test_too_large_bodies(site: Site) -> None:
    """A body that is too large is refused by its announced or by its real length."""
    tab = site.browser()
    token = tab.csrf("/login")
    large = {"csrf": token, "name": "x" * MOST_BODY_OUTSIDE}
    assert 413 == tab.post("/login", data=large).status_code

    def chunks() -> "list[bytes]":
        return [b"x" * 4_096] * 8

    assert 413 == tab.post("/login", content=iter(chunks())).status_code
    for length in ("-1", "1e3", "9" * 40):
        assert 413 == tab.post("/login", headers={"content-length": length}).status_code
    anna = site.browser("anna")
    assert 413 == anna.fill("/deed", {"note": "x" * MOST_BODY}).status_code
    assert 200 == anna.fill("/deed", {"note": "x" * (MOST_BODY // 2)}).status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/items/../../etc/passwd", 200),
        ("/items/\x00", 400),
        ("/static/../../../pyproject.toml", 404),
        ("/static/../render.py", 404),
        ("/static/..\\render.py", 404),
        ("/static/" + "a" * 60_000, 404),
        ("/static//etc/passwd", 404),
        ("/static/..", 404),
        ("/static/\x00", 400),
        ("/users/../anna/disable", 404),
        ("/login/../users", 404),
        ("/login/", 307),
        ("//login", 404),
        ("/LOGIN", 404),
        ("/welcome/../users", 404),
        ("/welcome/" + "a" * 60_000, 410),
        ("/welcome/x/../../users", 404),
        ("/healthz/../users", 404),
        ("/api/../users", 401),
        ("/api/openapi.json/../../users", 404),
        ("users", 404),
    ],
)
async def test_path_tricks(site: Site, path: str, status: int) -> None:
    """No path leads to a file, or past the check of who asks; an item's id may be anything."""
    key = site.browser("anna").cookies["trollbridge-session"]
    mine = await raw(site.app, path, cookie=f"trollbridge-session={key}")
    assert status == mine.status
    assert b"starlette" not in mine.body
    nobody = await raw(site.app, path)
    assert nobody.status in {303, status}
    assert b"anna" not in nobody.body
    if status == 200:
        assert 303 == nobody.status


def test_nul_in_a_query_or_a_form(site: Site) -> None:
    """A character that one of the databases cannot hold is refused before it gets there."""
    tab = site.browser("anna")
    assert 400 == tab.get("/items/x?item=%00").status_code
    assert 400 == tab.fill("/deed", {"note": "\x00"}).status_code
    token = tab.csrf("/me")
    assert 400 == tab.post("/deed", files={"csrf": (None, token), "note": (None, "\0")}).status_code
    upload = {"note": ("name.txt", b"a file")}
    assert 400 == tab.post("/deed", files=upload, data={"csrf": token}).status_code


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:x=1\r\nSet-Cookie: x=1",
        "/a\nb",
        "javascript:alert(1)",
        "data:text/html,x",
        " /",
        "items",
        "/login?next=/login",
        "/logout",
        "/api/v1/export",
        "/\u2028//evil.example",
        "/" + "a" * 3_000,
        "//[",
    ],
)
def test_no_open_redirect(site: Site, where: str) -> None:
    """After signing in nobody is led to another site, nor is a header written for them."""
    tab = site.browser()
    answer = tab.sign_in("anna", next=where)
    assert (303, "/") == (answer.status_code, answer.headers["location"])
    assert "/" == tab.get("/login", params={"next": where}).headers["location"]
    assert "x" not in tab.cookies


def test_good_redirects() -> None:
    """Paths of our own are kept, with their query."""
    for where in ("/", "/items/a%2Fb", "/?reason=insult&item=c-1", "/items/x%0d%0a"):
        assert where == paths.safe_next(where)
