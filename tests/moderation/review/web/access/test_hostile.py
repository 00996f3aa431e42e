"""Comments are hostile input: on every page they are text, whatever they say."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher
from starlette.routing import Route

from moderation.review.access import accounts, passwords
from moderation.review.preferences import Preferences
from tests.browser.payloads import NUL, PAYLOADS
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.hostile import Parts, furnish, paths, plain
from tests.moderation.review.web.access.site import Tab
from tests.moderation.review.web.access.tool import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A console full of payloads."""
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'review.db'}"
    with pytest.MonkeyPatch.context() as patch, Desk.at(url, second_looks=0.0) as desk:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        house = House(desk)
        furnish(desk)
        accounts.set_preferences(desk.store, "ada", Preferences(blur=False))
        yield house


@pytest.fixture
def tab(house: House) -> Tab:
    """An admin's browser, which has a payload for a name itself."""
    tab = house.browser()
    tab.headers["user-agent"] = "<img src=x onerror=window.sprung=1>"
    tab.sign_in("ada")
    return tab


def test_payloads_are_inert_on_every_page(house: House, tab: Tab) -> None:
    """No element, attribute or address of a page comes from a text; each is read back whole."""
    unread = []
    for path in paths():
        answer = tab.get(path)
        assert answer.status_code in {200, 303, 400, 404}, (path, answer.status_code)
        assert "set-cookie" not in answer.headers, path
        if "json" in answer.headers.get("content-type", ""):
            page = "".join(answer.json()["parts"].values())
        else:
            page = answer.text
        parts = Parts(page)
        assert [] == parts.faults, path
        assert all(parts.forms), path
        if path.startswith("/items/"):
            number = int(path.removeprefix("/items/").partition("%")[0])
            said = plain(" ".join(parts.texts))
            if answer.status_code == 200 and plain(PAYLOADS[number]) not in said:
                unread.append(PAYLOADS[number])
    assert [] == unread


def test_hostile_input_of_people(house: House, tab: Tab) -> None:
    """What people type into forms and headers is text as well, where it is repeated."""
    for text in PAYLOADS[::3]:
        for path, data in (
            ("/users/invite", {"name": text, "role": "moderator"}),
            ("/users/invite", {"name": "zoe", "role": text}),
            ("/me/tokens", {"name": text, "role": "moderator", "days": "1", "password": "x"}),
            ("/me/preferences", {"theme": text, "break_minutes": text}),
        ):
            answer = tab.fill(path, data)
            assert answer.status_code in {200, 400, 409, 429}, (path, text)
            parts = Parts(answer.text)
            assert [] == parts.faults, (path, text)
        answer = house.browser().sign_in(text, "not the password", next=text)
        assert [] == Parts(answer.text).faults
    page = tab.get("/me").text
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_every_plain_page_is_without_inline_script_or_style(house: House, tab: Tab) -> None:
    """The strict policy is worth nothing on a page that breaks it: none does, also new ones."""
    found = [
        route.path
        for route in house.app.routes
        if isinstance(route, Route)
        and "GET" in (route.methods or set())
        and "{" not in route.path
        and route.path not in {"/events", "/healthz", "/parts", "/decisions.csv"}
    ]
    assert {"/", "/campaigns", "/threads", "/decisions", "/quality", "/users", "/me"} <= set(found)
    for path in found:
        answer = tab.get(path, follow_redirects=True)
        parts = Parts(answer.text)
        assert [] == parts.faults, path
        assert all(parts.forms), path


def test_nul_is_refused(tab: Tab) -> None:
    """A character that the database cannot hold goes into no form and no address."""
    assert 400 == tab.fill("/users/invite", {"name": NUL, "role": "lead"}).status_code
    assert 400 == tab.get(f"/?q={quote(NUL)}").status_code
