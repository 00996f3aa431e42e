"""The pages of access in a real browser: for every eye, and with the browser's own headers."""

import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from moderation.review.access import links, passwords, signin
from moderation.review.access.signin import Browser as Asking
from moderation.review.store import Store
from moderation.review.web import access
from tests.browser.served import served
from tests.moderation.review.access.conftest import ADMIN, PASSWORD
from tests.moderation.review.web.house import House


@pytest.fixture
def house(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The console, with nobody in it."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
    with served(store) as house:
        yield house


def _for_every_eye(page: Page, path: str) -> None:
    """Wide and narrow, light and dark: no violation, and nothing runs over the side."""
    page.goto(path)
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [] == [(one["id"], [node["html"] for node in one["nodes"]]) for one in found], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_from_the_first_link_to_signing_out(chromium: Browser, house: House) -> None:
    """The first admin comes in, invites somebody who comes in, and each page is accessible."""
    store, url = house.store, house.url
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    first = url + access.first_link(store)
    _for_every_eye(page, first)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill("another password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("Queue"))

    links.accept(store, links.invite(store, ADMIN, "anna", "lead"), PASSWORD, Asking("192.0.2.1"))
    _for_every_eye(page, f"{url}/users")
    page.get_by_label("Name", exact=True).fill("ben")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_role("status").locator("code").inner_text()
    other = chromium.new_context().new_page()
    other.goto(link)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_label("The same again").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_title(re.compile("Queue"))
    assert f"{url}/" == other.url

    signin.sign_in(store, "ada", PASSWORD, Asking("192.0.2.2", "A browser elsewhere"))
    _for_every_eye(page, f"{url}/me")
    page.get_by_label("Light or dark").select_option("dark")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("status")).to_have_text("Kept.")
    assert "dark" == page.locator("html").get_attribute("data-theme")
    page.get_by_role("button", name="Sign out A browser elsewhere").click()
    expect(page.get_by_text("A browser elsewhere")).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).click()
    _for_every_eye(page, f"{url}/login?next=/users")
    _for_every_eye(page, first)
    context.close()
    other.context.close()
