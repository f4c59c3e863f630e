"""The city of the access matrix: matters of every kind, an account of every role, and what each of them may see.

What may be seen is written down here by hand, apart from ``store.visibility``, which it judges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.console.endpoints import Endpoint
from app.office import Choice
from domain.accounts import Role
from domain.ids import MatterId, Number
from tests.support.console import ConsoleCity, Person

RULES = """
[[rule]]
name = "never-water"
any = ["水表读数"]
lead = "roads"
excluded = ["water"]
"""
NOBODY = "nobody"
OTHER_HANDLER = "handler of roads"
PEOPLE: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    NOBODY: ((), ()),
    **{role.value: ([role.value], ["water"] if role is Role.HANDLER else []) for role in Role},
    OTHER_HANDLER: (["handler"], ["roads"]),
}
ORDINARY = frozenset({"water's", "roads'", "excluded", "waiting"})
SEES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((NOBODY, "operator", "auditor", "admin"), frozenset()),
    **dict.fromkeys(("reviewer", "supervisor", "analyst"), ORDINARY),
    "sealed_reviewer": frozenset({"sealed"}),
    "handler": frozenset({"water's"}),
    OTHER_HANDLER: frozenset({"roads'", "excluded"}),
}
PARTS_OF: Mapping[str, frozenset[str]] = {who: kinds - {"waiting"} if who != "handler" else kinds for who, kinds in SEES.items()}
UNKNOWN = "unknown"


@dataclass
class Ids:
    """By kind of matter."""

    numbers: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, path: str) -> Mapping[str, str]:
        """What a part of a path may be filled with, where it names a matter or a unit's part of one."""
        if name == "assignment" or f"/parts/{{{name}}}" in path:
            return self.assignments
        return self.numbers if name in {"number", "matter"} else {}


def make_matters(city: ConsoleCity, mark: str = "") -> Ids:
    """One matter of each kind. ``mark`` keeps a second set apart from the first."""
    desk = city.desk
    letters: dict[str, dict[str, Any]] = {
        "water's": {"text": f"我家小区停水三天了，请尽快修。{mark}"},
        "roads'": {"text": f"门口路面坑洼不平，请修补。{mark}"},
        "sealed": {"text": f"举报交通局科长收受好处。{mark}", "kind": "accusation"},
        "excluded": {"text": f"水表读数不对，路面也坏了。{mark}"},
        "waiting": {"text": f"请问这件事归谁管？{mark}"},
    }
    ids = Ids()
    for kind, letter in letters.items():
        ids.numbers[kind] = desk.letter(f"{kind}{mark}", letter.pop("text"), **letter)
    desk.work()
    desk.office.decide(Number(ids.numbers["sealed"]), Choice("discipline"))
    with desk.system.store.unit_of_work(write=False) as uow:
        parts = uow.assignments.of_matters([MatterId(number) for number in ids.numbers.values()])
    for kind, number in ids.numbers.items():
        for part in parts.get(MatterId(number), []):
            ids.assignments[kind] = part.id
    assert set(ids.assignments) == {"water's", "roads'", "sealed", "excluded"}
    ids.numbers[UNKNOWN] = f"{ids.numbers['waiting'][:-6]}999999"
    ids.assignments[UNKNOWN] = f"{ids.numbers[UNKNOWN]}-1"
    return ids


class Visitor:
    """One role's browser; signs in anew where an endpoint ended its session."""

    def __init__(self, city: ConsoleCity, who: str, rights: tuple[Sequence[str], Sequence[str]] | None = None) -> None:
        self._city, self.who = city, who
        self.login = "".join(sign if sign.isalnum() else "-" for sign in who)
        self._roles, self._units = PEOPLE[who] if rights is None else rights
        self.person = Person(city.base)

    def ask(self, endpoint: Endpoint, path: str) -> Any:
        self._sign_in()
        if endpoint.method == "GET":
            return self.person.get(path, params=filled(endpoint.query))
        body = filled(endpoint.body)
        return self.person.post_json(path, body) if endpoint.json else self.person.post(path, body)

    def signed_in(self) -> tuple[str, str]:
        """The cookie's value and the CSRF token of a session that is open."""
        self._sign_in()
        return self.person.token, self.person.csrf

    def get(self, path: str) -> Any:
        self._sign_in()
        return self.person.get(path)

    def post_json(self, path: str, body: Any) -> Any:
        self._sign_in()
        return self.person.post_json(path, body)

    def _sign_in(self) -> None:
        if self.who == NOBODY:
            return
        accounts = self._city.accounts
        standing = accounts.found(self.person.token)
        if standing is not None and standing[0].strong:
            return
        known = accounts.by_login(self.login)
        if known is None:
            known = accounts.add(self.login, self.login, self._roles, self._units, "test", demo=True)
        if set(known.roles) != set(self._roles) or known.disabled:
            accounts.change(self.login, "test", roles=self._roles, units=self._units, disabled=False)
        opened = accounts.sign_in_by_link(accounts.link(self.login, "test"), self.login)
        found = accounts.found(opened.token)
        assert found is not None
        self.person.token, self.person.csrf = opened.token, found[0].csrf


def filled(schema: Mapping[str, Any]) -> Any:
    """The least that fits a schema."""
    if not schema:
        return {}
    if "type" not in schema and "properties" not in schema:
        return {}
    if "enum" in schema:
        return schema["enum"][0]
    named = schema.get("type", "object")
    match named if isinstance(named, str) else named[0]:
        case "object":
            properties = schema.get("properties", {})
            return {name: filled(properties.get(name, {"type": "string"})) for name in schema.get("required", ())}
        case "array":
            return [filled(schema.get("items", {"type": "string"}))] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "null":
            return None
    return "x" * max(1, schema.get("minLength", 1)) if schema.get("maxLength", 1) else ""


def paths_of(endpoint: Endpoint, names: Sequence[str], ids: Ids) -> Iterator[tuple[str, str]]:
    """(kind, path) for each kind of matter; one path where it names none. The kinds that are hidden from most come first."""
    marked = next((name for name in names if ids.of(name, endpoint.path)), None)
    kinds = [UNKNOWN, "sealed", "excluded", "waiting", "roads'", "water's"] if marked else [""]
    for kind in kinds:
        values = {name: known.get(kind) if (known := ids.of(name, endpoint.path)) else "1" for name in names}
        if None not in values.values():
            path = endpoint.path
            for name, value in values.items():
                path = path.replace(f"{{{name}}}", str(value))
            yield kind, path
