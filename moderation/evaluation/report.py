"""What a run found: the structs behind the tables, the JSON and the page."""

import msgspec

from moderation.evaluation.calibration import Calibration
from moderation.evaluation.identity import Identity
from moderation.evaluation.metrics import Figure


class SetInfo(msgspec.Struct, frozen=True):
    """A set that was measured."""

    name: str
    about: str
    seen: str
    """What of it trained the weights that ship; empty: nothing."""
    natural: bool
    """Whether its mix is that of a stream of comments."""
    texts: int
    total: int
    """How many the set has; a sample was drawn when it is more than `texts`."""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """A point of a curve."""

    x: float
    y: float


class Quality(msgspec.Struct, frozen=True):
    """How well one system's score tells the positives of a set from the negatives."""

    set: str
    key: str
    system: str
    positives: int
    negatives: int
    auc: Figure
    ap: Figure
    fpr: Figure
    """False-positive rate at recall .8."""
    lead: Figure | None
    """Trollbridge's AUC less this system's, on the same resamples; None for trollbridge itself."""
    calibration: Calibration
    roc: list[Point]
    """False-positive rate and recall."""
    pr: list[Point]
    """Recall and precision."""


class Operating(msgspec.Struct, frozen=True):
    """What a threshold does on a set."""

    threshold: float
    precision: Figure | None
    recall: Figure | None
    flag_rate: Figure
    """Share of all texts of the set, labelled or not, that reach the threshold."""


class Threshold(msgspec.Struct, frozen=True):
    """A code of the policy on a set: what its threshold does, and which one a precision needs."""

    set: str
    code: str
    action: str
    now: Operating
    for_precision: dict[str, Operating | None]
    """By precision wanted; None where no threshold gives it to at least ten texts."""


class Flags(msgspec.Struct, frozen=True):
    """How many comments the policy sends to a moderator."""

    set: str
    who: str
    """`all`, `harmless` or `wanted` by the labels, or `section: …`."""
    texts: int
    flagged: Figure
    codes: dict[str, int]
    """Texts by reason; one may have several."""


class Fairness(msgspec.Struct, frozen=True):
    """Identity gaps of one system's toxicity on a set."""

    set: str
    system: str
    gaps: Identity


class Sweep(msgspec.Struct, frozen=True):
    """Share of a set's texts that reach each threshold of a code."""

    set: str
    code: str
    threshold: float
    """The policy's."""
    rates: list[Point]


class Speed(msgspec.Struct, frozen=True):
    """How fast a system scored in this run."""

    system: str
    versions: dict[str, str]
    texts: int
    per_second: float
    seconds: dict[str, float]
    """By scorer, where a system has several."""


class Skipped(msgspec.Struct, frozen=True):
    """A set or peer that was not measured."""

    name: str
    reason: str


class Report(msgspec.Struct, frozen=True):
    """A whole run."""

    made_at: str
    policy: str
    seed: int
    limit: int
    resamples: int
    cores: int
    systems: list[str]
    sets: list[SetInfo] = []
    quality: list[Quality] = []
    thresholds: list[Threshold] = []
    flags: list[Flags] = []
    sweeps: list[Sweep] = []
    fairness: list[Fairness] = []
    speed: list[Speed] = []
    skipped: list[Skipped] = []
