"""Events as hypothesis strategies, and shorthand for scripted ones."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from moderation.trolling import author
from moderation.trolling.author import EMPTY, Accused, Answered, AuthorState, Decided, Event, Posted
from moderation.trolling.decay import DAY

NOW = 1_764_000_000.0
quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Long lists of events take their time on a busy machine, which is no fault of theirs."""

_times = st.floats(NOW, NOW + 40 * DAY)
_chances = st.floats(0, 1)
_numbers = st.integers(0, 2**32 - 1)
_few = st.integers(1, 9)


def _posted(
    hashes: st.SearchStrategy[int], parents: st.SearchStrategy[int | None]
) -> st.SearchStrategy[Posted]:
    return st.builds(
        Posted,
        at=_times,
        comment=_numbers,
        thread=hashes,
        signature=st.sampled_from([(), (1, 2, 3), (4, 5, 6), (7, 8, 9)]),
        toxicity=st.none() | _chances,
        off_topic=st.none() | _chances,
        flagged=st.booleans(),
        heat=_chances,
        parent_author=parents,
        account_age=st.none() | st.floats(0, 1_000 * DAY),
    )


def _others(hashes: st.SearchStrategy[int]) -> st.SearchStrategy[Event]:
    answered = st.builds(
        Answered,
        at=_times,
        replier=hashes,
        thread=hashes,
        toxicity=st.none() | _chances,
        heat=_chances,
    )
    accused = st.builds(Accused, at=_times, accuser=hashes)
    decided = st.builds(Decided, at=_times, approved=st.booleans(), heat=_chances)
    return answered | accused | decided


any_event = _posted(_numbers, st.none() | _numbers) | _others(_numbers)
any_events = st.lists(any_event, max_size=80)
"""Whatever may happen."""
few_events = st.lists(
    _posted(_few, st.none()) | _others(_few),
    max_size=8,
    unique_by=lambda event: (event.at, getattr(event, "comment", None)),
)
"""So few that nothing is dropped for want of room, and no conversation among them."""


def after(*events: Event, state: AuthorState = EMPTY) -> AuthorState:
    """The state after events."""
    for event in events:
        state = author.applied(state, event)
    return state
