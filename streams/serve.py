"""The console as a process: where it listens, whom it believes, and the reader at its side."""

import contextlib
import ipaddress
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec
import structlog
import uvicorn

from moderation.errors import SettingsError, TrollbridgeError
from moderation.review.store import Store
from moderation.review.web import access
from moderation.review.web.app import make_app
from moderation.review.web.options import WebOptions
from streams.access import access_options
from streams.review import review
from streams.settings import Settings

log = structlog.get_logger(__name__)

_GRACE: Final = 5
"""Seconds that answers under way may take when the process is told to end."""
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


class Address(msgspec.Struct, frozen=True):
    """Where the console listens."""

    host: str
    port: int
    tls: tuple[str, str] | None
    """Files of certificate and key."""

    @property
    def loopback(self) -> bool:
        """Whether other machines cannot reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """For a person's browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def address(settings: Settings) -> Address:
    """Where to listen; SettingsError when that would send passwords in the clear.

    An address that other machines reach needs TLS, or a proxy that we are told to trust.
    """
    host, _, port = settings.console_bind.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:  # noqa: PLR2004
        raise SettingsError(f"console_bind={settings.console_bind!r} is not host:port")
    tls = _tls(settings)
    for proxy in settings.console_trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(
                f"console_trusted_proxies: {proxy!r} is neither an address nor a network"
            ) from error
    found = Address(host.strip("[]"), int(port), tls)
    if not found.loopback and tls is None and not settings.console_trusted_proxies:
        raise SettingsError(
            f"console_bind={settings.console_bind}: other machines would reach the console "
            "unencrypted; give --tls-cert and --tls-key, or name your reverse proxy in "
            "console_trusted_proxies"
        )
    return found


def _tls(settings: Settings) -> tuple[str, str] | None:
    pair = settings.console_tls_cert, settings.console_tls_key
    if not any(pair):
        return None
    if not all(pair):
        raise SettingsError("console_tls_cert and console_tls_key are needed together")
    for name, file in zip(("console_tls_cert", "console_tls_key"), pair, strict=True):
        if not os.access(file, os.R_OK) or not Path(file).is_file():
            raise SettingsError(f"{name}: {file} cannot be read")
    return pair


def serve(settings: Settings, store: Store, where: Address, *, consume: bool) -> None:
    """Serve the console until told to stop.

    With `consume` the reader and sender run beside it, and their failure ends it. BrokerError,
    StoreError or SettingsError say why it ended.
    """
    secure = where.tls is not None or bool(settings.console_trusted_proxies)
    hosts = settings.console_hosts
    if not hosts and where.loopback and not settings.console_trusted_proxies:
        hosts = tuple(dict.fromkeys((*_THIS_MACHINE, where.host)))
    options = WebOptions(access=access_options(settings, secure=secure, hosts=hosts))
    app = make_app(store, options)
    server = _Server(
        uvicorn.Config(
            app,
            # Addresses hold search words and ids: what is done is in the review log.
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.console_trusted_proxies),
            forwarded_allow_ips=list(settings.console_trusted_proxies),
            ssl_certfile=where.tls[0] if where.tls else None,
            ssl_keyfile=where.tls[1] if where.tls else None,
            timeout_graceful_shutdown=_GRACE,
        ),
        app.state.hub.close,
    )
    with _listening(where) as listening, _signals():
        path = access.first_link(store)
        log.info("console started", url=where.url)
        if path:
            # On standard output alone: whoever reads the log is not to become the admin.
            print(f"the first admin comes in once by {where.url}{path}", flush=True)  # noqa: T201
        if consume:
            with Beside(lambda stop: review(settings, store, stop), server.leave):
                server.run(sockets=[listening])
        else:
            server.run(sockets=[listening])
    log.info("console stopped")


class Beside:
    """Work on a thread of its own, for as long as the `with` lasts.

    When it fails it calls `on_failure`, and its error is raised at the end of the `with`.
    """

    def __init__(
        self, work: Callable[[threading.Event], None], on_failure: Callable[[], None]
    ) -> None:
        self._work = work
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="beside")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._work(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            self._error = error
            self._on_failure()


class _Server(uvicorn.Server):
    """Ends open streams when it is told to end, since they would not end by themselves."""

    def __init__(self, config: uvicorn.Config, close_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._close_streams = close_streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        self._close_streams()
        super().handle_exit(sig, frame)

    def leave(self) -> None:
        """End as if a signal had come; from any thread."""
        self.should_exit = True
        self._close_streams()


@contextlib.contextmanager
def _listening(where: Address) -> Iterator[socket.socket]:
    """A socket at the address; TrollbridgeError when that is not to be had."""
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((where.host, where.port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise TrollbridgeError(f"console_bind={where.host}:{where.port}: {reason}") from error
        yield listening


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """A signal that ended the server has done its work: the process ends with 0.

    uvicorn raises it once more for whoever listened before.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
