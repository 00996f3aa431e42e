"""The store: a database, its form, and the two ways to use it, reading and writing."""

import contextlib
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from moderation.errors import StoreError
from moderation.review.migrate import migrate
from moderation.review.rules import Rules
from moderation.review.turns import Turns

_BUSY_MS: Final = 30_000
"""How long SQLite waits for another process that writes."""
_POOL: Final = 20
_SESSION: Final[dict[str, Any]] = {
    "expire_on_commit": False,
    # Nothing that is loaded is changed behind a statement's back: statements do all the writing.
    "execution_options": {"synchronize_session": False},
}
_CHANCE: Final = random.SystemRandom()
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Store:
    """The review store. Threads may share it.

    `clock` gives seconds since the epoch; `chance` a number in [0, 1), which decides who gets a
    second look; `secret` so many bytes that nobody can guess. StoreError when the database cannot
    be used.
    """

    def __init__(
        self,
        url: str,
        *,
        rules: Rules | None = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = _CHANCE.random,
        secret: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.rules = rules or Rules()
        self.now = clock
        self.chance = chance
        self.secret = secret
        self._engine = _engine(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        self._writing = self._engine.execution_options(immediate=True)
        self._hasty = self._engine.execution_options(immediate=True, hasty=True)
        self._turn: Turns | contextlib.nullcontext[None] = (
            _turns(self._engine.url) if self.is_sqlite else contextlib.nullcontext()
        )
        try:
            with self.connection() as connection:
                migrate(connection)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """The database's URL without its password."""
        return _shown(self._engine.url)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection whose transaction commits at the end of the `with`."""
        with self._told(), self._turn, self._writing.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the store and writes nothing."""
        with self._told(), Session(self._engine, **_SESSION) as session:
            yield session

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Session]:
        """A session whose transaction commits at the end of the `with`, or does nothing at all.

        What is not `durable` is spared the wait for the disk: a power cut may undo it.
        """
        engine = self._writing if durable else self._hasty
        with self._told(), self._turn, Session(engine, **_SESSION) as session, session.begin():
            if not durable and not self.is_sqlite:
                session.execute(text("SET LOCAL synchronous_commit = off"))
            yield session

    def insert(self, table: Any) -> postgresql.Insert | sqlite.Insert:
        """An insert that may say what to do on a conflict, in the database's dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()
        if isinstance(self._turn, Turns):
            self._turn.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong in the database, in one line without the password."""
        try:
            yield
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            raise StoreError(f"review store {self.address}: {reason}") from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "database_url is no URL: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, pool_size=_POOL, max_overflow=_POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() != "postgresql":
        raise StoreError(f"database_url: {parsed.drivername} is neither sqlite nor postgresql")
    try:
        return create_engine(parsed, pool_size=_POOL, max_overflow=_POOL)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            f"{parsed.drivername} needs a driver: pip install 'trollbridge[postgresql]'"
        ) from error


def _turns(url: URL) -> Turns:
    try:
        return Turns(url.database)
    except OSError as error:
        raise StoreError(f"review store {_shown(url)}: {error.strerror}") from error


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # Transactions are begun by `_begin_sqlite`, not by sqlite3, which would begin them late.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "foreign_keys = ON",
        "cache_size = -16384",
        "mmap_size = 268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("immediate"):
        connection.exec_driver_sql("BEGIN")
        return
    # Kafka's offsets are committed after the store: a power cut must not undo that order.
    connection.exec_driver_sql(
        f"PRAGMA synchronous = {'NORMAL' if options.get('hasty') else 'FULL'}"
    )
    connection.exec_driver_sql("BEGIN IMMEDIATE")
