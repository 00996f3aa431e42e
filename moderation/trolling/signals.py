"""The signals of `troll`: what each adds to the log odds of an author, and its words.

A signal is a function of a state and a time. It answers with log odds and a phrase, or `NOTHING`.
Weights are set by hand, for there is no labelled history to learn them from; each is the most that
its signal can add, reached when the evidence is plain. What the directions rest on:

- Cheng, Danescu-Niculescu-Mizil and Leskovec (2015, "Antisocial Behavior in Online Discussion
  Communities"): users who are banned later post more a day, concentrate on fewer threads, are more
  often off the topic and draw more replies; a growing share of their comments is deleted. All
  features over the first ten posts tell them apart with an AUC of 0.80, those of moderators'
  deletions best. Harsh treatment early on makes authors worse, which is why few observations weigh
  little here.
- Cheng, Bernstein, Danescu-Niculescu-Mizil and Leskovec (2017, "Anyone Can Become a Troll"): in an
  experiment 35 % of ordinary people trolled in a good mood under a calm thread, 68 % in a bad mood
  under a hostile one; mood and thread explain trolling better than an author's history. So
  hostility counts as a habit only where the thread was calm.
- Mihaylov, Georgiev and Nakov (2015, "Finding Opinion Manipulation Trolls in News Community
  Forums"): being called a troll by several people is a usable label, reproduced with 82 to 95 %
  accuracy.
- Kumar, Cheng, Leskovec and Subrahmanian (2017, "An Army of Me"): sock puppets gather in the same
  discussions and are told from ordinary authors one by one with an AUC of only 0.68, so that a
  young account is a weak hint.

Two limits are built into the weights: what others do to an author (`provocation`, `accusations`)
stays below `REVIEW_AT` by itself, for a new account too, so that a mob cannot make a troll; and so
does the tone of an author's comments (`tone`, `flagged`), which their own scores already judge.
"""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from moderation.trolling.author import (
    HABIT_HALF_LIFE,
    PACE_HALF_LIFE,
    TEXT_HALF_LIFE,
    VOLUME_HALF_LIFE,
    AuthorState,
    Recent,
)
from moderation.trolling.decay import DAY, MINUTE, fraction
from moderation.trolling.logistic import ramp
from moderation.trolling.spans import span

Answer = tuple[float, str]
NOTHING: Final[Answer] = (0.0, "")

_PAUSE: Final = 5 * MINUTE
"""A longer gap ends a run of comments."""
_SPREAD_WINDOW: Final = 15 * MINUTE
_NEW: Final = 30 * DAY
_LEAST_CONCENTRATED: Final = 8


def pace(state: AuthorState, now: float) -> Answer:
    """Up to 4.0 for comments in quick succession (Cheng 2015: later-banned users post more).

    Six within about four minutes weigh 3, ten minutes later nothing is left. A comment in a hot
    thread counts down to half, and so does one in a conversation: both are fast on all sides.
    """
    count = sum(each.weight * fraction(now - each.at, PACE_HALF_LIFE) for each in state.recent)
    amount = ramp(count, 3.0, 4.4)
    if not amount:
        return NOTHING
    run = _run(state.recent)
    return 4.0 * amount, f"{len(run)} comments within {span(run[-1].at - run[0].at)}"


def _run(recent: tuple[Recent, ...]) -> tuple[Recent, ...]:
    """The latest comments that follow each other without a pause."""
    start = 0
    for index, (one, other) in enumerate(pairwise(recent), 1):
        if other.at - one.at > _PAUSE:
            start = index
    return recent[start:]


def spread(state: AuthorState, now: float) -> Answer:
    """Up to 1.5 for many articles within a quarter of an hour: too many to have read."""
    if not state.recent:
        return NOTHING
    last = state.recent[-1].at
    window = [each for each in state.recent if each.at >= last - _SPREAD_WINDOW]
    articles = len({each.thread for each in window})
    amount = ramp(articles, 2, 5) * fraction(now - last, _SPREAD_WINDOW)
    if not amount:
        return NOTHING
    return 1.5 * amount, f"{articles} articles within {span(last - window[0].at)}"


def repeats(state: AuthorState, now: float) -> Answer:
    """Up to 4.0 for the same text again and again; two copies are a slip of the finger."""
    if not state.texts:
        return NOTHING
    copies = sum(max(0.0, each.count.value_at(now, TEXT_HALF_LIFE) - 1) for each in state.texts)
    amount = ramp(copies, 1, 3.5)
    if not amount:
        return NOTHING
    most = max(state.texts, key=lambda each: each.count.value_at(now, TEXT_HALF_LIFE))
    return (
        4.0 * amount,
        f"the same text {most.times} times within {span(most.count.at - most.first)}",
    )


def volume(state: AuthorState, now: float) -> Answer:
    """Up to 0.8 for very many comments a day over several days (Cheng 2015)."""
    daily = state.volume.rate_at(now, VOLUME_HALF_LIFE) * DAY
    return 0.8 * ramp(daily, 15, 60), f"about {daily:.0f} comments a day"


def concentration(state: AuthorState, now: float) -> Answer:
    """Up to 0.4 for staying in one thread (Cheng 2015); weak, since duels do so as well."""
    if len(state.recent) < _LEAST_CONCENTRATED:
        return NOTHING
    ((_, most),) = Counter(each.thread for each in state.recent).most_common(1)
    seen = len(state.recent)
    amount = ramp(most / seen, 0.7, 1) * ramp(seen, _LEAST_CONCENTRATED, 16)
    amount *= fraction(now - state.recent[-1].at, DAY)
    return 0.4 * amount, f"{most} of the last {seen} comments in one thread"


