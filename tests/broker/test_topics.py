"""Creating and checking topics on Apache Kafka."""

import msgspec
from kafka.admin import ConfigResource, ConfigResourceType

from streams import topics
from streams.clients import admin
from streams.topics import TABLES, Topics
from tests.pipeline import Pipeline, comment, until


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
    assert len(Topics().cleanup()) == len(topics.check(elsewhere))


def test_older_installation_gets_what_is_new(kafka: Pipeline) -> None:
    """Topics that are new in a release get the partitions that the installation has chosen."""
    older = msgspec.structs.replace(
        kafka.settings, topic_prefix=f"{kafka.settings.topic_prefix}old."
    )
    names = Topics(older.topic_prefix)
    with admin(older) as client:
        client.create_topics(
            {names.comments: {"num_partitions": 6, "replication_factor": 1}},
            wait_for_metadata=True,
        )
    topics.create(older)
    with admin(older) as client:
        described = client.describe_topics(list(names.partitioned_alike()))
    assert {6} == {len(topic["partitions"]) for topic in described}


def test_partitions_that_differ_stop_a_worker(kafka: Pipeline) -> None:
    """A thread's state would be looked for where it is not; one line says which topic to mend."""
    with admin(kafka.settings) as client:
        client.create_partitions({kafka.topics.comments: 6})
    wrong = f"{kafka.topics.scored}: 4 partitions, and {kafka.topics.comments} has 6"

    def told() -> bool:
        return any(problem.startswith(wrong) for problem in topics.check(kafka.settings))

    until(told, "the broker tells of the new partitions", within=30)
    worker = kafka.worker()
    assert 1 == worker.process.wait(timeout=60)
    assert f"trollbridge: {wrong}" in worker.log_text()


def test_what_is_erased_is_compacted(kafka: Pipeline) -> None:
    """A row that was erased is gone from Kafka's disks after a day, on a quiet topic too."""
    names = [kafka.topics.decisions, *map(kafka.topics.state, TABLES)]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    with admin(kafka.settings) as client:
        (described,) = client.describe_configs(resources, config_filter="all").values()
    assert dict.fromkeys(names, "86400000") == {
        name: configs["max.compaction.lag.ms"]["value"] for name, configs in described.items()
    }


def test_result_that_the_broker_refuses(kafka: Pipeline) -> None:
    """An outcome too large for its topic becomes a dead letter of its input; the rest goes on."""
    with admin(kafka.settings) as client:
        limit = {"max.message.bytes": "3000"}
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, kafka.topics.judged, limit)])
    kafka.articles(1)
    kafka.worker(batch_size=1)
    texts = ("short", "x" * 9_000, "short again")
    kafka.send(
        kafka.topics.comments,
        (comment(n, articles=1, text=text) for n, text in enumerate(texts)),
    )
    kafka.wait_terminal(3, within=60)
    found = kafka.wait_balanced(within=30)
    assert (2, 1) == (found.allow, found.deadletters)
    (letter,) = kafka.read(kafka.topics.deadletter)
    headers = dict(letter.headers)
    assert b"refused_by_broker" == headers["trollbridge.code"]
    assert kafka.topics.comments == headers["trollbridge.source.topic"].decode()
