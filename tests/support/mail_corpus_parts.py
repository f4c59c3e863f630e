"""The corpus' mails of odd structure, and those that are no letters."""

import base64
import struct
from typing import Any

from compressed_rtf import compress

from tests.support.mail_making import (
    BODY,
    PICTURE,
    TITLE,
    Sample,
    b64,
    crlf,
    mail,
    multipart,
    page,
    part,
    plain,
    word,
)


def structures() -> list[Sample]:
    gbk, utf8 = BODY.encode("gb18030"), BODY.encode()
    html = page(BODY, "gb2312").encode("gb18030")
    shown = "\n".join(line.strip() for line in BODY.split("\n"))
    file_name = "现场照片.jpg"
    inner = plain("inner", "gb2312", "gb18030").data
    picture = ("现场照片.jpg", "image/jpeg", PICTURE)
    gbk_file = word(file_name, "gb2312").decode()
    raw_gbk = part("image/jpeg", PICTURE, more='Content-Disposition: attachment; filename="@@"\r\n').replace(
        b"@@", file_name.encode("gb18030")
    )
    continued = (
        "filename*0*=gb18030''"
        + "".join(f"%{byte:02X}" for byte in "现场".encode("gb18030"))
        + ";\r\n filename*1*="
        + "".join(f"%{byte:02X}" for byte in "照片".encode("gb18030"))
        + ".jpg"
    )
    text = part("text/plain; charset=gb2312", gbk)
    return [
        multipart("alternative", "alternative", text, part("text/html; charset=gb2312", html)),
        multipart(
            "alternative-empty-plain",
            "alternative",
            part("text/plain; charset=gb2312", b" \r\n"),
            part("text/html; charset=gb2312", html),
            text=shown,
        ),
        multipart(
            "alternative-stub-plain",
            "alternative",
            part("text/plain; charset=gb2312", "您的邮件客户端不支持 HTML 邮件".encode("gb18030")),
            part("text/html", html),
            text=shown,
        ),
        multipart("mixed-says-alternative-twice", "mixed", text, part("text/html; charset=gb2312", html)),
        multipart(
            "html-with-inline-picture",
            "related",
            part("text/html; charset=gb2312", html),
            part("image/png; name=a.png", PICTURE, more="Content-ID: <a>\r\n"),
            text=shown,
            attachments=[("a.png", "image/png", PICTURE)],
        ),
        multipart(
            "attachment-encoded-word-name",
            "mixed",
            text,
            part(
                f'image/jpeg; name="{gbk_file}"', PICTURE, more=f'Content-Disposition: attachment;\r\n filename="{gbk_file}"\r\n'
            ),
            attachments=[picture],
        ),
        multipart("attachment-raw-gbk-name", "mixed", text, raw_gbk, attachments=[picture]),
        multipart(
            "attachment-rfc2231-name",
            "mixed",
            text,
            part("image/jpeg", PICTURE, more=f"Content-Disposition: attachment;\r\n {continued}\r\n"),
            attachments=[picture],
        ),
        multipart("no-last-boundary", "mixed", text, close=False, defects=["close_boundary_not_found"]),
        Sample(
            "boundary-not-declared",
            mail("boundary-not-declared", b"Content-Type: multipart/mixed", body=b"--xyz\r\n" + text + b"\r\n--xyz--\r\n"),
            {"defects": ["no_boundary_in_multipart", "multipart_invariant_violation", "no_boundary"]},
        ),
        Sample(
            "html-only",
            mail("html-only", b"Content-Type: text/html; charset=gb2312", b"Content-Transfer-Encoding: base64", body=b64(html)),
            {"text": shown},
        ),
        Sample(
            "html-only-charset-in-meta",
            mail("html-only-charset-in-meta", b"Content-Type: text/html", b"Content-Transfer-Encoding: base64", body=b64(html)),
            {"text": shown},
        ),
        multipart(
            "text-in-enclosed-message",
            "mixed",
            b"Content-Type: message/rfc822\r\n\r\n" + inner,
            attachments=[("", "message/rfc822", inner.rstrip(b"\r\n") + b"\r\n")],
            defects=["text_in_enclosed_message"],
        ),
        multipart(
            "letter-as-text-file",
            "mixed",
            part(
                "application/octet-stream; name=letter.txt", gbk, more="Content-Disposition: attachment; filename=letter.txt\r\n"
            ),
            attachments=[("letter.txt", "application/octet-stream", gbk)],
            defects=["text_in_attachment"],
        ),
        multipart(
            "winmail-of-rtf",
            "mixed",
            part("application/ms-tnef; name=winmail.dat", winmail_of_rtf("路灯坏了三天。\n请修理。")),
            text="路灯坏了三天。\n请修理。",
            defects=["text_in_attachment"],
        ),
        multipart(
            "winmail-with-file",
            "mixed",
            text,
            part("application/ms-tnef; name=winmail.dat", winmail("", (("现场照片.jpg", PICTURE),))),
            attachments=[("现场照片.jpg", "application/octet-stream", PICTURE)],
        ),
        multipart(
            "winmail", "mixed", part("application/ms-tnef; name=winmail.dat", winmail(BODY)), defects=["text_in_attachment"]
        ),
        multipart(
            "two-charsets-in-two-parts",
            "mixed",
            text,
            part("text/plain; charset=utf-8", "附：我的电话已写在信封上。".encode()),
            text=f"{BODY}\n\n附：我的电话已写在信封上。",
        ),
        Sample(
            "two-charsets-in-one-body",
            mail(
                "two-charsets-in-one-body",
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: 8bit",
                body=utf8 + b"\r\n" + "本邮件由滨河宽带转发，广告服务请联系客服".encode("gb18030"),
            ),
            {"text": f"{BODY}\n本邮件由滨河宽带转发，广告服务请联系客服", "defects": ["mixed_charsets"]},
        ),
        Sample(
            "base64-with-plain-footer",
            mail(
                "base64-with-plain-footer",
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: base64",
                body=b64(utf8) + b"\r\n-- \r\nthis footer was added by a gateway\r\n",
            ),
            {"text": f"{BODY}\n-- \nthis footer was added by a gateway", "defects": ["base64_damaged"]},
        ),
        Sample(
            "base64-without-padding",
            mail(
                "base64-without-padding",
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: base64",
                body=base64.b64encode(utf8 + b"!").rstrip(b"="),
            ),
            {"text": f"{BODY}!"},
        ),
        Sample(
            "flowed",
            mail(
                "flowed",
                b"Content-Type: text/plain; charset=utf-8; format=flowed",
                b"Content-Transfer-Encoding: 8bit",
                body="滨河小区南门的路灯 \r\n已经坏了三天。\r\n> 引文".encode(),
            ),
            {"text": "滨河小区南门的路灯已经坏了三天。\n> 引文"},
        ),
        Sample(
            "no-content-type-raw-gbk", mail("no-content-type-raw-gbk", body=crlf(BODY).encode("gb18030"), drop=("MIME-Version",))
        ),
        Sample(
            "starts-with-mbox-line",
            b"From lixiaoman@letters.example Fri Nov 20 09:30:00 2026\r\n"
            + mail(
                "starts-with-mbox-line",
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: base64",
                body=b64(utf8),
            ),
        ),
        Sample(
            "uuencoded-file-in-text",
            mail(
                "uuencoded-file-in-text",
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: 8bit",
                body=utf8 + b"\r\n\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n",
            ),
            {"attachments": [("a.txt", "application/octet-stream", b"Cat")]},
        ),
    ]


