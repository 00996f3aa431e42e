"""Which language a comment is in; above all, that English comments are not called foreign."""

# ruff: noqa: RUF001 - letters that look like others are what these tests are about

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.language import HOME, NAMES, UNCODED, UNDETERMINED, detect, load

ALIKE = {"da": {"no"}, "no": {"da"}, "id": {"ms"}}
"""Short sentences are often good Danish and good Norwegian alike."""


def comments() -> dict[str, list[str]]:
    """The comments of our own writing, by language."""
    found: dict[str, list[str]] = {}
    file = Path(__file__).with_name("comments_by_language.txt")
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("# "):
            texts = found.setdefault(line[2:], [])
        else:
            texts.append(line)
    return found


COMMENTS = comments()


@pytest.mark.parametrize("lang", COMMENTS)
def test_other_languages(lang: str) -> None:
    """A comment of five words and more in another language is told, so that no score is made up."""
    wrong = {text: detect(text).lang for text in COMMENTS[lang]}
    allowed = ALIKE.get(lang, set()) | {lang}
    assert {} == {text: found for text, found in wrong.items() if found not in allowed}


@pytest.mark.parametrize("lang", ["de", "ru", "zh", "ar", "hi"])
def test_hint_does_not_overrule(lang: str) -> None:
    """A producer that labels everything English is not believed where the text plainly is not."""
    assert {lang} == {detect(text, "en-GB").lang for text in COMMENTS[lang]}


@pytest.mark.parametrize(
    "text",
    [
        "THIS IS AN ABSOLUTE DISGRACE AND YOU ALL KNOW IT",
        "wat a load of rubish, teh mayor shud resign imedietly",
        "u r all sheeple lol wake up ppl smh",
        "f*** this sh!t, what a bunch of a**holes at c0uncil",
        "Y0u 4r3 a st00pid m0r0n and everyone kn0ws it",
        "gonna be lit fam no cap fr fr on god",
        "Macron, Le Pen and Mélenchon walk into a bar",
        "Angela Merkel, Olaf Scholz, Friedrich Merz, Robert Habeck",
        "Pelé, Maradona, Messi, Ronaldo, Zidane, Cruyff",
        "Que sera sera, whatever will be will be",
        "Something about this reeks of Schadenfreude, Herr Mayor",
        "wah gwaan, dis mayor ting is pure foolishness mon",
        "Ye cannae trust thae eejits wi yer bairns, so ye cannae",
        "Hahahahaha ha ha ha ha ha, thank you",
        "nooooooooo whyyyyyyy would anyone do thaaaaaat",
        "stupid stupid stupid stupid man",
        "The bridge 🌉🌉🌉 is ⠿⠿⠿⠿ closed again 😡😡😡",
        "I love the German saying: Morgenstund hat Gold im Mund, don't you?",
        "The mayor answered 市长 when I asked him who pays",
    ],
)
def test_english_stays_english(text: str) -> None:
    """Slang, typing errors, capitals, names and masks do not keep an English comment unscored."""
    assert detect(text).lang in {HOME, UNDETERMINED}


@pytest.mark.parametrize(
    "text",
    [
        "yоu аrе а stuріd іdіоt аnd а lіаr",
        "ｙｏｕ　ａｒｅ　ａｎ　ｉｄｉｏｔ　ａｎｄ　ａ　ｌｉａｒ",
        "𝓎ℴ𝓊 𝒶𝓇ℯ 𝒶 𝒸ℴ𝓂𝓅𝓁ℯ𝓉ℯ 𝒾𝒹𝒾ℴ𝓉",
        "ʏᴏᴜ ᴀʀᴇ ᴀ ᴄᴏᴍᴘʟᴇᴛᴇ ɪᴅɪᴏᴛ ᴀɴᴅ ᴀ ʟɪᴀʀ",
        "y o u a r e a s t u p i d i d i o t",
    ],
)
def test_disguise_is_no_language(text: str) -> None:
    """Whoever dresses abuse in other letters does not thereby escape the scorers."""
    assert detect(text).lang in {HOME, UNDETERMINED}


@pytest.mark.parametrize(
    "text", ["", "  \n", "👍👍👍", "1,250.00 / 42 %", "https://zeitung.example/die-bruecke-ist-zu"]
)
@pytest.mark.parametrize("hint", ["", "de"])
def test_no_letters(text: str, hint: str) -> None:
    """Emoji, numbers and links are in no language, whatever the producer says."""
    assert (UNDETERMINED, 0.0) == detect(text, hint)[:2]


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("Ja, genau!", "", UNDETERMINED),
        ("Ja, genau!", "de", "de"),
        ("Ja, genau!", "de_AT", "de"),
        ("Typisch.", "DE-ch", "de"),
        ("So true!", "en", "en"),
        ("So true!", "english", UNDETERMINED),
        ("So true!", "xx", UNDETERMINED),
        ("This is a disgrace for all of us, shame on the council", "de", "en"),
    ],
)
def test_hint_decides_what_is_too_short(text: str, hint: str, lang: str) -> None:
    """A few words can be told by nobody; then the producer's word counts, if it makes sense."""
    assert lang == detect(text, hint).lang


@pytest.mark.parametrize(
    ("text", "lang"),
    [("Позор!", "ru"), ("ありがとう", "ja"), ("ߒߞߏ ߞߊ߲ߜߍ ߦߌ߬ߘߊ", UNCODED), ("µ", UNDETERMINED)],
)
def test_script(text: str, lang: str) -> None:
    """One word in another script is enough to know that it is not English; a symbol is not."""
    assert lang == detect(text).lang


@pytest.mark.parametrize(
    "text",
    [
        "Das ist ein schöner Satz. You are a worthless idiot, go and die. Das ist noch ein schöner "
        "Satz für alle, die hier lesen.",
        "市长应该为这个决定感到羞耻。you stupid bastard i hope you die tomorrow",
    ],
)
def test_english_passage(text: str) -> None:
    """English abuse is not hidden from the scorers by foreign sentences around it."""
    found = detect(text)
    assert found.lang != HOME
    assert HOME in found.also


def test_no_passage_is_made_up() -> None:
    """Whole comments in another language are not said to hold English."""
    texts = [text for texts in COMMENTS.values() for text in texts]
    assert [] == [text for text in texts if HOME in detect(text).also]


def test_beginning_does_not_decide_alone() -> None:
    """A long English comment that opens with a foreign motto stays English."""
    english = "The council has had ten years to mend that bridge and did nothing about it. " * 5
    assert HOME == detect("Wer zu spät kommt, den bestraft das Leben. " + english).lang


@given(st.text(max_size=300), st.text(max_size=12))
def test_any_text(text: str, hint: str) -> None:
    """Whatever characters come, there is an answer; a scoring process never dies of a language."""
    found = detect(text, hint)
    assert found.lang in {*NAMES, UNDETERMINED, UNCODED}
    assert 0 <= found.confidence <= 1


def test_names() -> None:
    """Each language that the model can tell has a name for moderators; Pidgin counts as English."""
    assert {*load().labels} - {"zxx", "pcm"} == NAMES.keys()  # type: ignore[attr-defined]