def tone(state: AuthorState, now: float) -> Answer:
    """Up to 2.2 for hostility in calm threads, and in several of them.

    One thread is a bad day; four are a habit.
    """
    threads = sum(
        fraction(now - each.at, HABIT_HALF_LIFE) for each in state.threads if each.hostile
    )
    amount = _calm_hostility(state, now) * _breadth(threads)
    if not amount:
        return NOTHING
    count = sum(1 for each in state.threads if each.hostile)
    return (
        2.2 * amount,
        f"hostile in {_percent(state.calm.plain())} of what it writes in calm threads, "
        f"in {_counted(count, 'thread')}",
    )


def circumstance(state: AuthorState, now: float) -> Answer:
    """Down to -1.2 for hostility that occurs in hot threads only (Cheng 2017)."""
    hot = ramp(state.hot.shrunk(now, HABIT_HALF_LIFE, prior=0.1, strength=3), 0.2, 0.6)
    amount = hot * (1 - _calm_hostility(state, now))
    if not amount:
        return NOTHING
    return (
        -1.2 * amount,
        f"hostile where threads were heated already ({_percent(state.hot.plain())}), "
        f"less so in calm ones ({_percent(state.calm.plain())})",
    )


def provocation(state: AuthorState, now: float) -> Answer:
    """Up to 1.5 for replies that turn hostile though the thread was calm.

    Cheng 2015: later-banned users draw more replies. It takes several threads: one quarrel has two
    sides.
    """
    turned = [each for each in state.threads if 2 * each.hostile_replies >= max(1, each.replies)]
    calm = sum(1 for each in state.threads if each.replies)
    share = state.replies.shrunk(now, HABIT_HALF_LIFE, prior=0.15, strength=4)
    threads = sum(fraction(now - each.at, HABIT_HALF_LIFE) for each in turned)
    amount = ramp(share, 0.25, 0.65) * _breadth(threads)
    if not amount:
        return NOTHING
    return (
        1.5 * amount,
        f"replies turned hostile in {len(turned)} of {_counted(calm, 'calm thread')}",
    )


def pursuit(state: AuthorState, now: float) -> Answer:
    """Up to 1.0 for hostile answers to the same person in several calm threads."""
    threads: dict[int, list[float]] = {}
    for each in state.targets:
        threads.setdefault(each.target, []).append(fraction(now - each.at, HABIT_HALF_LIFE))
    most = max(threads.values(), key=sum, default=[])
    return 1.0 * ramp(sum(most), 1, 3), f"hostile to the same person in {len(most)} threads"


def accusations(state: AuthorState, now: float) -> Answer:
    """Up to 1.0 for being called a troll by several others (Mihaylov 2015); one is no evidence."""
    accusers = sum(fraction(now - each.at, HABIT_HALF_LIFE) for each in state.accusers)
    return 1.0 * ramp(accusers, 1, 4), f"called a troll by {len(state.accusers)} others"


def flagged(state: AuthorState, now: float) -> Answer:
    """Up to 0.7 for comments that went to review on their own scores, in calm threads.

    Low: whoever is sarcastic is flagged often, and a score is not a finding.
    """
    share = state.flagged.shrunk(now, HABIT_HALF_LIFE, prior=0.1, strength=5)
    return (
        0.7 * ramp(share, 0.2, 0.7),
        f"{_percent(state.flagged.plain())} of its comments flagged",
    )


def decisions(state: AuthorState, now: float) -> Answer:
    """Between -3.0 (moderators approve) and 3.5 (they reject).

    The strongest signal (Cheng 2015: deletions predict best), since it is a person's; each
    approval lowers it and each rejection raises it.
    """
    prior = 0.3
    share = state.rejected.shrunk(now, HABIT_HALF_LIFE, prior=prior, strength=3)
    rejected = state.rejected.plain()
    if share >= prior:
        return (
            3.5 * (share - prior) / (1 - prior),
            f"moderators rejected {_percent(rejected)} of what they looked at",
        )
    return (
        -3.0 * (prior - share) / prior,
        f"moderators approved {_percent(1 - rejected)} of what they looked at",
    )


def off_topic(state: AuthorState, now: float) -> Answer:
    """Up to 1.2 for comments that have nothing to do with article or thread (Cheng 2015)."""
    share = state.off_topic.shrunk(now, HABIT_HALF_LIFE, prior=0.2, strength=5)
    return (
        1.2 * ramp(share, 0.3, 0.8),
        f"{_percent(state.off_topic.plain())} of its comments off the topic",
    )


def newcomer(state: AuthorState, now: float) -> Answer:
    """Up to 0.5 for an account made today, down to nothing after a month (Kumar 2017: weak)."""
    if state.created_at is None:
        return NOTHING
    age = max(0.0, now - state.created_at)
    return 0.5 * (1 - ramp(age, 0, _NEW)), f"an account of {span(age)}"


Signal = Callable[[AuthorState, float], Answer]

SIGNALS: Final[dict[str, Signal]] = {
    signal.__name__: signal
    for signal in (
        pace,
        spread,
        repeats,
        volume,
        concentration,
        tone,
        circumstance,
        provocation,
        pursuit,
        accusations,
        flagged,
        decisions,
        off_topic,
        newcomer,
    )
}
"""By the name that switches a signal off."""


def _calm_hostility(state: AuthorState, now: float) -> float:
    """How plainly the author is hostile in calm threads, 0..1."""
    return ramp(state.calm.shrunk(now, HABIT_HALF_LIFE, prior=0.08, strength=6), 0.15, 0.5)


def _breadth(threads: float) -> float:
    """What a finding is worth that holds in so many threads, 0..1."""
    return ramp(threads, 0, 1) * 0.25 + ramp(threads, 1, 4) * 0.75


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
