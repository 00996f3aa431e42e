"""The API: what a tool can do, what it is told, and that it may no more than its person."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from moderation.review import log
from moderation.review.intake import take_in, take_in_edits
from tests.moderation.review.desk import ANNA, BEN, LEAD, Desk, edit, judged
from tests.moderation.review.web.access.tool import House, item


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A queue on each database."""
    with Desk.at(database_url) as desk:
        yield desk


@pytest.fixture
def house(desk: Desk) -> House:
    """The console and its API."""
    return House(desk)


def test_list_in_order_and_in_pages(house: House) -> None:
    """All items come once, the gravest first, however small the pages are."""
    for number in range(12):
        house.desk.add(f"c{number:02d}", priority=0.25 + number * 0.05)
    tool = house.tool()
    found: list[str] = []
    after = ""
    while True:
        page = tool.get("/items", limit=5, after=after)
        found += [one["id"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert [f"c{number:02d}" for number in reversed(range(12))] == found
    first = tool.get("/items", limit=1)["items"][0]
    assert ("c11", 1, "open", 0.8) == tuple(
        first[name] for name in ("id", "version", "state", "priority")
    )
    assert "About the bridge, from c11" in first["judged"]["text"]


def test_filters_and_search(house: House) -> None:
    """Each filter of the queue is one here; a misspelt one is refused instead of widening."""
    take_in(
        house.desk.store,
        [
            judged("a", reasons={"threat": 0.9}, section="Sports", text="the harbour burns"),
            judged("b", reasons={"insult": 0.8}, author_id="u7"),
        ],
    )
    tool = house.tool()

    def names(**query: object) -> list[str]:
        return sorted(one["id"] for one in tool.get("/items", **query)["items"])

    assert ["a"] == names(section="Sports")
    assert ["a"] == names(words="HARBOUR burns")
    assert ["b"] == names(reason="insult", least=0.75)
    assert ["b"] == names(author_id="u7")
    assert [] == names(older_than=60)
    assert (400, "bad_request") == tool.refused("/items", secton="Sports")
    for query in (
        {"limit": 0},
        {"limit": "x"},
        {"least": "nan"},
        {"most": "null"},
        {"state": "all"},
    ):
        assert (400, "bad_request") == tool.refused("/items", **query)
    for place in ("x", "bnVsbA==", "WzEuNSwxXQ", "ä", "WzFlOTk5LDFd"):
        assert (422, "bad_place") == tool.refused("/items", after=place)
    assert 400 == tool.client.get("/api/v1/items?limit=1&limit=2").status_code
    assert 400 == tool.client.get("/api/v1/items?words=%00").status_code
    reads = [entry for entry in log.entries(house.desk.store) if entry.action == "read_author"]
    assert [("anna", json.dumps({"author": log.digest("u7")}, separators=(",", ":")))] == [
        (entry.person, entry.detail) for entry in reads
    ]


def test_claim_renew_release(house: House) -> None:
    """A claim holds against others until it is given up or lapses, and is renewed by activity."""
    house.desk.add("c")
    anna, lea = house.tool(), house.tool("lea")
    claimed = anna.post("/claims")["item"]
    assert ("c", "anna") == (claimed["id"], claimed["claimed_by"])
    assert {"item": None} == lea.post("/claims")
    assert (409, "held") == lea.refused(item("c", "claim"), {})
    assert (409, "not_held") == lea.refused(item("c", "renew"), {})
    house.desk.time += 500
    assert claimed["claimed_until"] + 500 == anna.post(item("c", "renew"))["claimed_until"]
    assert {"released": 0} == lea.post(item("c", "release"))
    assert {"released": 1} == anna.post(item("c", "release"))
    assert "lea" == lea.post(item("c", "claim"))["claimed_by"]
    house.desk.time += 601
    assert "anna" == anna.post(item("c", "claim"))["claimed_by"]
    assert {"item": None} == anna.post("/claims", besides=["c"])
    assert (404, "not_found") == anna.refused(item("d", "claim"), {})


def test_ids_of_any_characters(house: House) -> None:
    """A comment's id is the site's: whatever it holds, it can be claimed and decided."""
    tool = house.tool()
    for name in ("a/b", "../../x", "a b?c#d", "ä/🙂", "x/claim", "<b>", "a\tb", "a;b", "..a"):
        house.desk.add(name)
        assert name == tool.post(item(name, "claim"))["id"]
        assert name == tool.get(item(name))["id"]
        done = tool.post(item(name, "decision"), version=1, action="approve")
        assert (name, "approved") == (done["comment_id"], done["state"])


def test_decide_and_what_is_refused(house: House) -> None:
    """A decision needs what the pages ask for, and each refusal has a code for programs."""
    house.desk.add("c", "d")
    tool, path = house.tool(), item("c", "decision")
    good = {"version": 1, "action": "reject", "reason": "insult", "note": "Said twice."}
    assert (422, "reason_required") == tool.refused(path, good | {"reason": ""})
    assert (422, "unknown_reason") == tool.refused(path, good | {"reason": "mood"})
    assert (422, "note_required") == tool.refused(path, good | {"reason": "other", "note": " "})
    wrong: list[Any] = [
        good | {"action": "delete"},
        good | {"version": "1"},
        good | {"note": "a\x00b"},
        good | {"note": "x" * 2_001},
        good | {"extra": 1},
        {"action": "approve"},
        [],
        "x",
    ]
    for bad in wrong:
        assert (400, "bad_request") == tool.refused(path, bad)
    post = tool.client.post
    assert 415 == post(f"/api/v1{path}", data={"action": "approve"}).status_code
    for broken in (b"{", b"", b"\xff", b'{"note": "\\ud800"}', b"[" * 5_000):
        headers = {"content-type": "application/json"}
        assert 400 == post(f"/api/v1{path}", content=broken, headers=headers).status_code
    receipt = tool.post(path, **good)
    assert "rejected" == receipt["state"]
    assert (409, "changed") == tool.refused(path, good)
    assert (409, "decided") == tool.refused(path, good | {"version": receipt["version"]})


def test_late_decision_is_told_what_changed(house: House) -> None:
    """A decision on words that were edited is refused with both forms, and the new version."""
    house.desk.add("c", text="You are right.")
    house.desk.add("c", text="You are an idiot.", revision=1)
    answer = house.tool().client.post(
        f"/api/v1{item('c', 'decision')}", json={"version": 1, "action": "approve"}
    )
    problem = answer.json()
    assert (409, "changed", 2) == (answer.status_code, problem["code"], problem["version"])
    assert ["You are right.", "You are an idiot."] == problem["changes"]["text"]


def test_edited_into_something_harmless(house: House) -> None:
    """A program is told what a page says: the new words, no reason, and what was flagged before."""
    house.desk.add("c")
    tool = house.tool()
    assert tool.get(item("c"))["earlier"] is None
    take_in_edits(house.desk.store, [edit("c")])
    (listed,) = tool.get("/items")["items"]
    claimed = tool.post("/claims")["item"]
    for view in (listed, claimed, tool.get(item("c"))):
        assert ("Harmless 1.", [], 2) == (
            view["judged"]["text"],
            view["judged"]["reasons"],
            view["version"],
        )
        assert ["insult"] == [reason["code"] for reason in view["earlier"]["reasons"]]
        assert view["earlier"]["text"].startswith("About the bridge")


def test_own_precedent_is_asked_once(house: House) -> None:
    """Deciding the same words the other way needs a second word, as on the pages."""
    for name in ("c", "d"):
        house.desk.add(name, text="The mayor has sold our bridge to his friends again.")
    tool = house.tool()
    tool.post(item("c", "decision"), version=1, action="approve")
    body = {"version": 1, "action": "reject", "reason": "insult"}
    answer = tool.client.post(f"/api/v1{item('d', 'decision')}", json=body)
    assert ("precedent", ["c"]) == (answer.json()["code"], answer.json()["precedents"])
    assert "rejected" == tool.post(item("d", "decision"), **body, despite_precedent=True)["state"]


def test_undo_and_reopen(house: House) -> None:
    """Undo is the person's for a while; reopening is a lead's, with a lead's token."""
    house.desk.add("c")
    anna, lea = house.tool(), house.tool("lea")
    receipt = anna.post(item("c", "decision"), version=1, action="approve")
    undo = f"/decisions/{receipt['decision_id']}/undo"
    assert (403, "not_allowed") == lea.refused(undo, {})
    assert {"comment_ids": ["c"], "left": []} == anna.post(undo)
    assert (404, "not_found") == anna.refused(undo, {})
    receipt = anna.post(item("c", "decision"), version=3, action="approve")
    house.desk.time += 16
    assert (409, "too_late") == anna.refused(f"/decisions/{receipt['decision_id']}/undo", {})
    assert (403, "not_allowed") == anna.refused(item("c", "reopen"), {})
    assert (403, "not_allowed") == house.tool("lea", "moderator").refused(item("c", "reopen"), {})
    assert "open" == lea.post(item("c", "reopen"), note="Appeal")["state"]


def test_bulk(house: House) -> None:
    """A selection is decided with the count that was confirmed, and undone as one."""
    house.desk.add("c1", "c2", "c3")
    tool = house.tool()
    body = {"versions": {"c1": 1, "c2": 1, "c3": 9}, "action": "approve", "confirmed": 2}
    assert (422, "not_confirmed") == tool.refused("/decisions", body)
    done = tool.post("/decisions", **body | {"confirmed": 3})
    assert (2, ["c3"]) == (len(done["receipts"]), done["changed"])
    assert ["c1", "c2"] == tool.post(f"/decisions/{done['batch']}/undo")["comment_ids"]


def test_escalated_items_are_for_leads(house: House) -> None:
    """A moderator's token does not list, claim or decide what waits for a lead."""
    house.desk.add("c")
    anna, lea = house.tool(), house.tool("lea")
    anna.post(item("c", "decision"), version=1, action="escalate")
    assert (403, "not_allowed") == anna.refused("/items", state="escalated")
    assert (403, "not_allowed") == anna.refused("/claims", {"state": "escalated"})
    assert (403, "not_allowed") == anna.refused(item("c", "claim"), {})
    body = {"version": 2, "action": "approve"}
    assert (403, "not_allowed") == anna.refused(item("c", "decision"), body)
    assert ["c"] == [one["id"] for one in lea.get("/items", state="escalated")["items"]]
    assert "c" == lea.post("/claims", state="escalated")["item"]["id"]


def test_decisions(house: House) -> None:
    """Decisions are listed, narrowed down, in pages, with what was undone or opened again."""
    house.desk.add("c1", "c2", "c3")
    for name, person in (("c1", ANNA), ("c2", BEN), ("c3", ANNA)):
        house.desk.time += 1
        house.desk.decide(name, person=person)
    tool = house.tool()
    page = tool.get("/decisions", limit=2)
    assert ["c3", "c2"] == [one["decision"]["comment_id"] for one in page["decisions"]]
    page = tool.get("/decisions", limit=2, after=page["next"])
    assert ["c1"] == [one["decision"]["comment_id"] for one in page["decisions"]]
    page = tool.get("/decisions", person="ben")
    assert ["c2"] == [one["decision"]["comment_id"] for one in page["decisions"]]


def test_export(house: House) -> None:
    """A lead takes the whole log out, in a form that others can check; that is in the log."""
    house.desk.add("=c")
    house.desk.decide("=c")
    assert (403, "not_allowed") == house.tool().refused("/export")
    lea = house.tool("lea")
    answer = lea.client.get("/api/v1/export")
    assert answer.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [entry.hash for entry in log.entries(house.desk.store)] == [
        line["hash"] for line in lines
    ]
    assert ("lea", "export") == (lines[-1]["person"], lines[-1]["action"])
    answer = lea.client.get("/api/v1/export", params={"format": "csv", "comment_id": "=c"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "'=c" == next(csv.DictReader(io.StringIO(answer.text)))["comment_id"]
    assert (400, "bad_request") == lea.refused("/export", format="xml")


def test_second_look_is_blind(house: House) -> None:
    """Whoever looks a second time cannot tell it by any answer, a refused one included."""
    house.desk.luck = 0.0
    house.desk.add("c", text="Nobody has ever said such words about that bridge.")
    house.desk.decide("c", "reject", person=BEN, note="Ben's own note")
    house.desk.luck = 0.999
    house.desk.add("d", revision=1)
    house.desk.time += 60
    house.desk.luck = 0.3
    anna = house.tool()
    claimed = anna.post("/claims")["item"]
    assert "c" == claimed["id"]
    answers = [
        claimed,
        anna.get(item("c")),
        anna.post(item("c", "claim")),
        anna.post(item("c", "renew")),
        anna.get("/decisions"),
        anna.client.post(
            f"/api/v1{item('c', 'decision')}", json={"version": 0, "action": "approve"}
        ).json(),
    ]
    said = json.dumps(answers)
    for secret in ("ben", "Ben", "rejected", "second", "decided_by"):
        assert secret not in said, secret
    assert {"open"} == {answer["state"] for answer in answers[:4]}
    done = anna.post(item("c", "decision"), version=claimed["version"], action="approve")
    other = anna.post(item("d", "decision"), version=1, action="approve")
    assert set(other) == set(done)
    assert "approved" == done["state"]
    # The first decision is listed again, the look itself is not.
    listed = anna.get("/decisions")["decisions"]
    assert [("d", "anna"), ("c", "ben")] == [
        (one["decision"]["comment_id"], one["decision"]["person"]) for one in listed
    ]


def test_golden_items_are_blind(house: House) -> None:
    """An item with a known answer looks like any other, and is nobody else's to see."""
    from moderation.review.looks import add_golden  # noqa: PLC0415 - only here

    add_golden(house.desk.store, LEAD, judged("g"), "reject", "insult")
    house.desk.luck = 0.0
    anna = house.tool()
    assert (404, "not_found") == anna.refused(item("g"))
    claimed = anna.post("/claims")["item"]
    assert ("g", "open", "anna") == tuple(claimed[name] for name in ("id", "state", "claimed_by"))
    assert "golden" not in json.dumps(anna.get(item("g")))
    done = anna.post(item("g", "decision"), version=claimed["version"], action="approve")
    assert "golden" not in json.dumps(done)


def test_token_acts_with_its_own_role(house: House) -> None:
    """An admin's token that was made for a moderator's work is no lead's."""
    house.desk.add("c")
    house.desk.decide("c")
    tool = house.tool("ada", "moderator")
    assert (403, "not_allowed") == tool.refused("/export")
    assert (403, "not_allowed") == tool.refused(item("c", "reopen"), {})


def test_unknown_paths_and_methods(house: House) -> None:
    """What is not there is told in the same form, with what would be allowed."""
    tool = house.tool()
    assert (404, "not_found") == tool.refused("/nothing")
    answer = tool.client.delete("/api/v1/claims")
    assert (405, "POST", "bad_method") == (
        answer.status_code,
        answer.headers["allow"],
        answer.json()["code"],
    )
    assert 413 == tool.client.post("/api/v1/claims", content=b" " * 2_000_000).status_code
