"""How pytest-xdist hands the groups of ``tests.support.parallel`` to its processes. Imported where it is installed and asked for."""

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.support.parallel import group_of


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a process one group after another, in the order of ``longest_first``. (pytest-xdist's own groups by marks are lost
    with pytest 9.2, where a test's id can no longer be changed.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        """A process gets the next group when one test is left to it: pytest wants to know which comes next."""
        if self._pending_of(self.assigned_work[node]) <= 1 or not self.workqueue:
            super()._reschedule(node)
