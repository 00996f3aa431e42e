"""Toxicity by Detoxify (Hanu and Unitary, 2020), or by the built-in model.

Detoxify brings torch and weights of several hundred megabytes, so both are optional. It is
imported only when it is asked for and its weights are on this machine: this module never
downloads.
"""

import hashlib
import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moderation.errors import ScoringError, SettingsError, WeightsError
from moderation.scoring.protocol import Finding, Scorer, ScoringInput, ScoringOptions
from moderation.scoring.reading import commenters_words

VARIANTS: Final[dict[str, str]] = {
    "original": "toxic_original-c1212f89.ckpt",
    "unbiased": "toxic_debiased-c7548aa0.ckpt",
    "multilingual": "multilingual_debiased-0b549669.ckpt",
    "original-small": "original-albert-0e1d6498.ckpt",
    "unbiased-small": "unbiased-albert-c8519128.ckpt",
}
"""Published variants and the names of their files in torch's cache."""
_CONTRACT_KEYS: Final = {"identity_hate": "identity_attack", "toxic": "toxicity",
                         "severe_toxic": "severe_toxicity"}
_BACKENDS: Final = ("auto", "detoxify", "builtin")
_BATCH: Final = 16


class DetoxifyScorer:
    """Wraps a loaded `detoxify.Detoxify`; scores are those that the model has, 0..1."""

    name = "toxicity"

    def __init__(self, model: Any, version: str) -> None:
        self._model = model
        self.version = version

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        """Score a batch; ScoringError when the model fails."""
        texts = [" ".join(commenters_words(comment).split()) for comment in inputs]
        # Texts of like length share a batch: the padding of a long one costs the short ones time.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        findings = [Finding({}) for _ in texts]
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            for place, scores in zip(places, self._predict([texts[p] for p in places]), strict=True):
                findings[place] = Finding(scores)
        return findings

    def _predict(self, texts: Sequence[str]) -> list[dict[str, float]]:
        # Detoxify gives bare numbers for a list of one and raises on an empty list.
        try:
            predicted: Mapping[str, Any] = self._model.predict(list(texts))
        except Exception as error:
            # torch and transformers raise whatever they like.
            raise ScoringError(f"detoxify: {error}") from error
        rows: list[dict[str, float]] = [{} for _ in texts]
        for label, values in predicted.items():
            column = values if isinstance(values, list) else [values]
            for row, value in zip(rows, column, strict=True):
                row[_CONTRACT_KEYS.get(label, label)] = float(value)
        return rows


def create(options: ScoringOptions) -> Scorer:
    """The toxicity scorer that the options ask for.

    SettingsError for an unknown backend or variant; WeightsError when backend `detoxify` is
    wanted and is not installed or has no weights here. Backend `auto` then takes the built-in.
    """
    backend = options.toxicity_backend
    if backend not in _BACKENDS:
        raise SettingsError(f"toxicity_backend {backend!r}: take one of {', '.join(_BACKENDS)}")
    if options.detoxify_variant not in VARIANTS:
        raise SettingsError(
            f"detoxify_variant {options.detoxify_variant!r}: take one of {', '.join(VARIANTS)}"
        )
    if backend != "builtin":
        try:
            return _load(options)
        except WeightsError:
            # A checkpoint that somebody named is not passed over in silence.
            if backend == "detoxify" or options.detoxify_checkpoint:
                raise
    from moderation.scoring.toxicity import create as built_in  # noqa: PLC0415 - loads weights

    return built_in(options)


def _load(options: ScoringOptions) -> DetoxifyScorer:
    path = _checkpoint(options)
    # Read at import by huggingface_hub: without it, every load waits for a network that may
    # not be there.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        package = importlib.import_module("detoxify")
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise WeightsError(
            "detoxify is not installed: pip install 'trollbridge[detoxify]', "
            "or set toxicity_backend to builtin"
        ) from error
    torch.set_num_threads(options.threads)
    digest = _digest(path)
    try:
        if options.detoxify_checkpoint:
            model = package.Detoxify(
                checkpoint=str(path), huggingface_config_path=str(path.parent)
            )
        else:
            model = package.Detoxify(options.detoxify_variant)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"detoxify cannot load {path}: {reason}") from error
    kind = "custom" if options.detoxify_checkpoint else options.detoxify_variant
    return DetoxifyScorer(model, f"detoxify-{kind}-{digest}")


def _checkpoint(options: ScoringOptions) -> Path:
    if options.detoxify_checkpoint:
        path = Path(options.detoxify_checkpoint)
        if not path.is_file():
            raise WeightsError(f"detoxify_checkpoint {path}: no such file")
        return path
    home = Path(os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch")
    path = home / "hub" / "checkpoints" / VARIANTS[options.detoxify_variant]
    if not path.is_file():
        raise WeightsError(
            f"no weights of detoxify's {options.detoxify_variant!r} at {path}: "
            "put them there, name a file in detoxify_checkpoint, "
            "or set toxicity_backend to builtin"
        )
    return path


def _digest(path: Path) -> str:
    """The first 8 hex digits of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]
