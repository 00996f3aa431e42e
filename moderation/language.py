"""Which language a comment is written in; made to be slow to call an English comment foreign.

The model is py3langid's naive Bayes over byte n-grams (Lui and Baldwin, 2012, "langid.py: An
Off-the-shelf Language Identification Tool"), whose weights come with the package.
"""

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple, Protocol

from moderation.text import fold

UNDETERMINED: Final = "und"
"""ISO 639: the language cannot be told."""
UNCODED: Final = "mis"
"""ISO 639: surely another script's language, but none that the model knows."""

_LISTED: Final = """
    af Afrikaans, am Amharic, an Aragonese, ar Arabic, ary Moroccan Arabic, arz Egyptian Arabic,
    as Assamese, ace Acehnese, az Azerbaijani, ba Bashkir, bcl Bikol, be Belarusian, bg Bulgarian,
    bn Bengali, br Breton, bs Bosnian, ca Catalan, crh Crimean Tatar, cs Czech, cy Welsh, da Danish,
    de German, dz Dzongkha, el Greek, en English, eo Esperanto, es Spanish, et Estonian, eu Basque,
    ext Extremaduran, fa Persian, fi Finnish, fo Faroese, fr French, fuv Fulfulde, fy Frisian,
    ga Irish, gcf Antillean Creole, gcr Guianese Creole, gd Gaelic, gl Galician, gom Konkani,
    grc Ancient Greek, gu Gujarati, gug Guarani, guw Gun, ha Hausa, hbo Ancient Hebrew, he Hebrew,
    hi Hindi, hr Croatian, ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian, ig Igbo,
    is Icelandic, it Italian, ja Japanese, jv Javanese, ka Georgian, kab Kabyle, kik Kikuyu,
    kk Kazakh, km Khmer, kn Kannada, ko Korean, ku Kurdish, ky Kyrgyz, la Latin, lb Luxembourgish,
    lg Ganda, lij Ligurian, ln Lingala, lo Lao, lt Lithuanian, ltg Latgalian, lv Latvian,
    mg Malagasy, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese,
    my Burmese, ne Nepali, nl Dutch, nn Norwegian Nynorsk, no Norwegian, nso Northern Sotho,
    oc Occitan, om Oromo, or Odia, pa Punjabi, pl Polish, ps Pashto, pt Portuguese, qu Quechua,
    ro Romanian, ru Russian, rw Kinyarwanda, sa Sanskrit, sdh Southern Kurdish, se Northern Sami,
    si Sinhala, sk Slovak, sl Slovenian, sn Shona, so Somali, sq Albanian, sr Serbian,
    st Southern Sotho, sv Swedish, sw Swahili, ta Tamil, te Telugu, tg Tajik, th Thai, tk Turkmen,
    tl Tagalog, tr Turkish, tt Tatar, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek,
    uzs Southern Uzbek, vec Venetian, vi Vietnamese, vo Volapük, wa Walloon, wuu Wu Chinese,
    xh Xhosa, yo Yoruba, yue Cantonese, zh Chinese, zu Zulu
"""
NAMES: Final[dict[str, str]] = {
    code: name for code, _, name in (entry.strip().partition(" ") for entry in _LISTED.split(","))
}
"""The languages that can be told: ISO 639 code -> English name."""

HOME: Final = "en"
"""Taken for granted where nothing speaks against it: the built-in models know English."""
ODDS: Final = 100.0
"""How many times likelier than the expected language another one must be.

On 60,000 English comments of four words and more the odds of a wrong language stay below 15; on
German, French, … ones of five words they are above 1,000.
"""
_LEAST_WORDS: Final = 4
_LEAST_LETTERS: Final = 20
_LEAST_OTHERS: Final = 2
"""Letters of another script; a lone one may be a symbol."""
_KNOWN_SCRIPT: Final = 0.05
"""A lower best probability comes from letters that the model has never seen."""
_READ: Final = 160
"""Characters that are looked at: half from the beginning, half from the end."""
_PASSAGE: Final = 6
"""Words in which a passage in another language is looked for; more in a very long text."""
_MOST_PASSAGES: Final = 100
_PASSAGE_ODDS: Final = 10.0
"""Lower than `ODDS`, since the price of an error is only a score too many."""

_NO_WORDS: Final = re.compile(
    r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]+\.[^\s@]+|(?<!\w)[@#]\w+"
    # Digits; then punctuation, arrows, dingbats, Braille and emoji.
    r"|[\d_\u2000-\u2bff\u3000-\u303f\ufe00-\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e01ef]+"
)
_REPEATED: Final = re.compile(r"(\S.{0,5}?)\1{2,}", re.DOTALL)
"""Laughter, drawn-out vowels, one word again and again."""
_LATIN: Final = r"A-Za-z\u00aa\u00ba\u00c0-\u024f\u0250-\u02af\u1d00-\u1dbf\u1e00-\u1eff"
_LATIN_WORD: Final = re.compile(rf"[{_LATIN}][{_LATIN}'\u0300-\u036f-]+")
_OTHER_SCRIPT: Final = re.compile(rf"[^\W\d_{_LATIN}]")
# Greek, Cyrillic, Armenian and Cherokee have letters that look Latin: a word that mixes the two is
# a disguised Latin word. So is one in small capitals.
_ALIKE: Final = r"\u0370-\u058f\u13a0-\u13fd"
_DISGUISED: Final = re.compile(
    rf"(?:[{_ALIKE}]+[{_LATIN}]|[{_LATIN}]+[{_ALIKE}])[{_LATIN}{_ALIKE}]*|\w*[\u1d00-\u1dbf]\w*"
)


