"""Writes tests/corpus/mail: awkward mails as real programs send them, each with what must be read out of it.

Every text, name and number here is made up. Run ``python -m tests.support.mail_corpus`` after a change.
"""

import json
from pathlib import Path

from tests.support.mail_corpus_parts import kinds, structures
from tests.support.mail_corpus_text import charsets, headers
from tests.support.mail_making import Sample

FOLDER = Path(__file__).parent.parent / "corpus" / "mail"


def all_samples() -> list[Sample]:
    return [*charsets(), *headers(), *structures(), *kinds()]


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for sample in all_samples():
        (folder / f"{sample.name}.eml").write_bytes(sample.data)
        text = json.dumps(sample.document(), ensure_ascii=False, indent=1)
        (folder / f"{sample.name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
