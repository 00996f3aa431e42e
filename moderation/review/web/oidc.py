"""Signing in with an identity provider: OpenID Connect, authorization code with PKCE.

Nothing is kept between the two halves. The browser holds one random key in a cookie; state, nonce
and PKCE verifier are derived from it, so an answer that another browser asked for fits none.
"""

import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from moderation.errors import ReviewError, SettingsError
from moderation.review.access.signin import Identity
from moderation.review.rules import ROLES, Role
from moderation.review.web.cookies import derived

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures by a key pair: with a shared secret whoever has it could vouch for anybody."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SECONDS: Final = 10.0
_LEEWAY: Final = 60
_FRESH: Final = 3_600.0
"""So long a discovery document and its keys are kept."""
_MOST: Final = 256 * 1024


class OidcOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The one provider that the site trusts."""

    issuer: str
    client_id: str
    client_secret: str = ""
    """Empty for a public client, which PKCE alone protects."""
    role_claim: str = "role"
    """Claim whose value, or one of whose values, is a role."""


class _Provider(msgspec.Struct, frozen=True):
    """What its discovery document says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct, frozen=True):
    """What the token endpoint answers."""

    id_token: str
    access_token: str = ""


class Oidc:
    """The provider, asked for its document when it is first needed. Threads may share it."""

    def __init__(self, options: OidcOptions) -> None:
        _require_safe("oidc_issuer", options.issuer)
        if not options.client_id:
            raise SettingsError("oidc_issuer needs oidc_client_id beside it")
        self.options = options
        self._lock = threading.Lock()
        self._known: tuple[float, _Provider] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def shown(self) -> str:
        """The provider's host, for the button."""
        return urlsplit(self.options.issuer).hostname or self.options.issuer

    def start(self, key: str, back: str) -> str:
        """Where to send the browser that holds `key`; it comes back to `back`."""
        return str(
            add_params_to_uri(
                self._provider().authorization_endpoint,
                [
                    ("response_type", "code"),
                    ("client_id", self.options.client_id),
                    ("redirect_uri", back),
                    ("scope", "openid profile email"),
                    ("state", derived(key, "state")),
                    ("nonce", derived(key, "nonce")),
                    ("code_challenge", create_s256_code_challenge(derived(key, "verifier"))),
                    ("code_challenge_method", "S256"),
                ],
            )
        )

    def finish(self, key: str, back: str, answer: dict[str, str]) -> Identity:
        """Whom the provider vouches for, from the query it sent the browser back with.

        ReviewError when the answer is not to this browser's question, or vouches for nobody that
        has a role here.
        """
        if not key or answer.get("state") != derived(key, "state"):
            raise _refusal("the answer belongs to another sign-in: try once more")
        if answer.get("error"):
            raise _refusal("it was refused there")
        provider = self._provider()
        # RFC 9207: the answer of another provider is not mistaken for this one's.
        if answer.get("iss", provider.issuer) != provider.issuer:
            raise _refusal("the answer is another provider's")
        found = self._redeem(provider, answer.get("code", ""), derived(key, "verifier"), back)
        claims = self._claims(provider, found, derived(key, "nonce"))
        return Identity(provider.issuer, str(claims["sub"]), _name(claims), self._role(claims))

    def _redeem(self, provider: _Provider, code: str, verifier: str, back: str) -> _Tokens:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": self.options.client_id,
        }
        auth: tuple[str, str] | None = None
        if self.options.client_secret:
            methods = provider.token_endpoint_auth_methods_supported
            if "client_secret_basic" in methods:
                auth = (self.options.client_id, self.options.client_secret)
            else:
                body["client_secret"] = self.options.client_secret
        found: _Tokens = _fetched(_Tokens, "POST", provider.token_endpoint, data=body, auth=auth)
        return found

    def _claims(self, provider: _Provider, found: _Tokens, nonce: str) -> dict[str, Any]:
        try:
            token = self._verified(provider, found.id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": provider.issuer},
                    "aud": {"essential": True, "value": self.options.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": nonce,
                    "client_id": self.options.client_id,
                    "access_token": found.access_token,
                },
            )
            claims.validate(leeway=_LEEWAY)
        except (JoseError, ValueError) as error:
            raise _refusal(f"its token does not hold ({type(error).__name__})") from error
        return dict(claims)

    def _verified(self, provider: _Provider, id_token: str) -> jwt.Token:
        """The token with its signature checked; keys are asked for anew once, if they changed."""
        try:
            return jwt.decode(id_token, self._key_set(provider), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            return jwt.decode(id_token, self._key_set(provider, anew=True), algorithms=_ALGORITHMS)

    def _provider(self) -> _Provider:
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > _FRESH:
                issuer = self.options.issuer
                where = issuer.rstrip("/") + "/.well-known/openid-configuration"
                found = _fetched(_Provider, "GET", where)
                if found.issuer != issuer:
                    raise _refusal(f"{where} says it is {found.issuer}")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _require_safe(name, getattr(found, name))
                self._known = (time.monotonic(), found)
            return self._known[1]

    def _key_set(self, provider: _Provider, *, anew: bool = False) -> KeySet:
        with self._lock:
            if anew or self._keys is None or time.monotonic() - self._keys[0] > _FRESH:
                found = _fetched(dict[str, Any], "GET", provider.jwks_uri)
                self._keys = (time.monotonic(), KeySet.import_key_set(found))
            return self._keys[1]

    def _role(self, claims: dict[str, Any]) -> Role:
        value = claims.get(self.options.role_claim)
        values = value if isinstance(value, list) else [value]
        held = [role for role in ROLES if role in values]
        if not held:
            raise _refusal(
                f"its claim {self.options.role_claim!r} gives you no role here: ask an admin"
            )
        return held[-1]


def _name(claims: dict[str, Any]) -> str:
    """What the person is called here."""
    for claim in ("preferred_username", "email", "sub"):
        value = claims.get(claim)
        if isinstance(value, str) and value:
            return value
    return ""


def _require_safe(name: str, url: str) -> None:
    """SettingsError where a URL is neither https nor on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname:
        raise SettingsError(f"{name}={url!r} is no https:// address")


def _fetched(kind: Any, method: str, url: str, **options: Any) -> Any:
    """A JSON answer of a known shape; ReviewError otherwise."""
    try:
        with (
            httpx.Client(timeout=_SECONDS, trust_env=True) as client,
            client.stream(method, url, headers={"accept": "application/json"}, **options) as got,
        ):
            if got.status_code != 200:  # noqa: PLR2004 - redirects are not followed
                raise _refusal(f"{urlsplit(url).hostname} answers {got.status_code}")
            body = bytearray()
            for chunk in got.iter_bytes():
                body += chunk
                if len(body) > _MOST:
                    raise _refusal(f"{urlsplit(url).hostname} answers too much")
        return msgspec.json.decode(bytes(body), type=kind)
    except httpx.HTTPError as error:
        raise _refusal(f"{urlsplit(url).hostname} cannot be reached") from error
    except msgspec.DecodeError as error:
        raise _refusal(f"{urlsplit(url).hostname} does not answer as it should") from error


def _refusal(why: str) -> ReviewError:
    return ReviewError("oidc", f"signing in with the identity provider failed: {why}")
