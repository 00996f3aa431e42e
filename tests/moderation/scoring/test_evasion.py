"""Masking as a reason of its own, and scorers that read through masks."""

from collections.abc import Sequence

import pytest

from moderation.policy import load_policy
from moderation.scoring.evasion import Evasion
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions, Span
from moderation.scoring.registry import load_scorers
from moderation.scoring.unmasking import Unmasking


def _evasion(text: str, parent: str = "") -> Finding:
    (finding,) = Evasion().score([ScoringInput(text, parent_text=parent)])
    return finding


@pytest.mark.parametrize(
    "text",
    [
        "You are a 1d10t and you know it",
        "what an i d i o t",
        "s-t-u-p-i-d as ever",
        "the mayor is an id*ot",
        "st\u200bupid",
        "a per\u200bfectly harmless word",
        "\u0441lever, a word of two alphabets",
        "\u202etoidi\u202c",
        "f\u00fcck off",
        "f*ck, sh*t, p*ss and b*llocks to you all",
    ],
)
def test_masked_on_purpose(text: str) -> None:
    """Who hides a word from the filter is shown to a moderator for that alone."""
    verdict = load_policy().judge(_evasion(text).scores)
    assert ["evasion"] == [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    "text",
    [
        "You are an idiot and you know it",
        "Oh f*ck, I missed the bus",
        "sh*t happens, f*ck it",
        'He called her a "b*tch" in the debate',
        "the n****r word has no place here",
        "you are sooooo stuuuupid",
        "Donau\u00addampf\u00adschiff\u00adfahrt",
        "\U0001d5d5\U0001d5fc\U0001d5f9\U0001d5f1 text",
        "costs $5 at 10:30, see https://example.org/sh-t",
    ],
)
def test_no_evasion(text: str) -> None:
    """Politeness, anger, ornament and copied text do not send anybody to a moderator."""
    assert "allow" == load_policy().judge(_evasion(text).scores).decision


def test_raw_and_unmasked_side_by_side() -> None:
    """A moderator sees what was written and what it says, and what cannot be seen by name."""
    text = "1d10t, i.d.i.o.t, st\u200bupid, \u202etoidi\u202c and \u0455cum"
    finding = _evasion(text)
    assert finding.details["evasion"] == (
        "1d10t \u2192 idiot; i.d.i.o.t \u2192 idiot; st[U+200B]upid \u2192 stupid; "
        "[U+202E]toidi[U+202C] \u2192 idiot; \u0455cum (Cyrillic \u0455) \u2192 scum"
    )
    assert ["1d10t", "i.d.i.o.t", "st\u200bupid", "\u202etoidi\u202c", "\u0455cum"] == [
        text[span.start : span.end] for span in finding.evidence
    ]
    assert {"evasion"} == {span.code for span in finding.evidence}


def test_a_long_list_is_cut() -> None:
    """A comment full of masks gives one readable line, not a page."""
    text = "1d10t m0ron l0ser c0ward tr@sh scu\u200bm " + "fu\u200bck\n" * 400
    detail = _evasion(text + "\u202e" + "toidi " * 500).details["evasion"]
    assert detail.endswith("; 3 more")
    assert "\n" not in detail
    assert len(detail) < 500


def test_without_masks() -> None:
    """An ordinary comment scores nothing and has nothing to show."""
    assert Finding({"evasion": 0.0}) == _evasion("The class had a cocktail in Scunthorpe.")


def test_what_is_cited_is_not_held_against_the_reader() -> None:
    """Who quotes a masked insult to answer it has masked nothing."""
    parent = "You are such a stupid 1d10t my friend."
    assert 0.0 == _evasion(f'"{parent}" Please be polite.', parent).scores["evasion"]
    assert _evasion(f'"{parent}" Please be polite.').scores["evasion"] > 0.7


class _Spotter:
    """Finds `idiot`, and is afraid of figures; remembers what it was given."""

    name = "spotter"
    version = "3"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
        self.batches.append([given.text for given in inputs])
        return [self._score(given.text) for given in inputs]

    def _score(self, text: str) -> Finding:
        finding = Finding({"insult": 0.1, "figures": 0.1})
        for code, word in (("insult", "idiot"), ("figures", "1")):
            if word in text:
                at = text.index(word)
                finding.scores[code] = 0.9
                finding.evidence.append(Span(at, at + len(word), code))
                finding.details[code] = f"says {word}"
        return finding


def test_the_higher_counts() -> None:
    """Each score comes from the reading that found more, its evidence in the raw text."""
    text = "so, you i.d.i.o.t, 1d10t"
    (finding,) = Unmasking(_Spotter()).score([ScoringInput(text)])
    assert {"insult": 0.9, "figures": 0.9} == finding.scores
    assert {("insult", "i.d.i.o.t"), ("figures", "1")} == {
        (span.code, text[span.start : span.end]) for span in finding.evidence
    }
    assert {"insult": "says idiot", "figures": "says 1"} == finding.details


def test_only_masked_comments_are_read_again() -> None:
    """Reading through masks costs ordinary comments nothing, and a batch one more call."""
    spotter = _Spotter()
    scorer = Unmasking(spotter)
    findings = scorer.score([ScoringInput(t) for t in ("fine", "an 1d10t", "ok", "a m0r0n")])
    assert [["fine", "an 1d10t", "ok", "a m0r0n"], ["an idiot", "a moron"]] == spotter.batches
    assert [0.1, 0.9, 0.1, 0.1] == [finding.scores["insult"] for finding in findings]
    scorer.score([ScoringInput("fine")])
    scorer.score([])
    assert [["fine"], []] == spotter.batches[2:]
    assert ("spotter", "3") == (scorer.name, scorer.version)


def test_the_cited_stays_cited_when_unmasked() -> None:
    """What a comment quotes is still found in its parent once both are unmasked."""
    parent = "Honestly you are a complete 1d10t my friend"
    given: list[ScoringInput] = []

    class _Keeper(_Spotter):
        def score(self, inputs: Sequence[ScoringInput]) -> list[Finding]:
            given.extend(inputs)
            return super().score(inputs)

    Unmasking(_Keeper()).score([ScoringInput(f'"{parent}"', parent_text=parent)])
    assert given[-1].parent_text in given[-1].text


@pytest.mark.parametrize(
    ("masked", "plain"),
    [
        ("You are such a st\u200bup\u200bid m0r0n.", "You are such a stupid moron."),
        ("Shut up, you p a t h e t i c i.d.i.o.t.", "Shut up, you p a t h e t i c idiot."),
        ("What a d*mb b!tch, you \u0456d\u0456ot", "What a dumb bitch, you idiot"),
    ],
)
def test_toxicity_reads_through_masks(masked: str, plain: str) -> None:
    """A masked insult scores at least like the plain one, whichever model is at work."""
    (scorer,) = load_scorers(["toxicity"], ScoringOptions(toxicity_backend="builtin"))
    hidden, spoken = scorer.score([ScoringInput(masked), ScoringInput(plain)])
    assert all(hidden.scores[key] >= score for key, score in spoken.scores.items())
    assert spoken.scores["toxicity"] > 0.7
    assert all(0 <= span.start < span.end <= len(masked) for span in hidden.evidence)
