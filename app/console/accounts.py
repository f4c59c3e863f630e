"""Signing in and out, passwords, one-time codes, links, lock-out. Each change is one transaction and audited."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import pyotp

from app.console import passwords
from app.console.throttle import AGAIN, Throttle
from app.console.tokens import digest, new_token
from app.settings import LOOPBACK
from app.transactions import audit_entry, reading, writing
from app.wiring import System
from domain.accounts import Account, Role, Session, SignedIn, roles_of
from domain.errors import Refused
from domain.ids import UnitCode, VaultOwner
from domain.ports import Vault
from domain.records import SealedValue
from store.accounts import SqlAccounts
from store.audit import SqlAudit
from store.engine import Transaction
from store.vault_rows import SqlVault

T = TypeVar("T")

FAILURES_LOCK = 5
LOCKED_MINUTES = 15
LINK_MINUTES = 60
SEEN_EVERY = timedelta(minutes=1)
WRONG = "log-in name, password or code is wrong"
SECRET = "totp"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just begun. ``token`` is the cookie's value, kept nowhere here."""

    token: str
    account: Account


class Accounts:
    def __init__(self, system: System) -> None:
        self._system = system
        self._console = system.settings.console
        self._throttle = Throttle()

    @property
    def _vault(self) -> Vault:
        return self._system.vault

    def all(self) -> list[Account]:
        return self._read(lambda tx: SqlAccounts(tx).all())

    def by_login(self, login: str) -> Account | None:
        return self._read(lambda tx: SqlAccounts(tx).by_login(login))

    def signed_in(self) -> dict[int, SignedIn]:
        """The accounts that have a session now, by id."""
        now = self._system.clock.now()
        seen_after = now - timedelta(minutes=self._console.idle_minutes)
        return self._read(lambda tx: SqlAccounts(tx).signed_in(now, seen_after))

    def add(
        self, login: str, name: str, roles: Sequence[str], units: Sequence[str], actor: str, *, demo: bool = False
    ) -> Account:
        """A new account without password: a one-time link lets its person in. Raises Refused."""
        chosen, codes = self._checked(roles, units)
        if not login or not login.isascii() or not login.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise Refused(f"{login!r} is no log-in name", remedy="use letters, digits, - _ .")

        def step(tx: Transaction, now: datetime) -> Account:
            if SqlAccounts(tx).by_login(login) is not None:
                raise Refused(f"there is an account {login} already", remedy="choose another log-in name")
            made = SqlAccounts(tx).add(Account(0, login, name or login, chosen, codes, demo=demo), now)
            self._note(tx, now, actor, "account.add", login, roles=" ".join(chosen), units=" ".join(codes))
            return made

        return self._write(step)

    def change(
        self,
        login: str,
        actor: str,
        *,
        roles: Sequence[str] | None = None,
        units: Sequence[str] | None = None,
        name: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Other roles, units, name, or shut off; its sessions end. Raises Refused, also where no administrator would be left."""

        def step(tx: Transaction, now: datetime) -> Account:
            known = self._held(tx, login)
            chosen, codes = known.roles, known.units
            if roles is not None or units is not None:
                chosen, codes = self._checked(known.roles if roles is None else roles, known.units if units is None else units)
            changed = replace(
                known,
                roles=chosen,
                units=codes,
                name=known.name if name is None else name,
                disabled=known.disabled if disabled is None else disabled,
                failures=0,
                locked_until=None,
            )
            self._keep_an_admin(tx, known, changed)
            SqlAccounts(tx).update(changed)
            SqlAccounts(tx).end_sessions(changed.id)
            said = {"roles": " ".join(chosen), "units": " ".join(codes), "disabled": changed.disabled}
            self._note(tx, now, actor, "account.change", login, **said)
            return changed

        return self._write(step)

    def reset(self, login: str, actor: str) -> str:
        """Forgets password and one-time codes, ends every session and earlier link; a one-time link lets its person set new ones.
        The codes' secret is another one from now on: whoever has the old device can make none that are right."""

        def step(tx: Transaction, now: datetime) -> None:
            known = self._held(tx, login)
            SqlAccounts(tx).update(replace(known, password_hash="", totp=False, failures=0, locked_until=None))
            SqlAccounts(tx).end_sessions(known.id)
            SqlAccounts(tx).end_links(known.id, now)
            if existing := SqlVault(tx).get(_owner(known)):
                self._new_secret(tx, known, existing)
            self._note(tx, now, actor, "account.reset", login)

        self._write(step)
        return self.link(login, actor)

    def link(self, login: str, actor: str, *, minutes: int = LINK_MINUTES) -> str:
        """The token of a one-time log-in link. Raises Refused for an account that does not exist or is shut off."""
        token = new_token()

        def step(tx: Transaction, now: datetime) -> None:
            known = self._held(tx, login)
            if known.disabled:
                raise Refused(f"the account {login} is shut off", remedy="open it first")
            SqlAccounts(tx).add_link(digest(token), known.id, now + timedelta(minutes=minutes))
            self._note(tx, now, actor, "account.link", login, minutes=minutes)

        self._write(step)
        return token

    def sign_in(self, login: str, password: str, address: str) -> Opened:
        """A session that is not strong yet. Raises Refused, in the same words whatever was wrong, and when locked out."""
        self._throttle.check(address, self._system.clock.now())
        known = self.by_login(login)
        right = passwords.matches(known.password_hash if known is not None else "", password)

        def step(tx: Transaction, now: datetime) -> Opened | None:
            account = SqlAccounts(tx).by_login(login, hold=True)
            if account is None:
                return None
            if account.disabled or (account.locked_until is not None and account.locked_until > now):
                self._note(tx, now, login, "account.sign_in_refused", login)
                return None
            if not right:
                self._failed(tx, account, now)
                return None
            again = passwords.hashed(password, login) if passwords.outdated(account.password_hash) else account.password_hash
            account = replace(account, locked_until=None, password_hash=again)
            if not account.totp:
                account = replace(account, failures=0)
            SqlAccounts(tx).update(account)
            self._note(tx, now, login, "account.sign_in", login)
            return self._open(tx, account, now, strong=False)

        opened = self._write(step)
        if opened is None:
            raise Refused(WRONG, remedy=AGAIN)
        return opened

    def sign_in_by_link(self, token: str, address: str) -> Opened:
        """Uses the link up. An account of the demo needs no code; others go on to set a password. Raises Refused."""
        self._throttle.check(address, self._system.clock.now())

        def step(tx: Transaction, now: datetime) -> Opened | None:
            account = SqlAccounts(tx).use_link(digest(token), now)
            if account is None or account.disabled:
                return None
            self._note(tx, now, account.login, "account.sign_in_by_link", account.login)
            return self._open(tx, account, now, strong=self._needs_no_code(account))

        opened = self._write(step)
        if opened is None:
            raise Refused("this link was used already or is too old", remedy="ask an administrator for another")
        return opened

    def found(self, token: str, *, used: bool = True) -> tuple[Session, Account] | None:
        """The session behind a cookie, None when it is over; notes once a minute that it is ``used``."""
        if not token:
            return None
        now = self._system.clock.now()
        found = self._read(lambda tx: SqlAccounts(tx).session(digest(token)))
        if found is None:
            return None
        session, account = found
        idle = timedelta(minutes=self._console.idle_minutes)
        if account.disabled or session.expires_at <= now or session.seen_at + idle <= now:
            return None
        if used and session.seen_at + SEEN_EVERY <= now:
            self._write(lambda tx, at: SqlAccounts(tx).seen(session.token_hash, at))
        return session, account

    def set_password(self, account: Account, password: str) -> Opened:
        """Sets it, ends every other session and link and begins a new session. Raises Refused for one that is too weak."""
        made = passwords.hashed(password, account.login)

        def step(tx: Transaction, now: datetime) -> Opened:
            held = self._held(tx, account.login)
            SqlAccounts(tx).update(replace(held, password_hash=made, failures=0, locked_until=None))
            SqlAccounts(tx).end_sessions(held.id)
            SqlAccounts(tx).end_links(held.id, now)
            self._note(tx, now, held.login, "account.password", held.login)
            return self._open(tx, replace(held, password_hash=made), now, strong=self._needs_no_code(held))

        return self._write(step)

    def matches(self, account: Account, password: str) -> bool:
        return passwords.matches(account.password_hash, password)

    def secret(self, account: Account) -> str:
        """The one-time codes' secret of an account that has none in use: made and sealed at the first call."""

        def step(tx: Transaction, now: datetime) -> str:  # noqa: ARG001
            held = self._held(tx, account.login)
            if held.totp:
                raise Refused("one-time codes are in use already", remedy="an administrator can reset them")
            rows = SqlVault(tx)
            existing = rows.get(_owner(held), SECRET)
            if existing:
                return self._vault.open(existing[-1]).decode()
            return self._new_secret(tx, held, ())

        return self._write(step)

    def _new_secret(self, tx: Transaction, account: Account, existing: Sequence[SealedValue]) -> str:
        made = pyotp.random_base32()
        SqlVault(tx).put(self._vault.seal(_owner(account), [(SECRET, made.encode())], existing=existing))
        return made

    def confirm_code(self, account: Account, session: Session, code: str) -> Opened:
        """A strong session in place of the weak one. A code is taken once. Raises Refused, and locks out as passwords do."""

        def step(tx: Transaction, now: datetime) -> Opened | None:
            held = self._held(tx, account.login)
            if held.locked_until is not None and held.locked_until > now:
                return None
            values = SqlVault(tx).get(_owner(held), SECRET)
            used = _step_of(self._vault.open(values[-1]).decode(), code, now) if values else None
            if used is None or used <= held.totp_step:
                self._failed(tx, held, now)
                return None
            held = replace(held, totp=True, totp_step=used, failures=0)
            SqlAccounts(tx).update(held)
            SqlAccounts(tx).end_session(session.token_hash)
            self._note(tx, now, held.login, "account.code", held.login)
            return self._open(tx, held, now, strong=True)

        opened = self._write(step)
        if opened is None:
            raise Refused(WRONG, remedy=AGAIN)
        return opened

    def sign_out(self, session: Session, account: Account) -> None:
        def step(tx: Transaction, now: datetime) -> None:
            SqlAccounts(tx).end_session(session.token_hash)
            self._note(tx, now, account.login, "account.sign_out", account.login)

        self._write(step)

    def end_sessions(self, login: str, actor: str) -> int:
        """Everywhere; how many there were."""

        def step(tx: Transaction, now: datetime) -> int:
            ended = SqlAccounts(tx).end_sessions(self._held(tx, login).id)
            self._note(tx, now, actor, "account.end_sessions", login, ended=ended)
            return ended

        return self._write(step)

    def read_in(self, account: Account, language: str) -> None:
        """The account's language from now on."""
        chosen = "en" if language == "en" else "zh"
        self._write(lambda tx, _: SqlAccounts(tx).update(replace(self._held(tx, account.login), language=chosen)))

    def _checked(self, roles: Sequence[str], units: Sequence[str]) -> tuple[tuple[Role, ...], tuple[UnitCode, ...]]:
        try:
            chosen = roles_of(roles)
        except ValueError as error:
            raise Refused(f"the roles cannot be given: {error}", remedy="see docs/console.md for the roles") from None
        codes = []
        for unit in units:
            code = self._system.directory.resolve(unit)
            if code is None:
                raise Refused(
                    f"there is no unit {unit!r} in the directory", remedy="list codes and names with: fenban units list"
                )
            codes.append(code)
        if not chosen:
            raise Refused("an account needs a role", remedy="see docs/console.md for the roles")
        if ("handler" in chosen) != bool(codes):
            raise Refused(
                "a handler belongs to units, and nobody else does", remedy="name the handler's units, and only a handler's"
            )
        return chosen, tuple(codes)

    @staticmethod
    def _keep_an_admin(tx: Transaction, before: Account, after: Account) -> None:
        administers = after.has(Role.ADMIN) and not after.disabled
        if administers or not before.has(Role.ADMIN) or before.disabled:
            return
        if all(one.id == before.id or one.disabled for one in SqlAccounts(tx).administrators(hold=True)):
            raise Refused(f"{before.login} is the last administrator", remedy="give another account that role first")

    def _needs_no_code(self, account: Account) -> bool:
        """The demo's people, on this machine alone: their store may be served elsewhere one day."""
        return account.demo and self._console.host in LOOPBACK

    @staticmethod
    def _held(tx: Transaction, login: str) -> Account:
        account = SqlAccounts(tx).by_login(login, hold=True)
        if account is None:
            raise Refused(f"there is no account {login}", remedy="list them with: fenban users list")
        return account

    def _failed(self, tx: Transaction, account: Account, now: datetime) -> None:
        failures = account.failures + 1
        locked = now + timedelta(minutes=LOCKED_MINUTES) if failures >= FAILURES_LOCK else None
        SqlAccounts(tx).update(replace(account, failures=0 if locked else failures, locked_until=locked))
        self._note(tx, now, account.login, "account.locked" if locked else "account.sign_in_failed", account.login)

    def _open(self, tx: Transaction, account: Account, now: datetime, *, strong: bool) -> Opened:
        token = new_token()
        expires = now + timedelta(hours=self._console.session_hours)
        accounts = SqlAccounts(tx)
        accounts.end_older(now, now - timedelta(minutes=self._console.idle_minutes))
        accounts.open_session(Session(digest(token), account.id, new_token(), now, now, expires, strong))
        return Opened(token, account)

    @staticmethod
    def _note(tx: Transaction, now: datetime, actor: str, action: str, subject: str, **detail: object) -> None:
        SqlAudit(tx).append([audit_entry(now, actor, action, f"account:{subject}", **detail)])

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return reading(self._system.store, work)

    def _write(self, work: Callable[[Transaction, datetime], T]) -> T:
        return writing(self._system.store, self._system.clock, work)


def _owner(account: Account) -> VaultOwner:
    return VaultOwner(f"account:{account.id}")


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step that the code belongs to (RFC 6238), one step of clock difference allowed either way."""
    totp = pyotp.TOTP(secret)
    step = int(now.timestamp()) // totp.interval
    for near in (step, step - 1, step + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(near), code):
            return near
    return None
