"""A saved article page: date, title, paragraphs, credit line, then the readers' comments."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from moderation.author_lines import Layout, find_layout, is_heading, read_header, split_credit
from moderation.errors import PageError

LARGEST_PAGE = 5_000_000  # bytes
MOST_LINES = 100_000  # no article has so many; what has is not worth the seconds it would take

_LONGEST_TITLE = 150
_LINES_WITH_DATE = 3
_ENDING = re.compile(r"\r\n|\r|\n")
# Control characters, save those that editors leave in a text, and the stand-in for bytes that
# are no text in the encoding at hand.
_NO_TEXT = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0), 0xFFFD} - {*b"\t\n\r\v\f\x1a\x85"})
_MOST_NO_TEXT = 0.01
# What is stripped off a line's ends; inside, a line stays as it is.
_BLANK = " \t\v\f\x1a\x85\xa0\u2028\u2029\u202f\u3000\u200b\ufeff"
_MARKS_OF_ORDER = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_MONTH = rf"(?:{_MONTHS}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_CLOCK = r"[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?"
_ISO = rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:{_CLOCK})?(?![\w-])"
_SPOKEN = rf"(?:[A-Z][a-z]+day,? )?(?:{_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}})"
_DATE = re.compile(
    rf"(?:^|\s)date\s*:?\s+(?P<said>{_ISO}|{_SPOKEN}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}})(?:\s+|$)"
    rf"|^(?P<iso>{_ISO})(?:\s+|$)|^(?P<alone>{_SPOKEN})$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^(?:title\s*:?|(?:Title|TITLE)\s*:)\s+(?=\S)")
_QUOTED = re.compile(r"""^(?:>+\s*\S.*|["“«„].*["”»]|'.*'|\u2018.*\u2019)$""")


class PageArticle(msgspec.Struct, frozen=True):
    """The article: `date` is ISO where it can be read as one; what the page lacks is empty."""

    date: str = ""
    title: str = ""
    paragraphs: list[str] = []
    credit: str = ""


class Quote(msgspec.Struct, frozen=True):
    """Whom a comment quotes, and the words of theirs that the page repeats (perhaps none)."""

    author: str
    text: str


class PageComment(msgspec.Struct, frozen=True):
    """A reader's comment: the author's own words, and the other reader whom it quotes."""

    author: str
    text: str
    quotes: Quote | None = None


class Page(msgspec.Struct, frozen=True):
    """A saved page: the article and the comments below it, in the page's order."""

    article: PageArticle
    comments: list[PageComment]


