"""Brokers and workers that tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import ApacheKafka
from tests.pipeline import Pipeline
from tests.postgres import cluster, database

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"


def kafka_home() -> Path:
    """An unpacked Apache Kafka; the test is skipped when there is none."""
    home = Path(os.environ.get("KAFKA_HOME") or ROOT.parent / "shared" / "kafka")
    if not (home / "libs").is_dir():
        pytest.skip("Apache Kafka is not here: set KAFKA_HOME")
    return home


@pytest.fixture(scope="session")
def _kafka() -> Iterator[ApacheKafka]:
    with ApacheKafka(kafka_home()) as kafka:
        yield kafka


@pytest.fixture
def kafka(_kafka: ApacheKafka, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline with topics of its own on the session's Apache Kafka."""
    with Pipeline.on_kafka(_kafka, tmp_path) as pipeline:
        yield pipeline


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline on an embedded broker of its own."""
    with Pipeline.on_embedded(tmp_path) as pipeline:
        yield pipeline


@pytest.fixture(params=["embedded", "kafka"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    """The same test on both brokers."""
    value: Pipeline = request.getfixturevalue(request.param)
    return value


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server for this session."""
    with cluster() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database; the same test on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'review.db'}"
        return
    with database(request.getfixturevalue("postgres")) as url:
        yield url
