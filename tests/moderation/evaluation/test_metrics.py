"""Figures against scikit-learn and values counted by hand."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from moderation.evaluation.calibration import calibration, reliability
from moderation.evaluation.identity import identity_gaps
from moderation.evaluation.metrics import (
    Array,
    Ranked,
    Ranking,
    Resamples,
    figure,
    proportion,
    wilson,
)

# Each example is small; there are enough of them for ties and single positives.
quickly = settings(max_examples=40, deadline=None)
Labelled = tuple[list[float], list[bool]]


def _once(ranked: Ranked, count: int) -> Ranking:
    return ranked.ranking(np.ones((1, count)))


@st.composite
def labelled(draw: st.DrawFn) -> Labelled:
    """Scores in steps, so that there are ties, with at least one text of each label."""
    rows = draw(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=40))
    scores = [step / 20 for step, _ in rows]
    return scores, [True, False, *(label for _, label in rows[2:])]


@quickly
@given(labelled())
def test_as_scikit_learn_counts(given_texts: Labelled) -> None:
    """Whoever compares our figures with a paper's means the same figures, ties included."""
    scores, labels = np.array(given_texts[0]), np.array(given_texts[1])
    found = _once(Ranked(scores, labels), len(scores))
    assert roc_auc_score(labels, scores) == pytest.approx(found.auc[0])
    assert average_precision_score(labels, scores) == pytest.approx(found.ap[0])
    fpr, recall, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert fpr[recall >= 0.8 - 1e-9][0] == pytest.approx(found.fpr[0])


