"""Identifiers in few bytes."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from moderation.trolling.short_ids import packed, unpacked

_UUIDS = st.uuids().map(str)
_REST = st.sampled_from(["", "#0", "#12", "-1#0", "é"])


@given(st.one_of(st.text(), _UUIDS, st.builds(str.__add__, _UUIDS, _REST)))
def test_an_identifier_comes_back(identifier: str) -> None:
    """A campaign names its comments as their publisher does, whatever ids they have."""
    assert identifier == unpacked(packed(identifier))


def test_other_spellings_stay_apart() -> None:
    """Two ids that differ in case alone are two comments."""
    lower = str(uuid.UUID(int=0xABCDEF << 100))
    kept = {packed(lower), packed(lower.upper()), packed(lower.replace("-", ""))}
    assert 3 == len(kept)


def test_a_uuid_is_short() -> None:
    """The table of bands holds millions of them."""
    assert 17 == len(packed(str(uuid.uuid4())))