def read_page(path: Path) -> Page:
    """Read the page saved in a file.

    Raises PageError when the file cannot be opened or holds no page.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_PAGE + 1)
    except OSError as error:
        message = f"{path}: {error.strerror or 'cannot be read'}"
        raise PageError(message) from error
    try:
        return parse_page(data)
    except PageError as error:
        message = f"{path}: {error}"
        raise PageError(message) from error


def parse_page(data: bytes) -> Page:
    """Parse a saved page from the bytes of its file.

    Raises PageError when it is empty, binary, larger than 5 MB, or has more than 100,000 lines.
    """
    if len(data) > LARGEST_PAGE:
        message = "the page is larger than 5 MB"
        raise PageError(message)
    lines = [line for raw in _ENDING.split(_decode(data)) if (line := raw.strip(_BLANK))]
    if not lines:
        message = "the page is empty"
        raise PageError(message)
    if len(lines) > MOST_LINES:
        message = f"the page has more than {MOST_LINES:,} lines"
        raise PageError(message)
    date, title, lines = _take_head(lines)
    layout = find_layout(lines)
    paragraphs, credit = _take_credit(lines[: layout.comments])
    if not title and len(paragraphs) > 1 and _is_title(*paragraphs[:2]):
        title = paragraphs.pop(0)
    return Page(PageArticle(date, title, paragraphs, credit), _take_comments(lines, layout))


def _decode(data: bytes) -> str:
    """Decode a page in the encodings that pages are saved in; refuse what is no text."""
    for mark, encoding in _MARKS_OF_ORDER:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            break
    else:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    if "\0" in text or len(text) - len(text.translate(_NO_TEXT)) > _MOST_NO_TEXT * len(text):
        message = "the page is binary, not text"
        raise PageError(message)
    return text


def _take_head(lines: list[str]) -> tuple[str, str, list[str]]:
    """Take date and title off the top; the rest begins with the first paragraph."""
    date, above, rest = "", "", lines
    for at, line in enumerate(lines[:_LINES_WITH_DATE]):
        if found := _DATE.search(line):
            before = " ".join(filter(None, [*lines[:at], line[: found.start()].rstrip()]))
            if len(before) <= _LONGEST_TITLE:
                date = _iso(next(filter(None, found.groups())))
                above, rest = before, [*filter(None, [line[found.end() :]]), *lines[at + 1 :]]
            break
    title = _TITLE.sub("", above)
    if not title and rest and (named := _TITLE.match(rest[0])):
        title, rest = rest[0][named.end() :], rest[1:]
    return date, title, rest


def _iso(written: str) -> str:
    """Write a date as ISO; leave it as it is where its meaning is not certain."""
    plain = re.sub(r"^(\d{4})[/.](\d+)[/.](\d+)", r"\1-\2-\3", written)
    words = re.sub(r"(?i)^[a-z]+day,? |[,.]", "", plain)
    words = re.sub(r"[A-Za-z]{3,}", lambda month: month[0][:3], words)
    for form, text in (("%Y-%m-%d", plain[:10]), ("%b %d %Y", words), ("%d %b %Y", words)):
        try:
            return datetime.strptime(text.rstrip("T "), form).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return written


def _take_credit(lines: list[str]) -> tuple[list[str], str]:
    """Part the credit line from the article's paragraphs."""
    while lines and is_heading(lines[-1]):
        lines = lines[:-1]
    if not lines:
        return [], ""
    last, credit = split_credit(lines[-1])
    return [*lines[:-1], *filter(None, [last])], credit


def _is_title(first: str, second: str) -> bool:
    """Tell a title from a first paragraph: short, no full stop, and a longer paragraph below."""
    return len(first) <= min(_LONGEST_TITLE, len(second)) and not first.endswith((".", '."', ".”"))


def _take_comments(lines: Sequence[str], layout: Layout) -> list[PageComment]:
    """Cut the lines below the article into comments, each with whom it quotes."""
    ends = [*layout.authors[1:], len(lines)]
    bodies = [lines[at + 1 : end] for at, end in zip(layout.authors, ends, strict=False)]
    authors = [lines[at] for at in layout.authors]
    # How often each author says a line, to know again what other comments repeat of it.
    said: dict[str, Counter[str]] = {}
    for author, body in zip(authors, bodies, strict=True):
        said.setdefault(author, Counter()).update(map(_bare, body))
    names = frozenset(authors)
    article = "\n".join(lines[: layout.comments])
    return [
        _take_quotes(author, body, names, said, article)
        for author, body in zip(authors, bodies, strict=True)
    ]


def _take_quotes(
    author: str,
    body: Sequence[str],
    names: frozenset[str],
    said: Mapping[str, Counter[str]],
    article: str,
) -> PageComment:
    """Part an author's own words from what stands below a header naming another reader.

    Quoted is what that reader wrote elsewhere on the page, or a line that is marked as quoted and
    is not from the article; a header above neither quotes nothing but still names the reader.
    """
    here = Counter(map(_bare, body))
    own: list[str] = []
    quotes: list[tuple[str, list[str]]] = []
    quoting = False
    for line in body:
        if header := read_header(line, names):
            quotes.append((header, []))
            quoting = True
            continue
        if quoting:
            bare, quoted = _bare(line), quotes[-1][0]
            elsewhere = quoted in said and said[quoted][bare] > (quoted == author and here[bare])
            quoting = elsewhere or (bool(_QUOTED.match(line)) and bare not in article)
        if quoting:
            quotes[-1][1].append(line)
        else:
            own.append(line)
    # A record has room for one quotation: the first reader's name, and all that is quoted.
    quoted_lines = [line for _, lines in quotes for line in lines]
    first = Quote(quotes[0][0], "\n".join(quoted_lines)) if quotes else None
    return PageComment(author, "\n".join(own), first)


def _bare(line: str) -> str:
    """Take the marks of a quotation off a line."""
    return line.strip(" >\"'“”\u2018\u2019«»„…")
