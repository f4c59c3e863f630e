"""Header fields that were never read by who wrote them."""

import base64

from tests.support.awkward_mails import FROM, LETTER, LETTER_BYTES, PLAIN, Awkward, head, mail, mixed, parts, word

TEXT = "Content-Type: text/plain; charset=utf-8"


def headers() -> list[Awkward]:
    data = base64.b64encode("关于滨河小区东门路灯损坏的反映".encode()).decode()
    cut = "关于滨河小区路灯的反映".encode("gbk")
    split = "\r\n ".join(f"=?gb2312?B?{base64.b64encode(part).decode()}?=" for part in (cut[:7], cut[7:15], cut[15:]))

    def subject(raw: bytes, expected: str, name: str) -> Awkward:
        lines = [b"From: zhou@mail.example", b"Subject: " + raw, b"Content-Type: text/plain; charset=utf-8"]
        return Awkward(
            name, mail(lines, LETTER_BYTES), {"kind": "letter", "subject": expected, "from": "zhou@mail.example", "date": None}
        )

    return [
        subject(split.encode(), "关于滨河小区路灯的反映", "words-cut-inside-characters"),
        subject(
            f"=?utf-8?B?{data[:21]}?=\r\n\t=?utf-8?B?{data[21:]}?=".encode(),
            "关于滨河小区东门路灯损坏的反映",
            "word-cut-inside-base64",
        ),
        subject("反映：路灯坏了".encode(), "反映：路灯坏了", "raw-utf8-subject"),
        subject("反映：路灯坏了".encode("gbk"), "反映：路灯坏了", "raw-gbk-subject"),
        subject(
            word("路灯坏了", "utf-8", "Q").replace("=", "=", 1).encode() + b" " + word("三周").encode(),
            "路灯坏了三周",
            "two-words-of-two-encodings",
        ),
        subject(f"Re:{word('路灯')}{word('坏了')}".encode(), "Re:路灯坏了", "words-without-blanks-between"),
        subject(b"=?utf-8?q?=E8=B7=AF=E7=81=AF_=E5=9D=8F?=", "路灯 坏", "q-with-underscore"),
        subject(b'"=?UTF-8?B?' + base64.b64encode("路灯".encode()) + b'?="', '"路灯"', "word-in-quotes"),
        subject(b"=?UTF-8?B?" + base64.b64encode("路灯".encode()).rstrip(b"=") + b"?=", "路灯", "word-without-padding"),
        subject(f"=?utf-8*zh-CN?B?{data}?=".encode(), "关于滨河小区东门路灯损坏的反映", "word-with-a-language"),
        subject(
            b"\r\n " + word("路灯").encode() + b"\r\n  (" + word("第二次").encode() + b")",
            "路灯 (第二次)",
            "subject-begins-on-the-next-line",
        ),
        subject(b"", "", "empty-subject"),
        Awkward(
            "from-raw-gbk-name-in-quotes",
            mail(
                ['From: "周小兰" <zhou@mail.example>'.encode("gbk"), b"Subject: a", b"Content-Type: text/plain; charset=utf-8"],
                LETTER_BYTES,
            ),
            {"kind": "letter", "from": FROM},
        ),
        Awkward(
            "from-word-in-quotes-with-comma",
            mail(head(PLAIN, who=f'"{word("周小兰", "gbk")}" <zhou@mail.example>'), LETTER_BYTES),
            {"kind": "letter", "from": FROM},
        ),
        Awkward(
            "header-names-in-odd-case-and-spaces-before-colons",
            mail(
                [b"FROM : zhou@mail.example", b"SUBJECT: =?UTF-8?B?6Lev54Gv?=", b"content-TYPE: TEXT/PLAIN; CHARSET=UTF-8"],
                LETTER_BYTES,
            ),
            {"kind": "letter", "subject": "路灯", "text": LETTER},
        ),
        Awkward(
            "date-in-chinese-zone-comment",
            mail(
                [
                    b"From: zhou@mail.example",
                    b"Subject: a",
                    b"Date: Fri, 20 Nov 2026 9:05:07 +0800 (CST)",
                    b"Content-Type: text/plain; charset=utf-8",
                ],
                LETTER_BYTES,
            ),
            {"kind": "letter", "date": "2026-11-20T09:05:07+08:00"},
        ),
        Awkward(
            "mbox-line-first",
            b"From zhou@mail.example Fri Nov 20 09:30:00 2026\r\n" + mail(head(PLAIN), LETTER_BYTES),
            {"kind": "letter", "from": FROM, "text": LETTER},
        ),
        Awkward(
            "rfc2231-name-in-gb2312-pieces",
            mail(
                head(mixed("F")),
                parts(
                    "F",
                    (PLAIN, LETTER_BYTES),
                    (
                        "Content-Type: image/jpeg\r\nContent-Disposition: attachment;\r\n "
                        "filename*0*=gb2312''%CF%D6%B3%A1%D5;\r\n filename*1*=%D5%C6%AC.jpg",
                        b"jpg",
                    ),
                ),
            ),
            {"kind": "letter", "attachments": [("现场照片.jpg", "image/jpeg", 3)]},
        ),
        Awkward(
            "raw-gbk-file-name",
            mail(
                head(mixed("F2")),
                parts("F2", (PLAIN, LETTER_BYTES)).replace(b"--F2--\r\n", b"")
                + b'--F2\r\nContent-Type: image/jpeg; name="'
                + "现场.jpg".encode("gbk")
                + b'"\r\n\r\njpg\r\n--F2--\r\n',
            ),
            {"kind": "letter", "attachments": [("现场.jpg", "image/jpeg", 3)]},
        ),
        Awkward(
            "file-name-with-folders",
            mail(
                head(mixed("F3")),
                parts(
                    "F3",
                    (PLAIN, LETTER_BYTES),
                    ('Content-Type: image/jpeg; name="C:\\\\a\\\\b\\\\tu.jpg"\r\nContent-Disposition: attachment', b"jpg"),
                ),
            ),
            {"kind": "letter", "attachments": [("tu.jpg", "image/jpeg", 3)]},
        ),
    ]


