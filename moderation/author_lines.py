"""Telling the lines that name an author from the lines that an author wrote.

A saved page keeps no markup, so no line says which kind it is, and a nickname may look like
anything: "Do the hustle", "Not so fast.", "1glenn". Each line is therefore weighed by all the
evidence that the page holds for and against its being a name, and the reading with the largest
sum is taken for the page as a whole: article first, then authors, each with lines of text below.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = (
    rf"(?:Today|Yesterday|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\d{{4}}-\d\d-\d\d"
    rf"|{_MONTH} ?\d{{1,2}}(?:,? ?\d{{4}})?|\d{{1,2}} {_MONTH}(?:,? ?\d{{4}})?)"
)
_CLOCK = r"\d{1,2}[:.]\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?"
_AGO = r"(?:\d{1,3}|an?) ?(?:min(?:ute)?|hour|hr|day|week|month|year)s? ago"
_WHEN = re.compile(rf"(?:{_DAY},?(?: at)?[ T]{_CLOCK}(?P<zone> ?[A-Z]{{2,4}})?|{_AGO})$")
_SAYS = re.compile(r"^@?(?P<name>.{1,60}?) (?:said|says|wrote|writes|posted) ?:$")
_LONGEST_HEADER = 90

_LONGEST_NAME = 40
_READ_FOR_NAMES = 160  # characters of a line in which another reader is looked for
_WORDS_IN_NAME = 5

# Words that comments are made of. A nickname made of them alone reads like a sentence.
_COMMON = frozenset(
    """a about absolutely after again agree agreed ah all already also always am amen an and another
    any anyone are as ask at away back bad be because been before being best better both but by
    bye call came can cannot come could day did do does done down each else enough even ever every
    everyone exactly fact false far few fine first for from fun funny get give go goes going gone
    good got great had haha happy has have he hear hello hence her here hi him his how i if in
    indeed instead into is it its just keep know last later least less let like lol long look lot
    made make many may maybe me mean means mine more most much must my need never new next nice no
    nobody none nonsense nope not nothing now of off oh ok okay old on once one only or other our
    out over people please point poor pretty probably put quite read really right sad said same saw
    say says see seriously she should simple so some someone something still stop such sure take
    tell than thank thanks that the their them then there these they thing things think this those
    though thought time to today told too true try two under until up us use very wait want was way
    we well went were what when where which while who whole why will wish with without wonder wow
    wrong yeah year years yep yes yet you your""".split()
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_CONTRACTION = re.compile(
    r"n['\u2019]t\b|\w['\u2019](?:m|re|ve|ll|d)\b|\b(?:it|that|he|she|what|who)['\u2019]s\b",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(r"\b(?:I|I['\u2019]\w+|me|my|we|you|your|you['\u2019]\w+)\b")
_MARK = re.compile(r"""^(?:["“”«„>•*]|[-\u2013—] |@\w|#\w|\(|\d{1,2}[.)] |https?:|www\.)""")
_MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]|_|[a-z][A-Z]|\w[@$|]\w")
_STOP_INSIDE = re.compile(r"[.!?…;:]['\"”\u2019)]* +\S")
_ENDS = {".": "ends_period", "?": "ends_question", "!": "ends_bang", "…": "ends_dots"}
_STOPPED = re.compile(r"[.!?…][\"'”\u2019)\]]*$")
_CREDIT = re.compile(r"(?:©|\([cC]\) ?(?=[A-Z\d])|\bCopyright (?=[©\d])).{0,300}$")
_SHORTEST_TOPIC = 4
_SHORTEST_NEWS = 60  # few paragraphs of an article are shorter
_LONG_NEWS = 140
_CREDIT_LINE = re.compile(
    r"^(?:(?:source|credit|via)s?: ?\S.{0,80}|[-\u2013—(]* ?(?:kyodo(?: news)?|reuters|"
    r"afp(?:-jiji)?|ap|jiji(?: press)?|bloomberg|upi|dpa|(?:the )?associated press)\)?\.?)$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(?:\d+ +comments?|(?:reader )?comments ?(?:\(\d+\))?:?)$", re.IGNORECASE)

