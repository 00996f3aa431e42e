"""`trollbridge review serve`: where it listens, and how it ends."""

import contextlib
import itertools
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from moderation.errors import BrokerError, SettingsError
from moderation.review.access.throttle import MOST
from streams.serve import Beside, address
from streams.settings import Settings
from tests.console import ConsoleProcess
from tests.pipeline import ROOT

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"console_bind": "0.0.0.0:8000"}, "--tls-cert"),
        ({"console_bind": "[::]:8000"}, "console_trusted_proxies"),
        ({"console_bind": "console.example:8000"}, "unencrypted"),
        ({"console_bind": "8000"}, "not host:port"),
        ({"console_bind": "127.0.0.1:99999"}, "not host:port"),
        ({"console_tls_cert": "cert.pem"}, "needed together"),
        ({"console_tls_cert": "no.pem", "console_tls_key": "no.key"}, "no.pem cannot be read"),
        ({"console_trusted_proxies": ("*",)}, "neither an address nor a network"),
    ],
)
def test_refused_addresses(fields: dict[str, Any], said: str) -> None:
    """Nobody opens the console to other machines in the clear by one option."""
    with pytest.raises(SettingsError) as caught:
        address(Settings(**fields))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"console_bind": "[::1]:80"}, "http://[::1]:80"),
        ({"console_bind": "localhost:81"}, "http://localhost:81"),
        (
            {"console_bind": "0.0.0.0:82", "console_trusted_proxies": ("10.0.0.0/8",)},
            "http://0.0.0.0:82",
        ),
    ],
)
def test_accepted_addresses(fields: dict[str, Any], url: str) -> None:
    """Loopback, and what a proxy or TLS protects."""
    assert url == address(Settings(**fields)).url


def test_failure_beside_ends_the_console() -> None:
    """When the reader fails, the server is told, and the reason is what the command says."""
    told = threading.Event()

    def fails(_: threading.Event) -> None:
        raise BrokerError("the broker is away")

    with pytest.raises(BrokerError, match="the broker is away"), Beside(fails, told.set):
        assert told.wait(10)


def test_end_of_the_console_ends_the_reader() -> None:
    """When the server ends, the reader is told and waited for."""
    ended = threading.Event()

    def works(stop: threading.Event) -> None:
        assert stop.wait(10)
        ended.set()

    with Beside(works, lambda: None):
        pass
    assert ended.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_and_ends(tmp_path: Path, number: signal.Signals) -> None:
    """The command opens the console for nobody without an account, and ends when told to."""
    console = ConsoleProcess(tmp_path, "--no-consume")
    try:
        assert "ok\n" == console.healthy()
        page = httpx.get(f"http://127.0.0.1:{console.port}/")
        assert (303, "/login") == (page.status_code, page.headers["location"].partition("?")[0])
        assert "/welcome/" in console.log.read_text()
        assert 0 == console.end(number), console.log.read_text()
        assert "Traceback" not in console.log.read_text()
    finally:
        console.close()


def test_tls(tmp_path: Path) -> None:
    """With a certificate the console speaks https, and its cookies are for https alone."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = ca.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    both = str(tmp_path / "both.pem")
    console = ConsoleProcess(tmp_path, "--no-consume", "--tls-cert", both, "--tls-key", both)
    try:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        assert "ok\n" == console.healthy("https", verify=trusting)
        page = httpx.get(f"https://127.0.0.1:{console.port}/login", verify=trusting)
        assert "secure" in page.headers["set-cookie"].lower()
        assert 0 == console.end(signal.SIGTERM)
    finally:
        console.close()


def test_address_in_use(tmp_path: Path) -> None:
    """A second console on the same address says so in one line."""
    console = ConsoleProcess(tmp_path, "--no-consume")
    try:
        console.healthy()
        second = subprocess.run(
            [
                sys.executable, "-m", "streams.cli", "review", "serve", "--no-consume",
                "--bind", f"127.0.0.1:{console.port}",
            ],
            cwd=ROOT,
            env=os.environ | {"TROLLBRIDGE_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )  # fmt: skip
        assert 1 == second.returncode
        assert "Address already in use" in second.stderr.strip().splitlines()[-1]
        assert "Traceback" not in second.stderr
    finally:
        console.close()


class Stranger:
    """Somebody who guesses passwords, as a proxy hands the requests on."""

    def __init__(self, console: ConsoleProcess) -> None:
        self._url = f"{console.url}/login"
        self._names = itertools.count()

    def guesses(self, came_from: str) -> int:
        """The status of one more attempt, at another name each time, without cookies kept."""
        headers = {
            "host": "console.example",
            "origin": "https://console.example",
            "x-forwarded-for": came_from,
            "x-forwarded-proto": "https",
        }
        page = httpx.get(self._url, headers=headers)
        csrf = _CSRF.search(page.text)
        assert csrf, page.text
        cookies = "; ".join(kept.partition(";")[0] for kept in page.headers.get_list("set-cookie"))
        form = {"name": f"n{next(self._names)}", "password": "a guess", "csrf": csrf[1]}
        answer = httpx.post(self._url, data=form, headers=headers | {"cookie": cookies})
        return answer.status_code


def _guessed(tmp_path: Path, proxy: str, *addresses: str) -> list[int]:
    """The statuses of attempts from these addresses, at a console that trusts a proxy."""
    settings = {"TROLLBRIDGE_CONSOLE_TRUSTED_PROXIES": proxy}
    with contextlib.closing(ConsoleProcess(tmp_path, "--no-consume", **settings)) as console:
        console.healthy()
        stranger = Stranger(console)
        return [stranger.guesses(address) for address in addresses]


def test_failed_sign_ins_count_for_who_came_to_the_proxy(tmp_path: Path) -> None:
    """Behind a trusted proxy one guesser is locked out, and not everybody else with him."""
    one = ["203.0.113.7"] * (MOST["address"] + 1)
    statuses = _guessed(tmp_path, "127.0.0.1", *one, "203.0.113.8")
    assert [422, 429, 422] == [statuses[0], *statuses[-2:]]


def test_nobody_else_is_believed_where_requests_came_from(tmp_path: Path) -> None:
    """Who does not come by the trusted proxy is locked out, whatever addresses he claims."""
    claimed = [f"203.0.113.{n}" for n in range(MOST["address"] + 1)]
    statuses = _guessed(tmp_path, "192.0.2.1", *claimed)
    assert [422, 429] == [statuses[0], statuses[-1]]
