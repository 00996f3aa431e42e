"""Thresholds from what moderators decided: those that keep a promise, and those that fit a staff.

Only comments that reached a threshold were looked at, so nothing is known of what lies below it:
thresholds are raised here, or left, and never lowered.
"""

import bisect
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from scipy.special import betaincinv, stdtrit

from moderation.errors import SettingsError
from moderation.policy import Policy

LEAST: Final = 50
"""Decisions on a reason without which nothing is proposed for it."""
_LEAST_ABOVE: Final = 20
"""Decisions that must lie above a proposed threshold."""
_LEAST_DAYS: Final = 7
_STEP: Final = 0.02
_HIGHEST: Final = 0.98
_MOST_STEPS: Final = 45
"""Beyond nine tenths of the way to 1 a threshold is switched off rather than raised."""
_DAY: Final = 86_400.0


class Seen(NamedTuple):
    """What a person's decision says of one reason of one comment."""

    section: str
    code: str
    score: float
    threshold: float
    """That was in force then: nothing below it was looked at."""
    confirmed: bool


class Arrival(NamedTuple):
    """A comment that went to review: when, where, and for what."""

    at: float
    """Seconds since the epoch."""
    section: str
    scores: Mapping[str, float]
    """Of its reasons, by code."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What the decisions say of one threshold."""

    section: str
    """Empty: all sections that have no proposal of their own."""
    code: str
    decisions: int
    confirmed: int
    """Of the decisions: rejections for this reason or one of its kind."""
    now: float
    threshold: float | None
    """The lowest that keeps the promise; `now` when the present one does; None when refused."""
    precision: float | None = None
    """Share confirmed above it."""
    bound: float | None = None
    """What that share is at least, with the confidence asked for."""
    refused: str = ""


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds at which a staff can look at everything."""

    capacity: float
    """Comments a day that the staff can decide."""
    arriving: float
    """Comments a day that go to review now."""
    days: int
    lift: float
    """Share of the way from each threshold to 1 that it is raised."""
    kept: float
    """Comments a day that still go to review."""
    bound: float
    """What that is at most, with the confidence asked for."""
    thresholds: dict[tuple[str, str], float]
    """By section and code; an empty section: the default."""


def lower_bound(hits: int, count: int, alpha: float) -> float:
    """What a share is at least: one-sided, exact (Clopper and Pearson 1934)."""
    return float(betaincinv(hits, count - hits + 1, alpha)) if hits else 0.0


def keep_precision(
    seen: Iterable[Seen],
    policy: Policy,
    *,
    precision: float,
    confidence: float = 0.95,
    least: int = LEAST,
) -> list[Proposal]:
    """By section and reason, the lowest threshold above which `precision` is confirmed.

    The bound holds for all candidates of a reason at once (Bonferroni), so picking the best one
    does not flatter it. Sections with too few decisions are taken together.
    """
    promise = _Promise(policy, precision, 1 - confidence, least)
    by_code: dict[str, dict[str, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for one in seen:
        rule = policy.rules(one.section).get(one.code)
        if rule is not None and rule.action == "review":
            by_code[one.code][one.section].append(one)
    found: list[Proposal] = []
    for code, sections in sorted(by_code.items()):
        rest: list[Seen] = []
        for section, given in sorted(sections.items()):
            own = section and (len(given) >= least or _differs(policy, section, code))
            if own:
                found.append(_propose(section, code, given, promise))
            else:
                rest += given
        if rest:
            found.append(_propose("", code, rest, promise))
    return found


def fit_staff(
    arrivals: Sequence[Arrival],
    policy: Policy,
    *,
    capacity: float,
    confidence: float = 0.95,
) -> Fit:
    """The least lift of all thresholds at which a day's comments fit a staff's `capacity`.

    All thresholds go the same share of the way to 1. The bound is that of the mean of the days
    (Student). SettingsError when there are fewer than seven whole days, or no lift is enough.
    """
    days = _whole_days(arrivals)
    if len(days) < _LEAST_DAYS:
        raise SettingsError(
            f"{len(days)} whole days of comments are too few: {_LEAST_DAYS} are needed"
        )
    arriving = statistics.fmean(len(day) for day in days)
    lasts = _Lasts(policy)
    last = [sorted(lasts.step(one) for one in day) for day in days]
    best: Fit | None = None
    # From the highest on down, ending at the first that fails: so the bound needs no correction.
    for step in range(_MOST_STEPS, -1, -1):
        lift = step * _STEP
        counts = [len(day) - bisect.bisect_left(day, step) for day in last]
        mean = statistics.fmean(counts)
        reach = float(stdtrit(len(days) - 1, confidence))
        bound = mean + reach * statistics.stdev(counts) / math.sqrt(len(days))
        if bound > capacity:
            break
        best = Fit(
            capacity=capacity,
            arriving=arriving,
            days=len(days),
            lift=lift,
            kept=mean,
            bound=bound,
            thresholds=_lifted(arrivals, policy, lift),
        )
    if best is None:
        raise SettingsError(
            f"{capacity:.0f} comments a day are too few for any threshold: "
            f"{arriving:.0f} arrive now"
        )
    return best


def capacity(people: float, hours: float, seconds: Sequence[float]) -> float:
    """Comments a day that people can decide; `seconds` is what decisions took.

    SettingsError when too few decisions were timed.
    """
    if len(seconds) < LEAST:
        raise SettingsError(
            f"{len(seconds)} timed decisions are too few to know how long one takes: "
            f"{LEAST} are needed, or say it with --seconds"
        )
    return people * hours * 3_600 / statistics.fmean(seconds)


class _Promise(NamedTuple):
    """What a threshold has to keep."""

    policy: Policy
    precision: float
    alpha: float
    """Chance that a promise does not hold."""
    least: int


def _propose(section: str, code: str, seen: Sequence[Seen], promise: _Promise) -> Proposal:
    now = promise.policy.rules(section)[code].threshold
    confirmed = sum(one.confirmed for one in seen)
    proposal = Proposal(
        section=section,
        code=code,
        decisions=len(seen),
        confirmed=confirmed,
        now=now,
        threshold=None,
    )
    if len(seen) < promise.least:
        return msgspec.structs.replace(
            proposal, refused=f"{len(seen)} decisions are too few: {promise.least} are needed"
        )
    candidates = _candidates(now)
    best = 0.0
    for threshold in candidates:
        above = [one for one in seen if one.score >= threshold and one.threshold <= threshold]
        if len(above) < _LEAST_ABOVE:
            continue
        hits = sum(one.confirmed for one in above)
        bound = lower_bound(hits, len(above), promise.alpha / len(candidates))
        best = max(best, bound)
        if bound >= promise.precision:
            return msgspec.structs.replace(
                proposal, threshold=threshold, precision=hits / len(above), bound=bound
            )
    return msgspec.structs.replace(
        proposal,
        refused=f"no threshold keeps {promise.precision:g}: the best is certain of {best:.2f} only",
    )


def _candidates(now: float) -> list[float]:
    """The present threshold and rounder ones above it."""
    first = math.floor(now / _STEP + 1e-9) + 1
    last = round(_HIGHEST / _STEP)
    return [now, *(round(step * _STEP, 4) for step in range(first, last + 1))]


def _differs(policy: Policy, section: str, code: str) -> bool:
    return policy.rules(section)[code] != policy.rules("")[code]


def _whole_days(arrivals: Sequence[Arrival]) -> list[list[Arrival]]:
    """Comments by day of 24 hours, from the first comment on; what is left over is not a day."""
    if not arrivals:
        return []
    start = min(one.at for one in arrivals)
    count = int((max(one.at for one in arrivals) - start) // _DAY)
    days: list[list[Arrival]] = [[] for _ in range(count)]
    for one in arrivals:
        day = int((one.at - start) // _DAY)
        if day < count:
            days[day].append(one)
    return days


def _lift(threshold: float, lift: float) -> float:
    """Raised, to a hundredth."""
    if not lift:
        return threshold
    return math.ceil(round((threshold + lift * (1 - threshold)) * 100, 6)) / 100


class _Lasts:
    """How far thresholds may be lifted before a comment does not go to review any more."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lifted: dict[float, list[float]] = {}

    def step(self, one: Arrival) -> int:
        """The last step at which one of its reasons still holds; -1 when none does even now."""
        rules = self._policy.rules(one.section)
        last = -1
        for code, score in one.scores.items():
            rule = rules.get(code)
            if rule is None:
                # It is not a threshold that sent it to review, such as an unknown language.
                return _MOST_STEPS
            if rule.action == "review":
                last = max(last, bisect.bisect_right(self._steps(rule.threshold), score) - 1)
        return last

    def _steps(self, threshold: float) -> list[float]:
        """The threshold at each step, rising."""
        if threshold not in self._lifted:
            steps = range(_MOST_STEPS + 1)
            self._lifted[threshold] = [_lift(threshold, step * _STEP) for step in steps]
        return self._lifted[threshold]


def _lifted(
    arrivals: Sequence[Arrival], policy: Policy, lift: float
) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    if not lift:
        return found
    for section in ("", *sorted({one.section for one in arrivals if one.section})):
        for code, rule in policy.rules(section).items():
            if rule.action == "review" and (not section or _differs(policy, section, code)):
                found[section, code] = _lift(rule.threshold, lift)
    return found
