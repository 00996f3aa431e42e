"""Accounts and the links that begin them."""

from collections.abc import Callable

import pytest

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access import accounts, links, passwords, sessions, signin, tokens
from moderation.review.access.models import Account, AccountSession, Link, Token
from moderation.review.access.signin import Browser
from moderation.review.preferences import Preferences
from moderation.review.rules import Person
from tests.moderation.review.access.conftest import ADMIN, PASSWORD
from tests.moderation.review.desk import ANNA, Desk


def _code(caught: pytest.ExceptionInfo[ReviewError]) -> str:
    return caught.value.code


def test_first_admin_is_made_once(desk: Desk) -> None:
    """The first link makes one admin; a newer link replaces it, and then there is none."""
    old = links.first(desk.store)
    key = links.first(desk.store)
    with pytest.raises(ReviewError):
        links.accept(desk.store, old, PASSWORD, Browser(), name="eve")
    links.accept(desk.store, key, PASSWORD, Browser(), name="ada")
    with pytest.raises(ReviewError) as caught:
        links.accept(desk.store, key, PASSWORD, Browser(), name="eve")
    assert "used" == _code(caught)
    assert "" == links.first(desk.store)
    assert [("ada", "admin", "active")] == [
        (one.name, one.role, one.state) for one in accounts.accounts(desk.store)
    ]


def test_refused_password_leaves_the_link(desk: Desk) -> None:
    """A password that is too short does not cost the only way in."""
    key = links.first(desk.store)
    for bad in ("short", "ada-ada-ada-ada", "x" * 257):
        with pytest.raises(ReviewError) as caught:
            links.accept(desk.store, key, bad, Browser(), name="ada")
        assert "weak_password" == _code(caught)
    with pytest.raises(ReviewError) as caught:
        links.accept(desk.store, key, PASSWORD, Browser(), name="a b/c")
    assert "bad_name" == _code(caught)
    assert "ada" == links.accept(desk.store, key, PASSWORD, Browser(), name="ada").name


def test_links_expire_and_go_with_the_account(people: Desk) -> None:
    """An invitation that nobody used in time, or of an account that was shut, opens nothing."""
    late = links.invite(people.store, ADMIN, "ben", "moderator")
    assert ("invite", "ben") == (
        (found := links.opened(people.store, late)).purpose,
        found.name,
    )
    people.time += links.LIFE["invite"] + 1
    shut = links.invite(people.store, ADMIN, "cem", "moderator")
    accounts.disable(people.store, ADMIN, "cem")
    accounts.enable(people.store, ADMIN, "cem")
    for key in (late, shut, "", "x" * 10_000):
        with pytest.raises(ReviewError) as caught:
            links.accept(people.store, key, PASSWORD, Browser())
        assert "used" == _code(caught)
    again = links.reset(people.store, ADMIN, "ben")
    assert "ben" == links.accept(people.store, again, PASSWORD, Browser()).name


def test_reset_ends_sessions(people: Desk) -> None:
    """Whoever had the old password is out when the new one is set, and not before."""
    thief = signin.sign_in(people.store, "anna", PASSWORD, Browser())
    key = links.reset(people.store, ADMIN, "anna")
    assert sessions.find(people.store, thief.session) is not None
    mine = links.accept(people.store, key, "another good password", Browser())
    assert sessions.find(people.store, thief.session) is None
    assert sessions.find(people.store, mine.session) is not None
    with pytest.raises(ReviewError):
        signin.sign_in(people.store, "anna", PASSWORD, Browser())


def test_name_is_taken_in_any_case(people: Desk) -> None:
    """Two people cannot be told apart in the log if their names differ in case alone."""
    for name in ("Anna", "ANNA ", "\uff41nna"):
        with pytest.raises(ReviewError) as caught:
            links.invite(people.store, ADMIN, name, "moderator")
        assert "name_taken" == _code(caught)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "(nobody)", "<b>", "a\x00b", "x" * 65, "a\n"])
def test_bad_names(people: Desk, name: str) -> None:
    """A name stands in URLs, tables and the log, so it is letters, digits and a few marks."""
    with pytest.raises(ReviewError) as caught:
        links.invite(people.store, ADMIN, name if name != "a\n" else "a\nb", "moderator")
    assert "bad_name" == _code(caught)


@pytest.mark.parametrize("person", [ANNA, Person("lea", "lead")])
def test_only_admins_look_after_accounts(people: Desk, person: Person) -> None:
    """Nobody below an admin adds, changes, shuts or opens accounts, whatever page they find."""
    store = people.store
    acts: list[Callable[[], object]] = [
        lambda: links.invite(store, person, "eve", "admin"),
        lambda: links.reset(store, person, "ada"),
        lambda: accounts.set_role(store, person, person.name, "admin"),
        lambda: accounts.disable(store, person, "ada"),
        lambda: accounts.enable(store, person, "ada"),
        lambda: sessions.end_all(store, person, "ada"),
    ]
    for act in acts:
        with pytest.raises(ReviewError) as caught:
            act()
        assert "not_allowed" == _code(caught)


