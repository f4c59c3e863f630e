"""A mail's reader takes any bytes: it reads them or refuses them with RejectItem, and what it gives can always be written down."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RejectItem
from ingest import mime_tree
from ingest.mime import MailView, read_mail
from ingest.mime_charset import read
from ingest.mime_headers import decode_base64, decode_field, first_address, parameter, parse_date
from tests.support.mail_corpus import all_samples

SAMPLES = [sample.data for sample in all_samples()]
SPLINTERS = [
    b"=?gb2312?B?",
    b"?=",
    b"\r\n--edge",
    b"charset=",
    b'boundary="',
    b"base64",
    b"\x00",
    b"''%",
    b"*0*=",
    b"\n\n",
    b"<a@",
    b"-9999",
]
CHARSETS = [
    "",
    "gb2312",
    "utf-8",
    "big5",
    "koi8-r",
    "iso-2022-jp",
    "utf-7",
    "hz-gb-2312",
    "x-unknown",
    "utf-16",
    "rot13",
    "idna",
    "\x00",
]

chinese = st.text(
    alphabet=st.sampled_from("关于滨河小区路灯不亮的反映请您尽快派人来看一看谢谢领导，。！我们全楼居民都盼着早日解决"),
    min_size=8,
    max_size=80,
)


def check(data: bytes) -> None:
    with suppress(RejectItem):
        view = read_mail(data)
        texts = [view.subject, str(view.sender), view.message_id, view.text, *view.references, *view.defects]
        texts += [one.name + one.media_type for one in view.attachments]
        "".join(texts).encode()
        assert view.date is None or view.date.isoformat()
        assert view.date is None or view.date.utcoffset() is not None


@given(st.binary(max_size=400))
def test_any_bytes_after_a_header(data: bytes) -> None:
    check(b"Subject: x\r\nContent-Type: multipart/mixed; boundary=x\r\n" + data)
    check(data)


@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False))
def test_damaged_mails(mail: bytes, chance: random.Random) -> None:
    damaged = bytearray(mail)
    for _ in range(chance.randint(1, 10)):
        place = chance.randrange(len(damaged) + 1)
        match chance.randrange(5):
            case 0:
                del damaged[place : place + chance.randint(1, 200)]
            case 1:
                damaged[place:place] = chance.choice(SPLINTERS)
            case 2:
                other = chance.choice(SAMPLES)
                start = chance.randrange(len(other))
                damaged[place:place] = other[start : start + chance.randint(1, 300)]
            case 3:
                damaged[place : place + 1] = bytes([chance.randrange(256)])
            case _:
                del damaged[max(place, 40) :]
    check(bytes(damaged))


@given(st.binary(max_size=120), st.sampled_from(CHARSETS))
def test_every_reader_of_fields_takes_any_bytes(data: bytes, charset: str) -> None:
    read(data, charset, charset).text.encode("utf-8", "surrogatepass")
    decode_field(data).encode()
    str(first_address(data)).encode()
    parameter(b"text/plain; " + data, "charset").encode()
    parse_date(data)
    decode_base64(data)


@given(chinese, st.sampled_from(["", "gb2312", "gbk", "utf-8", "us-ascii", "iso-8859-1", "x-unknown"]))
def test_chinese_is_read_whatever_harmless_charset_is_declared(text: str, declared: str) -> None:
    assert read(text.encode("gb18030"), declared).text == text
    assert read(text.encode(), declared).text == text


@pytest.mark.parametrize("seed", range(4))
def test_mails_read_as_with_the_standard_parser(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever befalls the head: the short way to the parts and the standard library's parser give the same."""
    rng = random.Random(seed)
    mails = []
    for sample in all_samples():
        changed = bytearray(sample.data[:20_000])
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(min(len(changed), 600))
            changed[at : at + rng.randint(0, 2)] = rng.choice((b"", b"\r", b"\n", b":", b" ", b"\r\n", b"\0", b"\x0b"))
        mails.append(bytes(changed))
    short = [reading_of(data) for data in mails]
    monkeypatch.setattr(mime_tree, "_quick_tree", lambda _data: None)
    for data, expected in zip(mails, short, strict=True):
        assert reading_of(data) == expected, (seed, data[:600])


def reading_of(data: bytes) -> MailView | str:
    try:
        return read_mail(data)
    except RejectItem as error:
        return str(error)
