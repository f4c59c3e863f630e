"""``python -m tests.accuracy.run [--data FOLDER] [--out accuracy.json] [PART …]``: how good the model is on real letters.

Each part is a module of this package with ``figures(data: Path) -> list[Figure]``. Without names every part runs.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from tests.accuracy.figures import Figure
from tests.accuracy.letters import NoLetters
from tests.accuracy.table import with_table

PARTS = ("topics", "units_static", "own_rule", "hot_replay", "history", "linker", "cold_start", "ablation", "speed", "large")
"""In the order they run and are printed."""


def main() -> int:
    arguments = _arguments()
    found: list[Figure] = []
    for name in arguments.parts or PARTS:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            made = importlib.import_module(f"tests.accuracy.{name}").figures(arguments.data)
        except NoLetters as missing:
            print(missing, file=sys.stderr)
            return 1
        for figure in made:
            print(figure.line(), flush=True)
        if arguments.docs:
            document = arguments.docs.read_text(encoding="utf-8")
            arguments.docs.write_text(with_table(document, name, made), encoding="utf-8")
        found += made
    documents = [figure.document() for figure in found]
    arguments.out.write_text(json.dumps(documents, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"→ {arguments.out}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of the real letters")
    parser.add_argument("--out", type=Path, default=Path("accuracy.json"))
    parser.add_argument("--docs", type=Path, help="make this file's tables anew (docs/accuracy.md)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.parts if name not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
