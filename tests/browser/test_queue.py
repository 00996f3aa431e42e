"""The queue in a real browser: by keyboard, live, for two people, for every eye."""

import statistics
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from moderation.review import queue
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.intake import take_in, take_in_edits
from moderation.review.preferences import Preferences
from moderation.review.store import Store
from tests.browser.conftest import Enter
from tests.moderation.review.desk import BEN, LEAD, edit, judged
from tests.moderation.review.web.house import House


def _in_focus(page: Page, name: str) -> None:
    expect(page.locator("#focus > .item")).to_have_attribute("data-item", name)


def _ready(page: Page, name: str) -> None:
    expect(page.locator("#next > .item")).to_have_attribute("data-item", name)


def _state(store: Store, name: str) -> str:
    return queue.get(store, name).state


def _told(page: Page, said: str) -> None:
    expect(page.locator("#announce")).to_contain_text(said)


def test_appears_without_reload(store: Store, enter: Enter) -> None:
    """A comment that is flagged while the page is open comes up, and is announced."""
    page = enter("anna")
    expect(page.get_by_text("Nothing waits", exact=True).first).to_be_visible()
    take_in(store, [judged("c1")])
    _in_focus(page, "c1")
    _told(page, "A new comment")
    take_in(store, [judged("c2")])
    _ready(page, "c2")
    expect(page.locator("#list a.open")).to_have_count(2)
    expect(page).to_have_title("Queue (2) · trollbridge")


def test_by_keyboard_alone(store: Store, enter: Enter) -> None:
    """Each decision is a key or two, and each is said to a screen reader with what is next."""
    take_in(store, [judged(f"c{n}", priority=0.9 - n / 10) for n in range(6)])
    page = enter("anna")
    _in_focus(page, "c0")
    page.keyboard.press("a")
    _in_focus(page, "c1")
    expect(page.locator("#focus [data-title]")).to_be_focused()
    _told(page, "Approved. Now: author-of-c1")
    _ready(page, "c2")
    page.keyboard.press("r")
    expect(page.get_by_role("group", name="Reject, because it is")).to_be_visible()
    page.keyboard.press("h")
    _in_focus(page, "c2")
    _told(page, "Rejected: threat")
    _ready(page, "c3")
    page.keyboard.press("r")
    # The reason for which it was flagged is the first one.
    expect(page.locator("#focus .answers button").first).to_be_focused()
    page.keyboard.press("b")
    page.keyboard.press("i")
    _in_focus(page, "c3")
    _told(page, "Rejected, ban suggested: insult")
    _ready(page, "c4")
    page.keyboard.press("e")
    _in_focus(page, "c4")
    _told(page, "Escalated")
    _ready(page, "c5")
    page.keyboard.press("s")
    _told(page, "Skipped")
    _in_focus(page, "c5")
    assert ["approved", "rejected", "rejected", "escalated", "open", "open"] == [
        _state(store, f"c{n}") for n in range(6)
    ]
    assert "threat" == queue.history(store, "c1")[0].reason
    assert "ban_suggest" == queue.history(store, "c2")[0].action
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_focused()


def test_fast_fingers(store: Store, enter: Enter) -> None:
    """Whoever is faster than the network decides nothing twice and nothing unseen."""
    take_in(store, [judged(f"c{n}", priority=0.9 - n / 100) for n in range(8)])
    page = enter("anna")
    _ready(page, "c1")
    for _ in range(4):
        page.keyboard.press("a")
    expect(page.locator("#list a.open")).not_to_have_count(8)
    expect(page.locator("#focus > .item")).to_have_count(1)
    expect(page.locator("#next > .item")).to_have_count(1)
    shown = page.locator("#focus > .item").get_attribute("data-item")
    decided = [n for n in range(8) if _state(store, f"c{n}") == "approved"]
    assert decided == list(range(len(decided)))
    assert shown == f"c{len(decided)}"


