"""The job in miniature: the page it all started from, live, through Kafka."""

import pytest

from moderation.records import decode_judged
from streams.produce import produce
from tests.conftest import SEEDS
from tests.pipeline import Pipeline


def test_seed_page(pipeline: Pipeline) -> None:
    """Of nine comments the pun and the two sarcastic ones go to review, each for its reason.

    The people who argue in good faith are left alone.
    """
    pages = sorted(SEEDS.glob("*.txt"))
    if not pages:
        pytest.skip("the seed page is not here")
    pipeline.worker(scorers=())
    with pages[0].open("rb") as page:
        produced = produce(pipeline.settings, [(pages[0].name, page)])
    assert (9, []) == (produced.comments, produced.rejects)
    pipeline.wait_terminal(9, within=60)
    assert 9 == pipeline.wait_balanced(within=30).inputs
    flagged = [decode_judged(record.value) for record in pipeline.read(pipeline.topics.review)]
    assert {
        "William77": ["sarcasm"],
        "Do the hustle": ["off_topic_joke"],
        "quercetum": ["sarcasm"],
    } == {judged.author_name: [reason.code for reason in judged.reasons] for judged in flagged}
