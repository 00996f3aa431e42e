"""Export a Detoxify checkpoint to ONNX, once: the only place that needs torch.

Runs in a process of its own (`export_apart`), so that torch's memory is given back.
"""

import contextlib
import importlib.metadata
import logging
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np

from moderation.errors import WeightsError
from moderation.scoring.checksums import sha256
from moderation.scoring.detoxify_cache import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    Manifest,
    Precision,
    checkpoint_path,
    config_folder,
    export_folder,
    models_folder,
    read_manifest,
)
from moderation.scoring.detoxify_model import ExportedModel, Scores
from moderation.scoring.detoxify_sample import SAMPLE
from moderation.scoring.protocol import ScoringOptions

BOUND: Final = 0.03
"""Largest difference from Detoxify's own scores at which `auto` takes int8."""
_BROKEN: Final = 0.005
"""fp32 computes the same function: a larger difference means that the export went wrong."""
_TOKENS: Final = 512
"""What all of Detoxify's models read at most; their tokenizers say so too, if they say anything."""
_PACKAGES: Final = ("detoxify", "onnxruntime", "torch", "transformers")


class Request(msgspec.Struct, frozen=True):
    """What the exporting process is told on its standard input."""

    options: ScoringOptions
    checkpoint: str
    """SHA-256 that the file must have."""
    offline: bool = True
    """Whether configuration and vocabulary may come from this machine only."""
    force: bool = False


def export_apart(
    options: ScoringOptions, digest: str, *, offline: bool = True, force: bool = False
) -> Manifest:
    """Export the checkpoint with this SHA-256 in a process of its own; see `export`."""
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=msgspec.json.encode(Request(options, digest, offline, force)),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()
        killed = f"exporting Detoxify ended with status {done.returncode}; is memory short?"
        raise WeightsError(said or killed)
    manifest = read_manifest(export_folder(options, digest))
    if manifest is None:
        raise WeightsError(f"no export in {export_folder(options, digest)}")
    return manifest


def export(request: Request) -> Manifest:
    """Export a checkpoint into its folder under `data_dir`, and measure how far it is off.

    int8 when asked, or when `auto` and no score of the sample is off by more than BOUND; else
    fp32. The folder appears whole or not at all; of two processes that export at once, one
    keeps its own and the other takes that. WeightsError when the checkpoint cannot be loaded or
    the export does not give Detoxify's scores.
    """
    options = request.options
    folder = export_folder(options, request.checkpoint)
    asked = msgspec.convert(options.detoxify_precision, Precision)
    path = checkpoint_path(options)
    if sha256(path) != request.checkpoint:
        raise WeightsError(f"{path} has changed since it was looked at; try again")
    models_folder(options).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_folder(options), prefix=".export-") as scratch:
        detoxify = _load(path, options, Path(scratch), offline=request.offline)
        new = Path(scratch) / "new"
        new.mkdir()
        _write_tokenizer(detoxify.tokenizer, new / TOKENIZER)
        fp32 = Path(scratch) / "fp32.onnx"
        _write_onnx(detoxify, fp32)
        precision, differences = _choose(detoxify, fp32, new, asked, threads=options.threads)
        manifest = Manifest(
            source=str(path.resolve()),
            checkpoint=request.checkpoint,
            files={name: sha256(new / name) for name in (MODEL, TOKENIZER)},
            labels=tuple(detoxify.class_names),
            precision=precision,
            asked=asked,
            differences=differences,
            sample=len(SAMPLE),
            versions={name: importlib.metadata.version(name) for name in _PACKAGES},
        )
        written = msgspec.json.format(msgspec.json.encode(manifest))
        (new / MANIFEST).write_bytes(written)
        return _install(new, folder, Path(scratch) / "old", manifest, force=request.force)


def _install(new: Path, folder: Path, old: Path, manifest: Manifest, *, force: bool) -> Manifest:
    """Move an export to its place; another's that came first and serves is kept unless forced."""
    if folder.exists():
        there = None if force else read_manifest(folder)
        if there is not None and there.serves(manifest.asked):
            return there
        # Unless another process has just done so.
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        # Another process was faster by a moment.
        there = read_manifest(folder)
        if there is None:
            raise
        return there
    return manifest


