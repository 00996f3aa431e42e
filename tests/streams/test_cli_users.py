"""`trollbridge review user` as a person runs it."""

import json
import re
from pathlib import Path

from moderation.review.access.links import accept, opened
from moderation.review.access.signin import Browser
from moderation.review.store import Store
from streams.access import access_options
from streams.settings import Settings
from tests.streams.test_cli import run


def test_users(tmp_path: Path) -> None:
    """An account is added, comes in by the printed link, is listed, shut, and given a new link."""
    url = f"sqlite:///{tmp_path / 'review.db'}"

    def user(*words: str) -> tuple[int, str, str]:
        done = run("review", "user", *words, TROLLBRIDGE_DATABASE_URL=url)
        return done.returncode, done.stdout, done.stderr.strip()

    code, said, _ = user("add", "ada", "--role", "admin")
    assert 0 == code
    found = re.search(r"/welcome/([\w-]{43})$", said.strip())
    assert found
    store = Store(url)
    accept(store, found.group(1), "green bridges at dawn", Browser())
    assert (1, "", "trollbridge: ada is the last admin: make another one first") == user(
        "disable", "ada"
    )
    assert 0 == user("add", "ben", "--role", "lead")[0]
    assert (0, "ben is disabled\n", "") == user("disable", "ben")
    listed = json.loads(user("list", "--json")[1])
    assert [("ada", "admin", "active"), ("ben", "lead", "disabled")] == [
        (one["name"], one["role"], one["state"]) for one in listed
    ]
    assert (1, "", "trollbridge: 'boss' is none of moderator, lead, admin") == user(
        "add", "cem", "--role", "boss"
    )
    found = re.search(r"/welcome/([\w-]{43})$", user("link", "ada")[1].strip())
    assert found
    assert ("reset", "ada") == ((it := opened(store, found.group(1))).purpose, it.name)
    store.close()


def test_access_options() -> None:
    """The provider's settings reach the console; without an issuer there is none."""
    assert access_options(Settings(), secure=False, hosts=()).oidc is None
    settings = Settings(
        oidc_issuer="https://id.example",
        oidc_client_id="bridge",
        oidc_client_secret="hush",  # noqa: S106 - of a test
        oidc_role_claim="groups",
    )
    oidc = access_options(settings, secure=True, hosts=("console.example",)).oidc
    assert oidc is not None
    assert ("https://id.example", "bridge", "hush", "groups") == (
        oidc.issuer,
        oidc.client_id,
        oidc.client_secret,
        oidc.role_claim,
    )
