"""Names that must not stand in what is written down about a message: its sender's, as the vault knows it."""

import json

from app.codec import ORIGINAL
from app.register_plan import masked_text
from domain.errors import HaltForPerson
from domain.messages import Message
from domain.ports import UnitOfWork, Vault


def sender_names(uow: UnitOfWork, vault: Vault, message: Message) -> tuple[str, ...]:
    """Every name the sender gave in any version; none where the data key was shredded."""
    try:
        originals = [vault.open(value) for value in uow.vault.get(message.owner) if value.name == ORIGINAL]
    except HaltForPerson:
        return ()
    names = [json.loads(original)["sender"]["name"] for original in originals]
    return tuple(dict.fromkeys(name for name in names if name))


def masked_words(text: str, names: tuple[str, ...]) -> str:
    """What an official or a department typed, without personal data and without the sender's name."""
    return masked_text(text, names)