@quickly
@given(labelled(), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_weights_are_copies(given_texts: Labelled, copies: list[int]) -> None:
    """A resample counts a text that was drawn twice as two texts: the intervals rest on it."""
    scores, labels = np.array(given_texts[0]), np.array(given_texts[1])
    weights = np.array(copies[: len(scores)], dtype=float)
    weights[:2] += 1
    rows = np.repeat(np.arange(len(scores)), weights.astype(int))
    weighed = Ranked(scores, labels).ranking(weights[None, :])
    copied = _once(Ranked(scores[rows], labels[rows]), len(rows))
    for one, other in zip(weighed, copied, strict=True):
        assert one == pytest.approx(other)


@quickly
@given(labelled())
def test_stretching_changes_no_ranking(given_texts: Labelled) -> None:
    """Recalibrating a score cannot make it look better or worse at telling comments apart."""
    scores, labels = np.array(given_texts[0]), np.array(given_texts[1])
    plain = _once(Ranked(scores, labels), len(scores))
    bent = _once(Ranked(np.exp(3 * scores) - 2, labels), len(scores))
    for one, other in zip(plain, bent, strict=True):
        assert one == pytest.approx(other)


@quickly
@given(labelled())
def test_intervals_hold_the_figure(given_texts: Labelled) -> None:
    """No table shows a figure outside its own interval."""
    scores, labels = np.array(given_texts[0]), np.array(given_texts[1])
    ranked = Ranked(scores, labels)
    samples = Resamples(labels, count=20).spread(ranked.ranking)
    for value, spread in zip(_once(ranked, len(scores)), samples, strict=True):
        found = figure(float(value[0]), spread)
        assert found.low <= found.value <= found.high


@quickly
@given(st.integers(0, 50), st.integers(1, 50))
def test_shares_hold_their_interval(hits: int, more: int) -> None:
    """A share's interval holds it and stays between none and all."""
    found = wilson(hits, hits + more)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_none_of_few_is_not_certain() -> None:
    """Not one false flag among forty may still be one in twelve: Wilson's figure by hand."""
    found = wilson(0, 40)
    assert found.low == 0
    assert 1.959964**2 / (40 + 1.959964**2) == pytest.approx(found.high)
    assert proportion(0, 0) is None


def test_more_texts_leave_less_doubt() -> None:
    """The interval narrows with the number of texts, about by its square root."""
    draw = np.random.default_rng(1)

    def width(count: int) -> float:
        labels = np.arange(count) % 2 == 0
        scores = draw.normal(size=count) + labels
        samples = Resamples(labels, count=300).spread(Ranked(scores, labels).ranking)
        found = figure(0.76, samples[0])
        return found.high - found.low

    assert 0.3 < width(4_000) / width(400) < 0.33 * 1.5


def test_a_thread_is_drawn_whole() -> None:
    """Comments of one thread are no independent witnesses: they come and go together."""
    labels = np.array([True, False, True, False, False])
    groups = ["a", "a", "b", "b", ""]
    for weights in Resamples(labels, groups, count=50):
        assert (weights[:, 0] == weights[:, 1]).all()
        assert (weights[:, 2] == weights[:, 3]).all()
        assert (weights[:, 0] + weights[:, 2] == 2).all()


def test_every_resample_has_both_labels() -> None:
    """A set with one hostile comment among many gives no resample without any."""
    labels = np.array([True] + [False] * 30)
    for weights in Resamples(labels, count=200):
        assert (weights[:, labels].sum(1) == 1).all()


def test_resamples_are_paired() -> None:
    """The same draws for every system, or the lead of one over another would be noise."""
    labels = np.arange(50) % 5 == 0
    first, second = (np.concatenate(list(Resamples(labels, count=30))) for _ in range(2))
    assert (first == second).all()


def test_lowest_threshold_for_a_precision() -> None:
    """An editor who wants seven in ten to be right gets the threshold that flags the most."""
    scores = np.arange(20, 0, -1) / 20
    labels = np.array([True] * 8 + [False] * 2 + [True] * 4 + [False] * 6)
    ranked = Ranked(scores, labels)
    # 12 of the highest 14 are positive, 12 of 15 are, … 12 of 17 are 70.6 %, of 18 only 66.7 %.
    assert 4 / 20 == ranked.lowest_threshold(0.7)
    assert ranked.lowest_threshold(0.9) is None


def test_reliability_counts_every_text_once() -> None:
    """Bins share out the texts, and equal scores are never torn apart."""
    scores = np.repeat([0.1, 0.2, 0.7, 0.9], [500, 300, 40, 10])
    labels = np.repeat([False, True, False, True], [450, 350, 20, 30])
    bins = reliability(scores, labels)
    assert 850 == sum(b.count for b in bins)
    assert labels.sum() == pytest.approx(sum(b.count * b.observed.value for b in bins))
    assert [500, 300, 50] == [b.count for b in bins]


def test_a_perfect_claim_has_no_error() -> None:
    """A scorer that says .25 where one in four is so has no calibration error; one that says .75
    is off by a half.
    """
    labels = np.arange(400) % 4 == 0
    resamples = Resamples(labels, count=50)

    def claims(value: float) -> Array:
        return np.full(400, value)

    assert 0 == pytest.approx(calibration(claims(0.25), labels, resamples).error)
    wrong = calibration(claims(0.75), labels, resamples)
    assert 0.5 == pytest.approx(wrong.error)
    assert 0.25 * 0.0625 + 0.75 * 0.5625 == pytest.approx(wrong.brier.value)


def test_a_term_that_raises_the_score_shows() -> None:
    """A scorer that holds the name of a group against a comment has a low BPSN AUC for it, a high
    rate of false flags, and the term comes first.
    """
    texts = [(term, toxic) for term in ("baker", "sailor", "") for toxic in [True, False] * 10]
    labels = np.array([toxic for _, toxic in texts])
    scores = np.array([0.3 * toxic + 0.5 * (term == "sailor") for term, toxic in texts])
    terms = [(term,) if term else () for term, _ in texts]
    found = identity_gaps(scores, labels, terms, threshold=0.5)
    assert found is not None
    assert ["sailor", "baker"] == [term.term for term in found.terms]
    sailor, baker = found.terms
    # Among themselves all sailors are in order, but each harmless one is above every other attack.
    assert (1, 0, 1) == (sailor.subgroup.value, sailor.bpsn.value, sailor.bnsp.value)
    assert sailor.false_flags is not None
    assert baker.false_flags is not None
    assert (1, 0) == (sailor.false_flags.value, baker.false_flags.value)
    assert found.bpsn < 0.01 < found.subgroup


def test_without_identity_there_are_no_gaps() -> None:
    """A set that names nobody gives no row instead of a figure of nothing."""
    labels = np.array([True, False] * 10)
    assert identity_gaps(np.linspace(0, 1, 20), labels, [()] * 20) is None