def test_time_to_the_next_item(
    store: Store, enter: Enter, record_property: Callable[[str, object], None]
) -> None:
    """The page measures how long the next item takes from the key to the screen; see the report."""
    take_in(store, [judged(f"c{n}", priority=0.9 - n / 100) for n in range(25)])
    page = enter("anna")
    for number in range(20):
        _in_focus(page, f"c{number}")
        _ready(page, f"c{number + 1}")
        page.keyboard.press("a")
    _in_focus(page, "c20")
    measured = page.evaluate(
        "performance.getEntriesByName('decision to next item').map(one => one.duration)"
    )
    assert 20 == len(measured)
    record_property("decision to next item, ms, median", statistics.median(measured))
    record_property("decision to next item, ms, p95", statistics.quantiles(measured, n=20)[-1])


def test_undo(store: Store, enter: Enter) -> None:
    """One key takes the last decision back, and the item is in focus again."""
    take_in(store, [judged("c1", priority=0.9), judged("c2", priority=0.5)])
    page = enter("anna")
    page.keyboard.press("a")
    _in_focus(page, "c2")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    # It takes no focus from the item.
    expect(page.locator("#focus [data-title]")).to_be_focused()
    page.keyboard.press("u")
    _in_focus(page, "c1")
    _ready(page, "c2")
    _told(page, "Undone: 1 comment")
    assert "open" == _state(store, "c1")


def test_refused_comes_back(store: Store, enter: Enter) -> None:
    """What the server refuses is in focus again, with what changed, and the note is kept."""
    take_in(store, [judged("c1", priority=0.9, text="A fine bridge."), judged("c2", priority=0.5)])
    page = enter("anna")
    _ready(page, "c2")
    take_in(store, [judged("c1", priority=0.9, text="A foul bridge.", revision=1)])
    page.keyboard.press("n")
    page.keyboard.type("as it stands, ar")
    assert "open" == _state(store, "c1")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#focus .diff")).to_have_text("A finefoul bridge.")
    _in_focus(page, "c1")
    _ready(page, "c2")
    expect(page.locator("#focus textarea")).to_have_value("as it stands, ar")
    page.get_by_role("button", name="Approve").click()
    _in_focus(page, "c2")
    _told(page, "Approved")
    assert "approved" == _state(store, "c1")


def test_late_key_decides_nothing_unseen(store: Store, enter: Enter) -> None:
    """A key that was meant for the next item does not hit the one that came back in its place."""
    take_in(store, [judged("c1", priority=0.9, text="A fine bridge."), judged("c2", priority=0.5)])
    page = enter("anna")
    _ready(page, "c2")
    take_in(store, [judged("c1", priority=0.9, text="A foul bridge.", revision=1)])
    page.evaluate(
        """() => new MutationObserver((_, observer) => {
            if (!document.querySelector("#focus [data-problem]")) return;
            observer.disconnect();
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}));
        }).observe(document.getElementById("focus"), {childList: true, subtree: true})"""
    )
    page.keyboard.press("a")
    expect(page.locator("#focus [data-problem]")).to_be_visible()
    _in_focus(page, "c1")
    page.get_by_role("button", name="Skip").click()
    _told(page, "Skipped")
    assert ["open", "open"] == [_state(store, "c1"), _state(store, "c2")]


def test_own_precedent_is_asked_once(store: Store, enter: Enter) -> None:
    """Who decides the same words the other way is asked, and Enter confirms."""
    words = "Nobody who has seen that pier would call it safe."
    take_in(store, [judged("c1", priority=0.9, text=words), judged("c2", text=words)])
    page = enter("anna")
    page.keyboard.press("a")
    _in_focus(page, "c2")
    _told(page, "Approved")
    page.keyboard.press("r")
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="Yes, decide so")).to_be_focused()
    page.keyboard.press("Enter")
    _told(page, "Rejected: insult")
    assert "rejected" == _state(store, "c2")


