"""The demo's accounts: one user of each role, whose one-time links need neither password nor code. On loopback only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.console.accounts import Accounts
from app.console.serving import link_address
from app.settings import LOOPBACK
from app.wiring import System
from domain.accounts import Role
from domain.errors import Refused
from domain.ids import UnitCode
from store.desk_settings import busiest_unit

ACTOR = "demo"
NAMES: dict[Role, tuple[str, str]] = {
    Role.REVIEWER: ("fenban", "分办员小方"),
    Role.SEALED_REVIEWER: ("mijian", "密件分办员老梅"),
    Role.HANDLER: ("danwei", "单位经办小单"),
    Role.SUPERVISOR: ("duban", "督办员老杜"),
    Role.OPERATOR: ("yunwei", "运维小云"),
    Role.ANALYST: ("fenxi", "分析员小范"),
    Role.AUDITOR: ("shenji", "审计员老沈"),
    Role.ADMIN: ("guanli", "管理员小管"),
}


@dataclass(frozen=True, slots=True)
class Guest:
    role: Role
    login: str
    units: tuple[UnitCode, ...]
    link: str


def guests(system: System) -> list[Guest]:
    """A new link for one user of each role; the accounts are made where they are not there yet. Raises Refused elsewhere than
    on loopback, behind a proxy, and where there are accounts that are not the demo's."""
    console = system.settings.console
    if console.host not in LOOPBACK or console.behind_proxy:
        raise Refused("demo accounts are for a console on loopback alone", remedy="leave out --demo")
    accounts = Accounts(system)
    if any(not known.demo for known in accounts.all()):
        raise Refused(
            "there are accounts of people here", remedy="leave out --demo, and give links with: fenban users link LOGIN"
        )
    return list(_invited(system, accounts))


def _invited(system: System, accounts: Accounts) -> Iterator[Guest]:
    for role, (login, name) in NAMES.items():
        known = accounts.by_login(login)
        if known is None:
            units: Sequence[str] = [_unit(system)] if role is Role.HANDLER else []
            known = accounts.add(login, name, [role], units, ACTOR, demo=True)
        yield Guest(role, login, known.units, link_address(system, accounts.link(login, ACTOR)))


def _unit(system: System) -> str:
    """The unit with most to do, so that there is something to see."""
    with system.store.transaction(write=False) as tx:
        found = busiest_unit(tx)
    return found if found is not None and found in system.directory.units else next(iter(system.directory.units))
