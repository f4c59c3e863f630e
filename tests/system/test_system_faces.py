"""The faces for programs: key names, types and exit codes, exactly as they are promised."""

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.fenban import City, Said
from tests.support.letters_by_mail import mail_bytes, raw_bytes_alone
from tests.support.scenario import MAIL
from tests.system.conftest import FULL_RUN, Channels, World, open_channels

pytestmark = [pytest.mark.timeout(900), *([pytest.mark.slow] if FULL_RUN else [])]
NUMBER = (int, float)
STATES = {"new", "held", "rejected", "filtered", "in_review", "sealed_review", "joined", "dispatched", "out_of_remit"}
ASSIGNED = {"sent", "signed", "completed", "returned", "withdrawn"}


@pytest.fixture(scope="module")
def city(world: World, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose channels were served once."""
    with _served(world, tmp_path_factory.mktemp("faces") / "city", model) as made:
        yield made


@pytest.fixture
def unlearned(world: World, tmp_path: Path) -> Iterator[City]:
    """The same without a model: every letter that may be decided waits for a person."""
    with _served(world, tmp_path / "city", None) as made:
        yield made


@contextmanager
def _served(world: World, folder: Path, model: Path | None) -> Iterator[City]:
    channels: Channels = open_channels(world.scenario)
    with closing(channels):
        made = channels.city(folder, world.corpus)
        if model is not None:
            shutil.copytree(model, made.folder / "models")
        channels.serve(1)
        made.run("run", "--until-idle")
        yield made


@pytest.fixture
def bare(tmp_path: Path) -> City:
    """No settings, no store, no directory."""
    return City(tmp_path)


def _keys(document: dict[str, Any], *keys: str) -> None:
    assert list(document) == list(keys) or set(document) == set(keys), sorted(document)


def _moment(value: object) -> None:
    assert isinstance(value, str)
    assert datetime.fromisoformat(value).tzinfo is not None, value


def test_ledger(city: City) -> None:
    document = city.run("ledger", "--json").document()
    _keys(document, "as_of", "lines")
    _moment(document["as_of"])
    for line in document["lines"]:
        _keys(line, "name", "left", "right", "difference")
        assert isinstance(line["left"], int)
        assert isinstance(line["difference"], int)
        assert all(isinstance(count, int) for count in line["right"].values())
    by_name = {line["name"]: set(line["right"]) for line in document["lines"]}
    assert by_name == {
        "listed": {"unchanged", "captured"},
        "captured": {"registered", "revised", "noted", "quarantined"},
        "registered": STATES,
        "outbox": {"pending", "delivered", "parked", "discarded"},
    }


def test_status(city: City) -> None:
    _keys(city.run("status", "--json", "--all").document(), "channels", "stages", "outbox", "units", "automatic", "linker")
    document = city.run("status", "--json").document()
    _keys(document, "channels", "stages", "outbox", "units")
    assert {channel["id"] for channel in document["channels"]} == {"portal", "board", "mail"}
    for channel in document["channels"]:
        _keys(channel, "id", "kind", "state", "last_success", "captured", "quarantined", "error")
        _moment(channel["last_success"])
        assert isinstance(channel["captured"], int)
        assert isinstance(channel["quarantined"], int)
    assert {channel["kind"] for channel in document["channels"]} == {"portal", "board", "mailbox"}
    assert set(document["stages"]) <= STATES
    _keys(document["outbox"], "pending", "oldest_seconds")
    assert document["outbox"]["pending"] == 0
    for unit in document["units"]:
        _keys(unit, "code", "pending", "delivered", "parked")


def test_consume(city: City, world: World) -> None:
    code = _busiest(city, world)
    events = city.lines("consume", code)
    for event in events:
        assert event["specversion"] == "1.0"
        assert {"id", "source", "type", "time", "datacontenttype", "dataschema", "subject", "sequence", "data"} <= set(event)
        assert len(event["sequence"]) == 20
        assert event["sequence"].isdigit()
        _moment(event["time"])
        data = event["data"]
        assert {"number", "kind", "subject", "body", "place", "requirement", "deadline", "role", "evidence", "history"} <= set(
            data
        )
        assert data["role"] in {"lead", "co"}
        _moment(data["deadline"]["due"])
        assert isinstance(data["deadline"]["provisional"], bool)
    assert city.lines("consume", code) == events, "without a group nothing is committed"
    assert city.lines("consume", code, "--max", "2") == events[:2]
    assert city.lines("consume", code, "--group", "g1", "--max", "2") == events[:2]
    assert city.lines("consume", code, "--group", "g1") == events[2:]
    assert city.lines("consume", code, "--group", "g1") == []
    assert city.lines("consume", code, "--topic", "sealed") == []
    assert isinstance(city.lines("consume", "office", "--topic", "notice"), list)
    city.run("consume", "no-such-unit", "--json", code=1)


def _busiest(city: City, world: World) -> str:
    units = city.run("status", "--json").document()["units"]
    busiest = max(units, key=lambda unit: unit["delivered"])
    assert busiest["delivered"] >= 4
    return str(busiest["code"])


def test_export_matters(city: City, world: World) -> None:
    rows = city.lines("export", "matters")
    for row in rows:
        assert {"number", "messages", "decision", "assignments"} <= set(row)
        assert row.get("sealed") in {True, False, None}
        for message in row["messages"]:
            assert {"channel", "external_id", "number", "version", "state"} <= set(message)
            assert message["state"] in STATES
            assert isinstance(message["external_id"], str)
        assert row["messages"][0]["number"] or row["messages"]
        for part in row["assignments"]:
            assert part["state"] in ASSIGNED
            assert {"id", "unit", "role", "sent_at", "signed_at", "completed_at", "returned_at", "withdrawn_at"} <= set(part)
            _moment(part["sent_at"])
    numbers = [message["number"] for row in rows for message in row["messages"]]
    assert len(numbers) == len(set(numbers)) == sum(city.run("status", "--json").document()["stages"].values())
    assert {row["number"] for row in rows if row.get("sealed")}
    code = _busiest(city, world)
    mine = city.lines("export", "matters", "--unit", code)
    assert {part["unit"] for row in mine for part in row["assignments"]} >= {code}
    assert not any(row.get("sealed") for row in mine)
    city.run("export", "matters", "--unit", "no-such-unit", "--json", code=1)


def test_suggest(city: City, world: World) -> None:
    letters = world.corpus.training[:5]
    lines = [{"id": place, "subject": one.title, "body": one.content} for place, one in enumerate(letters)]
    said = city.run("suggest", "--json", text="".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    answers = said.lines()
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3, 4]
    codes = {unit.code for unit in world.corpus.units}
    for answer in answers:
        _keys(answer, "id", "suggestions", "automatic")
        assert isinstance(answer["automatic"], bool)
        assert 1 <= len(answer["suggestions"]) <= 5
        for one in answer["suggestions"]:
            _keys(one, "unit", "probability", "evidence")
            assert one["unit"] in codes
            assert 0 <= one["probability"] <= 1
            assert isinstance(one["evidence"], list)
        ordered = [one["probability"] for one in answer["suggestions"]]
        assert ordered == sorted(ordered, reverse=True)
    (with_axes,) = city.run("suggest", "--json", "--axes", text=json.dumps(lines[0], ensure_ascii=False) + "\n").lines()
    for one in with_axes["suggestions"]:
        _keys(one["axes"], "what", "where", "place")
        assert abs(one["axes"]["what"] * one["axes"]["where"] - one["probability"]) < 0.001
    assert len(city.run("suggest", "--json", text='{"id": "a", "subject": "", "body": ""}\n').lines()) == 1
    city.run("suggest", "--json", text="no json\n", code=1)


def test_explain_and_show(city: City) -> None:
    row = next(row for row in city.lines("export", "matters") if row["assignments"])
    document = city.run("explain", row["number"], "--json").document()
    assert document["number"] == row["number"]
    assert {"registered", "decided", "assigned"} <= {step["step"] for step in document["steps"]}
    for step in document["steps"]:
        _moment(step["at"])
    decided = next(step for step in document["steps"] if step["step"] == "decided")
    assert {"rule", "model", "evidence"} <= set(decided)
    assert city.run("show", row["number"], "--json").document()["number"] == row["number"]
    assert "→" in city.run("explain", "20000101-portal-000001", "--json", code=1).err


def test_reveal_is_audited(city: City, world: World) -> None:
    number = city.lines("export", "matters")[0]["messages"][0]["number"]
    before = city.run("audit", "list", "--json").lines()
    said = city.run("reveal", number, "--reason", "来电核实", "--json")
    assert said.document()
    city.said.remove(said)
    after = city.run("audit", "list", "--json").lines()
    assert len(after) == len(before) + 1
    city.run("reveal", number, "--json", code=2)


@pytest.mark.parametrize(
    ("start", "days", "due", "provisional"),
    [
        ("2026-11-20 10:00", "5", "2026-11-27T23:59:59+08:00", False),
        ("2026-11-20T23:59:00+08:00", "1", "2026-11-23T23:59:59+08:00", False),
        ("2026-09-30 09:00", "1", "2026-10-08T23:59:59+08:00", False),
        ("2026-12-28 09:00", "15", None, True),
    ],
)
def test_deadline(bare: City, start: str, days: str, due: str | None, provisional: bool) -> None:
    document = bare.run("deadline", "--from", start, "--days", days, "--json", bare=True).document()
    _keys(document, "due", "provisional")
    _moment(document["due"])
    assert document["provisional"] is provisional
    assert due is None or document["due"] == due


def test_deadline_refuses_what_is_no_time(bare: City) -> None:
    assert bare.run("deadline", "--from", "soon", "--days", "5", "--json", bare=True, code=None).code in {1, 2}
    bare.run("deadline", "--json", bare=True, code=2)


def test_mail_show(bare: City, world: World) -> None:
    kinds = set()
    for item in [item for item in world.scenario.on(MAIL) if item.poison != "too large"][:20]:
        path = bare.folder / "one.eml"
        path.write_bytes(mail_bytes(item))
        document = bare.run("mail", "show", str(path), "--json", bare=True, code=None if item.poison else 0).document()
        if item.poison:
            continue
        _keys(document, "kind", "subject", "from", "date", "message_id", "text", "attachments", "defects")
        assert document["subject"] == item.title.strip(), document
        assert item.person.email in str(document["from"])
        # Three rare characters alone, in bytes without any charset, can be read in more than one way.
        if raw_bytes_alone(item):
            continue
        assert item.person.name in str(document["from"])
        kinds.add(document["kind"])
        for attachment in document["attachments"]:
            _keys(attachment, "name", "type", "bytes", "sha256")
            assert attachment["name"] == "照片.jpg"
    assert kinds == {"letter"}


def test_mail_show_of_what_is_no_mail(bare: City) -> None:
    said = bare.run("mail", "show", str(bare.folder / "nowhere.eml"), "--json", bare=True, code=None)
    assert said.code in {1, 2}
    assert said.err.strip()


def test_evaluate(bare: City, world: World) -> None:
    columns = "subject=title,body=content,unit=unit,at=asked_at"
    rows = world.corpus.training
    split = len(rows) * 3 // 4
    _csv(bare.folder / "a.csv", rows[:split])
    _csv(bare.folder / "b.csv", rows[split:])
    said = bare.run(
        "evaluate",
        "--train",
        str(bare.folder / "a.csv"),
        "--test",
        str(bare.folder / "b.csv"),
        "--columns",
        columns,
        "--json",
        bare=True,
    )
    document = said.document()
    _keys(document, "n_train", "n_test", "units", "top1", "top3", "macro_f1", "automatic", "calibration_error", "seconds")
    assert document["n_train"] == split
    assert document["n_test"] == len(rows) - split
    assert isinstance(document["units"], int)
    assert 0.3 < document["top1"] <= document["top3"] <= 1
    assert [row["target_precision"] for row in document["automatic"]] == [0.90, 0.95, 0.98]
    for row in document["automatic"]:
        _keys(row, "target_precision", "coverage", "precision")
    bare.run("evaluate", "--train", "nowhere.csv", "--test", "nowhere.csv", "--columns", columns, "--json", bare=True, code=1)
    bare.run("evaluate", "--json", bare=True, code=2)


def _csv(path: Path, letters: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "content", "unit", "asked_at"])
        for place, letter in enumerate(letters):
            writer.writerow([letter.title, letter.content, letter.unit, f"2026-0{1 + place % 9}-{1 + place % 28:02d} 10:00:00"])


def test_usage_errors_exit_2(bare: City) -> None:
    for wrong in (
        ("no-such-command",),
        ("ledger", "--no-such-option"),
        ("consume",),
        ("review", "decide", "x", "--lead", "a", "--hold", "b"),
    ):
        said: Said = bare.run(*wrong, bare=True, code=2)
        assert said.err.strip()


def test_every_listing_prints_json_lines(city: City) -> None:
    for listing in (
        ("review", "list"),
        ("review", "list", "--sealed"),
        ("held", "list"),
        ("filtered", "list"),
        ("assignment", "list"),
        ("quarantine", "list"),
        ("parked", "list"),
        ("audit", "list"),
    ):
        assert all(isinstance(line, dict) for line in city.lines(*listing))


def test_a_reminder_reaches_its_unit_and_the_office(city: City) -> None:
    part = next(row for row in city.lines("assignment", "list") if row["state"] in {"sent", "signed"})
    city.run("assignment", "remind", part["id"], "--reason", "来信人再次来电")
    city.run("relay", "--until-idle")
    for reader in (part["unit"], "office"):
        (event,) = city.lines("consume", reader, "--topic", "notice")
        assert (event["type"], event["data"]["assignment"], event["data"]["stage"]) == ("reminder", part["id"], "office")
    steps = city.run("explain", part["matter"], "--json").document()["steps"]
    assert "assignment.remind" in [step.get("action") for step in steps]
    assert all(line["difference"] == 0 for line in city.run("ledger", "--json").document()["lines"])
    city.run("assignment", "remind", part["id"], "--json", code=2)
    city.run("assignment", "remind", "20000101-portal-000001.x.1", "--reason", "无此件", code=1)


def _offered(city: City) -> str:
    """The first letter in review that may be opened to all units: one that may accuse a unit may not."""
    for row in city.lines("review", "list"):
        number = str(row["number"])
        if city.run("review", "pool", number, "--requirement", "请认领", code=None).code == 0:
            return number
    raise AssertionError("no letter in review could be opened for claiming")


def test_a_letter_in_the_pool_is_claimed_by_the_first(unlearned: City) -> None:
    city = unlearned
    units = [unit["code"] for unit in city.lines("units", "list")][:2]
    number = _offered(city)
    assert number in [row["number"] for row in city.lines("pool", "list")]
    city.run("relay", "--until-idle")
    (offered,) = city.lines("consume", units[0], "--topic", "pool")
    assert (offered["type"], offered["data"]["matter"], offered["data"]["requirement"]) == ("offered", number, "请认领")
    said = json.dumps({"id": "claim-1", "type": "claim", "matter": number}) + "\n"
    assert city.run("feedback", units[0], "--json", text=said).lines()[0]["outcome"] == "applied"
    assert city.run("feedback", units[1], "--json", text=said, code=1).lines()[0]["outcome"] == "rejected"
    city.run("pool", "claim", number, units[1], code=1)
    city.run("relay", "--until-idle")
    assert [event["type"] for event in city.lines("consume", units[1], "--topic", "pool")] == ["offered", "offer-closed"]
    assert number in [event["data"]["number"] for event in city.lines("consume", units[0])]
    assert city.lines("pool", "list") == []
    assert city.lines("consume", "office", "--topic", "dead") == []
    city.run("consume", units[0], "--topic", "dead", "--json", code=1)
    assert all(line["difference"] == 0 for line in city.run("ledger", "--json").document()["lines"])
