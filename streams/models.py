"""What `trollbridge models` does: list, fetch and verify model files. No Kafka in it."""

import socket
import urllib.error
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import msgspec

from moderation.errors import WeightsError
from moderation.scoring import checksums
from moderation.scoring.detoxify import obstacle
from moderation.scoring.detoxify_cache import (
    MANIFEST,
    MODEL,
    VARIANTS,
    Manifest,
    checkpoint_path,
    config_folder,
    export_folder,
    exported,
    models_folder,
    read_manifest,
    verify,
)
from moderation.scoring.detoxify_export import export_apart
from moderation.scoring.protocol import ScoringOptions

_PATIENCE: Final = 30.0
"""Seconds that a download may be silent."""

Say = Callable[[str], None]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model file, or a Detoxify model, in `trollbridge models list`."""

    name: str
    kind: Literal["built-in", "detoxify"]
    state: Literal["present", "absent", "exported"]
    """`present`: a checkpoint that the first start will export."""
    path: str
    """The file, the export's folder, or where the file should be."""
    bytes: int = 0
    sha256: str = ""
    precision: str = ""
    difference: float | None = None
    """Largest difference from Detoxify's own scores, measured at the export."""
    sample: int = 0
    """Texts that this was measured on."""
    labels: tuple[str, ...] = ()
    source: str = ""
    """Where the file can be had."""


class Checked(msgspec.Struct, frozen=True):
    """What `trollbridge models verify` found."""

    files: int
    """Files whose checksum was compared."""
    problems: list[str]
    """One line for each file that is absent, other than listed, or not listed."""


def weights_folder() -> Path:
    """The folder of the built-in models' weights."""
    return Path(str(resources.files("moderation"))) / "weights"


def listed(options: ScoringOptions) -> Iterator[Model]:
    """All models: the built-in weights, Detoxify's variants, and a checkpoint that is named."""
    folder = weights_folder()
    for name, digest in checksums.read_checksums(folder).items():
        path = folder / name
        there = path.is_file()
        yield Model(
            name=name,
            kind="built-in",
            state="present" if there else "absent",
            path=str(path),
            bytes=path.stat().st_size if there else 0,
            sha256=digest,
        )
    for name in VARIANTS:
        yield _detoxify(name, _variant(options, name))
    if options.detoxify_checkpoint:
        yield _detoxify(Path(options.detoxify_checkpoint).name, options)


def _variant(options: ScoringOptions, name: str) -> ScoringOptions:
    """The options for a published variant; a checksum belongs to the one that is configured."""
    same = not options.detoxify_checkpoint and name == options.detoxify_variant
    return msgspec.structs.replace(
        options,
        detoxify_variant=name,
        detoxify_checkpoint="",
        detoxify_config=options.detoxify_config if same else "",
        detoxify_sha256=options.detoxify_sha256 if same else "",
    )


def _detoxify(name: str, options: ScoringOptions) -> Model:
    published = None if options.detoxify_checkpoint else VARIANTS[options.detoxify_variant]
    source = published.url if published else ""
    found = exported(options)
    if found is not None:
        folder, manifest = found
        model = folder / MODEL
        return Model(
            name=name,
            kind="detoxify",
            state="exported",
            path=str(folder),
            bytes=model.stat().st_size if model.is_file() else 0,
            sha256=manifest.checkpoint,
            precision=manifest.precision,
            difference=manifest.differences.get(manifest.precision),
            sample=manifest.sample,
            labels=manifest.labels,
            source=source,
        )
    path = checkpoint_path(options)
    there = path.is_file()
    return Model(
        name=name,
        kind="detoxify",
        state="present" if there else "absent",
        path=str(path),
        bytes=path.stat().st_size if there else 0,
        labels=published.labels if published else (),
        source=source,
    )


def fetch(
    options: ScoringOptions, variant: str | None, *, force: bool = False, say: Say
) -> tuple[Path, Manifest]:
    """Make a Detoxify model ready: download what is missing, check it, export it.

    Without a variant: the model that the settings mean. WeightsError says in one line what is
    missing and where it belongs.
    """
    if variant is not None:
        if variant not in VARIANTS:
            raise WeightsError(f"no variant {variant!r}; known are {', '.join(VARIANTS)}")
        options = _variant(options, variant)
    path = checkpoint_path(options)
    if not path.is_file() and not options.detoxify_checkpoint and (force or not exported(options)):
        _download(options, path, say)
    missing = obstacle(options)
    if missing:
        raise WeightsError(missing)
    if not path.is_file():
        return _without_checkpoint(options, path, force=force)
    say(f"Checking {path}")
    digest = checksums.sha256(path)
    expected = options.detoxify_sha256.lower()
    if expected and digest != expected:
        raise WeightsError(f"{path} has SHA-256 {digest}, expected {expected}")
    folder = export_folder(options, digest)
    manifest = None if force else read_manifest(folder)
    if manifest is None or not manifest.serves(options.detoxify_precision):
        manifest = _export(options, digest, force=force, say=say)
    verify(folder, manifest)
    return folder, manifest


def _without_checkpoint(
    options: ScoringOptions, path: Path, *, force: bool
) -> tuple[Path, Manifest]:
    """An export outlives its checkpoint, but cannot be made anew without it."""
    found = exported(options)
    if force or found is None or not found[1].serves(options.detoxify_precision):
        raise WeightsError(f"{path} is absent, so that nothing can be exported from it")
    verify(*found)
    return found


def _export(options: ScoringOptions, digest: str, *, force: bool, say: Say) -> Manifest:
    say("Exporting, which takes a minute or two")
    if config_folder(options):
        return export_apart(options, digest, force=force)
    try:
        return export_apart(options, digest, force=force)
    except WeightsError:
        # Its configuration or vocabulary is not on this machine: the second try asks the hub.
        say("Fetching configuration and vocabulary, then exporting")
        return export_apart(options, digest, offline=False, force=force)


def _download(options: ScoringOptions, path: Path, say: Say) -> None:
    """Download a variant as Detoxify would; torch's hub shows progress and writes atomically."""
    name, url = options.detoxify_variant, VARIANTS[options.detoxify_variant].url
    try:
        import torch.hub  # noqa: PLC0415 - takes seconds, and only a download needs it
    except ImportError as error:
        raise WeightsError("torch is not installed; install trollbridge[detoxify]") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    socket.setdefaulttimeout(_PATIENCE)
    say("")
    try:
        torch.hub.download_url_to_file(url, str(path), options.detoxify_sha256.lower() or None)
    except (OSError, RuntimeError) as error:
        # URLError is an OSError; a wrong checksum is a RuntimeError.
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise WeightsError(
            f"{name} cannot be downloaded ({reason}): fetch {url} elsewhere, put it at {path} "
            f"and run trollbridge models fetch {name}"
        ) from error


def verified(options: ScoringOptions) -> Checked:
    """Compare the built-in weights and every export with their checksums."""
    folder = weights_folder()
    expected = checksums.read_checksums(folder)
    files = len(expected)
    problems = checksums.differing(folder, expected) + checksums.unlisted(folder, expected)
    for path in sorted(models_folder(options).glob(f"[!.]*/{MANIFEST}")):
        try:
            manifest = read_manifest(path.parent)
        except WeightsError as error:
            problems.append(str(error))
            continue
        if manifest is not None:
            files += len(manifest.files)
            problems += checksums.differing(path.parent, manifest.files)
    return Checked(files, problems)
