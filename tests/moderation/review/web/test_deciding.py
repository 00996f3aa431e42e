"""Deciding on the pages, without a script as well as with it."""

from typing import Any

import pytest

from moderation.errors import ReviewError
from moderation.review import queue
from moderation.review.intake import place_in_campaign, take_in_edits
from tests.moderation.review.desk import ANNA, BEN, Desk, edit
from tests.moderation.review.web.conftest import Visit

SCRIPT = {"X-Console": "1"}


def _form(name: str = "c", do: str = "approve", **more: Any) -> dict[str, str]:
    return {"comment_id": name, "version": "1", "do": do, **more}


@pytest.mark.parametrize(
    ("form", "state"),
    [
        (_form(), "approved"),
        (_form(do="reject:threat"), "rejected"),
        (_form(do="reject:insult", ban="1"), "rejected"),
        (_form(do="escalate"), "escalated"),
        (_form(do="skip"), "open"),
    ],
)
def test_decided_without_a_script(
    desk: Desk, visit: Visit, form: dict[str, str], state: str
) -> None:
    """A form is enough: the decision is stored, and the next page offers to undo it."""
    desk.add("c")
    anna = visit("anna")
    done = anna.post("/decide", data=form | {"section": "sports", "note": "a\r\nb"})
    assert 200 == done.status_code
    assert "section=sports" in str(done.url)
    assert "Undo" in done.text
    assert state == queue.get(desk.store, "c").state
    (decision,) = queue.history(desk.store, "c")
    assert "a\nb" == decision.note
    undone = anna.post("/undo", data={"id": decision.id})
    assert 'data-item="c"' in undone.text
    assert "open" == queue.get(desk.store, "c").state


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (_form(do="reject"), "A rejection needs a reason code."),
        (_form(do="reject:other"), "needs a note"),
        (_form(do="burn"), "is none of"),
        (_form(do=""), "is none of"),
        (_form(version="2; DROP"), "load the page again"),
        (_form("nowhere"), "no comment nowhere is in the queue"),
    ],
)
def test_refused(desk: Desk, visit: Visit, form: dict[str, str], said: str) -> None:
    """What the library refuses is said in a sentence, and nothing is decided."""
    desk.add("c")
    done = visit("anna").post("/decide", data=form)
    assert done.status_code in {400, 404, 409}
    assert said.lower() in done.text.lower()
    assert "open" == queue.get(desk.store, "c").state


def test_note_is_kept_when_refused(desk: Desk, visit: Visit) -> None:
    """Nobody types a note twice."""
    desk.add("c")
    done = visit("anna").post("/decide", data=_form(do="reject", note="because of <this>"))
    assert "because of &lt;this&gt;" in done.text


def test_edited_meanwhile(desk: Desk, visit: Visit) -> None:
    """Who decides on words that are gone sees what changed, and decides on the new ones."""
    desk.add("c", text="A fine bridge.")
    anna = visit("anna")
    anna.get("/")
    desk.add("c", text="A foul bridge.", revision=1)
    done = anna.post("/decide", data=_form())
    assert 409 == done.status_code
    assert "<del>fine</del><ins>foul</ins>" in done.text
    assert 'name="version" value="2"' in done.text
    anna.post("/decide", data=_form(version="2"))
    assert "approved" == queue.get(desk.store, "c").state


def test_edited_while_the_page_is_open(desk: Desk, visit: Visit) -> None:
    """A page that asks after news gets the new words, of what is read and of what is next."""
    desk.add("c1", priority=0.9)
    desk.add("c2", priority=0.5)
    anna = visit("anna")
    anna.get("/")
    shown = "/parts?need=list&on_screen=c1&version=1&ready=c2&ready_version=1"
    assert {"list", "care"} == anna.get(shown, headers=SCRIPT).json()["parts"].keys()
    take_in_edits(desk.store, [edit("c2")])
    got = anna.get(shown, headers=SCRIPT).json()
    assert ({"list", "care", "next"}, False) == (got["parts"].keys(), got["changed"])
    assert "Harmless 1." in got["parts"]["next"]
    take_in_edits(desk.store, [edit("c1")])
    got = anna.get(shown, headers=SCRIPT).json()
    assert got["changed"]
    for said in ("This comment changed while you read it", "Harmless 1.", 'data-version="2"'):
        assert said in got["parts"]["focus"]
    # What somebody else holds by now is left to the decision to refuse.
    queue.release(desk.store, ANNA)
    assert not anna.get(shown, headers=SCRIPT).json()["changed"]


