"""Masked words: what is read through, what is left alone, and where it stands in the raw text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.text import Unmasked, unmask

EVASIONS = [
    # zero_width
    ("you st\u200bupid man", "you stupid man", "zero_width"),
    ("an i\u200cd\u200ci\u200co\u200ct", "an idiot", "zero_width"),
    ("mo\u2060ron", "moron", "zero_width"),
    ("scu\ufeffm", "scum", "zero_width"),
    ("a wo\u200bnd\u200berful day", "a wonderful day", "zero_width"),
    ("gar\u00adbage", "garbage", "zero_width"),
    ("lo\u180eser", "loser", "zero_width"),
    ("cow\U000e0061ard", "coward", "zero_width"),
    ("tra\u034fsh", "trash", "zero_width"),
    ("$tu\u200bpid", "stupid", "zero_width"),
    # bidi
    ("you \u202etoidi\u202c", "you idiot", "bidi"),
    ("\u202enorom a", "a moron", "bidi"),
    ("st\u200fupid", "stupid", "bidi"),
    ("li\u2066ar", "liar", "bidi"),
    ("\u202didiot\u202c", "idiot", "bidi"),
    # homoglyph
    ("\u0455tupid", "stupid", "homoglyph"),
    ("\u0456d\u0456ot", "idiot", "homoglyph"),
    ("m\u043er\u043en", "moron", "homoglyph"),
    ("\u041coney for nothing", "Money for nothing", "homoglyph"),
    ("L\u03bfser", "Loser", "homoglyph"),
    ("l\u0456\u0430r", "liar", "homoglyph"),
    ("a real \u0441\u043e\u0441\u043a", "a real cock", "homoglyph"),
    ("\uff49\uff44\uff49\uff4f\uff54", "idiot", "homoglyph"),
    ("\U0001d5f6\U0001d5f1\U0001d5f6\U0001d5fc\U0001d601", "idiot", "homoglyph"),
    ("\u24d8\u24d3\u24d8\u24de\u24e3", "idiot", "homoglyph"),
    ("\U0001f178\U0001f173\U0001f178\U0001f17e\U0001f183", "IDIOT", "homoglyph"),
    ("\u043a\u0456ll", "kill", "homoglyph"),
    ("f\u00fcck this", "fuck this", "homoglyph"),
    ("m\u00f6r\u00f6n", "moron", "homoglyph"),
    ("i\u0336d\u0336i\u0336o\u0336t\u0336", "idiot", "homoglyph"),
    ("\u0261arba\u0261e", "garbage", "homoglyph"),
    # leet
    ("1d10t", "idiot", "leet"),
    ("what a 1d1ot!", "what a idiot!", "leet"),
    ("sh1t", "shit", "leet"),
    ("@sshole", "asshole", "leet"),
    ("$tupid", "stupid", "leet"),
    ("k1ll them", "kill them", "leet"),
    ("m0r0ns", "morons", "leet"),
    ("D1CKHEAD", "DICKHEAD", "leet"),
    ("b!tch", "bitch", "leet"),
    ("a$$hole", "asshole", "leet"),
    ("kiss my a$$.", "kiss my ass.", "leet"),
    ("l0$er", "loser", "leet"),
    ("r3tard", "retard", "leet"),
    ("dumb4ss", "dumbass", "leet"),
    ("th3 !diot's vote", "th3 idiot's vote", "leet"),
    # spaced
    ("i d i o t", "idiot", "spaced"),
    ("i.d.i.o.t", "idiot", "spaced"),
    ("s-t-u-p-i-d", "stupid", "spaced"),
    ("f u c k", "fuck", "spaced"),
    ("S T U P I D", "STUPID", "spaced"),
    ("u r a m o r o n", "u r a moron", "spaced"),
    ("i\nd\ni\no\nt", "idiot", "spaced"),
    ("m. o. r. o. n.", "moron.", "spaced"),
    ("i*d*i*o*t", "idiot", "spaced"),
    ("fu_ck", "fuck", "spaced"),
    ("stu.pid", "stupid", "spaced"),
    ("mo-ron", "moron", "spaced"),
    ("1 d 1 0 t", "idiot", "spaced"),
    ("k i l l  y o u r s e l f", "kill  y o u r s e l f", "spaced"),
    # stretched
    ("stuuuupid", "stupid", "stretched"),
    ("idiooot", "idiot", "stretched"),
    ("LOOOSERS", "LOSERS", "stretched"),
    ("killlll", "kill", "stretched"),
    ("morrrooon", "moron", "stretched"),
    ("$tuuupid", "stupid", "stretched"),
    # masked
    ("f*ck", "fuck", "masked"),
    ("sh*t", "shit", "masked"),
    ("id**t", "idiot", "masked"),
    ("st#pid", "stupid", "masked"),
    ("m@ron", "moron", "masked"),
    ("b-tch", "bitch", "masked"),
    ("c*nt", "cunt", "masked"),
    ("a**hole", "asshole", "masked"),
    ("f***", "fuck", "masked"),
    ("f--king", "fucking", "masked"),
    ("sh**", "shit", "masked"),
    ("f**ing", "fucking", "masked"),
    ("**what an id*ot**", "**what an idiot**", "masked"),
    ("f\\*\\*k", "fuck", "masked"),
    ("they are sc*m...all of them", "they are scum...all of them", "masked"),
]

INNOCENT = """\
Scunthorpe and Penistone are towns in England
Nigeria and Niger share a border
Essex, Sussex and Middlesex
a class, classes, classic, classified
an assassin in the embassy
a cocktail and a cockerel
Dickens wrote it, Dick Cheney did not
Hancock, Hitchcock, Babcock, Cockburn and Weiner
Shitake is spelt shiitake
Matsushita and Ashitaba
as s(he) said
therapist, the rapist film, grapes and drapes
The U.S.A. and the U.K., e.g. in 1945, i.e. long ago
F.B.I., C.I.A., N.A.S.A. and S.O.S.
the A.S.S. (Association of Social Sciences)
B-I-N-G-O and Bingo was his name-o
M*A*S*H was on television
P!nk, Ke$ha and A$AP Rocky
a C*-algebra and an L^2-norm
a footnote* and another** and a third***
See the note* below; prices*, terms**
this is *really* important and **never** wrong
it was _not_ me, __honest__
4*4 and 50/50 and a**b and a*b*c
x*y + c*t = d*d
`f*ck = $hit[1]` is code
exp(-a*s) / s**b + n**i - a**3 + pi**(1/3) + d**e
45s, 900k and a 5k run
printf("%s..%s of %4$s", a, b)
l-ar putea, FO-l\u00eaer, s-a dus
for i in range(10): a[i] *= b[i]
if (a && b || !c) { return d->e; }
$variable = $this->get("x"); echo $sum;
ls -la *.py | grep -v test > out.txt
rm -rf ./build && make -j4 all
git commit -m "fix: s/h/i/t/g"
sed -e 's/a/b/g' file
int main(void) { char *s; return *s; }
SELECT * FROM t WHERE a != b
#include <stdio.h>
C++, C#, F# and R
https://example.org/sh-t/f-ck/a$$hole
www.example.org/1d10t and example.org/k1ll
write to m0r0n@example.org
follow @assange and @handle_1d
#metoo #BlackLivesMatter #100days #s1e4
deadbeef1234 and 0xB17C4
d41d8cd98f00b204e9800998ecf8427e
550e8400-e29b-41d4-a716-446655440000
COVID-19, H1N1 and SARS-CoV-2
H2O, CO2, C6H12O6 and NH3
Louis XIII, Henry VIII and chapter iii
Rocky III and World War III
it costs $5, $5m, 5$, US$50 and A$7
\u00a34.99 a kilo, \u20ac5 for two
between 10:30 and 11:45 a.m.
+44 20 7946 0018 or (555) 010-4477
call 1-800-555-0199 now
an F150, an A55, the M1, a B52 and a 737
number plates B17S, K1K3 and 5H1T
the iPhone 12s, PS5, R2D2 and C3PO
gr8, 4ever, b4, l8r, m8, 2nite
w00t and n00b and pwn3d
1st, 2nd, 3rd, 4th and 21st
the 1990s, the 90's, in '45
1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. O-O Nf6
Qxd5+ and Rxe8#
C major, F#m7 and Bb
a b c d e f g
a, b, c and d; x, y, z
J. R. R. Tolkien and C. S. Lewis
J.K. Rowling, W.B. Yeats and T.S. Eliot
Ph.D., B.Sc., M.A. and D.Phil.
Mx. Smith, Mr. Jones and Dr. No
O'Brien, O'Shea, D'Arcy and N'Golo Kant\u00e9
Siobh\u00e1n, Niamh, Caoimhe and Taoiseach
Se\u00e1n \u00d3 D\u00e1laigh and M\u00e1ire N\u00ed Bhriain
sooooo good, nooooo way, yesss
aaaargh, hmmm, grrrr, zzzz, brrr
woooow, haaappy, loooove it
hahahaha, lololol and xoxoxo
wow!!! what???!! no...
What?!Really!Yes!No
well-known, up-to-date, state-of-the-art
re-election, co-operate, anti-inflammatory
half-wit, dumb-ass and pea-brained are spelt with hyphens
bull-shit, as he wrote it
and/or, he/she, s/he, w/o, n/a
rock & roll, R&D, Q&A, B&B, AT&T
you idiot!!! you moron... stupid?
you idiot1 and stupid* people
she said "ass", then "donkey"
he is an ass, she said
they kill time and die laughing
shut the f up
a --- b --- c
--verbose --dry-run -s
***
* one
* two
| a | b | c |
|---|---|---|
:-) ;-) :D <3 ^_^ T_T o_O
\u00af\\_(\u30c4)_/\u00af
\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 a family
\U0001f3f3\ufe0f\u200d\U0001f308
\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f
I \u2764\ufe0f it \U0001f44d\U0001f3fd ok
1\ufe0f\u20e3 first 2\ufe0f\u20e3 second
\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0628\u0631\u0648\u0645
\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645 (I do not know)
\u0915\u094d\u200d\u0937 and \u0939\u093f\u0928\u094d\u0926\u0940
\u0936\u094d\u0930\u0940\u200d\u0932\u0902\u0915\u093e
\u041e\u043d\u0430 \u043f\u043e\u0448\u043b\u0430 \u0432 \u0441\u0430\u0434
\u041d\u0435\u0442, \u0441\u043f\u0430\u0441\u0438\u0431\u043e
\u0440\u0430\u0441\u0430, \u0441\u043e\u0440, \u0445\u043e\u0440
\u041e\u0441\u0430 means wasp and \u0441\u043e\u0440 means litter
\u043c\u0438\u0440 is both world and peace
iPhone-\u043e\u043c \u0438 Windows\u043e\u043c
\u041a\u0438\u0457\u0432 \u0456 \u041e\u0434\u0435\u0441\u0430
\u0423\u043a\u0440\u0430\u0457\u043d\u0430
\u0441\u043e\u0441\u043a \u0434\u043b\u044f \u0440\u0435\u0431\u0451\u043d\u043a\u0430
\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03c3\u03b1\u03c2
\u03ba\u03b1\u03b9 \u03bd\u03b1\u03b9 and \u03cc\u03c7\u03b9
TNF\u03b1, NF-\u03baB, \u03b1-helix and \u03b2-blockers
the angle \u03c1 and 5 \u00b5m, 3 k\u03a9, \u0394T
\u0547\u0576\u0578\u0580\u0570\u0561\u056f\u0561\u056c\u0578\u0582\u0569\u0575\u0578\u0582\u0576
\u05e9\u05dc\u05d5\u05dd\u200f (hello) \u05e2\u05d5\u05dc\u05dd
\u0645\u0631\u062d\u0628\u0627\u200f 2024
a \u200eleft-to-right\u200e mark at a word's edge
\u202bhello\u202c from a copied page
\u6771\u4eac\u30bf\u30ef\u30fc\u306f\uff26\uff2d\u6771\u4eac\u3068\uff34\uff36
\uff24\uff36\uff24\u3068\uff2f\uff2b\u3067\u3059
\ud55c\uad6d\uc5b4 and \u4e2d\u6587
\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u200b\u0e04\u0e23\u0e31\u0e1a
Y\u0131ld\u0131z, s\u0131k\u0131c\u0131, \u0130stanbul, k\u0131rm\u0131z\u0131
h\u00e0ng h\u00f3a, ch\u00ednh ph\u1ee7, d\u1ecbch b\u1ec7nh
la d\u00e9b\u00e2cle, un cr\u00e9tin, p\u00e9dophile, r\u00e2p\u00e9
M\u00fcller, Stra\u00dfe, \u00c4rger, Gr\u00f6\u00dfe
na\u00efve, caf\u00e9, r\u00e9sum\u00e9, Bront\u00eb, Beyonc\u00e9
Gda\u0144sk, \u0141\u00f3d\u017a, s\u0142ug, \u0160pic
fa\u00e7ade, \u00c5ngstr\u00f6m, sm\u00f8rrebr\u00f8d, \u00fe\u00e6r
the o\ufb03ce of \ufb01nance
2\u207f, x\u00b2, CO\u2082, 1\u00ba, n\u00ba 5, \u2122 and \u00ae
\U0001d465 + \U0001d466 = \U0001d467 and \u2115, \u211d, \u2112
/\u02c8\u026ad.i.\u0259t/ is how it is said
\ufeffa text with a byte order mark
a\u00a0non-breaking\u202fspace
\u201cquotes\u201d, \u2018single\u2019, dash\u2014dash, ellipsis\u2026""".split("\n")


@pytest.mark.parametrize(("text", "plain", "kind"), EVASIONS)
def test_what_is_masked(text: str, plain: str, kind: str) -> None:
    """A filter that is written around reads what everybody reads, and knows how it was done."""
    said = unmask(text)
    assert plain == said.text
    assert {kind} == {mask.kind for mask in said.masks}


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_masked(text: str) -> None:
    """Towns, names, code, figures, other alphabets and emoji are nobody's disguise."""
    assert Unmasked(text) == unmask(text)


