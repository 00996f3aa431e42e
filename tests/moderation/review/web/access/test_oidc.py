"""Signing in with an identity provider, and what it takes to be believed."""

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from moderation.errors import SettingsError
from moderation.review import log
from moderation.review.access.accounts import account
from moderation.review.web.access import AccessOptions, routes
from moderation.review.web.oidc import Oidc, OidcOptions
from tests.moderation.review.desk import Desk
from tests.moderation.review.web.access.provider import CLIENT, SECRET, Provider
from tests.moderation.review.web.access.site import Site, Tab, make_app


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that vouches for carla, a lead."""
    with Provider.running() as provider:
        yield provider


@pytest.fixture
def site(desk: Desk, provider: Provider) -> Site:
    """A console that trusts it."""
    options = OidcOptions(issuer=provider.url, client_id=CLIENT, client_secret=SECRET)
    return Site(desk, make_app(desk, AccessOptions(oidc=options)))


def _come_in(tab: Tab, provider: Provider, **answer: str) -> Any:
    """Go to the provider, and come back."""
    there = tab.get("/oidc/start")
    assert there.headers["location"].startswith(f"{provider.url}/authorize?"), there.text
    return tab.get("/oidc/back", params=provider.authorize(there.headers["location"]) | answer)


def test_sign_in(site: Site, provider: Provider) -> None:
    """The button leads there and back; role and name are the provider's, each time anew."""
    tab = site.browser()
    assert 'href="/oidc/start"' in tab.get("/login").text
    assert "/" == _come_in(tab, provider).headers["location"]
    assert "carla lead /" == tab.get("/").text
    # A person without a password of ours has none to change.
    assert "Present password" not in tab.get("/me").text
    provider.claims["role"] = ["staff", "moderator"]
    again = site.browser()
    _come_in(again, provider)
    assert "carla moderator /" == again.get("/").text
    assert 303 == tab.get("/").status_code
    issuers = [entry.detail for entry in log.entries(site.desk.store) if entry.person == "carla"]
    assert provider.url in issuers[-1]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": None},
        {"sub": None},
        {"aud": ["bridge", "another"]},
        {"azp": "another"},
        {"role": None},
        {"role": "boss"},
        {"role": "Admin"},
        {"role": {"admin": True}},
        {"preferred_username": "anna"},
        {"preferred_username": "<script>alert(1)</script>"},
    ],
)
def test_claims_that_do_not_hold(site: Site, provider: Provider, claims: dict[str, Any]) -> None:
    """A token for somebody else, from somebody else, too old, or without a role opens nothing."""
    provider.claims |= claims
    tab = site.browser()
    answer = _come_in(tab, provider)
    assert (403, True) == (answer.status_code, 'role="alert"' in answer.text)
    assert "<script>alert" not in answer.text
    assert 303 == tab.get("/").status_code
    assert "moderator" == account(site.desk.store, "anna").role


@pytest.mark.parametrize("forged", ["other key", "shared secret", "public key as secret"])
def test_forged_signatures(site: Site, provider: Provider, forged: str) -> None:
    """Only the provider's own key vouches, whatever algorithm the token names."""
    if forged == "other key":
        provider.signing = RSAKey.generate_key(2048, parameters={"kid": "1"})
    else:
        provider.algorithm = "HS256"
        secret = SECRET * 16 if forged == "shared secret" else provider.key.as_pem(private=False)
        provider.signing = OctKey.import_key(
            secret if isinstance(secret, str) else secret.decode().replace("-----", "")
        )
    tab = site.browser()
    assert 403 == _come_in(tab, provider).status_code
    assert 303 == tab.get("/").status_code


def test_new_keys_are_fetched(site: Site, provider: Provider) -> None:
    """A provider may exchange its keys while the console runs."""
    assert 303 == _come_in(site.browser(), provider).status_code
    provider.kid = "2"
    provider.key = provider.signing = RSAKey.generate_key(2048, parameters={"kid": "2"})
    assert 303 == _come_in(site.browser(), provider).status_code


def test_answer_to_another_browser(site: Site, provider: Provider) -> None:
    """An answer that somebody else asked for signs nobody in (login CSRF), nor one that is old."""
    thief, tab = site.browser(), site.browser()
    answer = provider.authorize(thief.get("/oidc/start").headers["location"])
    assert 403 == tab.get("/oidc/back", params=answer).status_code
    tab.get("/oidc/start")
    assert 403 == tab.get("/oidc/back", params=answer).status_code
    assert 303 == thief.get("/oidc/back", params=answer).status_code
    assert 403 == thief.get("/oidc/back", params=answer).status_code
    for answer in ({}, {"state": "x"}, {"error": "access_denied"}):
        assert 403 == site.browser().get("/oidc/back", params=answer).status_code


@pytest.mark.parametrize(
    "answer", [{"code": "code-99"}, {"iss": "https://evil.example"}, {"error": "access_denied"}]
)
def test_bad_answers(site: Site, provider: Provider, answer: dict[str, str]) -> None:
    """A code that is none, another provider's answer, or a refusal there is a refusal here."""
    assert 403 == _come_in(site.browser(), provider, **answer).status_code


def test_disabled_account_stays_out(site: Site, provider: Provider) -> None:
    """Whoever was shut out here is out, whatever the provider says."""
    _come_in(site.browser(), provider)
    ada = site.browser("ada")
    ada.fill("/users/carla/disable", page="/users")
    answer = _come_in(site.browser(), provider)
    assert 403 == answer.status_code
    assert "disabled" in answer.text


def test_provider_that_says_it_is_another(site: Site, provider: Provider) -> None:
    """Only the configured issuer is trusted, and a provider that is away is one sentence."""
    provider.named = "https://id.example"
    answer = site.browser().get("/oidc/start")
    assert 403 == answer.status_code
    assert "says it is" in answer.text
    options = OidcOptions(issuer="http://127.0.0.1:9", client_id=CLIENT)
    tab = Tab(
        make_app(site.desk, AccessOptions(oidc=options)),
        base_url="http://localhost",
        follow_redirects=False,
    )
    assert "cannot be reached" in tab.get("/oidc/start").text


@pytest.mark.parametrize(
    ("issuer", "client"),
    [
        ("http://id.example", "x"),
        ("id.example", "x"),
        ("https://", "x"),
        ("https://id.example", ""),
    ],
)
def test_settings_that_would_be_unsafe(issuer: str, client: str) -> None:
    """A provider over plain http, or one that does not know us, is refused at the start."""
    with pytest.raises(SettingsError):
        Oidc(OidcOptions(issuer=issuer, client_id=client))


def test_without_a_provider_there_is_no_way_in(desk: Desk) -> None:
    """What is not configured is not there."""
    paths = {str(getattr(route, "path", "")) for route in routes(desk.store, AccessOptions())}
    assert not [path for path in paths if "oidc" in path]
