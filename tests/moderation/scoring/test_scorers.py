"""The built-in scorers on whole pages and on odd input."""

import math
from pathlib import Path
from typing import Any

import pytest

from moderation import samples
from moderation.pages import PageComment, read_page
from moderation.policy import load_policy
from moderation.scoring.protocol import ScoringInput, ScoringOptions
from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers
from moderation.scoring.toxicity import KEYS

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"
ARTICLE = ScoringInput(
    text="",
    article_title="Tunnel under the Marlow to open two years late",
    article_text=(
        "The road tunnel under the Marlow will open two years late, the ministry said.\n"
        "Water broke into the eastern shaft in March. Repairs will cost 80 million."
    ),
)
ODD_TEXTS = [
    "",
    " \n\t ",
    "!!!",
    "\u200b\u200b",
    "\U0001f602" * 40,
    "\u4f60\u597d\uff0c\u4e16\u754c",
    "a" * 10_000,
    "no " * 3_000,
    "> quoted only",
    '"""""',
    "\x00 nul",
]


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """The default scorers with the built-in toxicity model."""
    return Ensemble(load_scorers(DEFAULT_SCORERS, ScoringOptions(toxicity_backend="builtin")))


def _flagged(ensemble: Ensemble, path: Path) -> dict[int, set[str]]:
    """Number of each flagged comment of a page, with the reasons of the default policy."""
    page = read_page(path)
    inputs = [_input(page.article, page.comments, n) for n in range(len(page.comments))]
    policy = load_policy()
    verdicts = [policy.judge(finding.scores) for finding in ensemble.score(inputs)]
    return {
        number: {reason.code for reason in verdict.reasons}
        for number, verdict in enumerate(verdicts)
        if verdict.decision == "review"
    }


def _input(article: Any, comments: list[PageComment], number: int) -> ScoringInput:
    said = comments[number]
    return ScoringInput(
        text=said.text,
        article_title=article.title,
        article_text="\n".join(article.paragraphs),
        parent_text=said.quotes.text if said.quotes else "",
        thread=tuple(earlier.text for earlier in comments[:number]),
    )


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed pages are not here")
def test_seed_page(ensemble: Ensemble) -> None:
    """The page that the product was made for: two sarcastic comments, one stray pun."""
    path = next(iter(sorted(SEEDS.glob("*.txt"))))
    assert {4: {"sarcasm"}, 7: {"off_topic_joke"}, 8: {"sarcasm"}} == _flagged(ensemble, path)


def test_sample_page(ensemble: Ensemble) -> None:
    """The page that the demonstration shows: sarcasm, a stray pun and an insult, no other."""
    path = Path(samples.__file__).with_name("harbour-bridge.txt")
    flagged = _flagged(ensemble, path)
    assert {1: "sarcasm", 4: "off_topic_joke", 8: "sarcasm"}.items() <= {
        number: next(iter(codes)) for number, codes in flagged.items() if number != 7
    }.items()
    assert "toxicity" in flagged[7]
    assert {1, 4, 7, 8} == set(flagged)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts(ensemble: Ensemble, text: str) -> None:
    """Whatever a comment field lets through gets probabilities, or is said to be unsupported."""
    for comment in (
        ScoringInput(text),
        ScoringInput(text, ARTICLE.article_title, ARTICLE.article_text, "a parent", ("before",)),
    ):
        (finding,) = ensemble.score([comment])
        keys = {*KEYS, "sarcasm", "joke", "off_topic", "off_topic_joke"}
        assert {"evasion", *(() if finding.unsupported else keys)} == set(finding.scores)
        assert all(math.isfinite(score) for score in finding.scores.values())


def test_an_empty_batch(ensemble: Ensemble) -> None:
    """A worker whose window closed without a comment gets nothing back, not an error."""
    assert [] == ensemble.score([])


def test_batch_mates_change_nothing(ensemble: Ensemble) -> None:
    """A comment's finding is the same alone, in a batch, and in another order."""
    texts = ["Oh great, another tunnel.", "You are a brainless idiot.", "It is too expensive.", "?"]
    inputs = [ScoringInput(text, ARTICLE.article_title, ARTICLE.article_text) for text in texts]
    together = ensemble.score(inputs)
    assert together == list(reversed(ensemble.score(list(reversed(inputs)))))
    assert together == [ensemble.score([comment])[0] for comment in inputs]


