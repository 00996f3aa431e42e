"""SHA-256 of model files, and a folder's list of them in the form of `sha256sum`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moderation.errors import WeightsError

LIST: Final = "SHA256SUMS"
_NO_WEIGHTS: Final = frozenset({LIST, "README.md"})


def sha256(path: Path) -> str:
    """A file's SHA-256, 64 hexadecimal digits; WeightsError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error


def write_checksums(folder: Path) -> Path:
    """List a folder's weight files in its SHA256SUMS; `sha256sum --check` reads it as well."""
    files = sorted(path for path in folder.iterdir() if _is_weight(path))
    target = folder / LIST
    lines = [f"{sha256(path)}  {path.name}\n" for path in files]
    target.write_text("".join(lines), "utf-8")
    return target


def read_checksums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of a folder's SHA256SUMS; WeightsError when there is none."""
    path = folder / LIST
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {name.lstrip("*"): digest for digest, name in pairs}


def differing(folder: Path, expected: Mapping[str, str]) -> list[str]:
    """Say of each file that is absent or not as expected what is wrong, in a line of its own."""
    problems = []
    for name, digest in expected.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{path} is absent")
        elif (found := sha256(path)) != digest:
            problems.append(f"{path} has SHA-256 {found[:16]}…, expected {digest[:16]}…")
    return problems


def unlisted(folder: Path, expected: Mapping[str, str]) -> list[str]:
    """Weight files of a folder that its list does not name."""
    names = {path.name for path in folder.iterdir() if _is_weight(path)}
    return [f"{folder / name} is not listed" for name in sorted(names - expected.keys())]


def _is_weight(path: Path) -> bool:
    return path.is_file() and path.name not in _NO_WEIGHTS and not path.name.startswith(".")
