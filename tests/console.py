"""A `trollbridge review serve` process under test."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from streams.broker import free_port
from streams.settings import PREFIX
from tests.pipeline import ROOT, until

_LINK = re.compile(r"http://\S+/welcome/\S+")


class ConsoleProcess:
    """A `review serve` process."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "console.log"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "streams.cli", "review", "serve",
                    "--bind", f"127.0.0.1:{self.port}", *arguments,
                ],
                cwd=ROOT,
                env=inherited | {"TROLLBRIDGE_DATA_DIR": str(folder)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )  # fmt: skip

    def healthy(self, scheme: str = "http", **options: Any) -> str:
        """Wait until it answers; what it says of its health."""
        deadline = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                return httpx.get(f"{scheme}://127.0.0.1:{self.port}/healthz", **options).text
            except httpx.TransportError:
                assert time.monotonic() < deadline, self.log.read_text()
                threading.Event().wait(0.05)

    def end(self, number: signal.Signals) -> int:
        """The exit status after a signal."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """In any case."""
        self.process.kill()
        self.process.wait()

    def first_link(self) -> str:
        """Where the first admin comes in."""
        said = until(lambda: _LINK.search(self.log.read_text()), "the first link", within=30)
        return str(said.group())
