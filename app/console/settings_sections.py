"""The sections of the settings page: their addresses, and who opens which."""

from dataclasses import dataclass

from domain.accounts import Account, Role

ADMIN = frozenset({Role.ADMIN})
LOG_READERS = frozenset({Role.AUDITOR, Role.ADMIN})
SETTINGS_ROLES = frozenset({Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.ANALYST, Role.OPERATOR})
RULES_TEST = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.ANALYST})
RULES_SAVE = frozenset({Role.ADMIN, Role.SUPERVISOR})
CHANNEL_READERS = frozenset({Role.ADMIN, Role.OPERATOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Section:
    """``name`` is the last part of its address and names its texts."""

    name: str
    roles: frozenset[Role]

    @property
    def path(self) -> str:
        return f"/settings/{self.name}"


SECTIONS = (
    Section("users", ADMIN),
    Section("units", SETTINGS_ROLES),
    Section("rules", RULES_TEST),
    Section("calendar", SETTINGS_ROLES),
    Section("channels", CHANNEL_READERS),
    Section("audit", LOG_READERS),
)


def sections_of(account: Account) -> list[Section]:
    return [section for section in SECTIONS if account.has(*section.roles)]
