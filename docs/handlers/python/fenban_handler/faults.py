"""What can go wrong, by what is to be done about it. Each is one line in both languages and quotes no letter."""


class Fault(Exception):
    """Something that stands in the way."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} / {english}")


class ForPerson(Fault):
    """It stays so until a person mends it: a password, a permission, a setting, an answer that is not allowed."""


class Refused(ForPerson):
    """The log-in failed: a wrong name or password, or a broker that is just starting. Who was let in before tries again."""


class Passing(Fault):
    """It may be over soon: no broker answers."""


class Unreadable(Fault):
    """A record that is no event of the contract. It is passed over."""
