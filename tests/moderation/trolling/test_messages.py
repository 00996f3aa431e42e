"""Messages of the internal topics: what is sent is what is read, and what is broken has a code."""

from typing import Any

import pytest

from moderation.errors import RecordError
from moderation.records import CODES, Source
from moderation.trolling import messages
from moderation.trolling.bands import Sighting
from moderation.trolling.campaigns import Match, Member, Origin, campaign_of
from moderation.trolling.messages import (
    Forgotten,
    Matched,
    Reader,
    Replied,
    Sighted,
    TakenBack,
    Turned,
)

_MEMBER = Member("c#0", 7, "a", 1.5)
_REPLIED = Replied(
    author_id="u", source=Source("comments", 3, 9), at=1.5, replier=4, thread=5, toxicity=None
)
_TURNED = Turned(article_id="a", comment_id="c", decision=3, at=1.5)
_TAKEN_BACK = TakenBack(article_id="a", decision=3, at=2.5)
_SIGHTED = Sighted((Sighting(("0.1f2a4",), _MEMBER, bytes(range(32)), "Übermut"),))
_MATCHED = Matched(Match("c#0", Origin(1.5, "b#0"), 1.5, campaign_of(_MEMBER, "text"), enters=True))
_FORGOTTEN = Forgotten("u")

_READERS: list[tuple[Reader, Any]] = [
    (messages.replies, _REPLIED),
    (messages.rejections, _TURNED),
    (messages.rejections, _TAKEN_BACK),
    (messages.sightings, _SIGHTED),
    (messages.matches, _MATCHED),
]


@pytest.mark.parametrize(("reader", "message"), _READERS)
def test_what_is_sent_is_read(reader: Reader, message: Any) -> None:
    """Each topic carries its own message, and that an author is to be erased."""
    assert message == reader(messages.encode(message))
    assert _FORGOTTEN == reader(messages.encode(_FORGOTTEN))


@pytest.mark.parametrize(("reader", "message"), _READERS)
def test_what_is_of_another_topic_is_not(reader: Reader, message: Any) -> None:
    """A record that went astray is a dead letter, not something else."""
    for another, other in _READERS:
        if another is not reader:
            with pytest.raises(RecordError) as raised:
                reader(messages.encode(other))
            assert "wrong_type" == raised.value.code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[]", "wrong_type"),
        (b'{"type":"forgotten"}', "wrong_type"),
        (b'{"type":"forgotten","author_id":5}', "wrong_type"),
        (b'{"type":"forgotten","author_id":"\xff"}', "not_utf8"),
        (b'{"type":"forgotten","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too_deep"),
    ],
)
def test_what_is_broken_has_a_code(value: bytes | None, code: str) -> None:
    """Whoever writes nonsense into an internal topic stops no worker."""
    for reader, _ in _READERS:
        with pytest.raises(RecordError) as raised:
            reader(value)
        assert code == raised.value.code
        assert code in CODES
