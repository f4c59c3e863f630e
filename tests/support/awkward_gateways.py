"""What gateways, hotline systems and people's own programs send: letters carried, forwarded, signed or wrapped."""

from tests.support.awkward_mails import FROM, HTML, LETTER, LETTER_BYTES, PLAIN, Awkward, b64, head, mail, mixed, parts, word


def gateways() -> list[Awkward]:
    """Letters that other systems carry, forward, sign or wrap."""
    inner = mail(head(PLAIN, who=word("吴大伟", "gb2312") + " <wu@old.example>", subject="求助"), LETTER_BYTES)
    deep = inner
    for depth in range(3):
        deep = mail(head("Content-Type: message/rfc822", subject=f"转发{depth}"), deep)
    chain = "\r\n".join(f"{'>' * depth} 第{depth}层的话" for depth in range(1, 40))
    return [
        Awkward(
            "forwarded-as-attachment-with-a-covering-note",
            mail(
                head(mixed("E"), subject="转：群众来信"),
                parts(
                    "E",
                    (PLAIN, "请阅。".encode()),
                    (
                        f'Content-Type: message/rfc822; name="{word("求助.eml")}"\r\nContent-Disposition: attachment; filename="{word("求助.eml")}"',
                        inner,
                    ),
                ),
            ),
            {"kind": "letter", "from": FROM, "holds": ["请阅。"], "attachment_names": ["求助.eml"]},
        ),
        Awkward(
            "forwarded-mail-is-all-there-is",
            mail(
                head(mixed("E1"), subject="Fwd: 求助"),
                parts("E1", ("Content-Type: message/rfc822\r\nContent-Disposition: inline", inner)),
            ),
            {"kind": "letter", "subject": "Fwd: 求助", "holds": [LETTER]},
        ),
        Awkward(
            "forwarded-three-deep",
            mail(head("X-Depth: 4", "Content-Type: message/rfc822", subject="转发"), deep),
            {"kind": "letter", "holds": [LETTER]},
        ),
        Awkward(
            "eml-sent-as-octet-stream-in-base64",
            mail(
                head(mixed("E2"), subject="群众来信"),
                parts(
                    "E2",
                    (PLAIN, b""),
                    (
                        f'Content-Type: application/octet-stream; name="{word("来信.eml", "gbk")}"\r\n'
                        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment",
                        b64(inner),
                    ),
                ),
            ),
            {"kind": "letter", "text": LETTER, "attachments": [("来信.eml", "application/octet-stream", len(inner))]},
        ),
        Awkward(
            "text-only-in-an-attached-txt-in-gbk",
            mail(
                head(mixed("E3"), subject="反映问题"),
                parts(
                    "E3",
                    (
                        f'Content-Type: text/plain; name="{word("反映.txt", "gbk")}"\r\n'
                        f'Content-Disposition: attachment; filename="{word("反映.txt", "gbk")}"\r\nContent-Transfer-Encoding: base64',
                        b64(LETTER.encode("gbk")),
                    ),
                ),
            ),
            {"kind": "letter", "holds": [LETTER], "attachments": [("反映.txt", "text/plain", len(LETTER.encode("gbk")))]},
        ),
        Awkward(
            "text-only-in-an-attached-html",
            mail(
                head(mixed("E4"), subject="反映问题"),
                parts(
                    "E4",
                    (PLAIN, b"\r\n"),
                    (
                        "Content-Type: text/html; charset=utf-8; name=a.html\r\nContent-Disposition: attachment; filename=a.html",
                        b"<p>" + LETTER.split("\n")[1].encode() + b"</p>",
                    ),
                ),
            ),
            {"kind": "letter", "holds": [LETTER.split("\n")[1]], "attachment_names": ["a.html"]},
        ),
        Awkward(
            "word-file-alone",
            mail(
                head(mixed("E5"), subject="来信见附件"),
                parts(
                    "E5",
                    (
                        f"Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document; "
                        f'name="{word("来信.docx")}"\r\nContent-Transfer-Encoding: base64',
                        b64(b"PK\x03\x04" + bytes(40)),
                    ),
                ),
            ),
            {
                "kind": "letter",
                "text": "",
                "attachments": [("来信.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 44)],
            },
        ),
        Awkward(
            "pdf-as-the-whole-mail",
            mail(
                head('Content-Type: application/pdf; name="sc.pdf"', "Content-Transfer-Encoding: base64", subject="扫描件"),
                b64(b"%PDF-1.4" + bytes(20)),
            ),
            {"kind": "letter", "text": "", "attachments": [("sc.pdf", "application/pdf", 28)]},
        ),
        Awkward(
            "invitation",
            mail(
                head(mixed("E6", "alternative"), subject="约见市长"),
                parts(
                    "E6",
                    (PLAIN, "我想约个时间当面反映。".encode()),
                    (
                        "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
                        b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR",
                    ),
                ),
            ),
            {"kind": "letter", "text": "我想约个时间当面反映。"},
        ),
        Awkward(
            "smime-signed",
            mail(
                head(mixed("E7", "signed", '; protocol="application/pkcs7-signature"; micalg=sha-256')),
                parts(
                    "E7",
                    (PLAIN, LETTER_BYTES),
                    (
                        "Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Disposition: attachment; filename=smime.p7s\r\n"
                        "Content-Transfer-Encoding: base64",
                        b64(bytes(30)),
                    ),
                ),
            ),
            {"kind": "letter", "text": LETTER, "attachments": [("smime.p7s", "application/pkcs7-signature", 30)]},
        ),
        Awkward(
            "pgp-signed-with-its-key",
            mail(
                head(mixed("E8", "signed", '; protocol="application/pgp-signature"')),
                parts(
                    "E8",
                    (mixed("E9"), parts("E9", (PLAIN, LETTER_BYTES), ("Content-Type: application/pgp-keys; name=k.asc", b"KEY"))),
                    ("Content-Type: application/pgp-signature; name=signature.asc", b"SIG"),
                ),
            ),
            {
                "kind": "letter",
                "text": LETTER,
                "attachments": [("k.asc", "application/pgp-keys", 3), ("signature.asc", "application/pgp-signature", 3)],
            },
        ),
        Awkward(
            "hotline-work-order-as-a-table",
            mail(
                head(HTML, who="12345 <order@hotline.example>", subject="【工单转办】20261120-0001"),
                (
                    "<table border=1><tr><td>工单编号</td><td>20261120-0001</td></tr><tr><td>诉求人</td><td>周女士</td></tr><tr><td>诉求内容</td>"
                    f"<td>{LETTER.split(chr(10))[1]}</td></tr></table>"
                ).encode(),
            ),
            {
                "kind": "letter",
                "subject": "【工单转办】20261120-0001",
                "holds": ["工单编号", "20261120-0001", "周女士", LETTER.split("\n")[1]],
            },
        ),
        Awkward(
            "web-form-mailer-in-gb2312-with-raw-subject",
            mail(
                [
                    b"From: webform@yunze.example",
                    "Subject: 市长信箱：投诉扰民".encode("gbk"),
                    b"To: szxx@yunze.example",
                    b"Content-Type: text/plain; charset=gb2312",
                ],
                "姓名：周小兰\r\n内容：楼下烧烤摊半夜还在吵。\r\n".encode("gbk"),
            ),
            {
                "kind": "letter",
                "subject": "市长信箱：投诉扰民",
                "text": "姓名：周小兰\n内容：楼下烧烤摊半夜还在吵。",
                "from": "webform@yunze.example",
            },
        ),
        Awkward(
            "reply-chain-forty-deep-is-whole",
            mail(
                head(PLAIN, subject="Re: Re: Re: 回复: 路灯"),
                b"\r\n".join([LETTER_BYTES, "在 2026年11月19日，市长信箱 <szxx@yunze.example> 写道：".encode(), chain.encode()]),
            ),
            {"kind": "letter", "subject": "Re: Re: Re: 回复: 路灯", "holds": [LETTER, "写道：", "第1层的话", "第39层的话"]},
        ),
        Awkward(
            "outlook-reply-with-original-below",
            mail(
                head(PLAIN),
                "还没人来。\r\n\r\n-----邮件原件-----\r\n发件人: 市长信箱\r\n发送时间: 2026年11月19日\r\n主题: 答复\r\n\r\n已转城管。".encode(),
            ),
            {
                "kind": "letter",
                "text": "还没人来。\n\n-----邮件原件-----\n发件人: 市长信箱\n发送时间: 2026年11月19日\n主题: 答复\n\n已转城管。",
            },
        ),
        Awkward(
            "disclaimer-added-by-a-gateway-as-a-second-part",
            mail(
                head(mixed("EA")),
                parts(
                    "EA",
                    (PLAIN, LETTER_BYTES),
                    (
                        "Content-Type: text/plain; charset=gb2312\r\nContent-Disposition: inline",
                        "本邮件及附件仅供收件人阅读。".encode("gbk"),
                    ),
                ),
            ),
            {"kind": "letter", "holds": [LETTER, "本邮件及附件仅供收件人阅读。"], "attachments": []},
        ),
    ]
