"""How a mailbox channel is read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from domain.ids import ChannelId


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """``after``: what is done with a mail once it is committed (nothing, marked seen, moved to ``move_to``).

    ``max_bytes``: larger mails are quarantined with their header fields alone. ``batch_bytes`` bounds one poll's memory.
    ``certificate``: a PEM file that alone is trusted for the server (its own or its authority's); without it the system's.
    ``timeout`` seconds without a byte, ``deadline`` seconds for one command in all.
    """

    channel: ChannelId
    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    tls: bool = True
    certificate: Path | None = None
    folder: str = "INBOX"
    after: Literal["none", "seen", "move"] = "none"
    move_to: str = "fenban"
    own_addresses: tuple[str, ...] = ()
    place_filter: tuple[str, ...] = ()
    batch_messages: int = 500
    batch_bytes: int = 40_000_000
    max_bytes: int = 30_000_000
    timeout: float = 30.0
    deadline: float = 300.0
