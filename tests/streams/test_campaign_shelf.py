"""Campaigns at hand: a copy of a known text is marked as it comes."""

from typing import Any

from moderation.records import Comment, Context, Scored, Source
from moderation.trolling.campaigns import CampaignRecord, CampaignSettings, encode_record
from moderation.trolling.minhash import signature
from streams.campaign_shelf import CampaignShelf

_TEXT = (
    "Close the pier and the island loses its only doctor, says every fisherman I know, while the"
    " council spends nine million on a car park next to the station that nobody has asked for."
)
_OTHER = "The sluice was repaired in March by a retired engineer who measured every single berth."
_NOW = 1_764_000_000.0


def _shelf(keep: int = 10) -> CampaignShelf:
    return CampaignShelf(keep=keep, settings=CampaignSettings())


def _told(shelf: CampaignShelf, name: str, text: str = _TEXT, **changes: Any) -> None:
    given = {"comments": 8, "authors": 6, "articles": 1, "first_seen": _NOW, "last_seen": _NOW}
    record = CampaignRecord(id=name, text=text, **(given | changes))
    shelf.take(name.encode(), encode_record(record))


def _marked(shelf: CampaignShelf, text: str, at: float = _NOW + 60) -> Scored:
    scored = Scored(
        comment=Comment(id="c", article_id="a", author_id="u", text=text),
        scores={"toxicity": 0.1},
        models={},
        source=Source("comments", 0, 0),
        arrived_at=at,
        context=Context(),
        details={},
    )
    signed = signature(text)
    assert signed is not None
    shelf.mark(scored, signed)
    return scored


def test_a_copy_is_marked() -> None:
    """A moderator sees with the comment that its text is going round, and how often."""
    shelf = _shelf()
    _told(shelf, "first#0")
    scored = _marked(shelf, _TEXT.replace("doctor", "teacher"))
    assert "first#0" == scored.campaign
    assert 0.5 <= scored.scores["campaign"] < 1
    said = "Nearly the same text 8 times by 6 authors in 1 article"
    assert said == scored.details["campaign"]
    assert 1.0 == _marked(shelf, _TEXT).scores["campaign"]


def test_other_texts_are_not() -> None:
    """A comment of its own stays without a mark."""
    shelf = _shelf()
    _told(shelf, "first#0")
    assert "" == _marked(shelf, _OTHER).campaign
    assert {"toxicity": 0.1} == _marked(shelf, _OTHER).scores


def test_the_nearest_of_two_is_named() -> None:
    """Where two campaigns are alike, a comment belongs to the one that it copies."""
    shelf = _shelf()
    _told(shelf, "far#0", _TEXT.replace("doctor", "teacher").replace("island", "parish"))
    _told(shelf, "near#0", _TEXT)
    assert "near#0" == _marked(shelf, _TEXT).campaign


def test_the_latest_record_holds() -> None:
    """A campaign that has grown is described as it stands, with the text that is typical now."""
    shelf = _shelf()
    _told(shelf, "first#0", _OTHER, comments=3)
    _told(shelf, "first#0", _TEXT, comments=30, articles=4)
    assert "" == _marked(shelf, _OTHER).campaign
    assert "30 times" in _marked(shelf, _TEXT).details["campaign"]
    assert "4 articles" in _marked(shelf, _TEXT).details["campaign"]


def test_a_merged_campaign_gives_way() -> None:
    """Comments carry the id of the campaign that lives on, also when it was told of first."""
    shelf = _shelf()
    _told(shelf, "second#0")
    assert "second#0" == _marked(shelf, _TEXT).campaign
    _told(shelf, "first#0")
    _told(shelf, "second#0", "", merged_into="first#0")
    assert "first#0" == _marked(shelf, _TEXT).campaign


def test_a_campaign_is_over_after_its_window() -> None:
    """What comes a day after the last copy is not marked, as it starts a campaign anew."""
    shelf = _shelf()
    _told(shelf, "first#0")
    day = CampaignSettings().window_seconds
    assert "first#0" == _marked(shelf, _TEXT, _NOW + day).campaign
    assert "" == _marked(shelf, _TEXT, _NOW + day + 1).campaign


def test_those_told_of_longest_ago_go() -> None:
    """The shelf is bounded; a campaign that grows stays on it."""
    shelf = _shelf(keep=2)
    _told(shelf, "one#0", _TEXT)
    _told(shelf, "two#0", _OTHER)
    _told(shelf, "one#0", _TEXT)
    _told(shelf, "three#0", "Half the railings were auctioned by the mayor to a nervous cousin.")
    assert "one#0" == _marked(shelf, _TEXT).campaign
    assert "" == _marked(shelf, _OTHER).campaign


def test_what_is_broken_is_left_aside() -> None:
    """Nonsense on the topic neither stops the worker nor takes a campaign away."""
    shelf = _shelf()
    _told(shelf, "first#0")
    for value in (None, b"", b"{", b"\xff", b'{"id":"\xff"}', b'{"id":5}', b"[" * 50_000):
        shelf.take(b"first#0", value)
    _told(shelf, "empty#0", "")
    assert "first#0" == _marked(shelf, _TEXT).campaign


def test_erased_text_is_dropped() -> None:
    """When an erasure leaves too few, their text is no longer at hand."""
    shelf = _shelf()
    _told(shelf, "first#0")
    _told(shelf, "first#0", "", comments=2, authors=2)
    assert "" == _marked(shelf, _TEXT).campaign


def test_campaign_that_is_over_is_dropped() -> None:
    """A text is not kept longer than its copies would count, however few campaigns there are."""
    shelf = _shelf()
    _told(shelf, "first#0")
    _told(shelf, "later#0", _OTHER, last_seen=_NOW + 86_500)
    assert ["later#0"] == list(shelf._known)
