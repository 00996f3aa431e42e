"""The one place that says how each Kafka client is configured: Faust, kafka-python, librdkafka."""

import contextlib
import ssl
from collections.abc import Iterator
from typing import Any

import faust
from faust.types.auth import CredentialsT
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from moderation.errors import BrokerError
from streams.settings import Settings

BOOTSTRAP_MS = 10_000


def uses_tls(settings: Settings) -> bool:
    """Whether connections are encrypted."""
    return settings.security_protocol in {"SSL", "SASL_SSL"}


def uses_sasl(settings: Settings) -> bool:
    """Whether connections are authenticated by SASL."""
    return settings.security_protocol.startswith("SASL")


def tls_context(settings: Settings) -> ssl.SSLContext:
    """TLS as the settings say; BrokerError when a certificate cannot be read."""
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile or None)
        if settings.ssl_certfile:
            context.load_cert_chain(
                settings.ssl_certfile,
                settings.ssl_keyfile or None,
                settings.ssl_key_password or None,
            )
    except (OSError, ssl.SSLError) as error:
        raise BrokerError(f"cannot load the TLS certificates of the settings: {error}") from error
    return context


def faust_credentials(settings: Settings) -> CredentialsT | None:
    """Faust's `broker_credentials`."""
    context = tls_context(settings) if uses_tls(settings) else None
    if uses_sasl(settings):
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password,
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


def client_options(settings: Settings) -> dict[str, Any]:
    """Options that kafka-python's and aiokafka's clients take alike."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.brokers.split(","),
        "security_protocol": settings.security_protocol,
    }
    if uses_tls(settings):
        options["ssl_context"] = tls_context(settings)
    if uses_sasl(settings):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password,
        }
    return options


def librdkafka_options(settings: Settings) -> dict[str, Any]:
    """Options that librdkafka's clients take."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.brokers,
        "security.protocol": settings.security_protocol,
    }
    if uses_tls(settings):
        files = {
            "ssl.ca.location": settings.ssl_cafile,
            "ssl.certificate.location": settings.ssl_certfile,
            "ssl.key.location": settings.ssl_keyfile,
            "ssl.key.password": settings.ssl_key_password,
        }
        options |= {name: value for name, value in files.items() if value}
    if uses_sasl(settings):
        options |= {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.sasl_username,
            "sasl.password": settings.sasl_password,
        }
    return options


def _kafka_python_options(settings: Settings) -> dict[str, Any]:
    options = client_options(settings) | {"bootstrap_timeout_ms": BOOTSTRAP_MS}
    if settings.api_version:
        options["api_version"] = tuple(int(part) for part in settings.api_version.split("."))
    return options


@contextlib.contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """Turn what a Kafka client raises into one BrokerError that names the brokers."""
    try:
        yield
    except KafkaError as error:
        reason = str(error).strip() or type(error).__name__
        raise BrokerError(f"brokers {settings.brokers}: {reason}") from error


def admin(settings: Settings) -> "contextlib.closing[KafkaAdminClient]":
    """An admin client, closed at the end of the `with`."""
    return contextlib.closing(KafkaAdminClient(**_kafka_python_options(settings)))


def producer(settings: Settings) -> "contextlib.closing[KafkaProducer]":
    """A producer that confirms (acks=all, idempotent), closed at the end of the `with`."""
    return contextlib.closing(KafkaProducer(**_kafka_python_options(settings), linger_ms=20))


def consumer(settings: Settings, **options: Any) -> "contextlib.closing[KafkaConsumer]":
    """A consumer without a group that starts at the beginning, closed at the end of the `with`."""
    return contextlib.closing(
        KafkaConsumer(
            **_kafka_python_options(settings),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **options,
        )
    )