def test_last_admin_stays(people: Desk) -> None:
    """The newsroom cannot lock itself out of its accounts; somebody merely invited is no admin."""
    links.invite(people.store, ADMIN, "eli", "admin")
    acts: list[Callable[[], object]] = [
        lambda: accounts.disable(people.store, ADMIN, "ada"),
        lambda: accounts.set_role(people.store, ADMIN, "ada", "lead"),
    ]
    for act in acts:
        with pytest.raises(ReviewError) as caught:
            act()
        assert "last_admin" == _code(caught)
    accounts.set_role(people.store, ADMIN, "lea", "admin")
    accounts.set_role(people.store, ADMIN, "ada", "lead")
    assert "lead" == accounts.account(people.store, "ada").role


def test_changed_role_or_disabling_ends_sessions(people: Desk) -> None:
    """Nobody goes on with a role that they do not have any more; tokens follow the account."""
    one = signin.sign_in(people.store, "lea", PASSWORD, Browser())
    token = tokens.make(people.store, Person("lea", "lead"), "tool", "lead", days=30)
    accounts.set_role(people.store, ADMIN, "lea", "moderator")
    assert sessions.find(people.store, one.session) is None
    kept = tokens.find(people.store, token)
    assert kept is not None
    assert "moderator" == kept.role
    two = signin.sign_in(people.store, "lea", PASSWORD, Browser())
    accounts.disable(people.store, ADMIN, "lea")
    assert sessions.find(people.store, two.session) is None
    assert tokens.find(people.store, token) is None
    with pytest.raises(ReviewError) as caught:
        signin.sign_in(people.store, "lea", PASSWORD, Browser())
    assert "wrong" == _code(caught)
    accounts.enable(people.store, ADMIN, "lea")
    assert "lea" == signin.sign_in(people.store, "lea", PASSWORD, Browser()).name


def test_preferences_are_kept(people: Desk) -> None:
    """What a person sets is there at the next sign-in; an unreadable column is the defaults."""
    mine = Preferences(blur=False, theme="dark", break_minutes=0)
    accounts.set_preferences(people.store, "anna", mine)
    entered = sessions.find(
        people.store, signin.sign_in(people.store, "anna", PASSWORD, Browser()).session
    )
    assert entered is not None
    assert mine == entered.preferences
    assert Preferences() == accounts.preferences_of('{"theme": "loud"}')


def test_nothing_at_rest_opens_anything(people: Desk) -> None:
    """Who reads the database, or the log, finds no password, session, token or link."""
    session = signin.sign_in(people.store, "anna", PASSWORD, Browser(device="d" * 43))
    token = tokens.make(people.store, ANNA, "tool", "moderator", days=1)
    link = links.reset(people.store, ADMIN, "lea")
    with people.store.reading() as reading:
        kept = [
            str({name: getattr(row, name) for name in table.__table__.columns.keys()})  # noqa: SIM118
            for table in (Account, Link, AccountSession, Token)
            for row in reading.query(table)
        ]
    said = [str(vars(entry)) for entry in log.entries(people.store)]
    for secret in (PASSWORD, session.session, session.device, token, link):
        assert not [text for text in [*kept, *said] if secret in text]
    assert 3 == sum("$argon2id$" in text for text in kept)
    assert not any("argon2" in text for text in said)


def test_log_says_who_did_what(people: Desk) -> None:
    """Each act on accounts is an entry of the chain, in order, with its person."""
    store = people.store
    before = log.verify(store).entries
    signin.sign_in(store, "anna", PASSWORD, Browser("192.0.2.77"))
    with pytest.raises(ReviewError):
        signin.sign_in(store, "anna", "wrong password", Browser("192.0.2.77"))
    with pytest.raises(ReviewError):
        signin.sign_in(store, "my secret password", "x", Browser())
    key = tokens.make(store, ANNA, "tool", "moderator", days=1)
    entered = tokens.find(store, key)
    assert entered is not None
    tokens.revoke(store, ADMIN, entered.id)
    sessions.end_all(store, ADMIN, "anna")
    accounts.set_role(store, ADMIN, "anna", "lead")
    accounts.disable(store, ADMIN, "anna")
    accounts.enable(store, ADMIN, "anna")
    said = [(entry.person, entry.action) for entry in log.entries(store, after=before)]
    assert [
        ("anna", "sign_in"),
        ("anna", "sign_in_failed"),
        ("(nobody)", "sign_in_failed"),
        ("anna", "token_make"),
        ("ada", "token_revoke"),
        ("ada", "sessions_end"),
        ("ada", "account_role"),
        ("ada", "account_disable"),
        ("ada", "account_enable"),
    ] == said
    assert [] == log.verify(store).problems
    text = " ".join(entry.detail for entry in log.entries(store))
    assert "192.0.2.0/24" in text
    assert "192.0.2.77" not in text
    assert "secret" not in text


def test_better_parameters_are_taken_at_the_next_sign_in(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When argon2's cost is raised, passwords follow without anybody being asked."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - only here

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16, 1))
    signin.sign_in(people.store, "anna", PASSWORD, Browser())
    with people.store.reading() as session:
        kept = accounts.found(session, "anna").password
    assert "m=16,t=2,p=1" in kept
    assert not passwords.outdated(kept)


def test_password_in_another_composition() -> None:
    """An umlaut is the same letter on every keyboard."""
    assert passwords.matches(passwords.hashed("gru\u0308ne brücken"), "grüne bru\u0308cken")
    assert not passwords.matches("", "grüne brücken")
