"""Bodies of many mails with one command, one by one where that fails."""

from collections.abc import Mapping, Sequence

from ingest.mailbox_session import FetchRefused, Session

_MOST_MAILS = 500
_MOST_BYTES = 1_000_000
"""One command's answer: what a slow line brings well within its deadline."""


class Ahead:
    """The bodies of one poll's mails, in the order they are asked for.

    After ``alone`` (or a refusal) every mail is fetched by itself: which of them breaks the connection or is refused shows
    only then.
    """

    def __init__(self, uids: Sequence[int], sizes: Mapping[int, int]) -> None:
        self._uids = uids
        self._sizes = sizes
        self._have: dict[int, bytes] = {}
        self._asked: set[int] = set()
        self._together = True

    @property
    def together(self) -> bool:
        return self._together

    def alone(self) -> None:
        self._together = False
        self._have.clear()
        self._asked.clear()

    def body(self, session: Session, uid: int) -> bytes | None:
        """A whole mail; None where the server gave no bytes, asked for it alone too. Raises FetchRefused, RetryLater."""
        if uid not in self._asked and self._together:
            group = self._group(uid)
            if len(group) > 1:
                try:
                    self._have = session.bodies(group)
                    self._asked = set(group)
                except FetchRefused:
                    self.alone()
        if uid in self._have:
            return self._have.pop(uid)
        return session.body(uid)

    def _group(self, first: int) -> list[int]:
        group: list[int] = []
        room = _MOST_BYTES
        for uid in self._uids[self._uids.index(first) :]:
            size = self._sizes.get(uid)
            if size is None:
                continue
            room -= size
            if room < 0 or len(group) == _MOST_MAILS:
                break
            group.append(uid)
        return group
