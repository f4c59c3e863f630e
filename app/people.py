"""Names that must not stand in what is written down about a message: its sender's, as the vault knows it."""

import json
from collections.abc import Sequence

from app.codec import ORIGINAL
from app.register_plan import masked_text
from domain.errors import HaltForPerson
from domain.messages import Message
from domain.ports import UnitOfWork, Vault
from domain.records import SealedValue


def matter_names(uow: UnitOfWork, vault: Vault, members: Sequence[Message]) -> tuple[str, ...]:
    """The names of all who wrote of one matter: none of them may stand in what is written down about it."""
    sealed = uow.vault.of([one.owner for one in members])
    return tuple(dict.fromkeys(name for values in sealed.values() for name in names_in(vault, values)))


def names_in(vault: Vault, values: Sequence[SealedValue]) -> tuple[str, ...]:
    """Every name in the sealed values of one message; none where they do not open."""
    try:
        originals = [vault.open(value) for value in values if value.name == ORIGINAL]
    except HaltForPerson:
        return ()
    names = [json.loads(original)["sender"]["name"] for original in originals]
    return tuple(dict.fromkeys(name for name in names if name))


def masked_words(text: str, names: tuple[str, ...]) -> str:
    """What an official or a department typed, without personal data and without the sender's name."""
    return masked_text(text, names)
