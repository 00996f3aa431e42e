"""The page parser, on the real page, on pages by hand, and on made pages whose truth is known."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import PageError
from moderation.pages import LARGEST_PAGE, MOST_LINES, Page, Quote, parse_page, read_page
from tests.moderation.page_maker import HELD_OUT_STYLES, SEEN_STYLES, make_page

ROOT = Path(__file__).parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
SAMPLES = ROOT / "moderation" / "samples"

BODY = (
    "The pool in Wexmouth will stay shut until the spring, the council said on Monday, because "
    "the pumps that were ordered in May have still not been delivered.",
    "It was to open again this week. Some 400 children had signed up for swimming lessons there, "
    "and the council is now looking for places in the neighbouring towns.",
)
COMMENTS = "Ada Amsel\nAnd the fees?\nBramble!\nThey keep the fees, they always do."
PAGE = f" date 2021-06-01 {BODY[0]}\n{BODY[1]}© THE POST\n{COMMENTS}"


def parse(text: str) -> Page:
    """Parse a page from text."""
    return parse_page(text.encode())


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"needs the folder {SEEDS}")
def test_seed_page() -> None:
    """The real page yields its nine comments, article and credit, and knows whom one quotes."""
    (path,) = SEEDS.glob("*.txt")

    page = read_page(path)

    assert [
        "Michael Machida",
        "Fighto!",
        "OssanAmerica",
        "EvilBuddha",
        "William77",
        "Michael Machida",
        "Tom Doley",
        "Do the hustle",
        "quercetum",
    ] == [comment.author for comment in page.comments]
    assert [1, 1, 1, 3, 3, 2, 1, 1, 2] == [len(c.text.split("\n")) for c in page.comments]
    assert [None] * 4 + [Quote("Fighto!", "")] + [None] * 4 == [c.quotes for c in page.comments]
    assert ("2021-06-01", "", 6, "© KYODO") == (
        page.article.date,
        page.article.title,
        len(page.article.paragraphs),
        page.article.credit,
    )


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        (
            "harbour-bridge",
            "Tolly Brandvik|out of petrol|Wren77|Halvard the 2nd|Gull!|Mrs Pettibone|Wren77|"
            "kettle_black|Is this thing on?|Doctor Tidewater|Sorrel Achterberg|Tolly Brandvik|"
            "Halvard the 2nd",
        ),
        (
            "library-hours",
            "Bookworm of Quenby|1tallstory|Not in my name.|Lotte Varga|Come again?|Pim|"
            "Bookworm of Quenby|grumbling appendix",
        ),
    ],
)
def test_samples(name: str, authors: str) -> None:
    """The pages that ship for the demo are read as they were written."""
    page = read_page(SAMPLES / f"{name}.txt")

    assert authors.split("|") == [comment.author for comment in page.comments]
    (quote,) = [comment.quotes for comment in page.comments if comment.quotes]
    assert quote.text in {c.text for c in page.comments if c.author == quote.author}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n", " \n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_same_page_however_saved(ending: str, encoding: str) -> None:
    """Line ends, blank lines, byte-order marks and encodings make no difference."""
    assert parse(PAGE) == parse_page(PAGE.replace("\n", ending).encode(encoding))


@pytest.mark.parametrize(
    ("top", "date", "title"),
    [
        ("date 2021-06-01 ", "2021-06-01", ""),
        ("2021-06-01\n", "2021-06-01", ""),
        ("Date: June 1, 2021\n", "2021-06-01", ""),
        ("date 01/06/2021 ", "01/06/2021", ""),
        ("date 2021-06-01 Pool stays shut\n", "2021-06-01", "Pool stays shut"),
        ("Pool stays shut\ndate 2021-06-01 ", "2021-06-01", "Pool stays shut"),
        ("title Pool stays shut date 2021-06-01 ", "2021-06-01", "Pool stays shut"),
        ("title Pool stays shut\n", "", "Pool stays shut"),
        ("", "", ""),
    ],
)
def test_head(top: str, date: str, title: str) -> None:
    """Date and title are taken off the article's top in the forms that pages have."""
    page = parse(f"{top}{BODY[0]}\n{BODY[1]}\n{COMMENTS}")

    assert (date, title, [*BODY]) == (
        page.article.date,
        page.article.title,
        page.article.paragraphs,
    )


@pytest.mark.parametrize("credit", ["© KYODO", "\n© 2021 AFP", "\nReuters", "", "© X\n9 Comments"])
def test_credit(credit: str) -> None:
    """The article ends in the right place with the credit glued, on its own line, or missing."""
    page = parse("\n".join(BODY) + f"{credit}\n{COMMENTS}")

    assert [*BODY] == page.article.paragraphs
    assert credit.strip().split("\n")[0] == page.article.credit
    assert ["Ada Amsel", "Bramble!"] == [comment.author for comment in page.comments]


