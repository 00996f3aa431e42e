"""Toxicity by Detoxify (Hanu and Unitary, 2020): its own package and weights, behind our protocol.

Its `predict` gives floats instead of lists for a list of one, and raises for an empty one; its
constructor downloads. None of that leaves this file: weights are local, or it is an error.
"""

import hashlib
import importlib.util
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moderation.errors import WeightsError
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions
from moderation.text import own_words

VARIANTS: Final[Mapping[str, str]] = {
    "original": "toxic_original-c1212f89.ckpt",
    "unbiased": "toxic_debiased-c7548aa0.ckpt",
    "multilingual": "multilingual_debiased-0b549669.ckpt",
    "original-small": "original-albert-0e1d6498.ckpt",
    "unbiased-small": "unbiased-albert-c8519128.ckpt",
}
"""Published variants and the names under which torch's hub keeps their weights."""
_LANGUAGES: Final = {"multilingual": frozenset({"en", "fr", "es", "it", "pt", "tr", "ru"})}
"""ISO 639 codes by variant; the other variants know English."""

_EMPTY_QUOTES: Final = re.compile(r"[\"\u201c\u201e\u00ab]\s+[\"\u201d\u201c\u00bb]")
_BATCH: Final = 16
_CHARACTERS: Final = 4_000
"""Well over the 512 word pieces that its models read."""


def obstacle(options: ScoringOptions) -> str:
    """Say in one line why Detoxify cannot run with these options; empty when nothing is missing.

    Looks at files only, so that asking does not cost the import of torch.
    """
    if importlib.util.find_spec("detoxify") is None:
        return "detoxify is not installed; install trollbridge[detoxify]"
    if not options.detoxify_checkpoint and options.detoxify_variant not in VARIANTS:
        known = ", ".join(VARIANTS)
        return f"detoxify has no variant {options.detoxify_variant!r}; known are {known}"
    checkpoint = checkpoint_path(options)
    if not checkpoint.is_file():
        return (
            f"Detoxify weights are absent: {checkpoint}; put the file there, name another in "
            "detoxify_checkpoint, or choose toxicity_backend builtin"
        )
    return ""


def checkpoint_path(options: ScoringOptions) -> Path:
    """Where the weights should lie: the named checkpoint, or torch's cache of the variant."""
    if options.detoxify_checkpoint:
        return Path(options.detoxify_checkpoint).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(os.environ.get("TORCH_HOME") or Path(caches) / "torch").expanduser()
    return home / "hub" / "checkpoints" / VARIANTS[options.detoxify_variant]


class DetoxifyScorer:
    """Scores with whatever labels the checkpoint has, under Detoxify's own names.

    Raises WeightsError when the package or weights are absent, when the weights are not those
    of `options.detoxify_sha256`, and when they cannot be loaded without a network.
    """

    name = "toxicity"

    def __init__(self, options: ScoringOptions) -> None:
        missing = obstacle(options)
        if missing:
            raise WeightsError(missing)
        path = checkpoint_path(options)
        digest = _sha256(path)
        expected = options.detoxify_sha256.lower()
        if expected and digest != expected:
            raise WeightsError(f"{path} has SHA-256 {digest}, expected {expected}")
        self._model = _load(path, options)
        kind = "checkpoint" if options.detoxify_checkpoint else options.detoxify_variant
        self.version = f"detoxify-{kind}-{digest[:8]}"
        self.languages = _LANGUAGES.get(options.detoxify_variant, frozenset({"en"}))

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; words that a comment cites from the article or its parent do not count."""
        texts = [_own(given) for given in inputs]
        findings = [Finding({}) for _ in inputs]
        # Texts of like length share a batch, since each is padded to the longest.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            predicted: dict[str, Any] = self._model.predict([texts[index] for index in chosen])
            for label, values in predicted.items():
                listed = values if isinstance(values, list) else [values]
                for index, value in zip(chosen, listed, strict=True):
                    findings[index].scores[label] = float(value)
        for finding in findings:
            finding.details = {
                label: f"Detoxify's {label.replace('_', ' ')} score" for label in finding.scores
            }
        return findings


def _own(given: ScoringInput) -> str:
    sources = (given.article_title, given.article_text, given.parent_text)
    left = _EMPTY_QUOTES.sub(" ", own_words(given.text, sources))
    return " ".join(left.split())[:_CHARACTERS]


def _load(path: Path, options: ScoringOptions) -> Any:
    # Read when the libraries are imported; without it they retry a hub for half a minute.
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Imported late: this brings torch.
    import detoxify  # noqa: PLC0415
    import torch  # noqa: PLC0415

    torch.set_num_threads(options.threads)
    folder = options.detoxify_config or (
        str(path.parent) if (path.parent / "config.json").is_file() else None
    )
    # The checkpoint is a pickle (detoxify reads it with weights_only=False): trusted files only.
    try:
        model = detoxify.Detoxify(checkpoint=str(path), huggingface_config_path=folder)
    except Exception as error:
        # torch, transformers and pickle each raise what they please.
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise WeightsError(
            f"Detoxify cannot load {path}: {reason}; detoxify_config must name a folder with "
            "its config.json and tokenizer"
        ) from error
    damaged = sum(not bool(torch.isfinite(p).all()) for p in model.model.parameters())
    if damaged or not math.isfinite(model.predict(["probe", "probe"])[model.class_names[0]][0]):
        raise WeightsError(f"Detoxify weights are damaged: {path} holds values that are not finite")
    return model


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
