"""A scorer that reads masked words as well as they are meant."""

from collections.abc import Collection, Sequence

import msgspec

from moderation.scoring.protocol import Attributing, Finding, Scorer, ScoringInput, Span
from moderation.unmasking import Unmasked, unmask


class Unmasking:
    """Wraps a scorer: a comment with masks is scored raw and unmasked, and the higher counts.

    Name, version and score keys are those of the wrapped scorer. A comment without masks costs
    nothing more; those with masks cost one more batch.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.name = scorer.name
        self.version = scorer.version
        self.languages: Collection[str] | None = getattr(scorer, "languages", None)

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch. Evidence points at the raw text, whichever of the two it was found in."""
        findings = self._scorer.score(inputs)
        read = {n: unmask(comment.text) for n, comment in enumerate(inputs)}
        masked = {n: said for n, said in read.items() if said.masks}
        if not masked:
            return findings
        again = self._scorer.score([_plain(inputs[n], said) for n, said in masked.items()])
        for (n, said), plain in zip(masked.items(), again, strict=True):
            findings[n] = _higher(findings[n], plain, said)
        return findings

    def attribute(self, comment: ScoringInput, code: str) -> list[tuple[int, int, float]]:
        """The words of the raw text that the wrapped scorer looks at, if it can tell."""
        if not isinstance(self._scorer, Attributing):
            return []
        said = unmask(comment.text)
        plain = _plain(comment, said) if said.masks else comment
        return [
            (*said.raw_span(start, end), weight)
            for start, end, weight in self._scorer.attribute(plain, code)
        ]


def _plain(comment: ScoringInput, said: Unmasked) -> ScoringInput:
    """The comment as it is meant; what it may cite is unmasked too, or it would not be found."""
    return msgspec.structs.replace(
        comment,
        text=said.text,
        article_title=unmask(comment.article_title).text,
        article_text=unmask(comment.article_text).text,
        parent_text=unmask(comment.parent_text).text,
    )


def _higher(raw: Finding, plain: Finding, said: Unmasked) -> Finding:
    """For each key the higher score, with the evidence and words that belong to it."""
    raised = {key for key, score in plain.scores.items() if score > raw.scores.get(key, -1)}
    scores = raw.scores | {key: plain.scores[key] for key in raised}
    evidence = [span for span in raw.evidence if span.code not in raised]
    evidence += [
        Span(*said.raw_span(span.start, span.end), span.code)
        for span in plain.evidence
        if span.code in raised
    ]
    details = {key: words for key, words in raw.details.items() if key not in raised}
    details |= {key: words for key, words in plain.details.items() if key in raised}
    return Finding(scores, evidence, details)
