"""Debian's Chromium on the console."""

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from moderation.review.intake import place_in_campaign, take_in
from moderation.review.rules import Rules
from moderation.review.store import Store
from tests.moderation.review.web.house import House
from tests.moderation.review.web.samples import CAMPAIGN, samples

Enter = Callable[..., Page]

# A limit for what never comes; on a busy machine much comes late.
_LIMIT_MS = 30_000
expect.set_options(timeout=_LIMIT_MS)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser; the test is skipped where there is none.

    Playwright keeps an event loop running for as long as it is open, beside which no asynchronous
    test of another package can run.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty queue on the clock's time, without chance."""
    store = Store(f"sqlite:///{tmp_path / 'review.db'}", rules=Rules(undo=60), chance=lambda: 0.999)
    yield store
    store.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """The queue with the sample comments in it."""
    take_in(store, samples(time.time()))
    place_in_campaign(store, CAMPAIGN, [f"voice-{number}" for number in range(6)])
    return store


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """The console on a port of its own."""
    with House(store).open() as house:
        yield house


@pytest.fixture
def enter(chromium: Browser, house: House) -> Iterator[Enter]:
    """A person's window on the console: `enter("anna", path="/", width=360, dark=True)`.

    A message in the browser's console, such as one of a breach of the content security policy, or
    an error of a script fails the test.
    """
    complaints: list[str] = []
    with contextlib.ExitStack() as stack:

        def open_window(
            name: str,
            path: str = "/",
            *,
            width: int = 1280,
            dark: bool = False,
            script: bool = True,
            clock: bool = False,
        ) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if dark else "light",
                java_script_enabled=script,
            )
            stack.callback(context.close)
            context.set_default_timeout(_LIMIT_MS)
            context.add_cookies([{"name": "who", "value": name, "url": house.url}])
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(f"{said.text} {said.location}"))
            if clock:
                page.clock.install()
            page.goto(house.url + path)
            return page

        yield open_window
    # The browser itself says that a refused decision was answered with 409, and a page with 404.
    expected = re.compile("status of 409|status of 404.*/nowhere'")
    # Chromium says so when somebody has focused another field before the page was ready.
    hint = "Autofocus processing was blocked"
    assert [] == [said for said in complaints if not expected.search(said) and hint not in said]