def test_decided_by_another_meanwhile(desk: Desk, visit: Visit) -> None:
    """Two cannot decide the same item; the second is told who did."""
    desk.add("c")
    desk.decide("c", person=BEN)
    done = visit("anna").post("/decide", data=_form(do="reject:insult"), headers=SCRIPT)
    assert (409, "changed") == (done.status_code, done.json()["code"])
    assert "ben" in done.json()["parts"]["focus"]
    assert "approved" == queue.get(desk.store, "c").state


def test_held_by_another(desk: Desk, visit: Visit) -> None:
    """Who decides an item that somebody else reads is told who has it."""
    desk.add("c")
    visit("ben").get("/")
    done = visit("anna").post("/decide", data=_form())
    assert 409 == done.status_code
    assert "Nothing was decided: somebody else has this comment." in done.text
    assert "ben has this comment until" in done.text


def test_against_own_precedent(desk: Desk, visit: Visit) -> None:
    """The same words decided the other way: asked once, with all that was wanted kept."""
    words = "Nobody who has seen that pier would call it safe."
    desk.add("one", "two", text=words)
    desk.decide("one", "approve")
    anna = visit("anna")
    asked = anna.post("/decide", data=_form("two", "reject:insult", ban="1", note="rude"))
    assert 409 == asked.status_code
    assert "Do you mean it?" in asked.text
    for kept in ('value="reject:insult"', 'name="ban" value="1"', 'name="note" value="rude"'):
        assert kept in asked.text
    anna.post("/decide", data=_form("two", "reject:insult", ban="1", sure="1"))
    (decision,) = queue.history(desk.store, "two")
    assert "ban_suggest" == decision.action


def test_script_gets_what_comes_after_the_next(desk: Desk, visit: Visit) -> None:
    """With one item on the screen, the answer brings the one after it, claimed."""
    desk.add("c1", "c2", "c3", "c4")
    anna = visit("anna")
    anna.get("/")
    done = anna.post("/decide", data=_form("c1", on_screen="c2"), headers=SCRIPT).json()
    assert 'data-item="c3"' in done["parts"]["next"]
    assert "focus" not in done["parts"]
    assert ("Approved", 3) == (done["say"], done["waiting"])
    assert "data-undo" in done["parts"]["undo"]
    held = {v.id for v in queue.waiting(desk.store).items if v.claimed_by == "anna"}
    assert {"c2", "c3"} == held


def test_undo_by_script(desk: Desk, visit: Visit) -> None:
    """The item comes back into focus, what was shown stays claimed, and no claim is left over."""
    desk.add("c1", "c2", "c3")
    anna = visit("anna")
    anna.get("/")
    anna.post("/decide", data=_form("c1", on_screen="c2"), headers=SCRIPT)
    (decision,) = queue.history(desk.store, "c1")
    form = {"id": decision.id, "on_screen": "c2", "ready": "c3"}
    done = anna.post("/undo", data=form, headers=SCRIPT).json()
    assert 'data-item="c1"' in done["parts"]["focus"]
    held = {v.id for v in queue.waiting(desk.store).items if v.claimed_by == "anna"}
    assert {"c1", "c2"} == held
    desk.time += 20
    late = anna.post("/undo", data=form, headers=SCRIPT)
    assert (404, "not_found") == (late.status_code, late.json()["code"])


def test_undo_runs_out(desk: Desk, visit: Visit) -> None:
    """After its time a decision is not offered to be undone, and cannot be."""
    desk.add("c")
    anna = visit("anna")
    done = anna.post("/decide", data=_form())
    desk.time += 16
    assert "data-undo" not in anna.get(str(done.url)).text
    (decision,) = queue.history(desk.store, "c")
    assert "can be undone for 15 s" in anna.post("/undo", data={"id": decision.id}).text


def test_others_cannot_undo_or_see_it(desk: Desk, visit: Visit) -> None:
    """A decision's id in an address is no key to it."""
    desk.add("c")
    receipt = desk.decide("c")
    ben = visit("ben")
    assert "data-undo" not in ben.get(f"/?done={receipt.decision_id}").text
    assert 403 == ben.post("/undo", data={"id": receipt.decision_id}).status_code


