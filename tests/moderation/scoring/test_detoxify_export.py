"""The export of a Detoxify checkpoint: close to the original, made once, whole or not at all."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from moderation.errors import WeightsError
from moderation.scoring.protocol import ScoringInput, ScoringOptions

# Libraries of others warn about each other; these tests are about our use of them.
pytestmark = pytest.mark.filterwarnings("default")

from moderation.scoring.checksums import sha256  # noqa: E402
from moderation.scoring.detoxify import DetoxifyScorer, obstacle  # noqa: E402
from moderation.scoring.detoxify_cache import (  # noqa: E402
    MANIFEST,
    MODEL,
    TOKENIZER,
    VARIANTS,
    Manifest,
    export_folder,
    read_manifest,
)
from moderation.scoring.detoxify_export import (  # noqa: E402
    BOUND,
    Request,
    _install,
    export,
)
from moderation.scoring.detoxify_model import ExportedModel  # noqa: E402
from moderation.scoring.detoxify_sample import SAMPLE  # noqa: E402
from tests.moderation.scoring.checkpoints import write_checkpoint  # noqa: E402

TEXTS = (
    *(
        "you are an idiot",
        "the bridge opens on monday",
        "a",
        "",
        "you idiot! " * 9,
        "\u00a1x\u2020!",
    ),
    # Longer than the 512 tokens that the models read.
    "you are an idiot and the bridge opens " * 60,
)


def _exported(folder: Path, shape: str, **changes: Any) -> tuple[ScoringOptions, Manifest]:
    options = ScoringOptions(
        detoxify_checkpoint=str(write_checkpoint(folder / "model", shape)),
        data_dir=str(folder / "data"),
    )
    options = msgspec.structs.replace(options, **changes)
    return options, export(Request(options, sha256(Path(options.detoxify_checkpoint))))


@pytest.fixture(scope="module", params=["Bert", "Roberta", "XLMRoberta", "Albert"])
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ScoringOptions, Manifest]:
    """A checkpoint in the shape of each of Detoxify's models, exported as int8."""
    folder = tmp_path_factory.mktemp(request.param)
    return _exported(folder, request.param, detoxify_precision="int8")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScoringOptions, Manifest]:
    """One exported checkpoint, which tests must leave as it is."""
    return _exported(tmp_path_factory.mktemp("bert"), "Bert", detoxify_precision="int8")


def _copied(options: ScoringOptions, target: Path) -> tuple[ScoringOptions, Path]:
    """The same export in another data folder, for a test to spoil."""
    digest = sha256(Path(options.detoxify_checkpoint))
    other = msgspec.structs.replace(options, data_dir=str(target))
    folder = export_folder(other, digest)
    folder.mkdir(parents=True)
    for path in export_folder(options, digest).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return other, folder


def _scores(options: ScoringOptions, texts: Sequence[str]) -> list[dict[str, float]]:
    return [
        found.scores for found in DetoxifyScorer(options).score([ScoringInput(t) for t in texts])
    ]


def test_int8_gives_detoxifys_scores(case: tuple[ScoringOptions, Manifest]) -> None:
    """Every shape, every label: near what Detoxify says, also of long, odd and empty texts."""
    from detoxify import Detoxify  # noqa: PLC0415

    options, manifest = case
    checkpoint = Path(options.detoxify_checkpoint)
    model = Detoxify(checkpoint=str(checkpoint), huggingface_config_path=str(checkpoint.parent))
    folder = export_folder(options, manifest.checkpoint)
    ours = ExportedModel(folder, threads=2).predict(TEXTS)[:, : len(manifest.labels)]
    theirs = np.array([list(model.predict(text).values()) for text in TEXTS])

    assert tuple(model.class_names) == manifest.labels
    assert 0.01 < np.ptp(theirs, axis=0).max()
    # What was measured on the sample holds, by and large, for other texts.
    assert np.abs(ours - theirs).max() < manifest.differences["int8"] * 2 + 0.005


def test_neighbours_do_not_matter(case: tuple[ScoringOptions, Manifest]) -> None:
    """A scorer is pure: a text scored again, in another batch, by another worker, is the same."""
    options, manifest = case
    model = ExportedModel(export_folder(options, manifest.checkpoint), threads=2)
    alone = np.concatenate([model.predict([text]) for text in SAMPLE])

    assert np.abs(model.predict(SAMPLE) - alone).max() < 1e-4
    assert np.abs(model.predict(SAMPLE[::-1])[::-1] - alone).max() < 1e-4


