"""A throw-away PostgreSQL on loopback, from the server programs that Debian installs."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from streams.broker import free_port

VARIABLE = "TROLLBRIDGE_TEST_POSTGRES"
_START_SECONDS = 60


def _programs() -> Path | None:
    """Folder of the newest server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    return found[-1].parent if found else None


def _user() -> str | None:
    """Who the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return pytest.skip("PostgreSQL refuses root, and there is no user `postgres` to run it")


class Server:
    """A server of our own; `start` and `crash` may be called again and again until `close`."""

    def __init__(self) -> None:
        programs = _programs()
        if programs is None:
            pytest.skip(f"PostgreSQL is not here: apt-get install postgresql, or set {VARIABLE}")
        self._programs = programs
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="trollbridge-postgres-"))
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._port = free_port()
        self.url = f"postgresql://bridge@127.0.0.1:{self._port}"
        self._run("initdb", "-A", "trust", "-U", "bridge", "-E", "UTF8")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 "
            # Tests outlive no power cut, so nothing has to wait for the disk.
            f"-c fsync=off -c unix_socket_directories={self._folder}"
        )
        self._run("pg_ctl", "-l", str(self._folder / "log"), "-w", "-o", options, "start")

    def crash(self) -> None:
        """End it at once, so that it has to recover at its next start."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def close(self) -> None:
        """Stop it and remove its data."""
        with contextlib.suppress(AssertionError):
            # It may be down already.
            self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), "-D", str(self._folder / "data"), *arguments],
            cwd=self._folder,
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
        assert 0 == done.returncode, done.stderr


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """The URL of a server without databases of ours; the test is skipped where there is none.

    `TROLLBRIDGE_TEST_POSTGRES` names one that runs already, with the right to create databases.
    """
    given = os.environ.get(VARIABLE)
    if given:
        yield given.rstrip("/")
        return
    server = Server()
    try:
        server.start()
        yield server.url
    finally:
        server.close()


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new database, dropped at the end."""
    name = f"bridge_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield f"{server}/{name}"
    finally:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
