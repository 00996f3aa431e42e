"""The pages around the queue in a real browser: for every eye, and with hostile texts."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, expect

from moderation.review.preferences import Preferences
from moderation.review.store import Store
from tests.browser.conftest import Enter
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.house import House
from tests.moderation.review.web.samples import CAMPAIGN
from tests.moderation.review.web.surroundings import furnish
from tests.moderation.review.web.test_pages import HOSTILE

PATHS = (
    "/campaigns",
    f"/campaigns/{quote(CAMPAIGN, safe='')}",
    "/threads",
    "/decisions",
    "/decisions?person=nobody",
    "/quality",
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A queue whose time the test holds."""
    with Desk.at(f"sqlite:///{tmp_path / 'review.db'}") as desk:
        yield desk


@pytest.fixture
def store(desk: Desk) -> Store:
    """What the console is over."""
    return desk.store


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_barrier(desk: Desk, enter: Enter, house: House, *, width: int, dark: bool) -> None:
    """No page has a barrier that axe-core finds, or is wider than its screen, light or dark."""
    furnish(desk)
    page = enter("lea", PATHS[0], width=width, dark=dark)
    for path in PATHS:
        page.goto(house.url + path)
        for summary in page.locator("summary").all():
            if summary.is_visible():
                summary.click()
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert [] == [one["id"] for one in found.response["violations"]], path
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path


def test_from_campaign_to_decision(desk: Desk, enter: Enter, house: House) -> None:
    """From the card of a campaign it is two steps to a decision on all of it."""
    furnish(desk)
    page = enter("anna", "/campaigns")
    page.get_by_role("link", name="Decide on all").click()
    page.get_by_role("button", name="Reject all 6").click()
    page.goto(f"{house.url}/campaigns")
    expect(page.get_by_text("No campaign has comments that wait.")).to_be_visible()


def test_hostile_texts_do_nothing(desk: Desk, enter: Enter, house: House) -> None:
    """Texts that try to be scripts are read as texts: no dialog opens, nothing of theirs is made.

    Complaints about the content security policy fail the test as well.
    """
    furnish(desk, said=HOSTILE)
    house.preferences["lea"] = Preferences(blur=False)
    page = enter("lea", "/campaigns")
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    for path in (
        *PATHS,
        f"/campaigns/{quote(HOSTILE, safe='')}",
        f"/decisions?person={quote(HOSTILE)}",
    ):
        page.goto(house.url + path)
        assert 0 == page.locator("main script, main img").count(), path
    page.goto(f"{house.url}/campaigns/{quote(CAMPAIGN, safe='')}")
    expect(page.locator(".sample").first).to_contain_text(HOSTILE)
    assert [] == dialogs
