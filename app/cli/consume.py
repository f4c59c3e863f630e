"""``fenban consume`` and ``feedback``: the topics from the command line."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.base import WRONG, JsonOption, SettingsOption, emit, lines_in, open_system, say, show
from app.phrases import phrase, told
from app.texts import text
from app.wiring import System
from domain.errors import HaltForPerson, Refused, RejectItem, RetryLater
from domain.events import (
    DEAD_TOPIC,
    POOL_TOPIC,
    EventType,
    FeedbackEvent,
    FeedbackOutcome,
    TopicRecord,
    feedback_topic,
    notice_topic,
    sealed_principal,
    sealed_topic,
    unit_topic,
)
from domain.ids import OFFICE, UnitCode
from domain.ports import Reader, Topics
from route.feedback import feedback_headers, feedback_value, parse_feedback
from route.wire import structured

READ_BATCH = 500
CODE = re.compile(r"[a-z0-9-]+")
FOLLOW_SECONDS = 0.5
AGAIN_SECONDS = 5.0


class Topic(StrEnum):
    UNIT = "unit"
    NOTICE = "notice"
    SEALED = "sealed"
    FEEDBACK = "feedback"
    POOL = "pool"
    DEAD = "dead"


TOPICS = {Topic.UNIT: unit_topic, Topic.NOTICE: notice_topic, Topic.SEALED: sealed_topic, Topic.FEEDBACK: feedback_topic}
SHARED = {Topic.POOL: POOL_TOPIC, Topic.DEAD: DEAD_TOPIC}


def register(app: typer.Typer) -> None:
    app.command("consume")(consume)
    app.command("feedback")(feedback)


def consume(
    unit: Annotated[str, typer.Argument(help="单位代码 / the unit's code")],
    group: Annotated[str | None, typer.Option("--group", help="消费组：记住读到哪里 / remembers what was read")] = None,
    most: Annotated[int | None, typer.Option("--max", min=1, help="最多几条 / at most so many")] = None,
    topic: Annotated[Topic, typer.Option("--topic", help="哪个主题 / which topic")] = Topic.UNIT,
    user: Annotated[str | None, typer.Option("--user", help="以此 Kafka 用户读 / as this Kafka user")] = None,
    password: Annotated[
        str | None,
        typer.Option("--password", metavar="REF", help="该用户的密码：env:变量 或 file:文件 / its password's reference"),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="一直等新的 / wait for more")] = False,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """读取一个单位的主题。不带 --group 从头读，不记录。 / Reads a unit's topic; without a group from the start, committing nothing."""
    with open_system(settings) as system, _topics(system, user, password) as topics:
        code = _unit(system, unit)
        reader = topics.reader(_topic_name(topic, code), _group_of(code, topic, group) if group else "")
        left = most if most is not None else sys.maxsize
        waiting = threading.Event()
        try:
            while left:
                records = _next(system, reader, min(left, READ_BATCH), waiting if follow else None)
                for record in records:
                    _print(record, as_json)
                sys.stdout.flush()
                if records:
                    left -= len(records)
                    reader.commit()
                elif follow:
                    system.clock.wait(FOLLOW_SECONDS, waiting)
                else:
                    break
        except KeyboardInterrupt:
            return
        finally:
            reader.close()


@contextmanager
def _topics(system: System, user: str | None, password: str | None) -> Iterator[Topics]:
    """The settings' topics, or Kafka's as another user."""
    if user is None:
        yield system.topics
        return
    if not system.settings.kafka.bootstrap_servers:
        raise HaltForPerson("embedded topics have no users", remedy="leave --user out, or set kafka.bootstrap_servers")
    topics = system.kafka_topics(username=user, password=password or "")
    try:
        yield topics
    finally:
        topics.close()


def _group_of(code: UnitCode, topic: Topic, group: str) -> str:
    """A user's groups begin with its name: no other user may read in them."""
    prefix = f"{sealed_principal(code) if topic is Topic.SEALED else code}."
    return group if group.startswith(prefix) else f"{prefix}{group}"


