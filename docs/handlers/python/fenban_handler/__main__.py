"""The command line: ``python -m fenban_handler run``, and the unit's people's work."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import uuid
from pathlib import Path

from fenban_handler.broker import Broker
from fenban_handler.events import Answer, claim, complete, extend, give_back, sign
from fenban_handler.faults import Fault
from fenban_handler.rules import Rules
from fenban_handler.running import Handler, now
from fenban_handler.settings import Settings, load
from fenban_handler.state import Case, State

STATES = ("received", "signed", "returned", "completed", "recalled", "offered", "claimed", "closed")
REPLY_PARTS = {"found": "调查情况", "opinion": "处理意见", "result": "处理结果"}


def main() -> int:
    os.umask(0o077)
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        settings = load(Path(arguments.settings))
        if arguments.command == "check":
            Broker(settings).check()
            print("ok")
            return 0
        state = State(settings.path(settings.database))
        try:
            _do(arguments, settings, state)
        finally:
            state.close()
    except Fault as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _do(arguments: argparse.Namespace, settings: Settings, state: State) -> None:
    match arguments.command:
        case "run":
            _run(arguments, settings, state)
        case "list":
            for case in state.cases(arguments.state):
                print(_line(case, arguments.json))
        case "show":
            print(json.dumps(_shown(state.case(arguments.assignment)), ensure_ascii=False, indent=2))
        case _:
            state.say(arguments.assignment, _answer(arguments), f"{settings.unit}:{uuid.uuid4()}", now())


def _run(arguments: argparse.Namespace, settings: Settings, state: State) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    handler = Handler(state, Rules(), lambda: Broker(settings), stop)
    if arguments.once:
        handler.once()
    else:
        handler.run()


def _answer(arguments: argparse.Namespace) -> Answer:
    match arguments.command:
        case "sign":
            return sign()
        case "claim":
            return claim()
        case "return":
            return give_back(arguments.reason, arguments.suggest)
        case "extend":
            return extend(arguments.reason, arguments.days)
    parts = {title: getattr(arguments, name) for name, title in REPLY_PARTS.items() if getattr(arguments, name)}
    return complete(parts or (sys.stdin.read() if arguments.reply == "-" else arguments.reply))


def _line(case: Case, as_json: bool) -> str:
    if as_json:
        return json.dumps(_shown(case), ensure_ascii=False)
    level = f"催办{case.reminder['level']}" if case.reminder else ""
    return "\t".join((case.assignment, case.state, case.due[:10], level, str(case.data.get("subject", ""))))


def _shown(case: Case) -> dict[str, object]:
    return {
        "assignment": case.assignment,
        "matter": case.matter,
        "state": case.state,
        "due": case.due,
        "data": case.data,
        "reminder": case.reminder,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fenban_handler", description="分办处理程序 / a department's handler")
    parser.add_argument("--settings", default="handler.toml", help="配置文件 / the settings file")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="一直接收、反馈 / takes in and answers until it is stopped")
    run.add_argument("--once", action="store_true", help="处理完现有的就结束 / ends when nothing more is there")
    commands.add_parser("check", help="连接和权限行不行 / whether connection and permissions are well")
    listed = commands.add_parser("list", help="列出交办 / what the unit holds")
    listed.add_argument("--state", default="", choices=STATES)
    listed.add_argument("--json", action="store_true", help="一行一个 JSON / one JSON object a line")
    for name, told in (
        ("show", "看全文 / the whole of one"),
        ("sign", "签收"),
        ("return", "退回"),
        ("complete", "办结"),
        ("claim", "认领"),
        ("extend", "申请延期"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("assignment")
        if name in {"return", "extend"}:
            command.add_argument("--reason", required=True, help="理由")
        if name == "return":
            command.add_argument("--suggest", default="", help="应由哪个单位办（代码或名称）")
        if name == "extend":
            command.add_argument("--days", required=True, type=int, help="工作日")
        if name == "complete":
            command.add_argument("--reply", default="", help="答复；- 从标准输入读")
            for part, title in REPLY_PARTS.items():
                command.add_argument(f"--{part}", default="", help=title)
    return parser


if __name__ == "__main__":
    sys.exit(main())
