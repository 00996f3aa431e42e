"""Turns at writing to SQLite, which lets one connection write at a time.

SQLite's own waiting is to ask again after a sleep of up to a tenth of a second; whoever asks at the
right moment is first, and somebody may never be. Here who waits is woken, in order.
"""

import os
import threading
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where SQLite's own waiting has to do
    fcntl = None  # type: ignore[assignment]


class Turns:
    """A lock among the threads of this process, and among processes by a file beside the database.

    The system gives the file's lock up when a process is killed.
    """

    def __init__(self, database: str | None) -> None:
        self._threads = threading.Lock()
        self._file: int | None = None
        if database and database != ":memory:" and fcntl is not None:
            path = Path(f"{database}-turn")
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> None:
        self._threads.acquire()
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Give the file up."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
