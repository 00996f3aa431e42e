"""Scores to decision and reasons, as a policy file says.

The file is TOML. Errors name the file and the line, so that a moderator who edits thresholds
sees what to mend.
"""

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from moderation.errors import SettingsError
from moderation.language_policy import (
    LanguageAction,
    LanguagePolicy,
    unknown_languages,
    unsupported_reason,
)
from moderation.records import Decision, Reason

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Action = Literal["review", "show", "ignore"]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a score counts, and for what."""

    threshold: Probability
    action: Action = "review"
    weight: Probability = 0.5
    """Share of the review priority that a score of 1 gives."""


class _RuleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a section sets otherwise."""

    threshold: Probability | msgspec.UnsetType = msgspec.UNSET
    action: Action | msgspec.UnsetType = msgspec.UNSET
    weight: Probability | msgspec.UnsetType = msgspec.UNSET


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reasons: dict[str, _RuleChange] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reasons: dict[str, Rule]
    name: Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{1,40}$")] = "policy"
    sections: dict[str, _Section] = {}
    languages: dict[str, Any] = {}


class Verdict(msgspec.Struct, frozen=True):
    """What the policy makes of a comment's scores."""

    decision: Decision
    reasons: list[Reason]
    shown: list[Reason]
    priority: float
    """0..1: one minus the chance that no reason holds, each weighted by its rule."""


class Policy:
    """Thresholds by reason, with what each section changes."""

    def __init__(self, file: _File, version: str) -> None:
        self.version = version
        self._rules = file.reasons
        self._languages = LanguagePolicy(file.languages)
        self._sections = {
            name.lower(): {
                code: msgspec.structs.replace(
                    rule, **_given(section.reasons.get(code, _RuleChange()))
                )
                for code, rule in file.reasons.items()
            }
            for name, section in file.sections.items()
        }
        self._limits = _limits(self._rules)
        self._section_limits = {name: _limits(rules) for name, rules in self._sections.items()}

    def rules(self, section: str) -> Mapping[str, Rule]:
        """The rules that hold in a section."""
        return self._sections.get(section.strip().lower(), self._rules)

    def limits(self, section: str) -> dict[str, float]:
        """From which score on a moderator sees a reason, by code: what is worth explaining."""
        return self._section_limits.get(section.strip().lower(), self._limits)

    def asides(self, section: str) -> frozenset[str]:
        """Codes that are only shown, so that they matter where another sends to review."""
        return frozenset(
            code for code, rule in self.rules(section).items() if rule.action == "show"
        )

    def judge(
        self,
        scores: Mapping[str, float],
        *,
        section: str = "",
        details: Mapping[str, str] = {},
        possible_bias: Collection[str] = (),
        passages: Mapping[str, str] = {},
        lang: str = "",
        unsupported: Sequence[str] = (),
    ) -> Verdict:
        """Weigh scores (0..1 by key) into a verdict; the strongest reason comes first.

        A code in `possible_bias` is a reason like any other, but adds nothing to the priority
        and comes last. `unsupported` are the scorers that do not know the language `lang`.
        """
        reasons: list[tuple[float, Reason]] = []
        shown: list[Reason] = []
        for code, rule in self.rules(section).items():
            score = scores.get(code)
            if score is None or score < rule.threshold:
                continue
            biased = code in possible_bias
            reason = Reason(
                code,
                score,
                rule.threshold,
                details.get(code, ""),
                possible_bias=biased,
                passage=passages.get(code, ""),
            )
            if rule.action == "review":
                reasons.append((0.0 if biased else rule.weight * score, reason))
            elif rule.action == "show":
                shown.append(reason)
        if unsupported:
            language = self._languages.rule(lang)
            reason = unsupported_reason(lang, unsupported)
            if language.unsupported == "review":
                reasons.append((language.weight, reason))
            elif language.unsupported == "show":
                shown.append(reason)
        reasons.sort(key=lambda weighed: (weighed[1].possible_bias, -weighed[0]))
        doubt = 1.0
        for weight, _ in reasons:
            doubt *= 1 - weight
        return Verdict(
            decision="review" if reasons else "allow",
            reasons=[reason for _, reason in reasons],
            shown=shown,
            priority=round(1 - doubt, 4),
        )