def test_campaign_as_a_whole(desk: Desk, visit: Visit) -> None:
    """The count is shown and confirmed, late arrivals and held ones stay, and all is undone."""
    desk.add(*(f"c{n}" for n in range(5)))
    place_in_campaign(desk.store, "k", [f"c{n}" for n in range(4)])
    queue.claim(desk.store, BEN, "c3")
    anna = visit("anna")
    page = anna.get("/bulk?campaign=k").text
    assert "Reject all 3" in page
    assert "1 more is held by others" in page
    versions = '{"c0":1,"c1":1,"c2":1}'
    form = {"versions": versions, "confirmed": "3", "do": "reject", "reason": "campaign"}
    refused = anna.post("/bulk", data=form | {"confirmed": "4"})
    assert "4 items were confirmed" in refused.text
    desk.add("c2", text="Something else by now.", revision=1)
    done = anna.post("/bulk", data=form)
    assert "Rejected: campaign (2 comments); 1 comment left, which had changed" in done.text
    states = [queue.get(desk.store, f"c{n}").state for n in range(5)]
    assert ["rejected", "rejected", "open", "open", "open"] == states
    batch = queue.history(desk.store, "c0")[0].batch
    anna.post("/undo", data={"id": batch})
    assert "open" == queue.get(desk.store, "c1").state


def test_selection(desk: Desk, visit: Visit) -> None:
    """What was picked in the list is decided together; a damaged form is refused."""
    desk.add("c0", "c1", "c2")
    anna = visit("anna")
    assert "All selected: 2 comments" in anna.get("/bulk?id=c0&id=c2").text
    assert "None of these waits" in anna.get("/bulk").text
    form = {"versions": "[]", "confirmed": "1", "do": "approve"}
    assert "load the page again" in anna.post("/bulk", data=form).text


def test_moving_in_the_list(desk: Desk, visit: Visit) -> None:
    """Opening another item gives the first one up, for others to take."""
    desk.add("c1", "c2", "c3")
    anna = visit("anna")
    anna.get("/")
    got = anna.get("/parts?need=focus,list&item=c3&leave=c1", headers=SCRIPT).json()
    assert 'data-item="c3"' in got["parts"]["focus"]
    held = {v.id for v in queue.waiting(desk.store).items if v.claimed_by == "anna"}
    assert {"c2", "c3"} == held


def test_activity_and_leaving(desk: Desk, visit: Visit) -> None:
    """Activity prolongs a claim, leaving gives it up, so nobody waits for a closed page."""
    desk.add("c1", "c2")
    anna = visit("anna")
    anna.get("/")
    desk.time += 500
    assert {"held": 2} == anna.post("/renew").json()
    desk.time += 500
    with pytest.raises(ReviewError, match="anna holds it"):
        queue.claim(desk.store, BEN, "c1")
    assert 204 == anna.post("/release", data={"id": ["c1"]}).status_code
    assert "c1" == queue.claim(desk.store, BEN, "c1").id
    assert "anna" == queue.get(desk.store, "c2").claimed_by


def test_leads_settle_what_two_decided_differently(desk: Desk, visit: Visit) -> None:
    """A lead sees escalated items and disagreements, and what the lead says holds."""
    desk.luck = 0.0
    desk.add("c", text="You bridge burner.")
    desk.decide("c", "approve")
    ben, lea = visit("ben"), visit("lea")
    ben.get("/")
    ben.post("/decide", data=_form(do="reject:insult", version="2", note="plainly rude"))
    desk.luck = 0.999
    desk.add("e")
    desk.decide("e", "escalate")
    page = lea.get("/").text
    assert "1 escalated" in page
    assert "1 disagreement" in page
    assert 'data-item="e"' in lea.get("/?state=escalated").text
    page = lea.get("/disagreements").text
    for said in ("You bridge burner.", "Approved, by anna", "plainly rude"):
        assert said in page
    look = page.partition('name="look" value="')[2].partition('"')[0]
    assert 403 == visit("anna").get("/disagreements").status_code
    settling = {"look": look, "do": "replace"}
    assert 403 == visit("anna").post("/disagreements", data=settling).status_code
    assert "Nothing to settle" in lea.post("/disagreements", data=settling).text
    assert "rejected" == queue.get(desk.store, "c").state
