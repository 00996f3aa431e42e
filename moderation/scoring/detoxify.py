"""Toxicity by Detoxify (Hanu and Unitary, 2020): its weights, exported once, behind our protocol.

Detoxify's own `predict` scores about ten comments a second on a core, brings torch, and downloads
when it is constructed. Here its weights are local or it is an error; the first start exports them
(see `detoxify_export`), and onnxruntime scores with the export from then on.
"""

import importlib.util
import re
from collections.abc import Sequence
from typing import Final, get_args

from moderation.errors import WeightsError
from moderation.scoring.checksums import sha256
from moderation.scoring.detoxify_cache import (
    VARIANTS,
    Precision,
    checkpoint_path,
    export_folder,
    exported,
    read_manifest,
    verify,
)
from moderation.scoring.detoxify_export import export_apart
from moderation.scoring.detoxify_model import ExportedModel
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.text import own_words

_NEEDED: Final = ("detoxify", "onnx", "onnxscript", "torch")
"""Packages that an export takes, and scoring does not."""
_LANGUAGES: Final = {"multilingual": frozenset({"en", "fr", "es", "it", "pt", "tr", "ru"})}
"""ISO 639 codes by variant; the other variants know English."""
_EMPTY_QUOTES: Final = re.compile(r"[\"\u201c\u201e\u00ab]\s+[\"\u201d\u201c\u00bb]")
_CHARACTERS: Final = 4_000
"""Well over the 512 word pieces that its models read."""


def obstacle(options: ScoringOptions) -> str:
    """Say in one line why Detoxify cannot run with these options; empty when nothing is missing.

    Looks at files only, so that asking does not cost the import of torch.
    """
    if not options.detoxify_checkpoint and options.detoxify_variant not in VARIANTS:
        known = ", ".join(VARIANTS)
        return f"detoxify has no variant {options.detoxify_variant!r}; known are {known}"
    if options.detoxify_precision not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        return f"detoxify_precision {options.detoxify_precision!r}: take one of {known}"
    if exported(options) is not None:
        return ""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return f"{missing[0]} is not installed; install trollbridge[detoxify]"
    checkpoint = checkpoint_path(options)
    if not checkpoint.is_file():
        fetched = "" if options.detoxify_checkpoint else "run trollbridge models fetch, "
        return (
            f"Detoxify weights are absent: {checkpoint}; {fetched}put the file there, name "
            "another in detoxify_checkpoint, or choose toxicity_backend builtin"
        )
    return ""


class DetoxifyScorer:
    """Scores with whatever labels the checkpoint has, under Detoxify's own names.

    Exports the checkpoint where that has not been done. Raises WeightsError when the packages or
    weights are absent, when the weights are not those of `options.detoxify_sha256`, when they
    cannot be loaded without a network, and when an export is damaged.
    """

    name = "toxicity"

    def __init__(self, options: ScoringOptions) -> None:
        missing = obstacle(options)
        if missing:
            raise WeightsError(missing)
        digest = _digest(options)
        folder = export_folder(options, digest)
        manifest = read_manifest(folder)
        if manifest is None or not manifest.serves(options.detoxify_precision):
            manifest = export_apart(options, digest)
        verify(folder, manifest)
        self._labels = manifest.labels
        self._model = ExportedModel(folder, threads=options.threads)
        kind = "checkpoint" if options.detoxify_checkpoint else options.detoxify_variant
        self.version = f"detoxify-{kind}-{digest[:8]}-{manifest.precision}"
        self.languages = _LANGUAGES.get(options.detoxify_variant, frozenset({"en"}))

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; words that a comment cites from the article or its parent do not count."""
        rows = self._model.predict([_own(given) for given in inputs])
        details = {label: f"Detoxify's {label.replace('_', ' ')} score" for label in self._labels}
        # A model trained with identity labels has more outputs than labels, those at the end.
        return [
            Finding(dict(zip(self._labels, map(float, row), strict=False)), [], dict(details))
            for row in rows
        ]


def _digest(options: ScoringOptions) -> str:
    """SHA-256 of the checkpoint, or of the one whose export is all that is left of it."""
    path = checkpoint_path(options)
    if path.is_file():
        digest = sha256(path)
        expected = options.detoxify_sha256.lower()
        if expected and digest != expected:
            raise WeightsError(f"{path} has SHA-256 {digest}, expected {expected}")
        return digest
    found = exported(options)
    if found is None:
        raise WeightsError(f"Detoxify weights are absent: {path}")
    return found[1].checkpoint


def _own(given: ScoringInput) -> str:
    sources = (given.article_title, given.article_text, given.parent_text)
    left = _EMPTY_QUOTES.sub(" ", own_words(given.text, sources))
    return " ".join(left.split())[:_CHARACTERS]
