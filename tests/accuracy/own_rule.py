"""How well the rule for "own" letters agrees with a person who read a hundred of the replies.

``read_replies.csv`` holds the judgements alone, each under the hash of its row: 1 where the reply leaves the matter, as asked,
to another body. The hundred were drawn at random from all letters; the rule was written on others.
"""

import csv
import hashlib
from pathlib import Path

from classify.rows import LetterRow
from tests.accuracy.elsewhere import sent_elsewhere
from tests.accuracy.figures import Figure
from tests.accuracy.letters import units

READ = Path(__file__).with_name("read_replies.csv")


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    with READ.open(encoding="ascii", newline="") as file:
        judged = {line["letter"]: line["elsewhere"] == "1" for line in csv.DictReader(file)}
    pairs = [(judged[key], sent_elsewhere(row.reply, row.unit)) for row in units(data) if (key := _key(row)) in judged]
    both = sum(person and rule for person, rule in pairs)
    said, true = sum(rule for _, rule in pairs), sum(person for person, _ in pairs)
    name = f"reply sends elsewhere, rule against {len(pairs)} replies read"
    return [
        Figure(f"{name}: precision ({said} found)", both / said if said else 0.0, "of 1"),
        Figure(f"{name}: recall ({true} true)", both / true if true else 0.0, "of 1"),
        Figure(f"{name}: agreement", sum(person == rule for person, rule in pairs) / max(len(pairs), 1), "of 1"),
    ]


def _key(row: LetterRow) -> str:
    return hashlib.sha256(f"{row.subject}\n{row.body}\n{row.reply}".encode()).hexdigest()[:16]
