"""Every mail of the corpus reads as the document beside it says."""

import json
from pathlib import Path

import pytest

from app.cli.mail import as_document
from ingest.mime import read_mail
from tests.support.mail_corpus import FOLDER, all_samples

MAILS = sorted(FOLDER.glob("*.eml"))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_mail_reads_as_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert as_document(read_mail(path.read_bytes())) == expected


def test_the_corpus_is_what_its_script_writes() -> None:
    assert len(MAILS) >= 40
    assert {path.stem: path.read_bytes() for path in MAILS} == {sample.name: sample.data for sample in all_samples()}
    for sample in all_samples():
        assert json.loads((FOLDER / f"{sample.name}.json").read_text(encoding="utf-8")) == sample.document()