def _limits(rules: Mapping[str, Rule]) -> dict[str, float]:
    return {code: rule.threshold for code, rule in rules.items() if rule.action != "ignore"}


def load_policy(path: str | Path = "") -> Policy:
    """Read a policy file, or the one that ships with trollbridge when none is named.

    SettingsError names the file and the line when it is wrong.
    """
    if not path:
        default = resources.files("moderation") / "default_policy.toml"
        return parse_policy(default.read_text("utf-8"), origin="default policy")
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"policy {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"policy {path}: not UTF-8 at byte {error.start}") from error
    return parse_policy(text, origin=f"policy {path}")


def parse_policy(text: str, *, origin: str) -> Policy:
    """Read a policy from TOML text; `origin` names it in errors."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{origin}: {error}") from error
    except msgspec.ValidationError as error:
        raise SettingsError(_with_line(text, str(error), origin)) from error
    try:
        LanguagePolicy(file.languages)
    except msgspec.ValidationError as error:
        raise SettingsError(_with_line(text, str(error), origin, languages=True)) from error
    for name, section in file.sections.items():
        for code in section.reasons.keys() - file.reasons.keys():
            line = _line(text, ["sections", name, "reasons", code])
            raise SettingsError(
                f"{origin}, line {line}: section {name!r} changes {code!r}, "
                "which [reasons] does not have"
            )
    for code in unknown_languages(file.languages):
        raise SettingsError(
            f"{origin}, line {_line(text, ['languages', code])}: unknown language {code!r}: "
            "take an ISO 639 code such as de"
        )
    digest = hashlib.sha256(msgspec.json.encode(file, order="sorted")).hexdigest()[:8]
    return Policy(file, f"{file.name}-{digest}")


def _given(change: _RuleChange) -> dict[str, Any]:
    """The fields that a section sets."""
    return {
        name: value
        for name in change.__struct_fields__
        if (value := getattr(change, name)) is not msgspec.UNSET
    }


def _with_line(text: str, message: str, origin: str, *, languages: bool = False) -> str:
    """Put the line before msgspec's message, whose path shows map keys as `[...]`.

    The place is within `[languages]`, or outside of it.
    """
    paths = [
        path
        for path in _paths(tomllib.loads(text))
        if languages == (path[0] == "languages" and len(path) > 1)
    ]
    reason, _, place = message.partition(" - at `$")
    field = place.rstrip("`").rpartition(".")[2]
    unknown = re.search(r"unknown field `(\w+)`", reason)
    for path in paths:
        if (unknown and path[-1] == unknown[1]) or (not unknown and path[-1] == field):
            candidate = _line(text, path)
            if unknown or _is_wrong(text, path):
                return f"{origin}, line {candidate}: {'.'.join(path)}: {reason}"
    for path in paths:
        # A table that lacks a field, or is no table at all.
        if len(path) > 1 and _is_wrong(text, path):
            return f"{origin}, line {_line(text, path)}: {'.'.join(path)}: {reason}"
    return f"{origin}, line 1: {reason}"


def _paths(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[list[str]]:
    found: list[list[str]] = []
    for key, value in table.items():
        found.append([*above, key])
        if isinstance(value, dict):
            found += _paths(value, (*above, key))
    return found


def _is_wrong(text: str, path: list[str]) -> bool:
    """Whether the value at `path` fails on its own."""
    value: Any = tomllib.loads(text)
    for key in path:
        value = value[key]
    kind: Any = None
    if path[-2:-1] == ["reasons"]:
        kind = Rule if path[0] == "reasons" else _RuleChange
    else:
        fields = {
            "threshold": Probability,
            "action": Action,
            "weight": Probability,
            "unsupported": LanguageAction,
        }
        kind = fields.get(path[-1])
    if kind is None:
        return not isinstance(value, dict)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return True
    return False


def _line(text: str, path: list[str]) -> int:
    """Line of a key, counted from 1: below the deepest table header that leads to it."""
    table: list[str] = []
    best = (0, 1)
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            here = table
        else:
            key = re.match(r"\s*([\w.\"'-]+)\s*=", line)
            if not key:
                continue
            here = table + [part.strip("\"'") for part in key[1].split(".")]
        if path[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
    return best[1]
