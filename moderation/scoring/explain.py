"""Explains what is flagged: the words it rests on, in a sentence, and whether it may be bias.

Scores stay what they are. Every search of a batch runs at once, so that a round of theirs is one
call of the scorer.
"""

import time
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import Final

import msgspec

from moderation.errors import ScoringError
from moderation.scoring import identity, wording
from moderation.scoring.occlusion import Removal, Search, merged, search, whole, without
from moderation.scoring.protocol import Attributing, Finding, Scorer, ScoringInput, Span

Score = Callable[[Scorer, Sequence[ScoringInput]], list[Finding]]
"""Scores a batch with a scorer, and checks what comes back."""
Nearest = Callable[[ScoringInput], tuple[str, float]]
"""The nearest passage of the article and its similarity, see `passages.nearest_passage`."""

SECONDS: Final = 3.0
"""What explaining a batch may take before it is content with whole texts: in a wave of abuse the
scores must not wait for it."""
_TEXTS: Final = 128
"""Texts in a call; between calls the time is looked at."""


class Explainer:
    """Explains the findings of several scorers."""

    def __init__(
        self, scorers: Sequence[Scorer], score: Score, *, nearest: Nearest | None = None
    ) -> None:
        self._scorers = scorers
        self._score = score
        self._nearest = nearest

    def explain(
        self,
        inputs: Sequence[ScoringInput],
        parts: Sequence[Sequence[Finding]],
        *,
        seconds: float = SECONDS,
    ) -> list[list[Finding]]:
        """The findings with evidence, details, bias marks and passage for what reaches its limit.

        `parts[i]` are the findings of scorer `i`, one for each input. Scores stay as they are.
        """
        # Copies: a scorer may keep what it gave us.
        copies = [[msgspec.structs.replace(each) for each in findings] for findings in parts]
        ends = time.monotonic() + seconds
        cleared = self._look_for_bias(inputs, copies)
        for scorer, findings in zip(self._scorers, copies, strict=True):
            self._find_words(scorer, inputs, findings, ends)
        for number, comment in enumerate(inputs):
            for findings in copies:
                self._describe(comment, findings[number], cleared.get(number))
        return copies

    def _find_words(
        self,
        scorer: Scorer,
        inputs: Sequence[ScoringInput],
        findings: Sequence[Finding],
        ends: float,
    ) -> None:
        searches = [
            _Running(number, code, _search(scorer, comment, finding, code), comment.text)
            for number, (comment, finding) in enumerate(zip(inputs, findings, strict=True))
            for code in flagged(comment, finding)
        ]
        known: dict[tuple[int, str], dict[str, float]] = {}
        while running := [each for each in searches if not each.done]:
            wanted = dict.fromkeys(
                (each.number, text)
                for each in running
                for text in each.texts
                if (each.number, text) not in known
            )
            left = iter(wanted)
            while chunk := list(islice(left, _TEXTS)):
                if time.monotonic() > ends:
                    break
                variants = [_with_text(inputs[number], text) for number, text in chunk]
                for key, found in zip(chunk, self._score(scorer, variants), strict=True):
                    known[key] = found.scores
            if not wanted.keys() <= known.keys():
                break
            for each in running:
                each.send([known[each.number, text].get(each.code, 0.0) for text in each.texts])
        for each in searches:
            finding, text = findings[each.number], inputs[each.number].text
            spans = [Span(*span, each.code) for span in merged(text, each.found)]
            others = [span for span in finding.evidence if span.code != each.code]
            finding.evidence = sorted(others + spans, key=lambda span: (span.start, span.end))

    def _describe(
        self, comment: ScoringInput, finding: Finding, cleared: identity.Swap | None
    ) -> None:
        """Say each reason in a sentence."""
        for code in flagged(comment, finding):
            passage, similarity = "", 0.0
            if code in wording.ABOUT_THE_STORY and self._nearest is not None:
                passage, similarity = self._nearest(comment)
            spans = [(at.start, at.end) for at in finding.evidence if at.code == code]
            said = wording.sentence(
                code,
                comment.text,
                spans,
                note=finding.details.get(code, ""),
                similarity=similarity if passage else None,
            )
            if passage:
                finding.passages = {**finding.passages, code: passage}
            if cleared is not None and code in identity.CODES:
                finding.possible_bias = [*finding.possible_bias, code]
                said = wording.bias(said, cleared.term, cleared.other)
            finding.details = {**finding.details, code: said}

    def _look_for_bias(
        self, inputs: Sequence[ScoringInput], parts: Sequence[Sequence[Finding]]
    ) -> dict[int, identity.Swap]:
        """By number of the input, the first exchange that takes all that is hostile below."""
        swaps = [
            (number, swap)
            for number, comment in enumerate(inputs)
            if any(_hostile(comment, findings[number]) for findings in parts)
            for swap in identity.swaps(comment)
        ]
        clears = [True] * len(swaps)
        for scorer, findings in zip(self._scorers, parts, strict=True):
            codes = [_hostile(inputs[number], findings[number]) for number, _ in swaps]
            asked = [at for at, hostile in enumerate(codes) if hostile]
            variants = [_with_text(inputs[swaps[at][0]], swaps[at][1].text) for at in asked]
            scored = self._score(scorer, variants) if variants else []
            for at, found in zip(asked, scored, strict=True):
                limits = inputs[swaps[at][0]].limits
                below = [found.scores.get(code, 0.0) < limits[code] for code in codes[at]]
                clears[at] = clears[at] and all(below)
        first: dict[int, identity.Swap] = {}
        for (number, swap), clear in zip(swaps, clears, strict=True):
            if clear:
                first.setdefault(number, swap)
        return first


def flagged(comment: ScoringInput, finding: Finding) -> list[str]:
    """The codes of a finding that reach their limits."""
    return [
        code
        for code, score in finding.scores.items()
        if code in comment.limits and score >= comment.limits[code]
    ]


def _hostile(comment: ScoringInput, finding: Finding) -> list[str]:
    return [code for code in flagged(comment, finding) if code in identity.CODES]


def _with_text(comment: ScoringInput, text: str) -> ScoringInput:
    return msgspec.structs.replace(comment, text=text, limits={})


def _search(scorer: Scorer, comment: ScoringInput, finding: Finding, code: str) -> Search:
    own = [(span.start, span.end) for span in finding.evidence if span.code == code]
    weighed = scorer.attribute(comment, code) if isinstance(scorer, Attributing) else []
    for start, end, _ in weighed:
        if not 0 <= start < end <= len(comment.text):
            raise ScoringError(f"{scorer.name}: attribution {start}:{end} is outside the text")
    ranked = [(start, end) for start, end, _ in sorted(weighed, key=lambda word: -word[2])]
    return search(comment.text, own, ranked, comment.limits[code])


class _Running:
    """A search, what it wants scored now, and what it has found."""

    def __init__(self, number: int, code: str, steps: Search, text: str) -> None:
        self.number = number
        self.code = code
        self.found: Removal = whole(text)
        """The whole text until something better is known."""
        self.texts: list[str] = []
        self.done = False
        self._steps = self._kept(steps)
        self._text = text
        self.send(None)

    def send(self, scores: list[float] | None) -> None:
        """Go on with the scores of `texts`; the first time there are none."""
        self.texts = [without(self._text, spans) for spans in self._steps.send(scores)]

    def _kept(self, steps: Search) -> Generator[list[Removal], list[float] | None, None]:
        self.found = yield from steps
        self.done = True
        yield []
