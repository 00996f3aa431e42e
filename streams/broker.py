"""Brokers that run on this machine for demos, tests and benchmarks."""

import base64
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import Producer

from moderation.errors import BrokerError


class EmbeddedBroker:
    """librdkafka's in-process cluster: it speaks the Kafka protocol on loopback, and is no Kafka.

    It makes topics on first use, always with 4 partitions, keeps 5 MB or 100,000 records a
    partition in memory, and lives as long as this object.
    """

    PARTITIONS = 4
    API_VERSION = "2.0"
    """What kafka-python must be told, since this broker does not answer when asked."""

    def __init__(self) -> None:
        # librdkafka prints a warning about the mock cluster at log level 4.
        self._handle = Producer(
            {"bootstrap.servers": "", "test.mock.num.brokers": "1", "log_level": 3}
        )
        brokers = self._handle.list_topics(timeout=10).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def create_topics(self, names: Iterable[str]) -> None:
        """Make topics by asking for them, which is the one way this broker offers."""
        for name in names:
            self._handle.list_topics(name, timeout=10)

    def close(self) -> None:
        """End the cluster; everything in it is gone."""
        del self._handle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ApacheKafka:
    """One Apache Kafka node (KRaft, broker and controller) from an unpacked KAFKA_HOME.

    `start`, `stop` and `kill` may be called again and again: the data directory and the port
    stay the same until `close`.
    """

    def __init__(self, home: Path, *, properties: Mapping[str, str] | None = None) -> None:
        if shutil.which("java") is None:
            raise BrokerError(
                "Apache Kafka needs Java 17 or later: install a JRE, or use --embedded"
            )
        if not any((home / "libs").glob("kafka_*.jar")):
            raise BrokerError(
                f"KAFKA_HOME={home} holds no Apache Kafka (libs/kafka_*.jar is missing)"
            )
        home = home.absolute()
        self._home = home
        self._folder = Path(tempfile.mkdtemp(prefix="trollbridge-kafka-"))
        self._log_path = self._folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        port, controller = free_port(), free_port()
        self.address = f"127.0.0.1:{port}"
        self._properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "log.dirs": str(self._folder / "data"),
            "num.partitions": "4",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
        } | dict(properties or {})
        self._config = self._folder / "server.properties"
        self._config.write_text("".join(f"{k}={v}\n" for k, v in self._properties.items()))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._java(
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            cluster,
            "-c",
            str(self._config),
        ).wait(timeout=60)

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log_path.open("ab") as log:
            return subprocess.Popen(
                [
                    "java",
                    "-Xmx512m",
                    "-cp",
                    f"{self._home}/libs/*",
                    f"-Dlog4j2.configurationFile={self._home}/config/log4j2.yaml",
                    main,
                    *arguments,
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self, *, timeout: float = 60) -> None:
        """Start the node and wait until it answers; BrokerError with the log's tail otherwise."""
        self._process = self._java("kafka.Kafka", str(self._config))
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        tail = self._log_path.read_text(errors="replace").splitlines()[-1:]
        self.kill()
        raise BrokerError(f"Apache Kafka did not start within {timeout:g} s: {' '.join(tail)}")

    def _answers(self) -> bool:
        host, _, port = self.address.partition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return True
        return False

    def stop(self, *, timeout: float = 30) -> None:
        """Stop the node in order, as an operator would."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the node with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop the node and remove its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
