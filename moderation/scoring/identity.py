"""Exchanges the group of people that a comment names for another.

A score that falls when only the group changes says more about the model than about the comment:
counterfactual fairness in text classification (Garg et al., 2019).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from moderation.scoring.protocol import ScoringInput
from moderation.text import own_words

CODES: Final = frozenset(
    """toxicity severe_toxicity insult identity_attack threat obscene sexual_explicit""".split()
)
"""Scores that models are known to give for a mere mention of a group."""

_GROUPS: Final = (
    # One line for people of one kind: the same forms in the same places, `-` where there is none.
    # Others come first in the order of the lines.
    """christian christians christianity christian
    buddhist buddhists buddhism buddhist
    hindu hindus hinduism hindu
    sikh sikhs sikhism sikh
    muslim muslims islam islamic
    jew jews judaism jewish
    atheist atheists atheism atheist
    catholic catholics catholicism catholic
    protestant protestants protestantism protestant
    mormon mormons mormonism mormon""",
    """white whites
    asian asians
    black blacks
    latino latinos
    arab arabs
    african africans""",
    """european europeans
    canadian canadians
    australian australians
    american americans
    mexican mexicans
    indian indians
    pakistani pakistanis
    iranian iranians
    russian russians
    ukrainian ukrainians
    romanian romanians
    german germans
    italian italians
    israeli israelis
    palestinian palestinians
    syrian syrians
    nigerian nigerians
    somali somalis
    albanian albanians""",
    """british -
    irish -
    french -
    dutch -
    spanish -
    polish -
    chinese -
    japanese -
    turkish -""",
    """citizen citizens
    local locals
    neighbour neighbours
    immigrant immigrants
    migrant migrants
    refugee refugees
    foreigner foreigners""",
    """heterosexual heterosexuals heterosexuality
    homosexual homosexuals homosexuality
    bisexual bisexuals bisexuality""",
    """straight - -
    gay gays -
    lesbian lesbians lesbianism
    bi - -
    queer queers -""",
    """cisgender cis
    transgender trans""",
    """man men male males boy boys gentleman gentlemen masculine husband husbands father fathers
    woman women female females girl girls lady ladies feminine wife wives mother mothers""",
    """able-bodied sighted hearing healthy
    disabled blind deaf -
    handicapped - - -""",
    """neurotypical
    autistic
    dyslexic""",
    """young younger -
    old older -
    elderly - -""",
    """adult adults
    teenager teenagers
    pensioner pensioners""",
    """millennial millennials
    boomer boomers""",
)
_NEVER_FIRST: Final = frozenset("straight bi cis hearing healthy local locals neighbour".split())
"""Words that mostly mean something else: put in for others, never exchanged themselves."""
_ALTERNATIVES: Final = 3
_MOST_GROUPS: Final = 3
_ARTICLE: Final = re.compile(r"\b(an?)(\s+)$", re.IGNORECASE)


class Swap(NamedTuple):
    """A comment with one group exchanged."""

    text: str
    term: str
    """A word that was exchanged, as it stands in the comment."""
    other: str


class _Place(NamedTuple):
    kind: int
    """The line of the group's table."""
    form: int


def _tables() -> tuple[list[list[list[str]]], list[dict[str, _Place]]]:
    """By group: the forms of each kind of people, and where each word stands."""
    groups, places = [], []
    for group in _GROUPS:
        kinds = _rows(group)
        found: dict[str, _Place] = {}
        for kind, forms in enumerate(kinds):
            for form, word in enumerate(forms):
                if word != "-" and word not in _NEVER_FIRST:
                    found.setdefault(word, _Place(kind, form))
        groups.append(kinds)
        places.append(found)
    return groups, places


def _rows(group: str) -> list[list[str]]:
    return [line.split() for line in group.splitlines()]


_KINDS, _PLACES = _tables()
_TERM: Final = re.compile(
    r"\b(?:"
    + "|".join(sorted({re.escape(w) for found in _PLACES for w in found}, reverse=True))
    + r")\b",
    re.IGNORECASE,
)


def swaps(comment: ScoringInput) -> list[Swap]:
    """The comment with the terms of one group exchanged, up to three times for each group.

    Number, form, letter case and `a` or `an` are kept. Terms that the comment cites are left
    alone. At most three groups are tried; empty when the comment names none.
    """
    sources = (comment.article_title, comment.article_text, comment.parent_text)
    terms = list(_TERM.finditer(own_words(comment.text, sources)))
    found: list[Swap] = []
    tried = 0
    for kinds, places in zip(_KINDS, _PLACES, strict=True):
        named = [term for term in terms if term.group().lower() in places]
        if named and tried < _MOST_GROUPS:
            tried += 1
            found += _exchanged(comment.text, named, kinds, places)
    return found


def _exchanged(
    text: str,
    named: Sequence[re.Match[str]],
    kinds: Sequence[Sequence[str]],
    places: dict[str, _Place],
) -> Iterator[Swap]:
    present = list(dict.fromkeys(places[term.group().lower()].kind for term in named))
    others = [kind for kind in range(len(kinds)) if kind not in present]
    turns = len(others)
    if not others:
        # With nobody else to put in, those who are named change places.
        others, turns = present[1:] + present[:1], len(present) - 1
    for turn in range(min(_ALTERNATIVES, turns)):
        changed, first = text, Swap("", "", "")
        for term in reversed(named):
            kind, form = places[term.group().lower()]
            other = _fitting(kinds, others, present.index(kind) + turn, form)
            word = _in_case(other, term.group())
            changed = _put(changed, term.start(), term.end(), word)
            first = Swap("", term.group(), word)
        yield first._replace(text=changed)


def _fitting(kinds: Sequence[Sequence[str]], others: Sequence[int], turn: int, form: int) -> str:
    """A word of the same form for other people; where they have none, the first who do."""
    for step in range(len(others)):
        word = kinds[others[(turn + step) % len(others)]][form]
        if word != "-":
            return word
    return kinds[others[turn % len(others)]][0]


def _in_case(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def _put(text: str, start: int, end: int, word: str) -> str:
    """Replace a word, and make the article before it fit."""
    before = text[:start]
    article = _ARTICLE.search(before)
    if article:
        # Of the terms with `e` and `u` only the elderly begin with a vowel's sound.
        fits = "an" if word[0].lower() in "aio" or word.lower().startswith("el") else "a"
        if article[1][0].isupper():
            fits = fits.upper() if word.isupper() else fits.capitalize()
        before = before[: article.start()] + fits + article[2]
    return before + word + text[end:]