def _choose(
    detoxify: Any, fp32: Path, new: Path, asked: Precision, *, threads: int
) -> tuple[Literal["int8", "fp32"], dict[str, float]]:
    """Put model.onnx into `new`, in the precision that was asked for or that parity allows."""
    # Imported late: onnx is there where torch is.
    from moderation.scoring.row_int8 import quantise  # noqa: PLC0415

    reference = _reference(detoxify)
    differences = {}
    if asked != "fp32":
        quantise(fp32, new / MODEL)
        differences["int8"] = _difference(new, reference, threads)
        if asked == "int8" or differences["int8"] <= BOUND:
            return "int8", differences
    fp32.replace(new / MODEL)
    differences["fp32"] = _difference(new, reference, threads)
    if not differences["fp32"] <= _BROKEN:
        raise WeightsError(
            f"the export is off Detoxify's own scores by {differences['fp32']:.3f}; "
            "choose toxicity_backend builtin, and please report the versions of torch and "
            "transformers"
        )
    return "fp32", differences


def _reference(detoxify: Any) -> Scores:
    """Detoxify's own scores of the sample, float32 of shape (texts, labels)."""
    rows = [detoxify.predict(text) for text in SAMPLE]
    return np.array([[row[label] for label in detoxify.class_names] for row in rows], np.float32)


def _difference(folder: Path, reference: Scores, threads: int) -> float:
    ours = ExportedModel(folder, threads=threads).predict(SAMPLE)[:, : reference.shape[1]]
    return float(np.abs(ours - reference).max())


def _write_onnx(detoxify: Any, target: Path) -> None:
    import torch  # noqa: PLC0415 - late, like all that brings torch

    names: Sequence[str] = list(detoxify.tokenizer(["a"], return_tensors="pt"))

    class Scoring(torch.nn.Module):
        """The model with Detoxify's sigmoid behind it."""

        def __init__(self) -> None:
            super().__init__()
            self.model = detoxify.model

        def forward(self, *inputs: Any) -> Any:
            return torch.sigmoid(self.model(**dict(zip(names, inputs, strict=True))).logits)

    example = detoxify.tokenizer(["a longer one", "short"], return_tensors="pt", padding=True)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=_TOKENS)}
    with warnings.catch_warnings():
        # Exporters warn of what they do themselves; parity is measured afterwards.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Scoring().eval(),
            tuple(example[name] for name in names),
            target,
            dynamo=True,
            input_names=names,
            output_names=["scores"],
            dynamic_shapes=(tuple(axes for _ in names),),
            external_data=False,
            verbose=False,
        )


def _write_tokenizer(tokenizer: Any, target: Path) -> None:
    """Keep the tokenizer with its truncation and padding, which transformers sets at each call."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    if not tokenizer.is_fast:
        raise WeightsError("the checkpoint's tokenizer has no fast form; update transformers")
    kept = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    kept.enable_truncation(min(tokenizer.model_max_length, _TOKENS))
    kept.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    kept.save(str(target))


def _load(path: Path, options: ScoringOptions, scratch: Path, *, offline: bool) -> Any:
    if offline:
        # Read when the libraries are imported; without it they retry a hub for half a minute.
        os.environ["HF_HUB_OFFLINE"] = "1"
    # Imported late: this brings torch.
    import detoxify  # noqa: PLC0415
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    torch.set_num_threads(options.threads)
    quiet: Any = transformers.utils.logging
    quiet.disable_progress_bar()
    folder = config_folder(options)
    # The checkpoint is a pickle (detoxify reads it with weights_only=False): trusted files only.
    try:
        local = _with_config(path, folder, scratch) if folder else path
        model = detoxify.Detoxify(
            checkpoint=str(local), huggingface_config_path=folder and str(folder)
        )
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


def _with_config(path: Path, folder: Path, scratch: Path) -> Path:
    """A copy of the checkpoint that reads its configuration from `folder`.

    Detoxify asks the hub for it by the name in the checkpoint, also where a folder is given.
    """
    import torch  # noqa: PLC0415

    loaded = torch.load(path, map_location="cpu", weights_only=False)
    loaded["config"]["arch"]["args"]["model_type"] = str(folder)
    copy = scratch / "checkpoint"
    torch.save(loaded, copy)
    return copy


def main() -> int:
    """Export what standard input asks for; a failure is one line on standard output."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    try:
        # What a library prints is no answer.
        with contextlib.redirect_stdout(sys.stderr):
            export(request)
    except WeightsError as error:
        sys.stdout.write(" ".join(str(error).split()))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
