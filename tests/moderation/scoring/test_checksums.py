"""Checksums of model files: what ships is what was built."""

import hashlib
from pathlib import Path

from moderation.scoring.checksums import differing, read_checksums, unlisted, write_checksums
from streams.models import weights_folder


def test_shipped_weights_agree() -> None:
    """Whoever rebuilds the weights writes SHA256SUMS anew; a stale list would alarm every site."""
    listed = read_checksums(weights_folder())

    assert [] == differing(weights_folder(), listed) + unlisted(weights_folder(), listed)
    assert "encoder.onnx" in listed


def test_each_difference_is_named(tmp_path: Path) -> None:
    """A changed, an absent and an added file are told apart, each with its path."""
    for name in ("a.npz", "b.npz", "README.md"):
        (tmp_path / name).write_text(name)
    listed = write_checksums(tmp_path)
    assert hashlib.sha256(b"a.npz").hexdigest() + "  a.npz" in listed.read_text().splitlines()
    expected = read_checksums(tmp_path)
    (tmp_path / "a.npz").write_text("changed")
    (tmp_path / "b.npz").unlink()
    (tmp_path / "c.npz").touch()

    changed, absent = differing(tmp_path, expected)
    assert f"{tmp_path / 'a.npz'} has" in changed
    assert f"{tmp_path / 'b.npz'} is absent" == absent
    assert [f"{tmp_path / 'c.npz'} is not listed"] == unlisted(tmp_path, expected)
