"""Names that a comment twists: a hyphen in the wrong place, capitals or a dollar sign inside."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?:[ -][A-Z][a-z]+)*")
_HYPHENATED = re.compile(r"\b(?:[A-Z][a-z]+ )?[A-Z][A-Za-z]*-[A-Za-z]+\b")
_INNER_CAPITALS = re.compile(r"\b(?:[A-Z]?[a-z]{2,}[A-Z]{3,}[a-z]*|[A-Z]{3,}(?!s\b)[a-z]{4,})\b")
_MONEY_INSIDE = re.compile(r"(?<![\w$])[A-Za-z]{2,}\$+[A-Za-z]+\b")
_ALIKE: Final = 0.6
_KEPT: Final = 3
"""Letters that a twisted name keeps of the true one, at its beginning or end."""
_WELL_KNOWN: Final = frozenset(
    """afghanistan africa alberta amazon america american apple argentina arizona asia atlanta
    auckland australia austria bangladesh barcelona beijing belfast belgium berlin biden birmingham
    boston brazil brexit bristol britain british brussels bulgaria california cambridge canada
    canadian canberra chicago china chinese christmas clinton colorado conservative conservatives
    democrat democrats denmark dublin edinburgh egypt england english ethiopia europe european
    facebook finland florida france french germany german glasgow google greece holland hungary
    iceland india indonesia iran iraq ireland irish israel italy japan japanese johnson kenya korea
    labour liberal liberals liverpool london macron malaysia manchester melbourne merkel mexico
    microsoft moscow netherlands netflix nigeria norway obama ontario oxford pakistan paris pentagon
    philippines poland portugal putin quebec republican republicans reuters romania russia russian
    scotland scottish seattle singapore spain spanish starmer sunak sweden switzerland sydney taiwan
    tesla texas thailand thatcher tokyo toronto trudeau trump turkey twitter ukraine vancouver
    vienna vietnam wales washington wellington zealand""".split()
)
"""Names that a comment may twist though neither article nor thread has them."""


def mangled_names(text: str, sources: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find twisted names, as `(start, end)` in the text; `sources` give the true ones."""
    for pattern in (_INNER_CAPITALS, _MONEY_INSIDE):
        for match in pattern.finditer(text):
            if not _stands_in(match.group(), sources):
                yield match.span()
    candidates = list(_HYPHENATED.finditer(text))
    if not candidates:
        return
    known = frozenset().union(_WELL_KNOWN, *(_names(source) for source in sources))
    for match in candidates:
        # The word before may belong to the name, or only begin the sentence.
        token = match.group().split(" ")[-1]
        if _twists(token, known) and not _stands_in(token, sources):
            yield match.span()


def _twists(token: str, known: frozenset[str]) -> bool:
    """Whether a hyphenated word is nearly a name, but is neither it nor made of whole names."""
    parts = token.lower().split("-")
    joined = "".join(parts)
    if joined in known or any(part in known for part in parts):
        return False
    for name in known:
        kept = (joined.endswith(name[-_KEPT:]) and len(parts[0]) < len(name)) or joined.startswith(
            name[:_KEPT]
        )
        if kept and abs(len(name) - len(joined)) <= _KEPT:
            alike = SequenceMatcher(None, joined, name, autojunk=False).ratio()
            if _ALIKE <= alike < 1:
                return True
    return False


def _stands_in(token: str, sources: Sequence[str]) -> bool:
    return any(token in source for source in sources)


@lru_cache(maxsize=512)
def _names(source: str) -> frozenset[str]:
    """Names of a text in lower case, whole and word by word."""
    whole = {match.group().lower() for match in _NAME.finditer(source)}
    return frozenset(whole | {part for name in whole for part in re.split("[ -]", name)})