def _next(system: System, reader: Reader, limit: int, waiting: threading.Event | None) -> list[TopicRecord]:
    """The next records. Who follows a topic waits for its server to come back, and says so once."""
    said = False
    while True:
        try:
            return reader.read(limit)
        except RetryLater as error:
            if waiting is None:
                raise
            if not said:
                say(told(error))
            said = True
            system.clock.wait(AGAIN_SECONDS, waiting)


def feedback(
    unit: Annotated[str, typer.Argument(help="单位代码 / the unit's code")],
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """从标准输入逐行读反馈事件：签收、退回、办结、延期。 / Takes feedback events, one JSON object a line on stdin."""
    with open_system(settings) as system:
        code = _unit(system, unit)
        desk = system.feedback()
        rejected = 0
        for place, line in lines_in():
            try:
                event = parse_feedback(code, line)
            except RejectItem as error:
                rejected += 1
                desk.refuse(code, f"stdin:{place}", error.what, actor=f"unit:{code}")
                said = {"id": _id_of(line), "outcome": FeedbackOutcome.REJECTED, "reason": error.what, "line": place}
                _tell(said, as_json)
                continue
            result = desk.apply(event, actor=f"unit:{code}")
            _keep_on_topic(system, desk.masked(event))
            rejected += result.outcome is FeedbackOutcome.REJECTED
            _tell({"id": result.event_id, "outcome": result.outcome, "reason": result.reason}, as_json)
    if rejected:
        raise typer.Exit(WRONG)


def _keep_on_topic(system: System, plain: FeedbackEvent) -> None:
    """The department's word stands on its topic too, masked: its own words are in the vault once they are applied."""
    now = system.clock.now()
    topic = feedback_topic(plain.unit)
    system.topics.append(topic, plain.assignment, feedback_headers(plain, now=now), feedback_value(plain), now)


def _topic_name(topic: Topic, unit: UnitCode) -> str:
    if topic is Topic.DEAD and unit != OFFICE:
        raise Refused("what topics refused is for the office alone", remedy="fenban consume office --topic dead")
    return SHARED.get(topic) or TOPICS[topic](unit)


def _unit(system: System, name: str) -> UnitCode:
    if name == OFFICE:
        return OFFICE
    settings = system.settings
    if settings.kafka.bootstrap_servers and CODE.fullmatch(name) and not settings.path(settings.files.units).exists():
        # A department reads its own topics with nothing but brokers and a user in its settings: Kafka says what it may.
        return UnitCode(name)
    code = system.directory.resolve(name)
    if code is None:
        raise HaltForPerson(f"there is no unit {name!r} in the directory", remedy="list them with: fenban units list")
    return code


def _print(record: TopicRecord, as_json: bool) -> None:
    try:
        event = structured(record)
    except ValueError:
        # A department may write anything on its feedback topic; it must not stop who reads it.
        say(text("consume.unreadable").format(record.topic, record.partition, record.offset))
        return
    if as_json:
        emit(event)
        return
    data: dict[str, Any] = event["data"]
    due = (data.get("deadline") or {}).get("due", "")
    number = data.get("number") or data.get("matter", "")
    if event["type"] == EventType.DEAD_LETTER:
        show(f"{text('fate.' + data['fate'])}  {data['topic']}  {number}  {data['event_type']}  {phrase(data['reason'])}")
        return
    show(f"{text('event.' + event['type'])}  {number}  {due[:10]}  {data.get('subject', '')}  [{data.get('assignment', '')}]")


def _tell(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(result)
        sys.stdout.flush()
    else:
        outcome = text(f"feedback.{result['outcome']}")
        say(f"{result['id'] or text('line').format(result.get('line', ''))}: {outcome} {phrase(result['reason'])}".rstrip())


def _id_of(line: str) -> str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""
