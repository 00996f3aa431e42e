"""A process of ours that a command starts and stops."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

from streams.settings import Settings

_STOP_SECONDS = 12.0
"""A worker leaves within ten."""


@contextlib.contextmanager
def child(
    settings: Settings, *command: str, output: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m command` under these settings; SIGTERM at the end, SIGKILL when that fails.

    Ctrl-C does not reach it, so that whoever started it stops it in order.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | settings.environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
