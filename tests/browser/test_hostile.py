"""A real browser on a console whose every text is hostile: nothing runs, loads or redirects."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, expect

from moderation.review.access import accounts, passwords
from moderation.review.preferences import Preferences
from moderation.review.web import access
from tests.browser.served import served
from tests.moderation.review.access.conftest import PASSWORD
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.hostile import furnish, paths
from tests.moderation.review.web.house import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The console as it is served, with its own way in."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
    with Desk.at(f"sqlite:///{tmp_path / 'review.db'}", second_looks=0.0) as desk:
        furnish(desk)
        with served(desk.store) as house:
            yield house


def test_nothing_of_a_text_takes_effect(chromium: Browser, house: House) -> None:
    """The first admin comes in by the link, and no page does what the comments on it say."""
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(house.url + access.first_link(house.store))
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("Queue"))
    accounts.set_preferences(house.store, "ada", Preferences(blur=False))

    html_pages = [path for path in paths() if not path.startswith("/parts")]
    for path in [*html_pages[:7], *html_pages[7::3]]:
        page.goto(house.url + path)
        assert page.evaluate("typeof window.sprung") == "undefined", path
        assert page.url.startswith(house.url), path
        assert page.evaluate("document.title").endswith("trollbridge"), path
    strange = [url for url in asked if not url.startswith(house.url)]
    assert [] == strange
    assert [] == [url for url in asked if url.removeprefix(house.url).startswith("/sprung")]
    # The browser says itself that a page was answered with 404 or 400.
    assert [] == [said for said in complaints if not re.search("status of 40[04]", said)]

    page.goto(f"{house.url}/me")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page).to_have_title(re.compile("Sign in"))
    page.goto(f"{house.url}/decisions")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house.url}/decisions")
    context.close()
