"""A policy file with other thresholds, as a diff that a person reads and applies."""

import difflib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import tomlkit

from moderation.errors import SettingsError
from moderation.policy import load_policy, parse_policy


def policy_diff(path: str, thresholds: Mapping[tuple[str, str], float]) -> str:
    """The unified diff of a policy file for thresholds by section and code.

    An empty section is the default; an empty path the policy that ships with trollbridge.
    Remarks and layout stay. SettingsError when the file cannot be read.
    """
    load_policy(path)
    if path:
        before = Path(path).read_text("utf-8")
    else:
        before = (resources.files("moderation") / "default_policy.toml").read_text("utf-8")
    document: Any = tomlkit.parse(before)
    for (section, code), threshold in sorted(thresholds.items()):
        _set(document, section, code, threshold)
    after = tomlkit.dumps(document)
    parse_policy(after, origin="the proposed policy")
    name = path or "policy.toml"
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
    )


def _set(document: Any, section: str, code: str, threshold: float) -> None:
    if not section:
        if code not in document["reasons"]:
            raise SettingsError(f"the policy has no reason {code!r}")
        document["reasons"][code]["threshold"] = threshold
        return
    # Sections are matched without regard to case; the file's own spelling stays.
    sections = document.setdefault("sections", tomlkit.table(is_super_table=True))
    name = next((known for known in sections if known.lower() == section), section)
    table = sections.setdefault(name, tomlkit.table(is_super_table=True))
    reasons = table.setdefault("reasons", tomlkit.table(is_super_table=True))
    reasons.setdefault(code, tomlkit.table())["threshold"] = threshold