def test_insults_and_criticism(ensemble: Ensemble) -> None:
    """An insult scores as one; hard words about a decision, and harmless identities, do not."""
    insult, criticism, identity = ensemble.score(
        [
            ScoringInput(
                "Shut up, you pathetic moron, nobody wants to hear from an idiot like you."
            ),
            ScoringInput("The ministry's plan was badly made, late and far too expensive."),
            ScoringInput("I am a gay Muslim and I have lived in this street for twenty years."),
        ]
    )
    assert insult.scores["toxicity"] > 0.8
    assert max(criticism.scores[key] for key in KEYS) < 0.4
    assert max(identity.scores[key] for key in KEYS) < 0.4


def test_toxic_words_are_shown(ensemble: Ensemble) -> None:
    """The evidence for an insult is the insulting word, at its place in the raw text."""
    text = "I read the report.  The minister is an idiot."
    (finding,) = ensemble.score([ScoringInput(text, limits={"insult": 0.3})])
    assert any("idiot" in text[span.start : span.end] for span in finding.evidence)
    assert all(span.end - span.start < len(text) / 2 for span in finding.evidence)


def test_what_the_article_says_is_not_held_against_the_reader(ensemble: Ensemble) -> None:
    """A comment that quotes an insult from the article is scored by its own words."""
    insult = "You are a pathetic moron and an idiot, he told the minister."
    quoting, insulting = ensemble.score(
        [
            ScoringInput(f'"{insult}" I was there and heard it.', article_text=insult),
            ScoringInput(f'"{insult}" I was there and heard it.'),
        ]
    )
    assert quoting.scores["toxicity"] < 0.5 < insulting.scores["toxicity"]


def test_the_end_of_a_long_comment_counts(ensemble: Ensemble) -> None:
    """An insult after the encoder's first window is found all the same."""
    text = "The tunnel will open late and I have read the whole report about it. " * 20
    (finding,) = ensemble.score([ScoringInput(text + "You are a pathetic brainless idiot.")])
    assert finding.scores["toxicity"] > 0.6


def test_topic(ensemble: Ensemble) -> None:
    """What answers the article or the parent is on topic; what does neither is not."""
    on, answering, off = ensemble.score(
        [
            ScoringInput(text, ARTICLE.article_title, ARTICLE.article_text, parent)
            for text, parent in (
                ("Two years late, and 80 million to pump the water out of the shaft.", ""),
                (
                    "My grandmother used to boil the beetroot first and then fry it.",
                    "Does anybody know how to cook beetroot so that it stays red?",
                ),
                (
                    "My grandmother used to boil the beetroot first and then fry it in butter "
                    "with onions, which made the whole kitchen red.",
                    "",
                ),
            )
        ]
    )
    assert on.scores["off_topic"] < 0.2
    assert answering.scores["off_topic"] < 0.3
    assert off.scores["off_topic"] > 0.7


def test_without_context_nothing_is_off_topic(ensemble: Ensemble) -> None:
    """A comment whose article is unknown is not called off topic for want of one."""
    (finding,) = ensemble.score([ScoringInput("What do you call a fish without eyes? A fsh.")])
    assert (0.0, 0.0) == (finding.scores["off_topic"], finding.scores["off_topic_joke"])
    assert finding.scores["joke"] > 0.7


def test_a_joke_on_the_topic_is_none_off_it(ensemble: Ensemble) -> None:
    """A pun that leaves the story scores higher than a joke about the story."""
    stray, on = ensemble.score(
        [
            ScoringInput(text, ARTICLE.article_title, ARTICLE.article_text)
            for text in (
                "My doctor says I have tunnel vision. I told him I didn't see that coming.",
                "Water in the shaft, two years late: they are building a canal and nobody told us.",
            )
        ]
    )
    assert stray.scores["off_topic_joke"] > 0.5 > on.scores["off_topic_joke"]
