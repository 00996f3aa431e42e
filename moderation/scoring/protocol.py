"""What every scorer is given and gives back."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec


class ScoringInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comment with what is known around it. Unknown context is the empty string or tuple."""

    text: str
    article_title: str = ""
    article_text: str = ""
    """Paragraphs joined by newlines."""
    parent_text: str = ""
    """The comment that this one answers."""
    thread: tuple[str, ...] = ()
    """Texts of earlier comments under the same article, oldest first."""
    section: str = ""
    lang: str = ""
    """What the producer says (BCP 47)."""
    limits: dict[str, float] = {}
    """From which score on a reason is explained, by code; empty: nothing is. For the ensemble:
    a scorer's scores must not depend on it."""
    asides: frozenset[str] = frozenset()
    """Codes among `limits` that are explained only where another one reaches its limit."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Evidence: `text[start:end]` of the raw comment, in code points, for a reason code."""

    start: int
    end: int
    code: str


class Finding(msgspec.Struct, omit_defaults=True):
    """What one scorer says of one input."""

    scores: dict[str, float]
    """Probabilities 0..1 by score key."""
    evidence: list[Span] = []
    details: dict[str, str] = {}
    """Plain words for a moderator, by score key."""
    lang: str = ""
    """The language that was detected; `Ensemble` sets it, and only where a scorer needs it."""
    unsupported: list[str] = []
    """Scorers that do not know the language, so that their scores are missing."""
    possible_bias: list[str] = []
    """Score keys that fall below their limits when an identity term is exchanged for another."""
    passages: dict[str, str] = {}
    """The nearest passage of the article, by score key, where that is the reason."""


class Scorer(Protocol):
    """Texts in, scores out. A scorer is pure: the same input gives the same finding.

    A scorer that knows only some languages has `languages`, a frozenset of ISO 639 codes; it is
    not asked for comments in others. Without it a scorer is asked for every comment.
    """

    name: str
    """Metric label and key in a judged record's `models`."""
    version: str

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch: one finding for each input, in order."""
        ...


@runtime_checkable
class Attributing(Protocol):
    """A scorer that can tell which words a score rests on. Optional: it makes explaining cheaper.

    Nobody need trust the weights: they are the order in which words are tried, and what is shown
    has been scored without them.
    """

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """Weigh the words of a comment for a score: `(start, end, weight)`, in any order.

        Spans are whole words of the raw text; the larger the weight, the more the word raises
        the score. Words that do not raise it may be left out. Empty: cannot tell.
        """
        ...


class ScoringOptions(msgspec.Struct, frozen=True):
    """What a site may choose about scoring; handed to every scorer's factory."""

    toxicity_backend: str = "auto"
    """`auto`, `detoxify` or `builtin`."""
    detoxify_checkpoint: str = ""
    """A local Detoxify checkpoint; empty: the published one of `detoxify_variant`, if cached."""
    detoxify_variant: str = "original"
    detoxify_config: str = ""
    """Folder with its config.json and tokenizer; empty: the checkpoint's own folder."""
    detoxify_sha256: str = ""
    """SHA-256 that the checkpoint must have; empty: any."""
    detoxify_precision: str = "auto"
    """`int8`, `fp32`, or `auto`: int8 where its scores are close to Detoxify's own."""
    data_dir: str = ".trollbridge"
    threads: int = 2
    """CPU threads that the models may use."""
