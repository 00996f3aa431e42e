"""The queue's page: what stands on it, and who may see what."""

import re

import pytest

from moderation.records import Context, Reason, Utterance
from moderation.review import log, queue
from moderation.review.intake import place_in_campaign, take_in, take_in_edits
from moderation.review.looks import add_golden
from moderation.review.preferences import Preferences
from moderation.review.web.narrowing import Narrowing
from tests.moderation.review.desk import ANNA, BEN, LEAD, START, Desk, edit, judged
from tests.moderation.review.web.conftest import Visit
from tests.moderation.review.web.house import House
from tests.moderation.review.web.samples import CAMPAIGN, samples


def _focus(page: str) -> str:
    """The part of a page that shows the item in focus."""
    return page.partition('id="focus"')[2].partition('id="next"')[0]


def _items(part: str) -> list[str]:
    return re.findall(r'<article class="item" data-item="([^"]*)"', part)


def test_first_item_and_the_next(desk: Desk, visit: Visit) -> None:
    """The most urgent item is in focus and claimed, and the one after it is on the page."""
    desk.add("mild", priority=0.1)
    desk.add("grave", priority=0.9)
    page = visit("anna").get("/").text
    assert ["grave", "mild"] == _items(page)
    assert ["grave"] == _items(_focus(page))
    assert _items(visit("ben").get("/").text) == []


def test_everything_around_an_item(desk: Desk, visit: Visit) -> None:
    """A moderator has reasons, unmasked words, thread, author, campaign and precedent in sight."""
    take_in(desk.store, samples(START))
    place_in_campaign(desk.store, CAMPAIGN, [f"voice-{number}" for number in range(6)])
    anna = visit("anna")
    page = anna.get("/?item=ferryman").text
    for said in (
        "Announces harm to a person.",
        "3 of the last 8 comments were rejected",
        "Habit: this author writes so anywhere",
        "The thread is about to derail.",
        "The council published the minutes today",
    ):
        assert said in _focus(page)
    assert "idiot" in _focus(anna.get("/?item=toll-gate").text)
    assert "As it reads" not in _focus(anna.get("/?item=east-pier").text)
    assert "takes eleven weeks" in _focus(anna.get("/?item=punster").text)
    assert "6 comments of it in the queue" in _focus(anna.get("/?item=voice-1").text)
    desk.decide("voice-0", "reject", person=BEN, reason="campaign")
    assert "by ben" in _focus(anna.get("/?item=voice-1").text)


def test_text_is_never_html(desk: Desk, visit: Visit) -> None:
    """A comment, its author and its reasons are hostile input."""
    attack = "<img src=x onerror=alert(1)>\"'>"
    take_in(
        desk.store,
        [
            judged(
                attack,
                text=attack,
                author_name=attack,
                section=attack,
                parent_text=attack,
                context=Context(conversation=[Utterance("c", "u", attack, attack)]),
                article_id=attack,
                campaign=attack,
            )
        ],
    )
    place_in_campaign(desk.store, attack, [attack])
    take_in_edits(desk.store, [edit(attack, text=attack + " again", author_name=attack)])
    anna = visit("anna")
    for page in (
        anna.get("/").text,
        anna.get("/", params={"q": attack, "section": attack}).text,
        anna.get("/items/" + "".join(f"%{byte:02x}" for byte in attack.encode())).text,
        anna.get("/bulk", params={"campaign": attack}).text,
    ):
        assert "&lt;img" in page
        assert "<img" not in page


def test_what_was_said_before_is_at_hand(desk: Desk, house: House, visit: Visit) -> None:
    """A moderator reads what a comment answers and what stood before it.

    It is closed if harsh words are to be covered, since nobody has said which of these are.
    """
    take_in(desk.store, samples(START))
    page = _focus(visit("anna").get("/?item=ferryman").text)
    assert "Page Turner · <strong>answered here</strong>" in page
    assert "Three weeks late" in page
    assert '<details class="said">' in page
    house.preferences["ben"] = Preferences(blur=False)
    assert '<details class="said" open>' in visit("ben").get("/?item=ferryman").text