class Detected(NamedTuple):
    """A comment's language."""

    lang: str
    """A key of `NAMES`, or `UNDETERMINED`, or `UNCODED`."""
    confidence: float
    """Probability of `lang` among the languages that the model knows; 0 when it was not asked."""
    also: frozenset[str] = frozenset()
    """Other languages that whole passages are in; looked for when `lang` is not `HOME`.

    The other way round, a foreign passage in an English comment goes unnoticed.
    """


NOT_ASKED: Final = Detected("", 0.0)
"""Where nobody needs to know."""


class _Model(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...

    def rank(self, text: str) -> list[tuple[str, float]]: ...


@cache
def load() -> _Model:
    """The model, about 75 MB; read on the first call."""
    # Imported late: whoever only wants names loads no model.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    model: _Model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return model


def detect(text: str, hint: str = "") -> Detected:
    """Tell the language of a comment's own words.

    `hint` is what the producer says (BCP 47). It is believed unless the text plainly speaks
    against it: by its script, or by odds of `ODDS`. Where there is no hint, English is expected.
    `UNDETERMINED` is a text without letters, and one too short to tell that has no hint.
    """
    hinted = hint.strip().lower().replace("_", "-").partition("-")[0]
    hinted = hinted if hinted in NAMES else ""
    cleaned = _clean(_sample(text))
    letters = sum(map(str.isalpha, cleaned))
    if not letters:
        return Detected(UNDETERMINED, 0.0)
    plain = cleaned if cleaned.isascii() else _DISGUISED.sub(" ", cleaned)
    words = _LATIN_WORD.findall(plain)
    others = 0 if plain.isascii() else len(_OTHER_SCRIPT.findall(plain))
    if others >= _LEAST_OTHERS and others > letters / 2:
        found = _by_script(plain, hinted)
    elif len(words) < _LEAST_WORDS or letters - others < _LEAST_LETTERS:
        return Detected(hinted or UNDETERMINED, 0.0)
    else:
        found = _weigh(plain, hinted or HOME)
    return found if found.lang == HOME else found._replace(also=_passages(text, found.lang))


def _clean(text: str) -> str:
    """Leave words: no links, names of accounts, digits, emoji or laughter; typefaces plain."""
    text = fold(text if text.isascii() else unicodedata.normalize("NFKC", text))
    text = _NO_WORDS.sub(" ", text.lower())
    return " ".join(_REPEATED.sub(r"\1", text).split())


def _sample(text: str) -> str:
    """Beginning and end of a long text, so that neither alone decides."""
    text = " ".join(text.split())
    return text if len(text) <= _READ else f"{text[: _READ // 2]} {text[-_READ // 2 :]}"


def _weigh(text: str, expected: str, odds: float = ODDS) -> Detected:
    """The likeliest language, or the expected one if that is not much less likely."""
    lang, confidence = load().classify(text)
    if lang == expected:
        return Detected(lang, confidence)
    likely = dict(load().rank(text))
    lang = max(likely.keys() & NAMES.keys(), key=likely.__getitem__)
    if likely[lang] < odds * likely.get(expected, 0.0):
        lang = expected
    return Detected(lang, likely[lang])


def _by_script(text: str, hinted: str) -> Detected:
    """The language of a text in other than Latin letters; English is no candidate."""
    likely = dict(load().rank(text))
    lang = max(NAMES.keys() - {HOME}, key=likely.__getitem__)
    if likely[lang] < _KNOWN_SCRIPT:
        return Detected(UNCODED, 0.0)
    if hinted and hinted != HOME and likely[lang] < ODDS * likely[hinted]:
        lang = hinted
    return Detected(lang, likely[lang])


def _passages(text: str, lang: str) -> frozenset[str]:
    """Languages of passages in Latin letters that are plainly not in `lang`.

    Without it a sentence in another language would keep scorers from what stands beside it.
    """
    words = _LATIN_WORD.findall(_clean(text))
    length = max(_PASSAGE, 2 * len(words) // _MOST_PASSAGES)
    found = set()
    for start in range(0, len(words) - _LEAST_WORDS + 1, length // 2):
        passage = " ".join(words[start : start + length])
        if len(passage) >= _LEAST_LETTERS:
            found.add(_weigh(passage, lang, _PASSAGE_ODDS).lang)
    return frozenset(found - {lang})
