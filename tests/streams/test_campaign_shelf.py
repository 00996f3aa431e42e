"""The campaigns that a worker has at hand."""

from typing import Any

from moderation.records import Comment, Context, Scored, Source
from moderation.trolling.campaigns import CampaignRecord, CampaignSettings, encode_record
from moderation.trolling.minhash import signature
from streams.campaign_shelf import CampaignShelf

TEXT = "Close the pier and the island loses its only doctor, says every fisherman I know."


def _shelf(*records: CampaignRecord) -> CampaignShelf:
    shelf = CampaignShelf(keep=10, settings=CampaignSettings())
    for record in records:
        shelf.take(record.id.encode(), encode_record(record))
    return shelf


def _record(name: str = "c1#0", **fields: Any) -> CampaignRecord:
    values = {"comments": 4, "authors": 4, "articles": 1, "text": TEXT, "last_seen": 100.0}
    return CampaignRecord(id=name, **{**values, **fields})


def _marked(shelf: CampaignShelf, text: str = TEXT, *, at: float = 200.0) -> str:
    comment = Comment(id="c9", article_id="a", author_id="u", text=text)
    scored = Scored(
        comment=comment,
        scores={},
        models={},
        source=Source("comments", 0, 0),
        arrived_at=at,
        context=Context(),
    )
    signed = signature(text)
    assert signed is not None
    shelf.mark(scored, signed)
    return scored.campaign


def test_known_text_is_marked() -> None:
    """A copy of a campaign's text carries its id from its first reading on."""
    assert "c1#0" == _marked(_shelf(_record()))
    assert "" == _marked(_shelf(_record()), "Nobody asked the ferry company what it costs to wait.")


def test_erased_text_is_dropped() -> None:
    """When an erasure leaves too few, their text is no longer at hand."""
    assert "" == _marked(_shelf(_record(), _record(comments=2, authors=2, text="")))


def test_campaign_that_is_over_is_dropped() -> None:
    """A text is not kept longer than its copies would count, however few campaigns there are."""
    shelf = _shelf(_record(), _record("c2#0", text=TEXT[20:], last_seen=100.0 + 86_500))
    assert ["c2#0"] == list(shelf._known)