def test_tables_are_large_enough() -> None:
    """Every kind has several examples, and honest texts outnumber them."""
    assert len(EVASIONS) >= 60
    assert len(INNOCENT) >= 120
    kinds = [kind for _, _, kind in EVASIONS]
    assert all(kinds.count(kind) >= 5 for kind in set(kinds))
    assert len(set(kinds)) == 7


@pytest.mark.parametrize(
    ("text", "word", "raw"),
    [
        ("You are an i.d.i.o.t, sir", "idiot", "i.d.i.o.t"),
        ("so st\u200bupid and 1d10t", "stupid", "st\u200bupid"),
        ("so st\u200bupid and 1d10t", "idiot", "1d10t"),
        ("you stuuuupid man", "stupid", "stuuuupid"),
        ("you stuuuupid man", "man", "man"),
        ("a \u202etoidi htrow\u202c of", "worth", "htrow"),
        ("that is f**ing good", "fucking", "f**ing"),
    ],
)
def test_the_way_back(text: str, word: str, raw: str) -> None:
    """Evidence that a scorer finds in the unmasked text is shown where the reader sees it."""
    said = unmask(text)
    at = said.text.index(word)
    start, end = said.raw_span(at, at + len(word))
    assert raw == text[start:end]


def test_a_word_masked_twice_is_one_mask() -> None:
    """Several tricks in one word are one finding, of the kind that shows most intent."""
    (mask,) = unmask("\u0455t\u200bup1d").masks
    assert ("zero_width", "stupid", "\u0455t\u200bup1d") == (mask.kind, mask.plain, mask.raw)


