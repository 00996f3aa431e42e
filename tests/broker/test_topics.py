"""Creating and checking topics on Apache Kafka."""

import msgspec

from streams import topics
from tests.pipeline import Pipeline


def test_created_as_the_contract_says(kafka: Pipeline) -> None:
    """What `topics create` makes, `topics check` finds well; creating again changes nothing."""
    assert [] == topics.check(kafka.settings)
    assert [] == topics.create(kafka.settings)


def test_check_names_what_differs(kafka: Pipeline) -> None:
    """Too few partitions, another replication and missing topics are each named."""
    wanted = msgspec.structs.replace(kafka.settings, partitions=5, replication=2)
    problems = topics.check(wanted)
    assert f"{kafka.topics.comments}: 4 partitions, 5 wanted" in problems
    assert f"{kafka.topics.comments}: replication 1, 2 wanted" in problems
    elsewhere = msgspec.structs.replace(kafka.settings, topic_prefix="elsewhere.")
    assert 7 == len(topics.check(elsewhere))
