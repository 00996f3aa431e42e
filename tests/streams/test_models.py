"""`trollbridge models` as a person runs it; every address leads to a closed port here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Libraries of others warn about each other; these tests are about our use of them.
pytestmark = pytest.mark.filterwarnings("default")

from moderation.scoring.detoxify_cache import MODEL, VARIANTS  # noqa: E402
from streams.models import weights_folder  # noqa: E402
from tests.moderation.scoring.checkpoints import UNBIASED, write_checkpoint  # noqa: E402
from tests.pipeline import ROOT  # noqa: E402


class Site:
    """A machine with an empty cache and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
        self.environment = {
            name: value for name, value in os.environ.items() if name.lower() != "no_proxy"
        }
        self.environment |= nowhere | {name.upper(): value for name, value in nowhere.items()}
        self.environment |= {
            "TORCH_HOME": str(folder / "torch"),
            "HF_HOME": str(folder / "hub"),
            "TROLLBRIDGE_DATA_DIR": str(self.data),
            "COLUMNS": "200",
        }

    def models(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `trollbridge models`."""
        return subprocess.run(
            [sys.executable, "-m", "streams.cli", "models", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A machine with an empty cache and no network."""
    return Site(tmp_path)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """A machine where a local checkpoint was fetched, and what was said."""
    made = Site(tmp_path_factory.mktemp("site"))
    checkpoint = write_checkpoint(made.folder / "model", "Roberta")
    made.environment["TROLLBRIDGE_DETOXIFY_CHECKPOINT"] = str(checkpoint)
    done = made.models("fetch")
    assert 0 == done.returncode, done.stderr
    return made, done.stdout


def test_list_on_a_bare_machine(site: Site) -> None:
    """What ships is there with its checksum; of each variant, it says where it belongs."""
    done = site.models("list", "--json")
    found = {model["name"]: model for model in json.loads(done.stdout)}

    assert 0 == done.returncode
    assert set(VARIANTS) <= set(found)
    assert all("absent" == found[name]["state"] for name in VARIANTS)
    assert found["original"]["path"].endswith("torch/hub/checkpoints/toxic_original-c1212f89.ckpt")
    assert UNBIASED == tuple(found["multilingual"]["labels"])
    assert ("built-in", "present") == tuple(found["encoder.onnx"][key] for key in ("kind", "state"))
    assert 64 == len(found["encoder.onnx"]["sha256"])
    assert "multilingual" in site.models("list").stdout


def test_fetch_without_network(site: Site) -> None:
    """One line says what to download, from where, to which file; no traceback, no second line."""
    done = site.models("fetch", "unbiased-small")

    assert 1 == done.returncode
    (line,) = done.stderr.strip().splitlines()
    assert VARIANTS["unbiased-small"].url in line
    assert str(site.folder / "torch/hub/checkpoints/unbiased-albert-c8519128.ckpt") in line
    assert "trollbridge models fetch unbiased-small" in line


def test_fetch_of_an_unknown_variant(site: Site) -> None:
    """A misspelt variant is told with the known ones, and nothing is asked of the network."""
    done = site.models("fetch", "orignal")

    assert 1 == done.returncode
    assert "unbiased-small" in done.stderr


def test_fetch_shows_parity_and_labels(fetched: tuple[Site, str]) -> None:
    """Whoever exports sees how far the scores are off, and `list` still knows it later."""
    site, said = fetched
    found = {model["name"]: model for model in json.loads(site.models("list", "--json").stdout)}

    assert "on 64 texts" in said
    assert "sexual_explicit" in said
    assert "exported" == found["tiny.ckpt"]["state"]
    assert f"{found['tiny.ckpt']['difference']:.4f}" in said
    assert [] == [path.name for path in (site.data / "models").iterdir() if path.name[0] == "."]


def test_fetch_again_exports_nothing(fetched: tuple[Site, str]) -> None:
    """It is done once: a second fetch leaves the files alone."""
    site, said = fetched
    (model,) = (site.data / "models").glob(f"*/{MODEL}")
    before = model.stat().st_mtime_ns

    assert said == site.models("fetch").stdout
    assert before == model.stat().st_mtime_ns


def test_verify_names_what_differs(fetched: tuple[Site, str]) -> None:
    """A spoilt export fails verification with its name; before that, all is well."""
    site, _ = fetched
    assert 0 == site.models("verify").returncode
    (model,) = (site.data / "models").glob(f"*/{MODEL}")
    content = model.read_bytes()
    try:
        model.write_bytes(b"\0" + content[1:])
        done = site.models("verify", "--json")
    finally:
        model.write_bytes(content)

    assert 1 == done.returncode
    assert 1 == len(done.stderr.strip().splitlines())
    assert str(model) in done.stderr
    shipped = [path for path in weights_folder().iterdir() if path.suffix in {".npz", ".onnx"}]
    found = json.loads(done.stdout)
    assert 1 == len(found["problems"])
    assert len(shipped) + 2 <= found["files"]