# What each piece of evidence adds to the reading in which it holds: in the first group, that a
# line names an author rather than being text; in the second, the article and the order of lines.
# They were fitted on made pages (an averaged structured perceptron) with real comments as text,
# then rounded; "line" alone was raised after, as merging two comments is worse than cutting one.
WEIGHTS: Mapping[str, float] = {
    "line": 2.5,
    "length": -0.17,  # for each character past 12
    "words": 0.2,  # for each word past the first: a long name of many words is not so long
    "all_common": -0.4,
    "title_case": 1.3,
    "one_capital": 0.5,
    "one_lower": 0.7,
    "one_caseless": 0.5,
    "mixed": 1.2,  # "bass4funk", "so_what", "OssanAmerica"
    "wordless": -1.2,  # a ruler or a lone full stop
    "ends_digit": 0.6,
    "ends_period": -1.6,
    "ends_question": -0.8,
    "ends_bang": -1.0,
    "ends_dots": -1.2,
    "ends_open": -3.0,
    "comma": -0.4,
    "stop_inside": -1.6,
    "mark": -2.7,  # begins as a quotation, a list or an address does
    "contraction": -0.8,
    "topical": -0.7,  # has a word that the page's longer lines use
    "after_open": -1.9,
    "after_unstopped": -0.2,
    "above_header": 3.0,
    "above_long": 0.5,
    "above_quote": 0.9,
    "repeated": 1.7,
    "repeated_stock": 1.3,  # only common words: "Well said" may be there twice and be no name
    "addressed": 2.0,
    "mentioned": 0.9,
    "headed": 4.0,
    # the article and the order of the lines
    "article_long": 0.4,
    "article_short": -1.0,
    "article_about_us": -0.8,
    "article_ends": 0.0,
    "article_ends_credit": 8.0,
    "comment_ends": -1.0,
}

Evidence = list[tuple[str, float]]


class Layout(NamedTuple):
    """Where a page's parts lie: `comments` is the first line below the article."""

    comments: int
    authors: list[int]


class Line(NamedTuple):
    """What a line tells: as an author's name, as a paragraph, and as the article's last line."""

    author: Evidence | None  # None: no name, whatever else the page holds
    article: Evidence
    ends: str


def split_credit(line: str) -> tuple[str, str]:
    """Part the credit (`© …`) at a line's end from the text before it; "" where there is none."""
    if _CREDIT_LINE.match(line):
        return "", line
    found = _CREDIT.search(line)
    return (line[: found.start()].rstrip(), found.group()) if found else (line, "")


def is_heading(line: str) -> bool:
    """Tell the heading of the comments ("9 Comments") that some pages keep."""
    return bool(_HEADING.match(line))


def read_header(line: str, names: Mapping[str, int] | frozenset[str]) -> str | None:
    """Read whom a line names as quoted below: a name with a time glued to it, or "NAME wrote:".

    `names` holds lines that may be names. They settle where "glenn13 hours ago" is to be cut, and
    whether "I read it 3 hours ago" is a header at all.
    """
    if len(line) > _LONGEST_HEADER:
        return None
    if says := _SAYS.match(line):
        return says["name"] if says["name"] in names else None
    cuts: list[tuple[str, bool]] = []
    for found in _whens(line):
        before = line[: found.start()]
        name = before.rstrip(" \t-\u2013—|,·•").removeprefix("@")
        if name in names:
            return name
        glued = before == before.rstrip()
        cuts.append((name, bool(name) and (glued or bool(found["zone"]))))
    return next((name for name, certain in cuts if certain), None)


def find_layout(lines: Sequence[str]) -> Layout:
    """Find where the article ends and which lines name an author, from all lines together."""
    if not lines:
        return Layout(0, [])
    return decode(list(weigh(lines)), WEIGHTS)


def weigh(lines: Sequence[str]) -> Iterator[Line]:
    """Gather the evidence for each line of a page."""
    counts = Counter(line for line in lines if len(line) <= _LONGEST_NAME)
    headers = [read_header(line, counts) for line in lines]
    headed = {*headers}
    # A short line below a header may be there a second time because it is quoted.
    quoted = {below for header, below in zip(headers, lines[1:], strict=False) if header}
    addressed, mentioned = _addresses(lines, counts)
    topics = _topics(lines)
    for at, line in enumerate(lines):
        author: Evidence | None = None
        may_be_name = len(line) <= _LONGEST_NAME and at + 1 < len(lines) and not is_heading(line)
        # A header stands in a comment, and so does what it announces.
        if may_be_name and not (headers[at] or (at and headers[at - 1])):
            shape = _shape(line)
            repeated = "repeated_stock" if ("all_common", 1.0) in shape else "repeated"
            holds = {
                "topical": any(word.lower() in topics for word in _WORD.findall(line)),
                repeated: counts[line] > 1 and line not in quoted,
                "addressed": line in addressed,
                "mentioned": line in mentioned and line not in addressed,
                "headed": line in headed,
                "above_header": bool(headers[at + 1]),
            }
            author = [*shape, *((name, 1.0) for name, held in holds.items() if held)]
            author += _around(lines[at - 1] if at else "", lines[at + 1])
        credit = is_heading(line) or split_credit(line)[1]
        ends = "article_ends_credit" if credit else "article_ends"
        yield Line(author, list(_paragraph(line)), ends)


def _around(above: str, below: str) -> Iterator[tuple[str, float]]:
    """Weigh the lines beside one that may be a name."""
    if _MARK.match(below):
        yield "above_quote", 1.0
    elif len(below) > 2 * _LONGEST_NAME:
        yield "above_long", 1.0
    if above.endswith((",", ":", ";")):
        yield "after_open", 1.0
    elif not _STOPPED.search(above):
        yield "after_unstopped", 1.0


