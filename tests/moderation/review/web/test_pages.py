"""The pages around the queue: what they show, to whom, and that no text becomes markup."""

import csv
import io
import re
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.review import campaigns, log
from moderation.review.intake import take_in
from moderation.review.looks import add_golden
from moderation.review.preferences import Preferences
from moderation.review.queue import claim_next
from moderation.review.web import charts
from moderation.review.web.marking import Place, added, marked
from moderation.trolling.campaigns import CampaignRecord
from moderation.trolling.varying import varying_words
from tests.moderation.review.desk import ANNA, BEN, LEAD, START, Desk, judged
from tests.moderation.review.web.conftest import Visit
from tests.moderation.review.web.house import House, Window
from tests.moderation.review.web.samples import CAMPAIGN
from tests.moderation.review.web.surroundings import furnish

PATHS = ("/campaigns", "/campaigns?show=all", "/threads", "/decisions", "/quality")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}</svg>"


@pytest.fixture
def furnished(desk: Desk) -> Desk:
    """A queue with something of everything."""
    furnish(desk)
    return desk


def _rows(page: str) -> list[str]:
    return re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)


@pytest.mark.parametrize("path", [*PATHS, "/decisions.csv", f"/campaigns/{quote(CAMPAIGN)}"])
def test_nobody_gets_in_without_a_name(house: House, path: str) -> None:
    """Pages that show comments and people are for those who are signed in."""
    assert 401 == Window(house.app, "").get(path).status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["anna", "lea"])
def test_before_anything_has_happened(visit: Visit, path: str, name: str) -> None:
    """An empty store has pages, too."""
    assert 200 == visit(name).get(path).status_code


@pytest.mark.usefixtures("furnished")
def test_campaigns(visit: Visit) -> None:
    """A card tells size, varying words and what waits, and leads to the queue and to bulk."""
    page = visit("anna").get("/campaigns").text
    assert "6 waiting" in page
    assert "about 312 comments by 41 authors under 9 articles" in page
    assert '<mark class="plain">mayor<' in page
    assert f'href="/?campaign={quote(CAMPAIGN)}"' in page
    assert f'href="/bulk?campaign={quote(CAMPAIGN)}"' in page
    assert "Vote for the bridge on Sunday" not in page
    assert "Vote for the bridge on Sunday" in visit("anna").get("/campaigns?show=all").text


