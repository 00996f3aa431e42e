"""Signing in, sessions, API tokens, and what stands against guessing."""

import concurrent.futures

import pytest
from argon2 import PasswordHasher

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access import links, passwords, sessions, signin, throttle, tokens
from moderation.review.access.accounts import accounts
from moderation.review.access.models import Attempts
from moderation.review.access.signin import Browser, Identity
from moderation.review.rules import Person
from moderation.review.store import Store
from tests.moderation.review.access.conftest import ADMIN, PASSWORD
from tests.moderation.review.desk import ANNA, Desk

THIEF = Browser("198.51.100.9")


def _fail(desk: Desk, name: str, browser: Browser = THIEF, times: int = 1) -> list[str]:
    codes = []
    for _ in range(times):
        with pytest.raises(ReviewError) as caught:
            signin.sign_in(desk.store, name, "not the password", browser)
        codes.append(caught.value.code)
    return codes


def test_session_ends_by_idleness_and_by_age(people: Desk) -> None:
    """A forgotten browser is signed out after two hours, a busy one after twelve."""
    idle = signin.sign_in(people.store, "anna", PASSWORD, Browser()).session
    busy = signin.sign_in(people.store, "anna", PASSWORD, Browser()).session
    for _ in range(11):
        people.time += 3_600
        assert sessions.find(people.store, busy) is not None
    assert sessions.find(people.store, idle) is None
    people.time += 3_601
    assert sessions.find(people.store, busy) is None


def test_every_sign_in_is_a_new_session(people: Desk) -> None:
    """Nobody can plant a session: its key is made at sign-in, and another one opens nothing."""
    keys = {signin.sign_in(people.store, "anna", PASSWORD, Browser()).session for _ in range(3)}
    assert 3 == len(keys)
    assert {43} == {len(key) for key in keys}
    assert sessions.find(people.store, "a" * 43) is None
    assert sessions.find(people.store, "") is None


def test_own_sessions_are_listed_and_ended(people: Desk) -> None:
    """A person sees where they are signed in, and ends one, or all others; not other people's."""
    here = signin.sign_in(people.store, "lea", PASSWORD, Browser("192.0.2.1", "Firefox"))
    there = signin.sign_in(people.store, "lea", PASSWORD, Browser("192.0.2.2", "x" * 999))
    entered = sessions.find(people.store, here.session)
    assert entered is not None
    shown = {view.address: view for view in sessions.own(people.store, "lea") if view.address}
    assert {"192.0.2.1", "192.0.2.2"} == set(shown)
    assert 200 == len(shown["192.0.2.2"].agent)
    with pytest.raises(ReviewError):
        sessions.end(people.store, "anna", entered.id)
    sessions.end_all(people.store, Person("lea", "lead"), "lea", besides=entered.id)
    assert sessions.find(people.store, there.session) is None
    assert sessions.find(people.store, here.session) is not None
    sessions.end(people.store, "lea", entered.id)
    assert sessions.find(people.store, here.session) is None


def test_changed_password_ends_other_sessions(people: Desk) -> None:
    """Who changes a password because it leaked throws the finder out, and stays in."""
    other = signin.sign_in(people.store, "anna", PASSWORD, Browser())
    with pytest.raises(ReviewError):
        signin.change_password(people.store, "anna", "wrong one, sorry", "x" * 20, Browser())
    mine = signin.change_password(people.store, "anna", PASSWORD, "violet bridges", Browser())
    assert sessions.find(people.store, other.session) is None
    assert sessions.find(people.store, mine.session) is not None
    assert "anna" == signin.sign_in(people.store, "anna", "violet bridges", Browser()).name