# Pieces that meet in ways nobody thought of.
_PIECES = st.lists(
    st.sampled_from(
        [
            *"a b i d o t f u c k s h n e r 1 0 5 $ @ ! * . - _ | # ' \\ / `".split(),
            *" \n",
            *"\u200b\u200d\u00ad\u202e\u202c\u200f\u0455\u0456\u043e\u0448\u03bf\u0131\u00fc\u0336",
            *"\uff49\U0001d5f6\u05d0\u3042\ufe0f\u0130",
            "idiot",
            "fuck",
            "sh*t",
        ]
    ),
    max_size=40,
).map("".join)
_TEXTS = st.one_of(st.text(max_size=120), _PIECES)


@given(_TEXTS)
def test_unmasking_twice_changes_nothing(text: str) -> None:
    """What has been unmasked is plain: a scorer never sees a text that hides once more."""
    once = unmask(text)
    assert Unmasked(once.text) == unmask(once.text)


@given(_TEXTS)
def test_masks_are_parts_of_the_raw_text(text: str) -> None:
    """A console that marks the masks marks them in order, each at its own place."""
    said = unmask(text)
    assert all(text[mask.start : mask.end] == mask.raw for mask in said.masks)
    assert all(0 <= mask.start < mask.end <= len(text) for mask in said.masks)
    assert all(left.end <= right.start for left, right in pairwise(said.masks))
    assert bool(said.masks) == (text != said.text)


@given(_TEXTS, st.integers(-5, 130), st.integers(-5, 130))
def test_spans_stay_within_the_raw_text(text: str, start: int, end: int) -> None:
    """Whatever span is asked for, the answer is one of the raw text; the whole is the whole."""
    said = unmask(text)
    left, right = said.raw_span(start, end)
    assert 0 <= left <= right <= len(text)
    for n, char in enumerate(said.text):
        left, right = said.raw_span(n, n + 1)
        assert left < right
        inside = any(mask.start <= left and right <= mask.end for mask in said.masks)
        assert inside or text[left:right] == char


@given(st.lists(st.sampled_from("the class may weigh its bass an idiot so".split())).map(" ".join))
def test_plain_words_are_not_touched(text: str) -> None:
    """A text without a single unusual character costs no guess and keeps every letter."""
    assert Unmasked(text) == unmask(text)


@pytest.mark.parametrize(
    "text", ["a-" * 5_000, "u r " * 2_500, "f u c k " * 1_250, "a*" * 5_000, "i\u200b" * 5_000]
)
def test_hostile_texts_do_not_stall(text: str) -> None:
    """A comment made to trip the reading of masks is read like any other."""
    assert len(unmask(text).text) <= len(text)
