"""A small identity provider on loopback, which can also be made to lie."""

import contextlib
import functools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT = "bridge"
SECRET = "hush"  # noqa: S105 - of a test


@functools.cache
def _first_key() -> RSAKey:
    """Made once, since that takes a while."""
    return RSAKey.generate_key(2048, parameters={"kid": "1"})


class Provider:
    """Signs what the test tells it to."""

    def __init__(self) -> None:
        self.key = _first_key()
        self.claims: dict[str, Any] = {"sub": "s-1", "preferred_username": "carla", "role": "lead"}
        """Beside those that the protocol asks for, which they replace."""
        self.algorithm = "RS256"
        self.kid = "1"
        self.signing: RSAKey | OctKey = self.key
        self.named = ""
        """The issuer that the discovery document names; empty: its own."""
        self.challenges: dict[str, tuple[str, str]] = {}
        """PKCE challenge and nonce by code."""
        self.redeemed: list[str] = []
        self.url = ""

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Self]:
        """A provider that answers until the end of the `with`."""
        provider = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*provider.get(self.path))

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
                self._answer(*provider.redeem(form, self.headers.get("authorization", "")))

            def _answer(self, status: int, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def get(self, path: str) -> tuple[int, object]:
        """Discovery and keys."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.named or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        return 404, {}

    def authorize(self, url: str) -> dict[str, str]:
        """What the browser comes back with after the person has signed in here."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert "code" == asked["response_type"]
        assert "S256" == asked["code_challenge_method"]
        assert CLIENT == asked["client_id"]
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = (asked["code_challenge"], asked["nonce"])
        return {"code": code, "state": asked["state"], "iss": self.url}

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, object]:
        """A token for a code, once, for whoever has the verifier and the secret."""
        code = form.get("code", "")
        challenge, nonce = self.challenges.get(code, ("", ""))
        good = (
            authorization.startswith("Basic ")
            and "authorization_code" == form["grant_type"]
            and challenge == create_s256_code_challenge(form["code_verifier"])
            and code not in self.redeemed
        )
        if not good:
            return 400, {"error": "invalid_grant"}
        self.redeemed.append(code)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            **self.claims,
        }
        header = {"alg": self.algorithm, "kid": self.kid}
        token = jwt.encode(
            header,
            {name: value for name, value in claims.items() if value is not None},
            self.signing,
            algorithms=[self.algorithm],
        )
        return 200, {"id_token": token, "access_token": "x", "token_type": "Bearer"}