def test_campaigns_in_pages(desk: Desk, visit: Visit) -> None:
    """Every campaign is on exactly one page."""
    found = [CampaignRecord(id=f"k{number}", comments=5, text="x") for number in range(60)]
    campaigns.take_in(desk.store, found)
    anna = visit("anna")
    seen: list[str] = []
    path = "/campaigns?show=all"
    while path:
        page = anna.get(path).text
        seen += re.findall(r'href="/campaigns/(k\d+)"', page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert sorted(record.id for record in found) == sorted(seen)


def test_campaign(furnished: Desk, visit: Visit) -> None:
    """All that is known of one: wordings, articles, and its comments with their states."""
    furnished.decide("voice-0", "reject", reason="campaign")
    anna = visit("anna")
    page = anna.get(f"/campaigns/{quote(CAMPAIGN, safe='')}").text
    assert "council" in page
    assert 'href="/?article=a1"' in page
    assert [5, 1] == [page.count(f'<span class="chip {state}">') for state in ("open", "rejected")]
    old = anna.get("/campaigns/older%230").text
    assert "older#0 has become part of this one." in old
    assert 404 == anna.get("/campaigns/nowhere").status_code


def test_campaign_keeps_second_looks_blind(desk: Desk, visit: Visit) -> None:
    """The state on the campaign's page does not give away what was decided at first."""
    desk.add("c1", "c2", campaign="k")
    desk.luck = 0.0
    desk.decide("c1", "reject", person=BEN)
    desk.add("c3", campaign="k")
    add_golden(desk.store, LEAD, judged("known", campaign="k"), "approve")
    assert claim_next(desk.store, ANNA) is not None
    desk.luck = 0.3
    assert "c1" == getattr(claim_next(desk.store, ANNA, besides=["known"]), "id", None)
    page = visit("anna").get("/campaigns/k").text
    assert "rejected" not in page
    assert "known" not in page
    assert "rejected" in visit("ben").get("/campaigns/k").text


def test_harsh_campaign_is_covered(desk: Desk, house: House, visit: Visit) -> None:
    """A text whose copies are harsh waits behind a word, unless the person wants it otherwise."""
    desk.add("c", reasons={"threat": 0.97}, campaign="k")
    campaigns.take_in(desk.store, [CampaignRecord(id="k", comments=5, text="I will find you")])
    house.preferences["ben"] = Preferences(blur=False)
    assert "<details><summary>Covered: threat</summary>" in visit("anna").get("/campaigns").text
    assert "Covered" not in visit("ben").get("/campaigns").text


@pytest.mark.usefixtures("furnished")
def test_threads(visit: Visit) -> None:
    """The hottest first, with the course of it, why, and where it tipped."""
    page = visit("anna").get("/threads").text
    assert ["a1", "market-hall", "a2"] == re.findall(r"<h2 [^>]*><a [^>]*>([^<]*)</a>", page)
    assert "7 of the last 10 comments hostile; 2.4 replies a minute." in page
    assert 'href="/items/ferryman"' in page
    assert "a comment that is not in the queue" in page
    assert 3 == page.count("<polyline")


@pytest.mark.usefixtures("furnished")
def test_decisions(visit: Visit) -> None:
    """The log shows who decided what and what became of it, narrowed down and in pages."""
    anna = visit("anna")
    page = anna.get("/decisions").text
    assert "undone" in page
    assert "opened again by lea" in page
    assert "CSV" not in page
    names = re.findall(r'href="/items/([^"]*)"', page)
    following = re.search(r'href="(/decisions\?after=[^"]*)"', page)
    assert following is not None
    names += re.findall(r'href="/items/([^"]*)"', anna.get(following[1]).text)
    assert 100 == len(names)
    one = _rows(anna.get("/decisions?person=ben&action=reject&reason=threat").text)
    assert one
    assert all("ben" in row and "Threat" in row for row in one)
    assert "No decision matches." in anna.get("/decisions?person=nobody").text


@pytest.mark.parametrize(
    "query",
    [
        "after=nonsense", "after=1e999:1", "after=nan:-5", "since=yesterday", "until=9999-99-99",
        "action=shout", "reason=%00", "section=%00", "author=%ff", "since=0001-01-01",
        "until=9999-12-31", "person=" + "x" * 2_000,
    ],
)  # fmt: skip
def test_senseless_queries(visit: Visit, query: str) -> None:
    """What makes no sense in an address is left aside and breaks nothing."""
    assert 200 == visit("anna").get(f"/decisions?{query}").status_code
    assert 200 == visit("anna").get(f"/campaigns?page={query}").status_code


def test_export(furnished: Desk, visit: Visit) -> None:
    """Leads take the decisions out as a table; cells are no formulas, and it is logged."""
    furnished.add("formula")
    furnished.decide("formula", "reject", reason="spam", note="=cmd()", person=BEN)
    assert 403 == visit("anna").get("/decisions.csv").status_code
    answer = visit("lea").get("/decisions.csv?person=ben&reason=spam")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert ("formula", "ben", "spam", "'=cmd()") == tuple(
        row[name] for name in ("comment_id", "person", "reason", "note")
    )
    whole = list(csv.DictReader(io.StringIO(visit("lea").get("/decisions.csv").text)))
    assert 160 < len(whole)
    exports = [one for one in log.entries(furnished.store) if one.action == "export_decisions"]
    assert [("lea", '{"asked":{"person":"ben","reason":"spam"}}'), ("lea", '{"asked":{}}')] == [
        (one.person, one.detail) for one in exports
    ]


def test_looking_an_author_up_is_logged(furnished: Desk, visit: Visit) -> None:
    """The log says who looked whom up, without the name; other filters leave no trace."""
    before = len(list(log.entries(furnished.store)))
    page = visit("anna").get("/decisions?author=past-3").text
    assert 17 <= len(_rows(page)) <= 18
    visit("anna").get("/decisions?person=ben")
    (entry,) = list(log.entries(furnished.store))[before:]
    assert ("anna", "read_author") == (entry.person, entry.action)
    assert log.digest("past-3") in entry.detail
    assert "past-3" not in entry.detail


@pytest.mark.usefixtures("furnished")
def test_quality_shows_people_to_leads_alone(visit: Visit) -> None:
    """A moderator sees nobody's figures but the own ones; leads see all, by name."""
    page = visit("lea").get("/quality").text
    people = page.partition("By person")[2]
    assert ["anna", "ben", "carla", "dimitri"] == re.findall(r'<th scope="row">(\w+)</th>', people)
    own = visit("anna").get("/quality").text
    assert ["anna"] == re.findall(
        r'<th scope="row">(\w+)</th>', own.partition("You with the others")[2]
    )
    assert not {"ben", "carla", "dimitri"} & set(re.findall(r"\w+", own))


@pytest.mark.usefixtures("furnished")
def test_charts_have_their_numbers_beside_them(visit: Visit) -> None:
    """Whoever cannot see a chart reads the same in a table."""
    page = visit("anna").get("/quality").text
    assert re.search(r'<svg class="chart"[^>]* role="img" aria-labelledby="days-title', page)
    assert 28 == len(re.findall(r'<th scope="row">\d{4}-\d\d-\d\d</th>', page))
    assert all("aria-hidden" in svg for svg in re.findall(r'<svg class="whisker"[^>]*>', page))
    assert "Off-topic joke" in page


def test_no_text_is_markup(desk: Desk, house: House, visit: Visit) -> None:
    """Ids, texts, names, notes and wordings that look like markup are shown as they are."""
    furnish(desk, said=HOSTILE)
    house.preferences["lea"] = Preferences(blur=False)
    for path in (*PATHS, f"/campaigns/{quote(HOSTILE, safe='')}"):
        page = visit("lea").get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "49" not in re.findall(r"&quot;&#39;(\d+)", page)
        assert path == "/quality" or "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert not re.search(r"<[^>]* (style|on\w+)=", page)


def test_hostile_filters(visit: Visit) -> None:
    """What was typed into a filter stands in the form, and nowhere as markup."""
    page = visit("lea").get(f"/decisions?person={quote(HOSTILE)}&section={quote(HOSTILE)}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_pages_are_light(furnished: Desk, visit: Visit) -> None:
    """A page of the largest kind is below 150 kB."""
    many = [
        CampaignRecord(
            id=f"k{number}", comments=5, text="word " * 120, varying=[["word", "other"] * 10] * 8
        )
        for number in range(30)
    ]
    campaigns.take_in(furnished.store, many)
    names = [f"m{number}" for number in range(80)]
    take_in(furnished.store, [judged(name, text="x " * 400, campaign="k1") for name in names])
    for path in (*PATHS, "/campaigns/k1"):
        assert len(visit("lea").get(path).content) < 150_000, path


def test_varying_words_are_marked_where_they_stand() -> None:
    """The text's own wording is marked, with what copies have instead."""
    texts = [
        "The mayor sold our bridge!",
        "The council sold our bridge",
        "The mayor really sold it",
    ]
    pieces = marked(texts[0], varying_words(texts))
    assert Place("mayor", ("council",)) in pieces
    assert "The mayor sold our bridge!" == "".join(piece.text for piece in pieces)
    assert ["really"] == added(varying_words(texts))


@given(
    st.text(max_size=80),
    st.lists(st.lists(st.text(max_size=12), max_size=3), max_size=5),
    st.lists(st.text(max_size=80), max_size=3),
)
def test_marking_changes_no_text(text: str, varying: list[list[str]], others: list[str]) -> None:
    """Whatever a record says of its wordings, the pieces are the text."""
    for said in (varying, varying_words([text, *others])):
        assert text == "".join(piece.text for piece in marked(text, said))


@given(st.lists(st.tuples(st.floats(0, 1e10), st.floats(0, 1)), max_size=60))
def test_sparklines_stay_inside(points: list[tuple[float, float]]) -> None:
    """No point of a sparkline lies outside of its picture."""
    drawn = charts.spark(sorted(points))
    for pair in drawn.split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= 100
        assert 0 <= y <= 30


def test_start_of_an_era(desk: Desk, visit: Visit) -> None:
    """Times at the edge of what a record may say have a page, too."""
    records = [CampaignRecord(id="k", comments=5, first_seen=0.0, last_seen=1e11 - 1)]
    assert msgspec.json.encode(records)
    campaigns.take_in(desk.store, records)
    desk.time = START
    assert 200 == visit("anna").get("/campaigns?show=all").status_code
