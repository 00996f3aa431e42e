"""Clusters that ask who we are: the same settings reach every client."""

from pathlib import Path

import msgspec
import pytest

from moderation.errors import BrokerError
from streams import topics
from streams.broker import ApacheKafka
from streams.settings import Settings
from tests.conftest import kafka_home
from tests.pipeline import Pipeline

PROPERTIES = {
    "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.client.plain.sasl.jaas.config": (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        'username="bridge" password="keeper" user_bridge="keeper";'
    ),
}


def test_sasl(tmp_path: Path) -> None:
    """Topics, producing, worker and audit all log in; a wrong password is refused in one line."""
    home = kafka_home()
    if home is None:
        pytest.skip("Apache Kafka is not here: set KAFKA_HOME")
    with ApacheKafka(home, properties=PROPERTIES) as kafka:
        settings = Settings(
            brokers=kafka.address,
            security_protocol="SASL_PLAINTEXT",
            sasl_username="bridge",
            sasl_password="keeper",  # noqa: S106 - of a broker that lives for this test
        )
        topics.create(settings)
        pipeline = Pipeline(settings, tmp_path)
        try:
            pipeline.articles(1)
            pipeline.worker()
            pipeline.comments(50, articles=1)
            pipeline.wait_terminal(50, within=60)
            assert 50 == pipeline.wait_balanced(within=30).allow
        finally:
            pipeline.close()
        stranger = msgspec.structs.replace(settings, sasl_password="troll")  # noqa: S106
        with pytest.raises(BrokerError, match=kafka.address):
            topics.check(stranger)