def test_worst_words_are_covered(desk: Desk, house: House, visit: Visit) -> None:
    """Harsh words are covered in focus and in lists, for whoever wants it so."""
    take_in(desk.store, samples(START))
    page = visit("anna").get("/?item=ferryman").text
    assert "Show the covered words" in page
    assert '<span class="veil">covered</span>' in page
    assert "Covered: threat" in page
    house.preferences["ben"] = Preferences(blur=False)
    page = visit("ben").get("/").text
    assert "Covered: " not in page
    assert "veil" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=weir", ["c1"]),
        ("?section=sports", ["c2"]),
        ("?reason=threat", ["c3"]),
        ("?author=author-of-c1", ["c1"]),
        ("?article=a9", ["c2"]),
        ("?least=70", ["c3"]),
        ("?most=30", ["c2"]),
        ("?age=4h", ["c1"]),
        ("?q=%22+OR+%2A", []),
        ("?least=nan&age=never&state=golden", ["c3", "c1", "c2"]),
    ],
)
def test_filters_are_in_the_address(desk: Desk, visit: Visit, query: str, found: list[str]) -> None:
    """A narrowed queue can be kept as a bookmark; nonsense in an address is left aside."""
    desk.add("c1", text="Under the weir.", priority=0.5, arrived_at=START - 15_000)
    desk.add("c2", section="sports", article_id="a9", priority=0.2, arrived_at=START - 60)
    desk.add("c3", priority=0.8, reasons={"threat": 0.9}, arrived_at=START - 60)
    page = visit("lea").get(f"/{query}").text
    listed = re.findall(r'class="open" href="[^"]*" data-item="([^"]*)"', page)
    assert sorted(found) == sorted(listed)


def test_query_keeps_what_it_was_given() -> None:
    """Links on a narrowed page lead to a narrowed page."""
    narrowing = Narrowing({"q": "a&b", "age": "1h", "unknown": "x", "most": "80"})
    assert "?q=a%26b&age=1h&most=80&item=c" == narrowing.query(item="c")
    assert not Narrowing({"age": "x"})


def test_held_by_another(desk: Desk, visit: Visit) -> None:
    """Who opens an item that somebody reads is told so, and gets no buttons."""
    desk.add("c")
    visit("ben").get("/")
    page = _focus(visit("anna").get("/?item=c").text)
    assert "ben has this comment" in page
    assert 'value="approve"' not in page


def test_reading_a_history_is_logged(desk: Desk, visit: Visit) -> None:
    """Whoever sees an author's past is in the log with it, and the author by digest alone."""
    desk.add("c", author_id="u-9")
    visit("anna").get("/")
    entries = list(log.entries(desk.store))
    assert [("anna", "read_author", "c")] == [(e.person, e.action, e.comment_id) for e in entries]
    assert log.digest("u-9") in entries[0].detail
    assert "u-9" not in entries[0].detail.replace(log.digest("u-9"), "")


def test_second_look_is_blind(desk: Desk, visit: Visit) -> None:
    """Nothing on queue or item page tells a second look from a first one."""
    desk.luck = 0.0
    desk.add("seen", author_id="u-1")
    desk.decide("seen", "reject", note="so rude", reason="insult")
    desk.luck = 0.999
    desk.add("fresh", author_id="u-1", priority=0.1)
    ben = visit("ben")
    desk.luck = 0.3
    page = ben.get("/").text
    assert ["seen"] == _items(_focus(page))
    assert 'data-item="seen"' in page.partition('id="list"')[2]
    one = ben.get("/items/seen").text
    for text in (_focus(page), one):
        assert "<strong>0</strong> rejected" in text
        assert 'value="approve"' in text
        for told in ("so rude", "anna", "Rejected", "approved</strong>"):
            assert told not in text
    done = ben.post("/decide", data={"comment_id": "seen", "version": "2", "do": "approve"})
    assert 200 == done.status_code
    assert "Approved" in done.text


