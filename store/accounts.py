"""Accounts of the console, their sessions and one-time log-in links."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.accounts import Account, Role, Session, SignedIn
from domain.ids import UnitCode
from store.codes import get_units, put_units
from store.engine import Row, Transaction, insert_sql
from store.schema import accounts, login_links, sessions
from store.times import from_us, to_us

_COLUMNS = (
    "id",
    "login",
    "name",
    "roles",
    "units",
    "password_hash",
    "language",
    "totp",
    "totp_step",
    "failures",
    "locked_until",
    "disabled",
    "demo",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM accounts"
_INSERT = insert_sql(accounts, *_COLUMNS, "created_at")
_UPDATE = f"UPDATE accounts SET {', '.join(f'{name} = ?' for name in _COLUMNS[1:])} WHERE id = ?"
_SESSION = ("token_hash", "account", "csrf", "created_at", "seen_at", "expires_at", "strong")
_ADD_SESSION = insert_sql(sessions, *_SESSION)
_ADD_LINK = insert_sql(login_links, "token_hash", "account", "expires_at")


class SqlAccounts:
    """Sessions and links are looked up by a digest of their token; a session that ended is removed, an account never."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def all(self) -> list[Account]:
        """By login."""
        return [_account(row) for row in self._tx.fetch(_SELECT + " ORDER BY login")]

    def get(self, ident: int) -> Account | None:
        rows = self._tx.fetch(_SELECT + " WHERE id = ?", (ident,))
        return _account(rows[0]) if rows else None

    def by_login(self, login: str, *, hold: bool = False) -> Account | None:
        """``hold``: nobody else changes the account until this transaction ends."""
        rows = self._tx.fetch(_SELECT + " WHERE login = ?" + (self._tx.hold if hold else ""), (login,))
        return _account(rows[0]) if rows else None

    def administrators(self, *, hold: bool = False) -> list[Account]:
        """Those shut off too. ``hold``: no other transaction changes them until this one ends."""
        query = _SELECT + " WHERE ' ' || roles || ' ' LIKE '% admin %' ORDER BY id" + (self._tx.hold if hold else "")
        return [_account(row) for row in self._tx.fetch(query)]

    def add(self, account: Account, at: datetime) -> Account:
        """With an id of its own. The caller has looked that the login is free."""
        made = replace(account, id=next(iter(self._tx.next_ids(accounts, 1))))
        self._tx.run(_INSERT, (made.id, *_values(made), to_us(at)))
        return made

    def update(self, account: Account) -> None:
        self._tx.run(_UPDATE, (*_values(account), account.id))

    def open_session(self, session: Session) -> None:
        values = (session.token_hash, session.account, session.csrf)
        times = (to_us(session.created_at), to_us(session.seen_at), to_us(session.expires_at))
        self._tx.run(_ADD_SESSION, (*values, *times, int(session.strong)))

    def session(self, token_hash: bytes) -> tuple[Session, Account] | None:
        columns = ", ".join(f"s.{name}" for name in _SESSION) + ", " + ", ".join(f"a.{name}" for name in _COLUMNS)
        rows = self._tx.fetch(
            f"SELECT {columns} FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.token_hash = ?", (token_hash,)
        )
        if not rows:
            return None
        row = rows[0]
        session = Session(bytes(row[0]), row[1], row[2], from_us(row[3]), from_us(row[4]), from_us(row[5]), bool(row[6]))
        return session, _account(row[len(_SESSION) :])

    def seen(self, token_hash: bytes, at: datetime) -> None:
        self._tx.run("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", (to_us(at), token_hash))

    def end_session(self, token_hash: bytes) -> None:
        self._tx.run("DELETE FROM sessions WHERE token_hash = ?", (token_hash,))

    def end_sessions(self, account: int) -> int:
        """Of one account, everywhere; how many there were."""
        return self._tx.run("DELETE FROM sessions WHERE account = ?", (account,))

    def sessions_of(self, account: int) -> Sequence[tuple[datetime, datetime]]:
        """(created, last seen) of each, newest first."""
        rows = self._tx.fetch("SELECT created_at, seen_at FROM sessions WHERE account = ? ORDER BY created_at DESC", (account,))
        return [(from_us(row[0]), from_us(row[1])) for row in rows]

    def signed_in(self, now: datetime, seen_after: datetime) -> dict[int, SignedIn]:
        """The accounts with a session that is neither past its time nor idle since ``seen_after``."""
        rows = self._tx.fetch(
            "SELECT account, count(*), max(seen_at) FROM sessions WHERE expires_at > ? AND seen_at > ? GROUP BY account",
            (to_us(now), to_us(seen_after)),
        )
        return {row[0]: SignedIn(int(row[1]), from_us(row[2])) for row in rows}

    def end_older(self, now: datetime, seen_before: datetime) -> int:
        """Sessions past their time or idle since ``seen_before``."""
        return self._tx.run("DELETE FROM sessions WHERE expires_at <= ? OR seen_at <= ?", (to_us(now), to_us(seen_before)))

    def add_link(self, token_hash: bytes, account: int, expires_at: datetime) -> None:
        self._tx.run(_ADD_LINK, (token_hash, account, to_us(expires_at)))

    def end_links(self, account: int, now: datetime) -> int:
        """Those of one account that nobody used yet; how many there were."""
        return self._tx.run("UPDATE login_links SET used_at = ? WHERE account = ? AND used_at IS NULL", (to_us(now), account))

    def use_link(self, token_hash: bytes, now: datetime) -> Account | None:
        """The link's account, once: None when it was used, is too old or was never given."""
        used = self._tx.run(
            "UPDATE login_links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
            (to_us(now), token_hash, to_us(now)),
        )
        if not used:
            return None
        rows = self._tx.fetch("SELECT account FROM login_links WHERE token_hash = ?", (token_hash,))
        return self.get(rows[0][0])


def _values(account: Account) -> Row:
    return (
        account.login,
        account.name,
        " ".join(account.roles),
        put_units(account.units),
        account.password_hash,
        account.language,
        int(account.totp),
        account.totp_step,
        account.failures,
        to_us(account.locked_until) if account.locked_until is not None else None,
        int(account.disabled),
        int(account.demo),
    )


def _account(row: Row) -> Account:
    return Account(
        id=row[0],
        login=row[1],
        name=row[2],
        roles=tuple(Role(role) for role in row[3].split()),
        units=tuple(UnitCode(unit) for unit in get_units(row[4])),
        password_hash=row[5],
        language=row[6],
        totp=bool(row[7]),
        totp_step=row[8],
        failures=row[9],
        locked_until=from_us(row[10]) if row[10] is not None else None,
        disabled=bool(row[11]),
        demo=bool(row[12]),
    )
