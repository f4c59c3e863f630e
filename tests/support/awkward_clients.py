"""What mail clients and phones send."""

from tests.support.awkward_mails import FROM, HTML, LETTER, LETTER_BYTES, PLAIN, Awkward, b64, head, mail, mixed, parts, qp, word

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(60))
HTML_LETTER = (
    "<html><head><style>p{{color:red}}</style><script>var a='不该读到';</script><title>无标题</title></head><body>"
    "<p>您好：</p><p>滨河小区东门的路灯坏了三个星期，老人晚上出门摔倒过。</p><p>请派人来修。</p>{}</body></html>"
)


def clients() -> list[Awkward]:
    gbk = LETTER.replace("\n", "\r\n").encode("gbk")
    return [
        Awkward(
            "foxmail-related-in-alternative",
            mail(
                head(
                    mixed("----=_001_NextPart", "related", ';\r\n\ttype="multipart/alternative"'),
                    "X-Mailer: Foxmail 7.2.25.492[cn]",
                ),
                parts(
                    "----=_001_NextPart",
                    (
                        mixed("----=_002_NextPart", "alternative"),
                        parts(
                            "----=_002_NextPart",
                            ('Content-Type: text/plain;\r\n\tcharset="GB2312"\r\nContent-Transfer-Encoding: base64', b64(gbk)),
                            (
                                'Content-Type: text/html;\r\n\tcharset="GB2312"\r\nContent-Transfer-Encoding: quoted-printable',
                                qp(HTML_LETTER.format('<img src="cid:_Foxmail.1@a">').encode("gbk")),
                            ),
                        ),
                    ),
                    (
                        'Content-Type: image/png;\r\n\tname="InsertPic_.png"\r\nContent-Transfer-Encoding: base64\r\n'
                        "Content-ID: <_Foxmail.1@a>",
                        b64(PNG),
                    ),
                ),
            ),
            {
                "kind": "letter",
                "from": FROM,
                "subject": "反映路灯",
                "text": LETTER,
                "attachments": [("InsertPic_.png", "image/png", 68)],
            },
        ),
        Awkward(
            "qq-html-with-blockquote-and-sign",
            mail(
                head(HTML.replace("8bit", "base64").replace("\r\n", "\r\n"), "X-QQ-STYLE: 1", "X-Mailer: QQMail 2.x"),
                b64(
                    "<div>您好：</div><div>滨河小区东门的路灯坏了三个星期，老人晚上出门摔倒过。</div><div>请派人来修。</div>"
                    '<div><br></div><div><includetail><div style="color:#909090">------------------</div>'
                    "<div>周小兰&nbsp;</div></includetail></div><div>&nbsp;</div>"
                    '<div style="font-size:12px">------------------&nbsp;原始邮件&nbsp;------------------</div>'
                    '<div>发件人:&nbsp;"市长信箱"&lt;szxx@yunze.example&gt;;</div><div>已收到您上次的来信。</div>'.encode()
                ),
            ),
            {
                "kind": "letter",
                "holds": [
                    LETTER,
                    "------------------",
                    "周小兰",
                    "原始邮件",
                    '"市长信箱"<szxx@yunze.example>;',
                    "已收到您上次的来信。",
                ],
            },
        ),
        Awkward(
            "netease-webmail-gbk-quoted-html",
            mail(
                head('Content-Type: text/html; charset="GBK"', "Content-Transfer-Encoding: base64", "X-Coremail-Antispam: U3UUU"),
                b64(
                    '<div style="line-height:1.7"><p style="margin:0;">您好：</p><p style="margin:0;">滨河小区东门的路灯坏了三个星期，'
                    '老人晚上出门摔倒过。</p><p style="margin:0;">请派人来修。</p></div><br><span title="neteasefooter"><p>&nbsp;</p></span>'.encode(
                        "gbk"
                    )
                ),
            ),
            {"kind": "letter", "text": LETTER, "attachments": []},
        ),
        Awkward(
            "outlook-word-html-conditional-comments",
            mail(
                head(HTML, "X-Mailer: Microsoft Outlook 16.0"),
                (
                    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Microsoft Word 15">'
                    "<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!-- p.MsoNormal{margin:0} --></style>"
                    '<!--[if gte mso 9]><xml><o:shapedefaults v:ext="edit" spidmax="1026"/></xml><![endif]--></head><body lang=ZH-CN>'
                    "<div class=WordSection1><p class=MsoNormal><span>您好：<o:p></o:p></span></p><p class=MsoNormal><span>滨河小区东门的路灯坏了"
                    "三个星期，老人晚上出门摔倒过。<o:p></o:p></span></p><p class=MsoNormal>"
                    "<span>请派人来修。<o:p></o:p></span></p></div></body></html>"
                ).encode(),
            ),
            {"kind": "letter", "text": LETTER},
        ),
        Awkward(
            "iphone-photo-between-two-texts",
            mail(
                head(mixed("Apple-Mail-1"), "X-Mailer: iPhone Mail (21A329)", "Mime-Version: 1.0 (1.0)"),
                parts(
                    "Apple-Mail-1",
                    (
                        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
                        b64("门口的树倒了，见图：\r\n".encode()),
                    ),
                    (
                        "Content-Type: image/jpeg; name=IMG_0012.jpeg\r\nContent-Disposition: inline; filename=IMG_0012.jpeg\r\n"
                        "Content-Transfer-Encoding: base64",
                        b64(b"\xff\xd8\xff" + bytes(97)),
                    ),
                    (
                        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
                        b64("压着了电线，请快来。\r\n\r\n发自我的 iPhone".encode()),
                    ),
                ),
            ),
            {
                "kind": "letter",
                "holds": ["门口的树倒了，见图：", "压着了电线，请快来。", "发自我的 iPhone"],
                "attachments": [("IMG_0012.jpeg", "image/jpeg", 100)],
            },
        ),
        Awkward(
            "apple-mail-alternative-with-related-inside",
            mail(
                head(mixed("A1", "alternative")),
                parts(
                    "A1",
                    (PLAIN, LETTER_BYTES),
                    (
                        mixed("A2", "related"),
                        parts(
                            "A2",
                            (HTML, HTML_LETTER.format("<img src='cid:x'>").encode()),
                            (
                                "Content-Type: image/png\r\nContent-Disposition: inline;\r\n\tfilename*=utf-8''%E7%8E%B0%E5%9C%BA.png\r\n"
                                "Content-Transfer-Encoding: base64\r\nContent-Id: <x>",
                                b64(PNG),
                            ),
                        ),
                    ),
                ),
            ),
            {"kind": "letter", "text": LETTER, "attachments": [("现场.png", "image/png", 68)]},
        ),
        Awkward(
            "outlook-alternative-with-an-empty-plain-part",
            mail(
                head(mixed("B1", "alternative")),
                parts("B1", (PLAIN, b"\r\n \r\n"), (HTML, HTML_LETTER.format("").encode())),
            ),
            {"kind": "letter", "text": LETTER},
        ),
        Awkward(
            "a-plain-part-that-only-says-to-use-html",
            mail(
                head(mixed("B2", "alternative")),
                parts("B2", (PLAIN, "您的邮件客户端不支持 HTML 格式。".encode()), (HTML, HTML_LETTER.format("").encode())),
            ),
            {"kind": "letter", "holds": [LETTER]},
        ),
        Awkward(
            "android-utf8-without-any-declaration",
            mail(head(), LETTER_BYTES),
            {"kind": "letter", "text": LETTER, "subject": "反映路灯"},
        ),
        Awkward(
            "flowed-with-del-sp",
            mail(
                head("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes"),
                "滨河小区东门的路灯坏了 \r\n三个星期，老人晚上出门摔倒 \r\n过。\r\n请派人来修。\r\n-- \r\n周小兰".encode(),
            ),
            {"kind": "letter", "text": "滨河小区东门的路灯坏了三个星期，老人晚上出门摔倒过。\n请派人来修。\n-- \n周小兰"},
        ),
        Awkward(
            "flowed-with-quotes-and-space-stuffing",
            mail(
                head("Content-Type: text/plain; charset=utf-8; format=flowed"),
                b"The lamp at \r\nthe gate is broken.\r\n>> first line \r\n>> goes on\r\n> reply\r\n From here it is dark.\r\n",
            ),
            {"kind": "letter", "text": "The lamp at the gate is broken.\n>> first line goes on\n> reply\nFrom here it is dark."},
        ),
        Awkward(
            "qp-soft-breaks-inside-characters",
            mail(
                head("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"),
                b"".join(
                    f"={byte:02X}".encode() + (b"=\r\n" if place % 7 == 6 else b"") for place, byte in enumerate(LETTER.encode())
                ),
            ),
            {"kind": "letter", "text": LETTER},
        ),
        Awkward(
            "qp-in-lower-case-with-trailing-blanks",
            mail(
                head("Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: Quoted-Printable"),
                b"=e8=b7=af=e7=81=af  =  \r\n=e5=9d=8f=e4=ba=86 a=b \r\n",
            ),
            {"kind": "letter", "text": "路灯  坏了 a=b"},
        ),
        Awkward(
            "base64-lines-of-odd-length-with-text-after-it",
            mail(
                head("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"),
                b"5oKo5aW977yMCg\r\n==\r\n",
            ),
            {"kind": "letter", "text": "您好，"},
        ),
        Awkward(
            "full-width-and-emoji",
            mail(head(PLAIN, subject="😡路灯又坏了‼️"), "ＡＢＣ１２３，👵🏻摔倒了😭，电话１３９……\r\n🏠👨‍👩‍👧".encode()),
            {"kind": "letter", "subject": "😡路灯又坏了‼️", "text": "ＡＢＣ１２３，👵🏻摔倒了😭，电话１３９……\n🏠👨‍👩‍👧"},
        ),
        Awkward(
            "two-names-of-one-attachment",
            mail(
                head(mixed("C")),
                parts(
                    "C",
                    (PLAIN, LETTER_BYTES),
                    (
                        f'Content-Type: application/octet-stream; name="{word("证据材料.zip", "gbk")}"\r\n'
                        "Content-Disposition: attachment; filename=\"zjcl.zip\"; filename*0*=utf-8''%E8%AF%81%E6%8D%AE;\r\n"
                        " filename*1*=%E6%9D%90%E6%96%99.zip\r\nContent-Transfer-Encoding: base64",
                        b64(b"PK" + bytes(10)),
                    ),
                ),
            ),
            {"kind": "letter", "text": LETTER, "attachments": [("证据材料.zip", "application/octet-stream", 12)]},
        ),
    ]
