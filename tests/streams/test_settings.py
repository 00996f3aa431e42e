"""Settings: who wins, where a value came from, and secrets that stay secret."""

from pathlib import Path

import pytest

from moderation.errors import SettingsError
from streams.settings import Settings, load
from streams.show import shown_settings


def test_flags_over_environment_over_file(tmp_path: Path) -> None:
    """The nearest to the user wins, and its origin is told."""
    file = tmp_path / "trollbridge.toml"
    file.write_text('topic_prefix = "f."\nconsumer_group = "file"\nbatch_size = 7\n')
    configured = load(
        file=file,
        environment={"TROLLBRIDGE_CONSUMER_GROUP": "env", "TROLLBRIDGE_BATCH_SIZE": "8"},
        flags={"batch_size": 9, "policy": None},
    )
    names = ("topic_prefix", "consumer_group", "batch_size", "brokers")
    assert ["f.", "env", 9, "127.0.0.1:9092"] == [
        getattr(configured.settings, name) for name in names
    ]
    assert [str(file), "TROLLBRIDGE_CONSUMER_GROUP", "--batch-size", "default"] == [
        configured.origins[name] for name in names
    ]


@pytest.mark.parametrize(
    "variable", ["SASL_PASSWORD", "SSL_KEY_PASSWORD", "DATABASE_URL", "OIDC_CLIENT_SECRET"]
)
def test_secrets_are_hidden(variable: str) -> None:
    """`trollbridge config` may be pasted into a ticket."""
    configured = load(environment={f"TROLLBRIDGE_{variable}": "hush"})
    assert "hush" not in str(shown_settings(configured))
    assert "hush" == getattr(configured.settings, variable.lower())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_size = 0", "batch_size: Expected `int` >= 1"),
        ("batch_sise = 3", "unknown setting 'batch_sise'"),
        ("batch_size = ", "(at end of document)"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, message: str) -> None:
    """A wrong settings file is refused with its name and what is wrong."""
    file = tmp_path / "trollbridge.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file=file, environment={})
    assert str(file) in str(caught.value)
    assert message in str(caught.value).replace("Invalid value ", "")


def test_lists_in_the_environment() -> None:
    """A list is written with commas."""
    configured = load(environment={"TROLLBRIDGE_SCORERS": "toxicity, my.module:factory"})
    assert ("toxicity", "my.module:factory") == configured.settings.scorers


def test_documented() -> None:
    """docs/settings.md names every setting and its variable."""
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    missing = [
        name
        for name in Settings.__struct_fields__
        if f"`{name}`" not in text or f"`TROLLBRIDGE_{name.upper()}`" not in text
    ]
    assert [] == missing