def fields() -> list[Awkward]:
    def with_fields(name: str, *lines: str | bytes, **says: object) -> Awkward:
        made = [line if isinstance(line, bytes) else line.encode() for line in lines]
        return Awkward(name, mail([*made, TEXT.encode()], LETTER_BYTES), {"kind": "letter", "text": LETTER, **says})

    sender = "From: zhou@mail.example"
    return [
        with_fields("date-iso", sender, "Date: 2026-11-20 09:30:00", date="2026-11-20T09:30:00+08:00"),
        with_fields("date-two-digit-year", sender, "Date: Fri, 20 Nov 26 09:30:00 +0800", date="2026-11-20T09:30:00+08:00"),
        with_fields("date-without-zone", sender, "Date: Fri, 20 Nov 2026 09:30:00", date="2026-11-20T09:30:00+08:00"),
        with_fields("date-gmt-word", sender, "Date: Fri, 20 Nov 2026 01:30:00 GMT", date="2026-11-20T01:30:00+00:00"),
        with_fields("date-nonsense", sender, "Date: 昨天", date=None),
        with_fields("date-folded", sender, "Date: Fri,\r\n 20 Nov 2026\r\n 09:30:00 +0800", date="2026-11-20T09:30:00+08:00"),
        with_fields("two-subjects", sender, "Subject: first", "Subject: second", subject="first"),
        with_fields("from-name-alone", f"From: {word('周小兰')}", "Subject: a", subject="a"),
        with_fields("from-two-addresses", "From: zhou@mail.example, li@mail.example", "Subject: a", subject="a"),
        with_fields("from-old-form", "From: zhou@mail.example (=?utf-8?B?5ZGo5bCP5YWw?=)", **{"from": FROM}),
        with_fields("from-empty-brackets", "From: <>", "Subject: a", subject="a"),
        with_fields("from-tabs-and-folds", "From:\t" + word("周小兰") + "\r\n\t<zhou@mail.example>", **{"from": FROM}),
        with_fields("from-with-a-full-width-bracket", "From: 周小兰＜zhou@mail.example＞".encode(), "Subject: a", subject="a"),
        with_fields("message-id-folded", sender, "Message-ID:\r\n <a.b@mail.example>", message_id="<a.b@mail.example>"),
        with_fields("no-message-id", sender, message_id=""),
        with_fields(
            "subject-word-with-line-end-inside",
            sender,
            "Subject: =?utf-8?B?" + base64.b64encode("路灯\r\nBcc: x@y.example".encode()).decode() + "?=",
            subject="路灯 Bcc: x@y.example",
        ),
        with_fields(
            "subject-full-width-colon-before-word",
            sender,
            "Subject: 回复：".encode() + word("路灯").encode(),
            subject="回复：路灯",
        ),
        with_fields("subject-empty-word", sender, "Subject: =?utf-8?B??=" + word("路灯"), subject="路灯"),
        with_fields("subject-word-with-blanks-in-q", sender, b"Subject: =?utf-8?Q?=E8=B7=AF =E7=81=AF?=", subject="路 灯"),
        with_fields(
            "subject-word-of-unknown-charset",
            sender,
            "Subject: =?x-gbk?B?" + base64.b64encode("路灯".encode("gbk")).decode() + "?=",
            subject="路灯",
        ),
        with_fields(
            "subject-utf8-word-called-gb2312",
            sender,
            "Subject: =?gb2312?B?" + base64.b64encode("反映路灯问题".encode()).decode() + "?=",
            subject="反映路灯问题",
        ),
        with_fields(
            "subject-very-long",
            sender,
            "Subject: " + "\r\n ".join(word("路灯坏了") for _ in range(300)),
            subject="路灯坏了" * 300,
        ),
        with_fields("a-line-that-is-no-field", sender, "Subject: a", "this is no field", "X-After: 1"),
        with_fields("a-megabyte-of-header", sender, "X-Long: " + "x" * 1_000_000, "Subject: a", subject="a"),
    ]
