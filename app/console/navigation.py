"""The head of every page: what each role finds there."""

from dataclasses import dataclass

from domain.accounts import Account, Role


@dataclass(frozen=True, slots=True)
class Link:
    """``key`` names its text and marks the page that is open. ``but``: who has one of these too finds it not."""

    key: str
    path: str
    roles: frozenset[Role]
    but: frozenset[Role] = frozenset()


LINKS = (
    Link(
        "nav.review",
        "/review",
        frozenset({Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR}),
        but=frozenset({Role.HANDLER}),
    ),
    Link("nav.department", "/department", frozenset({Role.HANDLER})),
    Link("nav.operations", "/operations", frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN})),
    Link(
        "nav.register",
        "/register",
        frozenset({Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR, Role.ANALYST, Role.HANDLER}),
    ),
    Link("nav.hot", "/hot", frozenset({Role.REVIEWER, Role.SUPERVISOR}), but=frozenset({Role.HANDLER})),
    Link("nav.statistics", "/statistics", frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.ANALYST, Role.HANDLER})),
    Link("nav.models", "/models", frozenset({Role.ANALYST, Role.SUPERVISOR}), but=frozenset({Role.HANDLER})),
    Link("nav.settings", "/settings", frozenset({Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.ANALYST, Role.OPERATOR})),
)


def links(account: Account | None) -> list[Link]:
    return [link for link in LINKS if account is not None and account.has(*link.roles) and not account.has(*link.but)]


def first_page(account: Account) -> str:
    """Where a person lands after signing in."""
    found = links(account)
    return found[0].path if found else "/account"
