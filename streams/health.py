"""Metrics and health over HTTP, on a thread of their own."""

import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Gauge, make_wsgi_app

from moderation.errors import TrollbridgeError
from streams import metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_STUCK_SECONDS = 30.0
"""No beat of the event loop for so long: the process is not alive."""


class Pulse:
    """What the loop that does the work tells the health thread; `ready` shows it as a metric."""

    def __init__(self, ready: Gauge = metrics.ready) -> None:
        self._gauge = ready
        self._beat = time.monotonic()
        self._not_ready = "starting"

    def beat(self, not_ready: str) -> None:
        """The loop turns; `not_ready` says why the worker is not ready, or is empty."""
        self._beat = time.monotonic()
        self._not_ready = not_ready
        self._gauge.set(not not_ready)

    def alive(self) -> str:
        """Why the process is not alive, or empty."""
        silent = time.monotonic() - self._beat
        return f"event loop silent for {silent:.0f} s" if silent > _STUCK_SECONDS else ""

    def ready(self) -> str:
        """Why the worker is not ready, or empty."""
        return self.alive() or self._not_ready


class _Server(ThreadingMixIn, WSGIServer):
    """A client that connects and says nothing holds up no other."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Probes and scrapes are no news."""


class HealthServer:
    """Serves `/metrics`, `/healthz` and `/readyz`."""

    def __init__(
        self,
        host: str,
        port: int,
        pulse: Pulse,
        *,
        registry: CollectorRegistry = metrics.REGISTRY,
        setting: str = "metrics_bind",
    ) -> None:
        checks = {"/healthz": pulse.alive, "/readyz": pulse.ready}
        exposition = make_wsgi_app(registry)

        def application(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if path == "/metrics":
                return exposition(environ, start)  # type: ignore[no-any-return]
            if path in checks:
                return _answer(start, checks[path])
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"/metrics, /healthz, /readyz\n"]

        try:
            self._server = make_server(
                host, port, application, server_class=_Server, handler_class=_QuietHandler
            )
        except OSError as error:
            raise TrollbridgeError(
                f"cannot listen on {host}:{port} ({setting}): {error.strerror}"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health", daemon=True
        )

    def start(self) -> None:
        """Serve until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _answer(start: "StartResponse", check: Callable[[], str]) -> list[bytes]:
    problem = check()
    status = "503 Service Unavailable" if problem else "200 OK"
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [(problem or "ok").encode() + b"\n"]