def decode(page: Sequence[Line], weights: Mapping[str, float]) -> Layout:
    """Take the reading of the page with the largest sum of weights (Viterbi over three states)."""
    never = float("-inf")
    article, author, text = 0.0, never, never
    # For each line, whether the best reading of it as an author follows the article directly,
    # and whether the best reading of it as text follows an author directly.
    first_author = bytearray(len(page))
    first_text = bytearray(len(page))
    for at, line in enumerate(page):
        begin, again = never, never
        if at and line.author is not None:
            named = total(line.author, weights)
            begin = article + weights[page[at - 1].ends] + named
            again = text + weights["comment_ends"] + named
        first_author[at] = begin >= again
        first_text[at] = author >= text
        text = max(author, text)
        author = max(begin, again)
        article += total(line.article, weights)
    if article >= text:
        return Layout(len(page), [])
    authors: list[int] = []
    at = len(page) - 1
    while not authors or not first_author[authors[-1]]:
        while not first_text[at]:
            at -= 1
        authors.append(at - 1)
        at -= 2
    return Layout(authors[-1], authors[::-1])


def total(evidence: Evidence, weights: Mapping[str, float]) -> float:
    """Add up what the evidence weighs."""
    return sum(weights[name] * amount for name, amount in evidence)


@lru_cache(maxsize=4096)
def _shape(line: str) -> tuple[tuple[str, float], ...]:
    """Weigh a line's own form as a name."""
    words = _WORD.findall(line)
    common = [word for word in words if word.lower() in _COMMON]
    one = len(words) == 1 and not common
    end = "ends_dots" if line.endswith("..") else _ENDS.get(line[-1], "")
    evidence = {
        "line": 1,
        "length": max(0, len(line) - 12),
        "words": max(0, len(words) - 1),
        "all_common": bool(words) and len(common) == len(words),
        "title_case": len(words) > 1 and not any(word[0].islower() for word in words),
        "one_capital": one and words[0][0].isupper(),
        "one_lower": one and words[0][0].islower(),
        "mixed": bool(_MIXED.search(line)),
        "ends_digit": line[-1].isdigit(),
        "ends_open": line[-1] in ",:;-\u2013—",
        "comma": "," in line[:-1],
        "stop_inside": bool(_STOP_INSIDE.search(line)),
        "mark": bool(_MARK.match(line)),
        "contraction": bool(_CONTRACTION.search(line)),
        "one_caseless": one and words[0][0].upper() == words[0][0].lower(),
        "wordless": not words and line.isascii(),
    }
    if end:
        evidence[end] = 1
    return tuple((name, float(amount)) for name, amount in evidence.items() if amount)


def _paragraph(line: str) -> Iterator[tuple[str, float]]:
    """Weigh a line as a paragraph of the article."""
    if len(line) > _LONG_NEWS:
        yield "article_long", 1.0
    elif len(line) < _SHORTEST_NEWS:
        yield "article_short", 1.0
    if _ABOUT_US.search(line):
        yield "article_about_us", 1.0


def _whens(line: str) -> Iterator[re.Match[str]]:
    """Find each place from which the rest of the line is a time."""
    found = _WHEN.search(line, 1)
    while found:
        yield found
        found = _WHEN.search(line, found.start() + 1)


def _topics(lines: Sequence[str]) -> set[str]:
    """Collect the words that the page's longer lines use: what it is about, and no nicknames."""
    return {
        word
        for line in lines
        if len(line) > _LONGEST_NAME
        for word in _WORD.findall(line)
        if len(word) >= _SHORTEST_TOPIC and word.islower() and word not in _COMMON
    }


def _addresses(lines: Sequence[str], counts: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """Find the short lines that other lines speak to ("@NAME", "NAME, …") or of."""
    bare = {name.strip("@.,:;!?… "): name for name in counts}
    addressed: set[str] = set()
    mentioned: set[str] = set()
    for line in lines:
        if line in counts and counts[line] > 1:
            continue
        head = line[:_READ_FOR_NAMES]
        spans = [found.span() for found in re.finditer(r"\S+", head)]
        for first, (start, _) in enumerate(spans):
            for _, end in spans[first : first + _WORDS_IN_NAME]:
                piece = head[start:end]
                name = bare.get(piece.strip("@.,:;!?…\"'“”()"))
                if name is None or name == line:
                    continue
                to = first == 0 and (
                    piece[-1] in ",:" or head[end : end + 2] in (" -", " \u2013", " —")
                )
                if piece[0] == "@" or to:
                    addressed.add(name)
                elif any(word.lower() not in _COMMON for word in _WORD.findall(name)) and (
                    not name.islower()
                ):
                    mentioned.add(name)
    return addressed, mentioned
