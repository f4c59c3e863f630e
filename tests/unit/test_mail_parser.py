"""A captured mail as a draft: kind, sender, time, own words; what says nothing is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import RejectItem
from domain.ids import ChannelId, ExternalId
from domain.messages import Capture, CapturePart, Draft, MailKind, MessageKind
from ingest.mailbox import MailboxConfig
from ingest.mailbox_parser import MailParser

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CONFIG = MailboxConfig(
    ChannelId("mail"), "127.0.0.1", "mayor", "secret", own_addresses=("SZ@city.example",), place_filter=("滨河", "兴隆镇")
)
BODY = "滨河小区停水三天。\r\n我叫王小明，联系电话：138 0013 8000，物业电话：13900139000。\r\n"


def understand(data: bytes) -> Draft:
    part = CapturePart("message", "message/rfc822", data)
    return MailParser(CONFIG).understand(Capture(ChannelId("mail"), ExternalId("x"), NOW, (part,)))


def mail(subject: str = "停水", body: str = BODY, **fields: str) -> bytes:
    lines = {
        "From": "xiaoming <W.Xiaoming@Letters.example>",
        "Subject": subject,
        "Date": "Fri, 20 Nov 2026 09:00:00 +0800",
    } | fields
    return ("".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value) + "\r\n" + body).encode()


def test_a_letter_with_its_sender() -> None:
    draft = understand(mail(References="<a@x> <b@x>", In_Reply_To="<b@x>"))
    assert draft.subject == "停水"
    assert draft.mail_kind is MailKind.LETTER
    assert draft.sender.name == "王小明"
    assert draft.sender.emails == ("w.xiaoming@letters.example",)
    assert draft.sender.phones == ("13800138000",)
    assert draft.submitted_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert draft.thread == ("<a@x>", "<b@x>")
    assert draft.in_place


def test_a_display_name_that_is_a_name_stays() -> None:
    assert understand(mail(From="李小满 <li@letters.example>")).sender.name == "李小满"


def test_quotes_and_signatures_are_not_the_writers_words_but_the_body_keeps_them() -> None:
    draft = understand(
        mail(body="还是没有水。\r\n发自我的手机\r\n\r\n在 2026-11-19，市长信箱 <sz@city.example> 写道：\r\n> 已收到\r\n")
    )
    assert draft.body_own == "还是没有水。"
    assert "已收到" in draft.body


OUTLOOK = (
    "请领导看看。\r\n\r\n发件人: 张桂芳\r\n发送时间: 2026年11月18日\r\n收件人: 李小满\r\n主题: 路灯\r\n\r\n我家门口路灯坏了。\r\n"
)


@pytest.mark.parametrize(
    ("subject", "own"),
    [("转发: 路灯", True), ("Fw:路灯", True), ("FWD: 路灯", True), ("回复: 路灯", False), ("Re: 转发: 路灯", False)],
)
def test_what_is_forwarded_is_the_matter_itself_what_is_answered_is_not(subject: str, own: bool) -> None:
    draft = understand(mail(subject, OUTLOOK))
    assert ("我家门口路灯坏了。" in draft.body_own) is own
    assert "我家门口路灯坏了。" in draft.body


def enclosing(note: str, files: str = "报告.docx") -> bytes:
    inner = mail("求助", "滨河小区自来水发黄，已经一周。")
    parts = [
        ("Content-Type: text/plain; charset=utf-8", note.encode()),
        ("Content-Type: message/rfc822", inner),
        (f'Content-Type: application/msword; name="{files}"', b"x"),
    ]
    body = b"".join(b"--b\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + b"--b--\r\n"
    return mail("群众来信", "", Content_Type="multipart/mixed; boundary=b") + body


def test_behind_a_covering_note_the_enclosed_mail_is_the_letter() -> None:
    draft = understand(enclosing("请阅。"))
    assert draft.body == draft.body_own == "请阅。\n\n求助\n滨河小区自来水发黄,已经一周。".replace(",", "，")
    assert draft.beside == "附件：报告.docx"


def test_an_enclosed_mail_that_is_all_there_is_is_read_once() -> None:
    assert understand(enclosing("")).body_own == "滨河小区自来水发黄，已经一周。"


def test_what_is_enclosed_in_a_letter_stands_beside_it() -> None:
    own = "滨河小区停水三天，去年也是如此，现把当时的来信一并附上，请查阅。"
    draft = understand(enclosing(own))
    assert draft.body == draft.body_own == own
    assert draft.beside == "附件：报告.docx\n\n求助\n滨河小区自来水发黄，已经一周。"


def test_a_web_form_that_sends_in_the_offices_name_is_the_citizens_letter() -> None:
    draft = understand(mail(From="sz@city.example", Reply_To="li@letters.example"))
    assert (draft.mail_kind, draft.sender.emails) == (MailKind.LETTER, ("li@letters.example",))
    assert understand(mail(From="sz@city.example", Reply_To="SZ@city.example")).mail_kind is MailKind.OWN


@pytest.mark.parametrize(
    ("subject", "body", "kind"),
    [
        ("【投诉】停水", "水", MessageKind.COMPLAINT),
        ("举报：有人倒垃圾", "水", MessageKind.ACCUSATION),
        ("Re: 回复：【咨询】医保", "水", MessageKind.CONSULT),
        ("停水", "类型：求助\r\n停水三天", MessageKind.HELP),
        ("停水", "建议：多修几盏路灯", MessageKind.SUGGESTION),
        ("感谢信", "谢谢", None),
        ("投诉无门", "水", None),
        ("停水", "我要投诉物业", None),
    ],
)
def test_a_kind_counts_only_where_it_is_plainly_said(subject: str, body: str, kind: MessageKind | None) -> None:
    assert understand(mail(subject, body)).kind is kind


@pytest.mark.parametrize(
    ("date", "usable"),
    [
        ("Fri, 20 Nov 2026 09:00:00 +0800", True),
        ("Mon, 23 Nov 2026 11:00:00 +0800", True),
        ("Tue, 24 Nov 2026 13:00:00 +0800", False),
        ("Fri, 31 Dec 1999 09:00:00 +0000", False),
        ("Thu, 01 Jan 1970 00:00:00 +0000", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_only_a_plausible_time_counts(date: str, usable: bool) -> None:
    submitted = understand(mail(Date=date)).submitted_at
    assert (submitted is not None) is usable
    assert submitted is None or submitted <= NOW + timedelta(days=1)


def test_own_mails_and_machines_mails_are_told_apart() -> None:
    assert understand(mail(From="sz@city.example")).mail_kind is MailKind.OWN
    assert understand(mail(Auto_Submitted="auto-replied")).mail_kind is MailKind.AUTO_REPLY
    assert understand(mail(List_Id="<news.letters.example>")).mail_kind is MailKind.LIST
    assert understand(mail(Return_Path="<>", Subject="退信通知")).mail_kind is MailKind.BOUNCE


def test_the_place_filter_holds_for_mails_too() -> None:
    assert not understand(mail(body="别处的路灯坏了")).in_place


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF" + bytes(range(256)) * 4,
        b"Received: from mx.letters.example\r\n\r\n",
        mail("", ""),
        mail("", "。。。\r\n"),
        b"From: a@letters.example\r\nContent-Type: text/plain\r\n\r\n" + bytes(range(128, 256)) * 3 + bytes(range(32)) * 9 + b"x",
        b"From: a@letters.example\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n/9j/4AAQ\r\n",
    ],
    ids=["empty", "no mail", "one field", "nothing", "dots", "noise", "picture"],
)
def test_what_a_person_cannot_read_is_refused_without_quoting_it(data: bytes) -> None:
    with pytest.raises(RejectItem) as caught:
        understand(data)
    assert "letters.example" not in str(caught.value)


def test_a_machines_empty_mail_is_filtered_not_quarantined() -> None:
    assert understand(mail("", "", Auto_Submitted="auto-replied")).mail_kind is MailKind.AUTO_REPLY
