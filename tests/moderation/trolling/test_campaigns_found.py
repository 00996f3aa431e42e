"""How many campaigns are found, and how little else."""

import pytest

from tests.moderation.trolling.campaign_flow import Flow
from tests.moderation.trolling.campaign_texts import traffic
from tests.moderation.trolling.measure_campaigns import Figures, measure

RATES = (0.0, 0.05, 0.1, 0.15)


@pytest.fixture(scope="module")
def figures() -> Figures:
    """What two days of traffic come to: 3,000 ordinary comments and 60 campaigns each."""
    counted = Figures()
    for seed in (101, 102):
        measure(traffic(seed, ordinary=3_000, campaigns=60, rates=RATES), counted, Flow())
    return counted


def test_what_is_called_a_campaign_is_one(figures: Figures) -> None:
    """Moderators who open the card of a campaign do not find ordinary comments on it."""
    assert figures.precision >= 0.97


@pytest.mark.parametrize("rate", RATES)
def test_campaigns_are_found(figures: Figures, rate: float) -> None:
    """Of campaigns of five and more, with up to 15 % of the words changed, few members escape."""
    assert figures.recalled([rate]) >= 0.95


def test_a_campaign_is_one_card(figures: Figures) -> None:
    """What one hand posted is not spread over several cards."""
    assert figures.whole >= 0.97 * figures.planted


def test_ordinary_comments_are_let_be() -> None:
    """A thread without a campaign has none."""
    flow = Flow()
    for comment in traffic(103, ordinary=2_000, campaigns=0, rates=RATES):
        flow.post(comment.member, comment.text)
    assert [] == flow.records
