"""Errors, named by what the caller does about them.

    FenbanError                 every error fenban raises on purpose: one line, and its remedy
    ├── RetryLater              passing: back off and try the same again; nothing was lost or acknowledged
    │   ├── LeaseLost           another process took this work over: stop it, write nothing
    │   └── OutOfReach          a server is away: wait longer, and do not try the parts of the work one by one
    ├── RejectItem              this one item cannot be understood: quarantine it with its bytes, go on with the next
    ├── Refused                 the request breaks a rule of the lifecycle: say why, change nothing, write it in the audit log
    └── HaltForPerson           only a person can mend it: stop this channel or command, say the remedy
        └── BadSettings         the settings, or a file they name, are wrong

A message never holds personal data or any part of a letter's text.
"""

from collections.abc import Sequence


class FenbanError(Exception):
    """``str(error)`` is one line for people; ``remedy`` says what to do, or is empty."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} → {self.remedy}" if self.remedy else self.what


class RetryLater(FenbanError):
    """A passing fault. ``after`` is the least number of seconds to wait, None when the caller's own back-off decides."""

    def __init__(self, what: str, *, remedy: str = "", after: float | None = None) -> None:
        super().__init__(what, remedy=remedy)
        self.after = after


class LeaseLost(RetryLater):
    """Another process holds the lease with a higher fencing token: nothing of this unit of work was written."""


class OutOfReach(RetryLater):
    """A server cannot be reached. What was asked of it may have been done: what is tried again must be safe to repeat."""


class RejectItem(FenbanError):
    """One item cannot be understood. ``what`` is the reason kept with the quarantined bytes."""


class Refused(FenbanError):
    """A step that the lifecycle, the confidentiality rules or the directory do not allow."""


class HaltForPerson(FenbanError):
    """Nothing but a person can mend this; trying again would only repeat it."""


class BadSettings(HaltForPerson):
    """One or more settings are wrong; ``problems`` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
