"""A `trollbridge review consume` process under test, and people who work on its store."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from moderation.records import Judged, encode
from streams.settings import PREFIX
from tests.moderation.review.desk import judged
from tests.pipeline import ROOT, Pipeline

UNDO = 0.3
"""Seconds, so that a test need not wait for fifteen."""


class Reader:
    """The process."""

    def __init__(self, pipeline: Pipeline, url: str, log: Path, *, metrics_bind: str = "") -> None:
        self.log = log
        settings = msgspec.structs.replace(
            pipeline.settings,
            database_url=url,
            data_dir=str(pipeline.folder),
            review_undo=UNDO,
            review_metrics_bind=metrics_bind,
            log_format="json",
        )
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "review", "consume"],
                cwd=ROOT,
                env=inherited | settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 20) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=within)

    def require_alive(self) -> None:
        """AssertionError with the log's end when the process has ended."""
        assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-2_000:]


def send_flagged(pipeline: Pipeline, count: int, *, start: int = 0, **fields: Any) -> list[Judged]:
    """Flagged comments `c0` … into `comments.review`."""
    records = [judged(f"c{number}", **fields) for number in range(start, start + count)]
    pipeline.send(pipeline.topics.review, ((record.id, encode(record)) for record in records))
    return records