def attribute(number: int, data: bytes, level: int = 1) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail(text: str, files: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Without a code page, as old senders make it; file names in GBK."""
    stream = struct.pack("<IH", 0x223E9F78, 1) + attribute(0x00078005, "标题".encode("gb18030") + b"\0")
    stream += attribute(0x0002800C, text.encode("gb18030") + b"\0") if text else b""
    for name, data in files:
        stream += (
            attribute(0x00069002, bytes(14), 2)
            + attribute(0x00018010, name.encode("gb18030") + b"\0", 2)
            + attribute(0x0006800F, data, 2)
        )
    return stream


def winmail_of_rtf(text: str) -> bytes:
    """The text as compressed rich text alone, as Outlook likes it."""
    coded = "".join(f"\\'{byte:02x}" if byte > 0x7F else chr(byte) for byte in text.replace("\n", "\\par ").encode("gb18030"))
    rich = compress(f"{{\\rtf1\\ansi\\ansicpg936 {coded}}}".encode())
    padded = rich + bytes(-len(rich) % 4)
    properties = struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, len(rich)) + padded
    return struct.pack("<IH", 0x223E9F78, 1) + attribute(0x00069003, properties)


def kinds() -> list[Sample]:
    content = (b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit")

    def one(name: str, kind: str, *fields: bytes, subject: str = TITLE, **changes: Any) -> Sample:
        sender = changes.pop("sender", None)
        data = mail(name, *content, *fields, body=crlf(BODY).encode(), title=word(subject, "utf-8"), sender=sender)
        return Sample(name, data, {"kind": kind, "subject": subject, **changes})

    status = "--dsn\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n--dsn\r\nContent-Type: message/delivery-status\r\n\r\n"
    report = "Reporting-MTA: dns; mx.letters.example\r\n\r\nFinal-Recipient: rfc822; gone@letters.example\r\nAction: failed\r\n"
    bounce = mail(
        "bounce",
        b"Return-Path: <>",
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"',
        body=f"{status}{report}--dsn--\r\n".encode(),
        title=b"Undelivered Mail Returned to Sender",
        sender=b"MAILER-DAEMON@mx.letters.example",
    )
    return [
        Sample(
            "bounce",
            bounce,
            {
                "kind": "bounce",
                "subject": "Undelivered Mail Returned to Sender",
                "from": "MAILER-DAEMON@mx.letters.example",
                "text": "No such user.",
                "attachments": [("", "message/delivery-status", report.removesuffix("\r\n").encode())],
            },
        ),
        one("bounce-chinese-system", "bounce", b"Return-Path: <>", subject="系统退信"),
        one("auto-reply-field", "auto_reply", b"Auto-Submitted: auto-replied"),
        one("auto-reply-chinese-subject", "auto_reply", subject="自动回复：您的来信已收到"),
        one("auto-reply-precedence", "auto_reply", b"Precedence: auto_reply"),
        one("auto-submitted-no-is-a-letter", "letter", b"Auto-Submitted: no"),
        one("letter-from-outlook-suppressing-answers", "letter", b"X-Auto-Response-Suppress: All"),
        one("list", "list", b"List-Id: <news.letters.example>"),
        one("list-bulk", "list", b"Precedence: bulk"),
        one("letter-about-automatic-answers", "letter", subject="投诉12345自动回复不解决问题"),
        one("own-notice", "own", b"X-Fenban-Notice: 1"),
    ]
