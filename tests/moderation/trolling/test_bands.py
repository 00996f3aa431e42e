"""A band: who came to the same key, and who of them is alike."""

import random
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.trolling.bands import (
    BandState,
    Met,
    Sighting,
    applied,
    expired,
    forgotten,
    sighting,
)
from moderation.trolling.campaigns import CampaignSettings, Member, Origin
from moderation.trolling.minhash import signature

SETTINGS = CampaignSettings()
HOUR = 3_600.0
PIER = "Close the pier and the island loses its only doctor, says every fisherman I know."
MILL = "The mill never made a profit, and my taxes paid for three different roofs on it."
LAMPS = "New lamps along the canal would help more people than another bandstand ever did."
SIGNED = {text: signature(text) for text in (PIER, MILL, LAMPS, PIER.upper())}


def seen(item: int, text: str, *, at: float = 0.0, author: int | None = None) -> Sighting:
    """A comment that comes to the band."""
    signed = SIGNED[text]
    assert signed is not None
    member = Member(f"c{item}#0", item if author is None else author, "a1", at)
    return sighting(member, signed, text)


def take(sightings: Sequence[Sighting]) -> Met:
    """The band after these; the matches and evictions of the last."""
    met = Met(BandState(), [], 0)
    for each in sightings:
        met = applied(met.state, each, each.member.at, SETTINGS)
    return met


def test_copies_match() -> None:
    """The second of two copies gives rise to a match, under the id of the first."""
    met = take([seen(1, PIER), seen(2, MILL, at=1), seen(3, PIER.upper(), at=2)])
    assert [("c1#0", "c1#0"), ("c3#0", "c1#0")] == [
        (match.key, match.origin.item_id) for match in met.matches
    ]
    entering = [match.found.members for match in met.matches if match.found]
    assert [["c1#0"], ["c3#0"]] == [[member.item_id for member in each] for each in entering]


def test_others_under_the_same_key_do_not_match() -> None:
    """A key is short and strangers share it: the sketch decides."""
    assert [] == take([seen(1, PIER), seen(2, MILL), seen(3, LAMPS)]).matches


def test_one_match_however_many_were_before() -> None:
    """A popular text costs one match for each copy, not one for each pair."""
    met = take([seen(item, PIER, at=item) for item in range(10)])
    assert ["c9#0"] == [match.key for match in met.matches]
    assert met.matches[0].origin == Origin(0, "c0#0")


def test_only_the_text_of_the_newcomer_travels() -> None:
    """No band keeps a text."""
    met = take([seen(1, PIER), seen(2, PIER)])
    assert PIER not in str(met.state)
    assert [PIER] == [s.text for match in met.matches if match.found for s in match.found.samples]


def test_a_copy_after_the_window_is_none() -> None:
    """What somebody wrote last week is not part of today's campaign."""
    late = SETTINGS.window_seconds + 1
    met = take([seen(1, PIER), seen(2, PIER, at=late)])
    assert [] == met.matches
    assert 1 == len(met.state.residents)


def test_a_comment_that_comes_after_its_window_is_left_out() -> None:
    """A very late record matches nothing and takes no room."""
    state = take([seen(1, PIER, at=50 * HOUR)]).state
    met = applied(state, seen(2, PIER, at=0), 50 * HOUR, SETTINGS)
    assert Met(state, [], 0) == met


def test_expiry_by_timer() -> None:
    """A band that nobody comes to any more is emptied by `expired` alone."""
    state = take([seen(1, PIER), seen(2, MILL, at=5 * HOUR)]).state
    assert state == expired(state, 24 * HOUR, SETTINGS)
    left = expired(state, 25 * HOUR, SETTINGS)
    assert ["c2#0"] == [each.member.item_id for each in left.residents]
    assert BandState() == expired(state, 30 * HOUR, SETTINGS)


def test_forgetting_an_author() -> None:
    """Nothing of an author is left in a band; others stay."""
    state = take([seen(1, PIER, author=7), seen(2, PIER, author=8)]).state
    assert [8] == [each.member.author for each in forgotten(state, 7).residents]


def test_a_state_survives_packing() -> None:
    """What a table stores is what it gives back."""
    state = take([seen(1, PIER), seen(2, PIER, at=1), seen(3, MILL, at=2)]).state
    packed = msgspec.msgpack.encode(state)
    assert state == msgspec.msgpack.decode(packed, type=BandState)


comings = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([PIER, MILL, LAMPS]), st.integers(0, 30)),
    max_size=14,
    unique_by=lambda coming: coming[0],
).map(lambda each: [seen(item, text, at=hours * HOUR) for item, text, hours in each])


@settings(deadline=None)
@given(comings)
def test_seen_twice_is_seen_once(sightings: list[Sighting]) -> None:
    """A record that is read again after a crash changes nothing and gives the same links."""
    met = Met(BandState(), [], 0)
    for each in sightings:
        once = applied(met.state, each, each.member.at, SETTINGS)
        again = applied(once.state, each, each.member.at, SETTINGS)
        assert once.state == again.state
        links = {(match.key, match.origin) for match in once.matches}
        assert {link for link in links if link[0] == each.member.item_id} <= {
            (match.key, match.origin) for match in again.matches
        }
        met = again


@settings(deadline=None)
@given(comings, st.integers(0, 10_000))
def test_order_does_not_matter_within_the_window(sightings: list[Sighting], seed: int) -> None:
    """Records of one key may overtake each other: the groups are the same."""
    within = [each for each in sightings if each.member.at <= SETTINGS.window_seconds]
    now = max((each.member.at for each in within), default=0.0)
    shuffled = random.Random(seed).sample(within, len(within))
    states = []
    for order in (within, shuffled):
        state = BandState()
        for each in order:
            state = applied(state, each, now, SETTINGS).state
        states.append(state)
    assert states[0] == states[1]


@settings(deadline=None)
@given(comings, st.integers(2, 5))
def test_a_band_is_bounded(sightings: list[Sighting], most: int) -> None:
    """However many come, the latest are kept, and those who had to go are counted."""
    small = CampaignSettings(kept_in_band=most, window_seconds=1e9)
    state, evicted = BandState(), 0
    for each in sightings:
        met = applied(state, each, 30 * HOUR, small)
        state, evicted = met.state, evicted + met.evicted
        assert len(state.residents) <= most
    assert evicted == len(sightings) - len(state.residents)
    latest = sorted(each.member.origin for each in sightings)[-most:]
    assert latest == [each.member.origin for each in state.residents]