def test_golden_item_is_no_secret_door(desk: Desk, visit: Visit) -> None:
    """A golden item's page is there for leads alone, unless it was given to a person."""
    add_golden(desk.store, LEAD, judged("g"), "approve")
    assert 404 == visit("anna").get("/items/g").status_code
    assert 200 == visit("lea").get("/items/g").status_code
    desk.luck = 0.0
    assert ["g"] == _items(_focus(visit("anna").get("/").text))
    page = visit("anna").get("/items/g").text
    assert "golden" not in page


def test_item_page(desk: Desk, visit: Visit) -> None:
    """An item's page has its decisions and its earlier forms, and leads may open it again."""
    desk.add("a/b?c", text="The old words.")
    desk.add("a/b?c", text="The new words.", revision=1)
    desk.decide("a/b?c", "reject", version=2, note="clear case")
    page = visit("anna").get("/items/a%2Fb%3Fc").text
    for said in ("clear case", "<del>old</del>", "<ins>new</ins>"):
        assert said in page
    assert "Open this comment again" not in page
    lea = visit("lea")
    assert "Open this comment again" in lea.get("/items/a%2Fb%3Fc").text
    done = lea.post("/reopen", data={"comment_id": "a/b?c"})
    assert "Opened again" in done.text
    assert 403 == visit("anna").post("/reopen", data={"comment_id": "a/b?c"}).status_code
    assert 404 == visit("anna").get("/items/nowhere").status_code


def test_edited_into_something_harmless(desk: Desk, house: House, visit: Visit) -> None:
    """The page says that nothing is flagged any more, and keeps what was, covered, at hand."""
    take_in(desk.store, samples(START))
    before = queue.get(desk.store, "ferryman").judged
    take_in_edits(
        desk.store, [edit("ferryman", text="I wrote that in anger. Sorry.", parent_id="minutes")]
    )
    anna = visit("anna")
    page = _focus(anna.get("/?item=ferryman").text)
    for said in (
        "I wrote that in anger. Sorry.",
        "Nothing in the new words is flagged.",
        "flagged for threat (0.93), hostile (0.81)",
        before.text.partition("I know")[0],
        '<span class="veil">covered</span>',
        "Show the covered words",
        "nothing flagged",
    ):
        assert said in page
    assert "Covered: hostile, threat" not in page
    assert "Edited, nothing flagged" in anna.get("/").text
    assert "<summary>Covered: threat</summary>" in anna.get("/items/ferryman").text
    house.preferences["anna"] = Preferences(blur=False)
    assert "veil" not in _focus(anna.get("/?item=ferryman").text)
    assert "Covered" not in anna.get("/items/ferryman").text
    assert "answered here" in _focus(anna.get("/?item=ferryman").text)
    desk.decide("ferryman", "approve", version=2)
    assert "Nothing in the new words is flagged." in anna.get("/items/ferryman").text


def test_mild_one_after_harsh_ones(desk: Desk, house: House, visit: Visit) -> None:
    """After three harsh items a mild one comes in between, for whoever wants it so."""
    take_in(
        desk.store,
        [
            *[
                judged(f"harsh{n}", priority=0.9, reasons={"identity_attack": 0.9})
                for n in range(6)
            ],
            judged("mild", priority=0.1, reasons={"sarcasm": 0.7}),
        ],
    )
    for name in ("harsh0", "harsh1", "harsh2"):
        desk.decide(name, person=ANNA)
    assert ["mild"] == _items(_focus(visit("anna").get("/").text))
    house.preferences["anna"] = Preferences(interleave=False)
    desk.decide("mild", person=ANNA)
    assert ["harsh3"] == _items(_focus(visit("anna").get("/").text))


def test_plain_names_for_unknown_reasons(desk: Desk, visit: Visit) -> None:
    """A scorer of a site's own has a reason code that nobody here knows."""
    take_in(desk.store, [judged("c", reasons={"my_own_code": 0.8})])
    assert "My own code" in visit("anna").get("/").text


def test_bias_is_told(desk: Desk, visit: Visit) -> None:
    """A score that hangs on who is named says so."""
    record = judged("c")
    record.reasons = [Reason("insult", 0.6, 0.5, possible_bias=True)]
    take_in(desk.store, [record])
    assert "Check for bias" in visit("anna").get("/").text
