"""Clusters that ask who we are and speak TLS: the same settings reach every client."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from moderation.errors import BrokerError
from streams import topics
from streams.broker import ApacheKafka
from streams.settings import Settings
from tests.conftest import kafka_home
from tests.pipeline import Pipeline

PASSWORD = "keeper"  # noqa: S105 - of a broker that lives for these tests


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings for an Apache Kafka with SASL over TLS, its topics made."""
    home = kafka_home()
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = authority.issue_cert("127.0.0.1")
    # Java reads private keys in PKCS 8 only.
    key = serialization.load_pem_private_key(server.private_key_pem.bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = b"".join(blob.bytes() for blob in server.cert_chain_pems)
    (folder / "server.pem").write_bytes(key + chain)
    properties = {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": (
            "org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'username="bridge" password="{PASSWORD}" user_bridge="{PASSWORD}";'
        ),
    }
    with ApacheKafka(home, properties=properties) as kafka:
        settings = Settings(
            brokers=kafka.address,
            security_protocol="SASL_SSL",
            sasl_username="bridge",
            sasl_password=PASSWORD,
            ssl_cafile=str(folder / "ca.pem"),
        )
        topics.create(settings)
        yield settings


def test_whole_pipeline(secured: Settings, tmp_path: Path) -> None:
    """Topics, producing, worker and audit log in over TLS with one set of settings."""
    pipeline = Pipeline(secured, tmp_path)
    try:
        pipeline.articles(1)
        pipeline.worker()
        pipeline.comments(50, articles=1)
        pipeline.wait_terminal(50, within=60)
        assert 50 == pipeline.wait_balanced(within=30).allow
    finally:
        pipeline.close()


def test_wrong_password(secured: Settings) -> None:
    """A wrong password is refused in one line that names the brokers."""
    stranger = msgspec.structs.replace(secured, sasl_password="troll")  # noqa: S106
    with pytest.raises(BrokerError, match=secured.brokers):
        topics.check(stranger)


def test_certificate_that_is_not_there(secured: Settings) -> None:
    """A certificate file that cannot be read is said so, not taken for a dead broker."""
    lost = msgspec.structs.replace(secured, ssl_cafile="absent.pem")
    with pytest.raises(BrokerError, match="cannot load the TLS certificates"):
        topics.check(lost)