def test_no_key_while_typing(store: Store, house: House, enter: Enter) -> None:
    """Letters in a field, with a modifier, or for whoever switched them off decide nothing."""
    take_in(store, [judged("c1"), judged("c2")])
    page = enter("anna")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("area")
    page.locator("#focus [data-title]").focus()
    for keys in ("Control+e", "Alt+s", "Meta+e"):
        page.keyboard.press(keys)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    house.preferences["ben"] = Preferences(shortcuts=False)
    other = enter("ben")
    other.keyboard.press("a")
    other.get_by_role("button", name="Keys").click()
    expect(other.get_by_text("Single keys are switched off")).to_be_visible()
    assert [] == queue.history(store, "c1") + queue.history(store, "c2")


def test_escape_closes_the_reasons(store: Store, enter: Enter) -> None:
    """A reason's key decides only while the reasons are open."""
    take_in(store, [judged("c1")])
    page = enter("anna")
    page.keyboard.press("r")
    expect(page.locator("#focus .answers button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#focus .answers")).to_be_hidden()
    page.keyboard.press("i")
    assert "open" == _state(store, "c1")


def test_moving_in_the_list(filled: Store, enter: Enter) -> None:
    """J and k go through the list, and the address keeps the filters."""
    page = enter("anna", "/?section=local")
    first = page.locator("#list a.open").nth(0)
    second = page.locator("#list a.open").nth(1)
    _in_focus(page, first.get_attribute("data-item") or "")
    page.keyboard.press("j")
    _in_focus(page, second.get_attribute("data-item") or "")
    expect(second).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    _in_focus(page, first.get_attribute("data-item") or "")


def test_two_moderators(store: Store, enter: Enter) -> None:
    """Two people never have the same item; one who leaves gives it to the other."""
    take_in(store, [judged(f"c{n}", priority=0.9 - n / 10) for n in range(3)])
    anna = enter("anna")
    _in_focus(anna, "c0")
    _ready(anna, "c1")
    ben = enter("ben")
    _in_focus(ben, "c2")
    expect(ben.get_by_text("anna has it")).to_have_count(2)
    ben.keyboard.press("a")
    expect(ben.locator("#focus .nothing")).to_be_visible()
    anna.close()
    _in_focus(ben, "c0")


def test_lease_ends(store: Store, enter: Enter) -> None:
    """Whose lease ended while somebody else decided is told who, and nothing is decided twice."""
    take_in(store, [judged("c0", priority=0.9), judged("c1", priority=0.1)])
    anna = enter("anna")
    _in_focus(anna, "c0")
    # The time that passes while a laptop is closed.
    now = store.now
    store.now = lambda: now() + 700
    ben = enter("ben")
    _in_focus(ben, "c0")
    ben.keyboard.press("a")
    _told(ben, "Approved")
    anna.keyboard.press("r")
    anna.keyboard.press("i")
    expect(anna.locator("#focus [data-problem]")).to_contain_text("Nothing was decided")
    expect(anna.locator("#focus [data-problem]")).to_contain_text("ben")
    assert ["ben"] == [decision.person for decision in queue.history(store, "c0")]


def test_campaign_as_a_whole(filled: Store, enter: Enter) -> None:
    """c, one click, all of it decided; and one undo takes all of it back."""
    page = enter("anna", "/?item=voice-1")
    page.keyboard.press("c")
    page.get_by_role("button", name="Reject all 6").click()
    expect(page.locator("#undo")).to_contain_text("Rejected: campaign (6 comments)")
    assert 6 == sum(_state(filled, f"voice-{n}") == "rejected" for n in range(6))
    page.keyboard.press("u")
    _told(page, "Undone: 6 comments")
    assert 6 == sum(_state(filled, f"voice-{n}") == "open" for n in range(6))


