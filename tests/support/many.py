"""Several ``fenban`` commands, each in a process of its own that is forked from one which has imported the program.

Importing is most of what a short command costs. Run as a script: a list of requests as JSON on stdin, a list of answers on stdout.
"""

import json
import os
import sys
import tempfile
import traceback
from importlib import import_module
from typing import Any


def main() -> None:
    requests = json.load(sys.stdin)
    program = import_module("app.cli.main")
    program.build({part for request in requests for part in program.parts_for(request["arguments"])})
    json.dump([_run(program, request) for request in requests], sys.stdout)


def _run(program: Any, request: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(request["text"].encode())
        given.seek(0)
        child = os.fork()
        if not child:
            _become(program, request["arguments"], given.fileno(), out.fileno(), err.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read().decode(), "err": err.read().decode()}


def _become(program: Any, arguments: list[str], *files: int) -> None:
    """The command, as its console script runs it. Does not return."""
    code = 70
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
        sys.argv = ["fenban", *arguments]
        try:
            program.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
