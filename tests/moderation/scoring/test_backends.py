"""Which toxicity model runs, and what is said when the wanted one cannot."""

from pathlib import Path

import msgspec
import pytest

from moderation.errors import SettingsError, WeightsError
from moderation.scoring.protocol import ScoringOptions
from moderation.scoring.toxicity import BACKENDS, create


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoringOptions:
    """Options on a machine where torch's cache holds no weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return ScoringOptions(data_dir=str(tmp_path))


def test_auto_falls_back(bare: ScoringOptions) -> None:
    """A plain installation scores toxicity, and its records say by which model."""
    assert "builtin-2" == create(bare).version


def test_what_was_asked_for_is_not_replaced(bare: ScoringOptions) -> None:
    """Who asks for Detoxify gets it or an error of one line, never another model in silence."""
    with pytest.raises(WeightsError) as caught:
        create(msgspec.structs.replace(bare, toxicity_backend="detoxify"))
    assert "\n" not in str(caught.value)


def test_a_named_checkpoint_is_not_passed_over(bare: ScoringOptions, tmp_path: Path) -> None:
    """A misspelt path in the settings is told, also where the backend is left to choose."""
    wanted = msgspec.structs.replace(bare, detoxify_checkpoint=str(tmp_path / "absent.ckpt"))
    with pytest.raises(WeightsError):
        create(wanted)


def test_an_unknown_backend_lists_the_known(bare: ScoringOptions) -> None:
    """A misspelt backend is a setting to mend."""
    with pytest.raises(SettingsError, match=", ".join(BACKENDS)):
        create(msgspec.structs.replace(bare, toxicity_backend="detoxifi"))
