"""Mails as real senders write them, each held to what was written by hand beside it."""

from typing import Any

import pytest

from app.cli.mail import as_document
from ingest.mime import read_mail
from tests.support.awkward_bytes import charsets, structure
from tests.support.awkward_clients import clients
from tests.support.awkward_fields import fields, headers
from tests.support.awkward_gateways import gateways
from tests.support.awkward_kinds import automatic, kinds
from tests.support.awkward_mails import Awkward
from tests.support.awkward_parts import bodies

MAILS = [*clients(), *automatic(), *gateways(), *charsets(), *headers(), *structure(), *kinds(), *fields(), *bodies()]


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.name)
def test_an_awkward_mail_says_what_its_sender_meant(mail: Awkward) -> None:
    document = as_document(read_mail(mail.data))
    for name, expected in mail.says.items():
        assert found(document, name, expected) == expected, name


def found(document: dict[str, Any], name: str, expected: Any) -> Any:
    """What the document says of it. ``holds``: those of the words that stand in the text; ``lacks``: those that do not."""
    text = document["text"]
    match name:
        case "holds":
            return [words for words in expected if words in text]
        case "lacks":
            return [words for words in expected if words not in text]
        case "length":
            return len(text)
        case "attachments":
            return [(one["name"], one["type"], one["bytes"]) for one in document["attachments"]]
        case "attachment_names":
            return [one["name"] for one in document["attachments"]]
    return document[name]


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len({mail.name for mail in MAILS}) == len(MAILS) >= 180