def test_article_alone() -> None:
    """A page without comments is an article, not a comment."""
    page = parse(f"date 2021-06-01 {BODY[0]}\n{BODY[1]}© KYODO\n")

    assert [] == page.comments
    assert ([*BODY], "© KYODO") == (page.article.paragraphs, page.article.credit)


@pytest.mark.parametrize(
    "header",
    [
        "Today 04:24 pm JST",
        "June 2, 2021 07:11 am JST",
        "3 hours ago",
        " 2021-06-01 16:24",
        " wrote:",
    ],
)
def test_quote(header: str) -> None:
    """Words repeated below a header are the quoted reader's; what follows is the author's own."""
    page = parse(f"{PAGE}\nTurnip\nAda Amsel{header}\nAnd the fees?\nAsk them.\nI did.")

    assert ("Ask them.\nI did.", Quote("Ada Amsel", "And the fees?")) == (
        page.comments[-1].text,
        page.comments[-1].quotes,
    )


def test_article_quoted_stays_in_the_text() -> None:
    """A sentence of the article in a comment is part of the comment."""
    page = parse(f'{PAGE}\nTurnip\n"{BODY[1]}"\nSo where?')

    assert (f'"{BODY[1]}"\nSo where?', None) == (page.comments[-1].text, page.comments[-1].quotes)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (bytes(range(1, 256)) * 9, "binary"),
        (b"a" * (LARGEST_PAGE + 1), "5 MB"),
        (b"a\n" * (MOST_LINES + 1), "lines"),
    ],
)
def test_refused(data: bytes, reason: str) -> None:
    """What is no page is refused in one line that says why."""
    with pytest.raises(PageError, match=reason) as raised:
        parse_page(data)

    assert "\n" not in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that cannot be opened is a page error that names it."""
    with pytest.raises(PageError, match=r"gone\.txt"):
        read_page(tmp_path / "gone.txt")


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a page or a PageError."""
    try:
        page = parse_page(data)
    except PageError:
        return
    assert all(comment.author for comment in page.comments)


@given(
    st.lists(
        st.sampled_from(
            ["Otto", "lol", "OttoToday 04:24 pm JST", "© X", BODY[0], "@Otto no", '"a"']
        )
    )
)
def test_no_line_is_lost(lines: list[str]) -> None:
    """Every line below the head, but for headers of quotations, ends up somewhere."""
    page = parse("\n".join([f"date 2021-06-01 {BODY[1]}", *lines]))

    out = [*page.article.paragraphs, page.article.credit]
    for comment in page.comments:
        out += [comment.author, *comment.text.split("\n")]
        out += comment.quotes.text.split("\n") if comment.quotes else []
    expected = Counter(line for line in lines if "Today" not in line)
    got = Counter(filter(None, out))
    assert Counter() == expected - got


@pytest.mark.parametrize(
    "unit",
    [
        b"%d\nword word word\n",
        b"u%d\nu1Today 04:24 pm JST\nsame words\n",
        b"@a @b %d the the the the the the the the the the\n",
        b"Today 1:11 Today 1:11 Today 1:11 %d\n",
        b"a        %d        b\t\t\t\t\t\t\t\t\t",
    ],
)
def test_time_bounded(unit: bytes) -> None:
    """The largest pages take seconds, whatever is in them: the work grows with size alone."""
    units: list[bytes] = []
    lines = size = 0
    while size < LARGEST_PAGE - 100 and lines < MOST_LINES - 4:
        units.append(unit % len(units))
        size += len(units[-1])
        lines += unit.count(b"\n")
    start = time.process_time()

    parse_page(b"".join(units))

    assert time.process_time() - start < 20


def _author_lines(styles: dict[str, Sequence[str]], seeds: range) -> tuple[float, float, float]:
    """Measure precision and recall of authors, and the share of comments that are exactly right."""
    found = right = wanted = exact = 0
    for seed in seeds:
        made = make_page(seed, styles)
        got, truth = parse(made.text).comments, made.page.comments
        both = Counter(c.author for c in got) & Counter(c.author for c in truth)
        found, wanted, right = found + len(got), wanted + len(truth), right + both.total()
        exact += (
            Counter((c.author, c.text) for c in got) & Counter((c.author, c.text) for c in truth)
        ).total()
    return right / found, right / wanted, exact / wanted


@pytest.mark.parametrize("styles", [SEEN_STYLES, HELD_OUT_STYLES], ids=["seen", "held out"])
def test_author_lines_on_made_pages(styles: dict[str, Sequence[str]]) -> None:
    """Authors are told from text on pages of strange nicknames and many one-phrase comments."""
    precision, recall, exact = _author_lines(styles, range(500_000, 500_200))

    # Floors below which a reader would notice; the measured figures lie some points above.
    assert precision > 0.93
    assert recall > 0.95
    assert exact > 0.90
