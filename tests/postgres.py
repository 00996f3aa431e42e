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
_START_SECONDS = 30


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


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """The URL of a server without databases of ours; the test is skipped where there is none.

    `TROLLBRIDGE_TEST_POSTGRES` names one that runs already, with the right to create databases.
    """
    given = os.environ.get(VARIABLE)
    if given:
        yield given.rstrip("/")
        return
    programs = _programs()
    if programs is None:
        pytest.skip(f"PostgreSQL is not here: apt-get install postgresql, or set {VARIABLE}")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="trollbridge-postgres-"))
    port = free_port()
    log = folder / "log"
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        options = f"-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        steps: list[list[object]] = [
            [programs / "initdb", "-D", data, "-A", "trust", "-U", "bridge", "-E", "UTF8"],
            [programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"],
        ]
        for arguments in steps:
            done = subprocess.run(
                [str(argument) for argument in arguments],
                cwd=folder,
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=_START_SECONDS,
                check=False,
            )
            assert 0 == done.returncode, done.stderr
        try:
            yield f"postgresql://bridge@127.0.0.1:{port}"
        finally:
            subprocess.run(
                [str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"],
                cwd=folder,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_START_SECONDS,
                check=False,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