def test_same_work_whether_there_is_such_a_name(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of an answer tells nobody which names exist: each attempt is one verification."""
    links.invite(people.store, ADMIN, "invited", "moderator")
    counted: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
            counted.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            counted.append("hash")
            return super().hash(password, salt=salt)

    monkeypatch.setattr(passwords, "_hasher", Counting(1, 8, 1))
    for name in ("anna", "nobody", "invited", "", "x" * 5_000, "a\x00b"):
        counted.clear()
        assert ["wrong"] == _fail(people, name, Browser("203.0.113.1"))
        assert ["$argon2id$v=19$m=8,t=1,p=1"] == counted, name


def test_guessing_closes_a_name_for_strangers(people: Desk) -> None:
    """After ten failures nobody tries on, known name or not, with the right password either."""
    for name in ("anna", "no-such-name"):
        codes = _fail(people, name, times=11)
        assert ["wrong"] * 10 + ["locked"] == codes
    with pytest.raises(ReviewError) as caught:
        signin.sign_in(people.store, "anna", PASSWORD, Browser("192.0.2.5"))
    assert "locked" == caught.value.code
    people.time += 61
    assert ["wrong", "locked"] == _fail(people, "anna", times=2)
    people.time += throttle.LONGEST + 1
    assert "anna" == signin.sign_in(people.store, "anna", PASSWORD, Browser("192.0.2.5")).name


def test_known_browser_is_not_locked_out(people: Desk) -> None:
    """Whatever strangers do to a name, from whatever address, its owner's browser gets in."""
    mine = signin.sign_in(people.store, "anna", PASSWORD, THIEF)
    _fail(people, "anna", times=30)
    for number in range(throttle.MOST["address"]):
        _fail(people, f"name-{number}")
    assert ["locked"] == _fail(people, "lea")
    browser = Browser(THIEF.address, device=mine.device)
    assert "anna" == signin.sign_in(people.store, "anna", PASSWORD, browser).name
    # The key of one person's browser helps with nobody else's name.
    assert ["locked"] == _fail(people, "lea", browser)


def test_known_browser_may_not_guess_for_ever(people: Desk) -> None:
    """A stolen laptop's device key gives ten tries, and then a wait."""
    mine = signin.sign_in(people.store, "anna", PASSWORD, Browser())
    stolen = Browser("203.0.113.8", device=mine.device)
    assert ["wrong"] * 10 + ["locked"] == _fail(people, "anna", stolen, times=11)
    throttle.unlock(people.store, ADMIN, "anna")
    assert "anna" == signin.sign_in(people.store, "anna", PASSWORD, stolen).name


def test_admin_unlocks_and_sees_who_is_locked(people: Desk) -> None:
    """An admin is told which names are closed, and opens one."""
    _fail(people, "anna", times=10)
    closed = throttle.closed(people.store)
    assert [True, False] == [throttle.is_closed(name, closed) for name in ("Anna", "lea")]
    with pytest.raises(ReviewError):
        throttle.unlock(people.store, ANNA, "anna")
    throttle.unlock(people.store, ADMIN, "anna")
    assert "anna" == signin.sign_in(people.store, "anna", PASSWORD, THIEF).name
    actions = [entry.action for entry in log.entries(people.store)]
    assert (1, 1) == (actions.count("sign_in_closed"), actions.count("unlock"))


def test_address_is_closed_and_a_whole_ipv6_network_is_one(people: Desk) -> None:
    """One attacker who tries many names is stopped as well, also with 2**64 addresses."""
    codes = [
        _fail(people, f"name-{number}", Browser(f"2001:db8::{number:x}"))[0]
        for number in range(throttle.MOST["address"] + 1)
    ]
    assert ["wrong"] * throttle.MOST["address"] + ["locked"] == codes
    assert ["wrong"] == _fail(people, "name-1", Browser("2001:db8:0:1::1"))


def test_coming_in_another_way_opens_nothing_for_guessing(people: Desk) -> None:
    """Somebody with an account of their own cannot use it to go on guessing at others'."""
    insider = Identity("https://id.example", "s-1", "eve", "moderator")
    codes: list[str] = []
    for number in range(throttle.MOST["address"] + 1):
        codes += _fail(people, f"name-{number}")
        signin.sign_in_by(people.store, insider, THIEF)
    assert ["wrong"] * throttle.MOST["address"] + ["locked"] == codes
    mine = signin.sign_in(people.store, "anna", PASSWORD, Browser("192.0.2.5"))
    browser = Browser(THIEF.address, device=mine.device)
    signin.sign_in(people.store, "anna", PASSWORD, browser)
    assert ["locked"] == _fail(people, "name-1", browser)


def test_right_attempts_do_not_count(people: Desk) -> None:
    """A whole newsroom signs in from one address, however often."""
    for _ in range(throttle.MOST["address"] + 5):
        signin.sign_in(people.store, "anna", PASSWORD, THIEF)
    _fail(people, "anna", times=9)
    signin.sign_in(people.store, "anna", PASSWORD, THIEF)
    assert ["wrong", "locked"] == _fail(people, "anna", times=2)


def test_link_opens_a_closed_name(people: Desk) -> None:
    """An admin's link lets a person in while strangers keep the name closed."""
    _fail(people, "anna", times=10)
    key = links.reset(people.store, ADMIN, "anna")
    mine = links.accept(people.store, key, "violet bridges", THIEF)
    _fail(people, "anna", times=11)
    again = Browser("192.0.2.9", device=mine.device)
    assert "anna" == signin.sign_in(people.store, "anna", "violet bridges", again).name


def test_attempts_at_the_same_time_count(people: Desk) -> None:
    """A hundred guesses at once are no more than ten one after the other."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: _fail(people, "anna")[0], range(40)))
    assert 10 == codes.count("wrong")
    assert 30 == codes.count("locked")


def test_table_of_attempts_is_bounded(people: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying many names from many places fills no disk, and forgets no known browser."""
    monkeypatch.setattr(throttle, "ROWS", 30)
    mine = signin.sign_in(people.store, "anna", PASSWORD, Browser())
    for number in range(60):
        people.time += 1
        _fail(people, f"name-{number}", Browser(f"10.{number}.0.1"))
    with people.store.reading() as session:
        # The attempt itself comes after clearing.
        assert 32 >= session.query(Attempts).count()
    assert ["wrong"] == _fail(people, "anna", Browser(device=mine.device))
    people.time += throttle.WINDOW + 1
    _fail(people, "somebody")
    with people.store.reading() as session:
        assert {"device", "name", "address"} == {
            row.key.partition("/")[0] for row in session.query(Attempts)
        }


def test_token_does_what_its_role_may(people: Desk) -> None:
    """A token has at most its owner's role, ends, can be revoked, and shows when it was used."""
    store, lea = people.store, Person("lea", "lead")
    with pytest.raises(ReviewError) as caught:
        tokens.make(store, lea, "tool", "admin", days=1)
    assert "not_allowed" == caught.value.code
    with pytest.raises(ReviewError):
        # What a session believes of its role does not count; the account's does.
        tokens.make(store, Person("lea", "admin"), "tool", "admin", days=1)
    key = tokens.make(store, lea, "tool", "moderator", days=1)
    entered = tokens.find(store, key)
    assert entered is not None
    assert ("lea", "moderator") == (entered.name, entered.role)
    assert [people.time] == [view.used_at for view in tokens.own(store, "lea")]
    with pytest.raises(ReviewError):
        tokens.revoke(store, ANNA, entered.id)
    people.time += 86_401
    assert tokens.find(store, key) is None
    assert [] == tokens.own(store, "lea")
    key = tokens.make(store, lea, "tool", "lead", days=1)
    assert tokens.find(store, key[:-1]) is None
    assert tokens.find(store, key.removeprefix(tokens.PREFIX)) is None
    tokens.revoke(store, lea, tokens.own(store, "lea")[0].id)
    assert tokens.find(store, key) is None


@pytest.mark.parametrize(
    ("name", "days"), [("", 1), ("x" * 65, 1), ("a\nb", 1), ("t", 0), ("t", 366)]
)
def test_token_needs_a_name_and_an_end(people: Desk, name: str, days: int) -> None:
    """A token that nobody can tell from others, or that never ends, is not made."""
    with pytest.raises(ReviewError):
        tokens.make(people.store, ANNA, name, "moderator", days=days)


def test_identity_provider(people: Desk) -> None:
    """Somebody a provider vouches for gets an account of their own, with today's role."""
    carla = Identity("https://id.example", "s-1", "carla", "moderator")
    one = signin.sign_in_by(people.store, carla, Browser())
    signin.sign_in_by(people.store, carla._replace(role="lead", name="renamed"), Browser())
    assert sessions.find(people.store, one.session) is None
    assert ["ada", "anna", "carla", "lea"] == [view.name for view in accounts(people.store)]
    with pytest.raises(ReviewError) as caught:
        signin.sign_in_by(people.store, carla._replace(subject="s-2", name="Anna"), Browser())
    assert "name_taken" == caught.value.code
    with pytest.raises(ReviewError):
        signin.sign_in(people.store, "carla", "", Browser())


def test_keys_come_from_the_stores_chance(database_url: str) -> None:
    """All that nobody may guess is drawn from the store's source of secrets, 32 bytes each."""
    asked: list[int] = []

    def secret(count: int) -> bytes:
        asked.append(count)
        return bytes([len(asked)]) * count

    store = Store(database_url, secret=secret)
    key = links.first(store)
    done = links.accept(store, key, PASSWORD, Browser(), name="ada")
    store.close()
    assert "AQEBAQ" in key
    assert [32, 32, 32, 8] == asked
    assert 3 == len({key, done.session, done.device})
