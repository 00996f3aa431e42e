"""Where Detoxify's weights and their exports lie, and what an export says of itself."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from moderation.errors import WeightsError
from moderation.scoring.checksums import differing
from moderation.scoring.protocol import ScoringOptions

MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
MANIFEST: Final = "manifest.json"
_FOLDER_DIGITS: Final = 16

Precision = Literal["auto", "int8", "fp32"]

_RELEASES: Final = "https://github.com/unitaryai/detoxify/releases/download"
_FIRST: Final = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
_UNBIASED: Final = (
    *("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"),
    "sexual_explicit",
)


class Variant(msgspec.Struct, frozen=True):
    """A published model."""

    url: str
    labels: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name under which torch's hub keeps it."""
        return self.url.rpartition("/")[2]


VARIANTS: Final[Mapping[str, Variant]] = {
    "original": Variant(f"{_RELEASES}/v0.1-alpha/toxic_original-c1212f89.ckpt", _FIRST),
    "unbiased": Variant(f"{_RELEASES}/v0.3-alpha/toxic_debiased-c7548aa0.ckpt", _UNBIASED),
    "multilingual": Variant(
        f"{_RELEASES}/v0.4-alpha/multilingual_debiased-0b549669.ckpt", _UNBIASED
    ),
    "original-small": Variant(f"{_RELEASES}/v0.1.2/original-albert-0e1d6498.ckpt", _FIRST),
    "unbiased-small": Variant(f"{_RELEASES}/v0.1.2/unbiased-albert-c8519128.ckpt", _UNBIASED),
}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` of an exported model says."""

    source: str
    """The checkpoint's path at the time."""
    checkpoint: str
    """Its SHA-256."""
    files: dict[str, str]
    """Name -> SHA-256 of the export's other files."""
    labels: tuple[str, ...]
    precision: Literal["int8", "fp32"]
    asked: Precision
    """What `detoxify_precision` was: `auto` may have come to either."""
    differences: dict[str, float]
    """Precision tried -> largest difference of any score from Detoxify's own on the sample."""
    sample: int
    """Texts in the sample."""
    versions: dict[str, str]
    """Of the packages that made it."""

    def serves(self, precision: str) -> bool:
        """Whether this is what a site with that `detoxify_precision` wants."""
        return precision in {self.asked, self.precision}


def models_folder(options: ScoringOptions) -> Path:
    """The folder of all exports."""
    return Path(options.data_dir).expanduser() / "models"


def export_folder(options: ScoringOptions, digest: str) -> Path:
    """Where the export of the checkpoint with this SHA-256 belongs."""
    return models_folder(options) / digest[:_FOLDER_DIGITS]


def checkpoint_path(options: ScoringOptions) -> Path:
    """Where the weights should lie: the named checkpoint, or torch's cache of the variant."""
    if options.detoxify_checkpoint:
        return Path(options.detoxify_checkpoint).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(os.environ.get("TORCH_HOME") or Path(caches) / "torch").expanduser()
    return home / "hub" / "checkpoints" / VARIANTS[options.detoxify_variant].file


def config_folder(options: ScoringOptions) -> Path | None:
    """The folder with a checkpoint's configuration and tokenizer; None: the hub's cache has them.

    The one that is named, or the checkpoint's own when that has a config.json.
    """
    if options.detoxify_config:
        return Path(options.detoxify_config).expanduser().resolve()
    folder = checkpoint_path(options).parent.resolve()
    return folder if (folder / "config.json").is_file() else None


def read_manifest(folder: Path) -> Manifest | None:
    """What an export says of itself; None where there is none. WeightsError when it is damaged."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise WeightsError(f"{path} is damaged: {error}; {_mend()}") from error


def exports(options: ScoringOptions) -> Iterator[tuple[Path, Manifest]]:
    """All exports that can be read, by folder; damaged ones are left to `verify`."""
    for path in sorted(models_folder(options).glob(f"[!.]*/{MANIFEST}")):
        try:
            manifest = read_manifest(path.parent)
        except WeightsError:
            continue
        if manifest is not None:
            yield path.parent, manifest


def exported(options: ScoringOptions) -> tuple[Path, Manifest] | None:
    """The export that these options mean, found without reading the checkpoint.

    By `detoxify_sha256` where that is given, else by the checkpoint's path; a published variant
    by the name of its file, wherever that lay. So an export alone is enough to score with.
    """
    path = checkpoint_path(options)
    for folder, manifest in exports(options):
        source = Path(manifest.source)
        if options.detoxify_sha256:
            same = manifest.checkpoint == options.detoxify_sha256.lower()
        elif options.detoxify_checkpoint:
            same = source == path.resolve()
        else:
            same = source.name == path.name
        if same:
            return folder, manifest
    return None


def verify(folder: Path, manifest: Manifest) -> None:
    """WeightsError when a file of an export is absent or not as it was written."""
    problems = differing(folder, manifest.files)
    if problems:
        raise WeightsError(f"{problems[0]}; {_mend()}")


def _mend() -> str:
    return "make it anew with trollbridge models fetch --force"
