"""Failed sign-ins, counted, so that nobody can try one password after another.

Strangers are counted by the name they try and by where they come from. A browser from which the
person has signed in before holds a device key (OWASP, *Device Cookies*), and is counted by itself:
so however many strangers try a name, the person it belongs to gets in. Attempts on names that do
not exist count alike, so nobody learns which do.
"""

import ipaddress
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moderation.errors import ReviewError
from moderation.review import log
from moderation.review.access.accounts import NOBODY, find, fold, require_admin
from moderation.review.access.models import Attempts
from moderation.review.rules import Person
from moderation.review.store import Store

MOST: Final = {"name": 10, "address": 40, "device": 10}
"""Attempts after which it is closed; a whole newsroom may come from one address."""
WINDOW: Final = 3_600.0
"""So long after the last attempt the count begins anew."""
_SHORTEST: Final = 60.0
LONGEST: Final = 900.0
"""Closed for a minute at first, twice as long each further time, never longer than this."""
DEVICE_LIFE: Final = 180 * 86_400.0
ROWS: Final = 20_000
"""More are not kept, whoever tries how many names: those that end first go."""


class Comer(NamedTuple):
    """Who asks to come in."""

    name: str
    address: str
    device: str = ""
    """Device key, if the browser has one."""


def enter(store: Store, comer: Comer) -> None:
    """Count an attempt before its password is looked at; ReviewError when there were too many.

    Counting first means that attempts at the same time count, too.
    """
    now = store.now()
    refused = 0.0
    with store.writing() as session:
        _clear(session, now)
        rows = _held(store, session, comer, _keys(session, comer, now))
        refused = max(row.closed_until for row in rows)
        if refused <= now:
            for row in rows:
                _count(session, comer, row, now)
    if refused > now:
        minutes = max(1, round((refused - now) / 60))
        raise ReviewError(
            "locked",
            f"too many failed attempts: try again in {minutes} min, or ask an admin for a link",
        )


def passed(store: Store, session: Session, comer: Comer) -> None:
    """The attempt that was counted was good: it counts for none."""
    now = store.now()
    for row in _held(store, session, comer, _keys(session, comer, now)):
        # Others may still be trying: only our own attempt is taken back, and what it closed.
        left = 0 if row.key.startswith("device/") else max(0, row.count - 1)
        values = {"count": left, "closed_until": 0.0}
        session.execute(update(Attempts).where(Attempts.key == row.key).values(**values))


def know(store: Store, session: Session, comer: Comer) -> None:
    """Remember the device as one of the person's."""
    said = {"count": 0, "until": store.now() + DEVICE_LIFE, "closed_until": 0.0}
    key = _device_key(comer)
    statement = store.insert(Attempts).values(key=key, account=_account(comer.name), **said)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=said))


def unlock(store: Store, person: Person, name: str) -> None:
    """Let an account be tried again at once; an admin's business."""
    require_admin(person)
    now = store.now()
    with store.writing() as session:
        account = find(session, name)
        if account is None:
            raise ReviewError("not_found", f"there is no account {name}")
        forgive(session, name)
        log.append(session, now, [log.Act(person.name, "unlock", "", {"account": account.name})])


def forgive(session: Session, name: str) -> None:
    """Count nothing that was tried on a name until now."""
    session.execute(
        update(Attempts).where(Attempts.account == _account(name)).values(count=0, closed_until=0.0)
    )


def closed(store: Store) -> frozenset[str]:
    """Digests of the names that strangers cannot try just now; `is_closed` compares."""
    with store.reading() as session:
        return frozenset(
            session.scalars(
                select(Attempts.account).where(
                    Attempts.closed_until > store.now(), Attempts.account != ""
                )
            )
        )


def is_closed(name: str, among: frozenset[str]) -> bool:
    """Whether the name is among the closed ones."""
    return _account(name) in among


def network(address: str) -> str:
    """The network of an address, /24 or /48: what the log keeps of where somebody came from."""
    return _network(address, 24, 48)


def _network(address: str, four: int, six: int) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    length = four if ip.version == 4 else six  # noqa: PLR2004 - of IP
    return str(ipaddress.ip_network((ip, length), strict=False))


def _account(name: str) -> str:
    return log.digest(fold(name)) or "-"


def _device_key(comer: Comer) -> str:
    return "device/" + log.digest(f"{fold(comer.name)}\n{comer.device}")


def _keys(session: Session, comer: Comer, now: float) -> list[str]:
    """What an attempt counts for."""
    device = _device_key(comer)
    if comer.device and session.scalar(
        select(Attempts.key).where(Attempts.key == device, Attempts.until >= now)
    ):
        return [device]
    # Whoever has an IPv6 network has all of its addresses.
    place = _network(comer.address, 32, 64)
    return [f"address/{log.digest(place) or '-'}", f"name/{_account(comer.name)}"]


def _held(store: Store, session: Session, comer: Comer, keys: list[str]) -> list[Attempts]:
    """The rows of these keys, made if need be, and held in one order against other attempts."""
    for key in keys:
        owner = "" if key.startswith("address/") else _account(comer.name)
        fresh = {"key": key, "account": owner, "count": 0, "until": store.now() + WINDOW}
        session.execute(store.insert(Attempts).values(**fresh).on_conflict_do_nothing())
    query = select(Attempts).where(Attempts.key.in_(keys)).order_by(Attempts.key)
    return list(session.scalars(query.with_for_update()))


def _count(session: Session, comer: Comer, row: Attempts, now: float) -> None:
    kind = row.key.partition("/")[0]
    over = row.count + 1 - MOST[kind]
    # The exponent is bounded, since a count is not.
    shut = now + min(LONGEST, _SHORTEST * 2 ** min(over, 10)) if over >= 0 else 0.0
    life = DEVICE_LIFE if kind == "device" else WINDOW
    values = {"count": row.count + 1, "until": now + life, "closed_until": shut}
    session.execute(update(Attempts).where(Attempts.key == row.key).values(**values))
    if shut:
        account = find(session, comer.name)
        name = account.name if account is not None else NOBODY
        detail = {
            "what": kind,
            "seconds": round(shut - now),
            "network": network(comer.address),
        }
        log.append(session, now, [log.Act(name, "sign_in_closed", "", detail)])


def _clear(session: Session, now: float) -> None:
    """Keep the table small."""
    session.execute(delete(Attempts).where(Attempts.until < now))
    over = (session.scalar(select(func.count()).select_from(Attempts)) or 0) - ROWS
    if over > 0:
        first = select(Attempts.key).order_by(Attempts.until).limit(over)
        session.execute(delete(Attempts).where(Attempts.key.in_(first.scalar_subquery())))