def test_all_labels(case: tuple[ScoringOptions, Manifest]) -> None:
    """Each label is scored under Detoxify's name; outputs for identities, which it drops, not."""
    options, manifest = case
    labels = tuple(_scores(options, ["you"])[0])

    assert manifest.labels == labels
    assert labels in {VARIANTS["original"].labels, VARIANTS["unbiased"].labels}


def test_auto_keeps_fp32_where_int8_is_off(tmp_path: Path) -> None:
    """Outliers in the weights that int8 cannot hold are noticed at the export, and recorded.

    The configuration beside the checkpoint is enough, also where that names a model of the hub.
    """
    checkpoint = write_checkpoint(tmp_path / "model", outliers=True, hub_name="not/on-this-machine")
    options = ScoringOptions(detoxify_checkpoint=str(checkpoint), data_dir=str(tmp_path))
    manifest = export(Request(options, sha256(Path(options.detoxify_checkpoint))))

    assert "fp32" == manifest.precision
    assert BOUND < manifest.differences["int8"]
    assert manifest.differences["fp32"] < 1e-4
    assert len(SAMPLE) == manifest.sample == 64


def test_scoring_needs_no_torch(bert: tuple[ScoringOptions, Manifest], tmp_path: Path) -> None:
    """From the export on a worker needs neither torch nor the checkpoint, and little memory."""
    options, folder = _copied(bert[0], tmp_path / "data")
    manifest = read_manifest(folder)
    assert manifest is not None
    options = msgspec.structs.replace(
        options,
        detoxify_checkpoint=str(tmp_path / "gone.ckpt"),
        detoxify_sha256=manifest.checkpoint,
    )
    program = (
        "import sys, msgspec\n"
        "for name in ('torch', 'transformers', 'detoxify', 'onnx', 'onnxscript'):\n"
        "    sys.modules[name] = None\n"
        "from moderation.scoring.protocol import ScoringInput, ScoringOptions\n"
        "from moderation.scoring.toxicity import create\n"
        "options = msgspec.json.decode(sys.stdin.buffer.read(), type=ScoringOptions)\n"
        "print(create(options).score([ScoringInput('you')])[0].scores['toxicity'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=msgspec.json.encode(options),
        capture_output=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    expected = _scores(bert[0], ["you"])[0]["toxicity"]
    assert expected == pytest.approx(float(done.stdout), abs=1e-5)


@pytest.mark.parametrize("name", [MODEL, TOKENIZER, MANIFEST])
def test_damaged_export(bert: tuple[ScoringOptions, Manifest], tmp_path: Path, name: str) -> None:
    """A byte that has changed on disk is an error that names the file and the way out."""
    options, folder = _copied(bert[0], tmp_path)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(b"\0" + content[1:])

    with pytest.raises(WeightsError, match=r"fetch --force") as caught:
        DetoxifyScorer(options)

    assert str(folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_precision_is_not_served(bert: tuple[ScoringOptions, Manifest]) -> None:
    """A cached int8 model is not taken by a site that asks for fp32; `auto` decides anew."""
    manifest = bert[1]

    assert [True, False, False] == [manifest.serves(p) for p in ("int8", "fp32", "auto")]
    assert msgspec.structs.replace(manifest, asked="auto").serves("auto")


def test_unknown_precision() -> None:
    """A misspelt precision is told before anything is loaded."""
    assert "int8, fp32" in obstacle(ScoringOptions(detoxify_precision="int4"))


def _made(folder: Path, manifest: Manifest, mark: str) -> Path:
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(manifest, source=mark))
    )
    return folder


def test_two_exports_at_once(bert: tuple[ScoringOptions, Manifest], tmp_path: Path) -> None:
    """Two workers that start together end with one whole export, and both use it."""
    for attempt in range(20):
        root = tmp_path / str(attempt)
        new = [_made(root / name, bert[1], name) for name in ("a", "b")]
        with ThreadPoolExecutor(2) as threads:
            found = list(
                threads.map(
                    lambda path, root=root: _install(
                        path,
                        root / "export",
                        root / f"old-{path.name}",
                        msgspec.structs.replace(bert[1], source=path.name),
                        force=False,
                    ),
                    new,
                )
            )
        kept = read_manifest(root / "export")
        assert [kept, kept] == found


def test_forced_export_replaces(bert: tuple[ScoringOptions, Manifest], tmp_path: Path) -> None:
    """`fetch --force` mends what is damaged: nothing of the old export stays."""
    old = tmp_path / "export"
    old.mkdir()
    (old / MODEL).write_bytes(b"damaged")
    new = _made(tmp_path / "new", bert[1], "new")
    _install(new, old, tmp_path / "old", bert[1], force=True)

    assert [MANIFEST] == [path.name for path in old.iterdir()]