def test_edited_while_it_is_read(store: Store, enter: Enter) -> None:
    """The author edits it: the new words come by themselves, said aloud, and a note is not lost."""
    take_in(store, [judged("c1", priority=0.9), judged("c2", priority=0.5)])
    page = enter("anna")
    _ready(page, "c2")
    page.keyboard.press("n")
    page.keyboard.type("we spoke ")
    take_in_edits(store, [edit("c1"), edit("c2")])
    _told(page, "This comment has changed")
    focus = page.locator("#focus")
    expect(focus).to_contain_text("Nothing in the new words is flagged.")
    expect(focus.locator(".comment")).to_contain_text("Harmless 1.")
    expect(page.locator("#next")).to_contain_text("Harmless 1.")
    page.keyboard.type("today")
    expect(focus.locator("textarea")).to_have_value("we spoke today")
    focus.get_by_role("button", name="Approve").click()
    _in_focus(page, "c2")
    _told(page, "Approved")
    assert ["we spoke today"] == [decision.note for decision in queue.history(store, "c1")]


def test_covered_words(filled: Store, enter: Enter) -> None:
    """Harsh words are out of sight until asked for, by key as well as by hand."""
    page = enter("anna", "/?item=ferryman")
    harsh = page.locator("#focus .words").get_by_text("I know which bus")
    expect(harsh).to_be_hidden()
    page.keyboard.press("v")
    expect(harsh).to_be_visible()
    page.keyboard.press("v")
    expect(harsh).to_be_hidden()


def test_break_is_suggested(store: Store, enter: Enter) -> None:
    """After long activity a break is suggested once, and the note can be sent away."""
    take_in(store, [judged("c1")])
    page = enter("anna", clock=True)
    for _ in range(13):
        page.keyboard.press("Shift")
        page.clock.run_for(4 * 60_000)
    page.keyboard.press("Shift")
    note = page.get_by_text("You have been at it for 50 minutes")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Close").last.click()
    expect(note).to_be_hidden()
    page.keyboard.press("Shift")
    expect(note).to_be_hidden()


def test_without_script(store: Store, enter: Enter) -> None:
    """Everything works by forms alone: decide, reject with a reason, undo."""
    take_in(store, [judged("c1", priority=0.9), judged("c2", priority=0.5)])
    page = enter("anna", script=False)
    page.get_by_role("button", name="Approve").click()
    _in_focus(page, "c2")
    page.get_by_text("Reject …").click()
    page.get_by_role("button", name="Sarcasm").click()
    assert ["approved", "rejected"] == [_state(store, "c1"), _state(store, "c2")]
    page.get_by_role("button", name="Undo").click()
    _in_focus(page, "c2")


PAGES = (
    "/",
    "/?item=toll-gate",
    "/?item=voice-1",
    "/?item=east-pier&section=opinion",
    "/?item=jisr",
    "/?q=nothing+has+these+words",
    "/items/done",
    "/items/sorry",
    "/bulk?campaign=camp-0%230",
    "/disagreements",
    "/nowhere",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_eye(filled: Store, enter: Enter, path: str) -> None:
    """No page has a barrier that axe-core finds, or is wider than its screen, light or dark."""
    take_in(filled, [judged("done", text="The old words.")])
    take_in(filled, [judged("done", text="The new words.", revision=1)])
    _disagree(filled)
    take_in(filled, [judged("sorry", text="You fool.", reasons={"insult": 0.95})])
    take_in_edits(filled, [edit("sorry", text="Sorry.")])
    for width, dark in ((360, False), (360, True), (1280, False), (1280, True)):
        page = enter("lea", path, width=width, dark=dark)
        if path == "/":
            page.keyboard.press("r")
            expect(page.locator("#focus .answers")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert 0 == found.violations_count, found.generate_report()


def _disagree(store: Store) -> None:
    """Two people decide the same comment, neither knowing of the other."""
    chance, store.chance = store.chance, lambda: 0.0
    decide(store, LEAD, Choice(comment_id="done", version=2, action="approve", note="fine"))
    queue.claim_next(store, BEN)
    decide(store, BEN, Choice(comment_id="done", version=3, action="reject", reason="insult"))
    store.chance = chance
