"""A small city with its console and the people of two departments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from app.office import Choice
from domain.accounts import Account
from domain.events import TopicRecord
from domain.ids import AssignmentId, Number
from tests.support.console import ConsoleCity, Person
from tests.support.desk import Desk

_ids = count(1)


@dataclass
class Town:
    """A city with the water office's clerk, the roads office's, and one who sees the water office's sealed matters too."""

    city: ConsoleCity
    water: Person
    roads: Person
    sealed: Person

    @property
    def desk(self) -> Desk:
        return self.city.desk

    def given(self, text: str = "桂园路停水三天，请尽快恢复。", **draft: object) -> str:
        """A new part of the water office; its id."""
        number = self.desk.letter(f"letter-{next(_ids)}", f"{text} {next(_ids)}", **draft)
        self.desk.work()
        if self.desk.state(number) == "in_review":
            self.desk.office.decide(Number(number), Choice("water"))
        assert self.desk.state(number) == "dispatched"
        return f"{number}.water.1"

    def sealed_part(self) -> str:
        number = self.desk.letter(f"letter-{next(_ids)}", f"举报有人 {next(_ids)} 偷水", kind="accusation")
        self.desk.work()
        assert self.desk.state(number) == "sealed_review"
        self.desk.office.decide(Number(number), Choice("water"))
        return f"{number}.water.1"

    def unclear(self) -> str:
        """The number of a letter that waits in review: nobody knows whose it is."""
        number = self.desk.letter(f"letter-{next(_ids)}", f"桂园路停水，路面也坏了。{next(_ids)}")
        self.desk.work()
        assert self.desk.state(number) == "in_review"
        return number

    def offered(self) -> str:
        """The number of one that is open for claiming."""
        number = self.unclear()
        self.desk.office.offer(Number(number), requirement="尽快查看")
        return number

    def by_topic(self, unit: str, **said: object) -> str:
        """As a department's own system says it; what came of it."""
        record = TopicRecord(
            f"fenban.feedback.{unit}", next(_ids), "", (), json.dumps(said, ensure_ascii=False), self.desk.clock.now()
        )
        return str(self.desk.feedback.take(record).outcome)

    def account(self, login: str, roles: Sequence[str] = ()) -> Account:
        """The account with this log-in name, made where there is none."""
        return self.city.accounts.by_login(login) or self.city.accounts.add(login, login, roles, (), "test")

    def state(self, ident: str) -> str:
        with self.desk.system.store.unit_of_work(write=False) as uow:
            found = uow.assignments.get(AssignmentId(ident))
        assert found is not None
        return str(found.state)

    def reply(self, ident: str) -> str:
        with self.desk.system.store.unit_of_work(write=False) as uow:
            found = uow.assignments.get(AssignmentId(ident))
        assert found is not None
        return found.reply

    def actions(self, subject: str) -> list[tuple[str, str]]:
        with self.desk.system.store.unit_of_work(write=False) as uow:
            return [(entry.actor, entry.action) for _, entry in uow.audit.entries(subject)]


def rows(person: Person, tab: str = "open", **query: str) -> list[str]:
    """The ids of all pages of the queue."""
    found: list[str] = []
    after = ""
    while True:
        answer = person.get("/api/department", params={"tab": tab, "after": after, **query})
        assert answer.status_code == 200, answer.text
        found += [row["id"] for row in answer.json()["rows"]]
        after = answer.json()["next"]
        if not after:
            return found
