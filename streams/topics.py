"""The topics of the contract: names, keys, cleanup; creating and checking them."""

from collections.abc import Mapping
from typing import Final

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from moderation.errors import BrokerError
from streams.clients import admin, reaching
from streams.settings import Settings

TABLES: Final = ("authors", "threads", "bands", "campaigns")
"""The tables of state, each with a changelog."""

_ERASURE: Final = {
    # What a tombstone or a newer value has replaced must be gone a day later, on quiet topics too.
    "max.compaction.lag.ms": str(24 * 60 * 60 * 1_000),
}
_CHANGELOG: Final = _ERASURE | {
    # Only closed segments are compacted, and a worker that starts reads what is left.
    "segment.bytes": str(64 * 2**20),
    "min.cleanable.dirty.ratio": "0.2",
}


class Topics(msgspec.Struct, frozen=True):
    """Topic names with the configured prefix."""

    prefix: str = ""

    @property
    def articles(self) -> str:
        """Articles, keyed by article id."""
        return f"{self.prefix}articles"

    @property
    def comments(self) -> str:
        """Incoming comments, keyed by article id."""
        return f"{self.prefix}comments"

    @property
    def scored(self) -> str:
        """Comments with content scores, keyed by author id."""
        return f"{self.prefix}comments.scored"

    @property
    def judged(self) -> str:
        """The ledger, keyed by article id."""
        return f"{self.prefix}comments.judged"

    @property
    def review(self) -> str:
        """Flagged comments, keyed by comment id."""
        return f"{self.prefix}comments.review"

    @property
    def deadletter(self) -> str:
        """What could not be processed, keyed as it came."""
        return f"{self.prefix}comments.deadletter"

    @property
    def decisions(self) -> str:
        """Moderators' decisions, keyed by author id."""
        return f"{self.prefix}moderation.decisions"

    @property
    def campaigns(self) -> str:
        """Campaigns as they grow, keyed by campaign id."""
        return f"{self.prefix}campaigns"

    @property
    def heat(self) -> str:
        """Threads' forecasts as they change, keyed by article id."""
        return f"{self.prefix}threads.heat"

    @property
    def replies(self) -> str:
        """Internal: answers on their way to the answered author's state, keyed by author id."""
        return f"{self.prefix}trolling.replies"

    @property
    def rejections(self) -> str:
        """Internal: rejected comments on their way to their thread's state, by partition."""
        return f"{self.prefix}trolling.rejections"

    @property
    def sightings(self) -> str:
        """Internal: signed comments on their way to their bands, by partition."""
        return f"{self.prefix}trolling.sightings"

    @property
    def matches(self) -> str:
        """Internal: alike comments on their way to their campaign, keyed by campaign id."""
        return f"{self.prefix}trolling.matches"

    def internal(self) -> tuple[str, ...]:
        """Topics by which one part of the stateful flow tells another."""
        return self.replies, self.rejections, self.sightings, self.matches

    def state(self, table: str) -> str:
        """The changelog of a table."""
        return f"{self.prefix}state.{table}"

    def partitioned_alike(self) -> tuple[str, ...]:
        """Topics that must have as many partitions as `comments`: state is kept by partition."""
        return (
            self.comments,
            self.scored,
            self.decisions,
            *self.internal(),
            *map(self.state, TABLES),
        )

    def cleanup(self) -> dict[str, str]:
        """Every topic with its cleanup policy."""
        return {
            self.articles: "compact",
            self.comments: "delete",
            self.scored: "delete",
            self.judged: "delete",
            self.review: "delete",
            self.deadletter: "delete",
            self.decisions: "compact,delete",
            self.campaigns: "delete",
            self.heat: "compact,delete",
            **dict.fromkeys(self.internal(), "delete"),
            **{self.state(table): "compact" for table in TABLES},
        }


MAX_REPLICATION: Final = 3


def create(settings: Settings) -> list[str]:
    """Create the topics that are missing; their names. BrokerError when the broker refuses."""
    with reaching(settings), admin(settings) as client:
        missing = _missing(settings, client.list_topics())
        brokers = len(client.describe_cluster()["brokers"])
        topics = Topics(settings.topic_prefix)
        partitions = settings.partitions
        if missing and topics.comments not in missing:
            # An older installation gets what is new in the number that it has.
            (comments,) = client.describe_topics([topics.comments])
            partitions = max(partitions, len(comments["partitions"]))
        replication = settings.replication or min(MAX_REPLICATION, brokers)
        cleanup = topics.cleanup()
        configs: dict[str, dict[str, str]] = {topics.decisions: _ERASURE}
        configs |= {topics.state(table): _CHANGELOG for table in TABLES}
        if missing:
            client.create_topics(
                {
                    name: {
                        "num_partitions": partitions,
                        "replication_factor": replication,
                        "configs": {"cleanup.policy": cleanup[name]} | configs.get(name, {}),
                    }
                    for name in missing
                },
                wait_for_metadata=True,
            )
    return missing


def check(settings: Settings) -> list[str]:
    """What is wrong with the topics, a line each; empty when all is well."""
    with reaching(settings), admin(settings) as client:
        names = client.list_topics()
        missing = _missing(settings, names)
        problems = [
            f"{name}: missing; create it with `trollbridge topics create`" for name in missing
        ]
        cleanup = Topics(settings.topic_prefix).cleanup()
        present = [name for name in cleanup if name not in missing]
        described = client.describe_topics(present) if present else []
        alike = Topics(settings.topic_prefix).partitioned_alike()
        counts = {topic["name"]: len(topic["partitions"]) for topic in described}
        problems += unlike({name: counts[name] for name in alike if name in counts})
        for topic in described:
            partitions = topic["partitions"]
            replicas = {len(partition["replica_nodes"]) for partition in partitions}
            if len(partitions) < settings.partitions:
                problems.append(
                    f"{topic['name']}: {len(partitions)} partitions, {settings.partitions} wanted"
                )
            if settings.replication and replicas != {settings.replication}:
                problems.append(
                    f"{topic['name']}: replication {max(replicas)}, {settings.replication} wanted"
                )
        for name, policy in _policies(client, present).items():
            if set(policy.split(",")) != set(cleanup[name].split(",")):
                problems.append(f"{name}: cleanup.policy is {policy}, {cleanup[name]} wanted")
    return problems


def unlike(partitions: Mapping[str, int]) -> list[str]:
    """What is wrong with the partitions of topics that must have as many as the first, a line each.

    `partitions` are those of `Topics.partitioned_alike`, in that order.
    """
    first, wanted = next(iter(partitions.items()), ("", 0))
    return [
        f"{name}: {count} partitions, and {first} has {wanted}: they must have the same number"
        for name, count in partitions.items()
        if count != wanted
    ]


def _missing(settings: Settings, present: list[str]) -> list[str]:
    return [name for name in Topics(settings.topic_prefix).cleanup() if name not in present]


def _policies(client: KafkaAdminClient, names: list[str]) -> dict[str, str]:
    """`cleanup.policy` by topic."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = client.describe_configs(resources, config_filter="all")
    return {
        name: configs["cleanup.policy"]["value"]
        for topics in described.values()
        for name, configs in topics.items()
        if "cleanup.policy" in configs
    }


def require(settings: Settings) -> None:
    """BrokerError, with the command that creates them, when a topic is missing."""
    with reaching(settings), admin(settings) as client:
        missing = _missing(settings, client.list_topics())
    if missing:
        raise BrokerError(
            f"missing topics: {', '.join(missing)}; create them with `trollbridge topics create`"
        )
