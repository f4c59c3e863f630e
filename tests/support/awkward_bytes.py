"""Mails whose bytes are not what their labels or the standards say."""

from tests.support.awkward_mails import FROM, HTML, LETTER, LETTER_BYTES, PLAIN, Awkward, b64, head, mail, mixed, parts


def charsets() -> list[Awkward]:
    def labelled(label: str, data: bytes, text: str = LETTER, name: str = "") -> Awkward:
        kind = f"Content-Type: text/plain{'; charset=' + label if label else ''}"
        return Awkward(name, mail(head(kind, "Content-Transfer-Encoding: base64"), b64(data)), {"kind": "letter", "text": text})

    rare = "𠮷野家门口，镕基路䶮巷，㐂字招牌€5。"
    return [
        labelled("gb2312", LETTER.encode(), name="utf8-called-gb2312"),
        labelled("utf-8", LETTER.encode("gbk"), name="gbk-called-utf8"),
        labelled("iso-8859-1", LETTER.encode("gb18030"), name="gb18030-called-latin1"),
        labelled("us-ascii", LETTER.encode(), name="utf8-called-ascii"),
        labelled("gb2312", rare.encode("gb18030"), rare, name="four-byte-gb18030-called-gb2312"),
        labelled("x-unknown", LETTER.encode("gbk"), name="unknown-charset-gbk"),
        labelled('"gb2312"; format=flowed', LETTER.encode("gbk"), name="quoted-charset"),
        labelled("", LETTER.encode("gbk"), name="no-charset-gbk"),
        labelled("utf-8", b"\xef\xbb\xbf" + LETTER.encode(), name="utf8-with-a-mark"),
        labelled("utf-16", LETTER.encode("utf-16"), name="utf16-with-a-mark"),
        labelled("utf-16le", LETTER.encode("utf-16le"), name="utf16-little-endian"),
        labelled("big5", "路燈壞了，請派人來修。".encode("big5"), "路燈壞了，請派人來修。", name="big5"),
        labelled("gb2312", "路燈壞了，請派人修理，謝謝".encode("big5"), "路燈壞了，請派人修理，謝謝", name="big5-called-gb2312"),
        labelled("utf-16le", "路灯坏了请修".encode("utf-16le"), "路灯坏了请修", name="utf16-of-han-alone"),
        labelled("utf-8", "路灯坏".encode()[:-1], "路灯\ufffd", name="utf8-cut-in-its-last-character"),
        labelled("hz-gb-2312", LETTER.encode("hz"), name="hz"),
        labelled("cp936", LETTER.encode("gbk"), name="cp936"),
        labelled("utf8mb4", LETTER.encode(), name="utf8mb4"),
        Awkward(
            "html-meta-says-another-charset-than-the-header",
            mail(
                head("Content-Type: text/html; charset=utf-8"),
                b'<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><body>'
                + "<p>路灯坏了</p></body></html>".encode(),
            ),
            {"kind": "letter", "text": "路灯坏了"},
        ),
        Awkward(
            "html-only-the-meta-tells",
            mail(
                head("Content-Type: text/html"),
                b"<html><head><meta charset=gbk></head><body>" + "<p>路灯坏了</p></body></html>".encode("gbk"),
            ),
            {"kind": "letter", "text": "路灯坏了"},
        ),
    ]


def structure() -> list[Awkward]:
    whole = mail(head(PLAIN), LETTER_BYTES)
    return [
        Awkward("line-ends-of-unix", whole.replace(b"\r\n", b"\n"), {"kind": "letter", "text": LETTER, "from": FROM}),
        Awkward("line-ends-of-old-macs", whole.replace(b"\r\n", b"\r"), {"kind": "letter", "text": LETTER, "from": FROM}),
        Awkward(
            "doubled-carriage-returns",
            whole.replace(b"\r\n", b"\r\r\n"),
            {"kind": "letter", "holds": ["滨河小区东门的路灯坏了三个星期"], "from": FROM},
        ),
        Awkward(
            "nul-bytes-in-the-text",
            mail(head(PLAIN), LETTER_BYTES.replace("小区".encode(), "小\0区".encode())),
            {"kind": "letter", "lacks": ["\0"], "holds": ["请派人来修。"]},
        ),
        Awkward(
            "one-line-of-a-megabyte", mail(head(PLAIN), "路灯坏了。".encode() * 70_000), {"kind": "letter", "length": 350_000}
        ),
        Awkward(
            "no-closing-boundary",
            mail(
                head(mixed("G")), parts("G", (PLAIN, LETTER_BYTES), ("Content-Type: image/png; name=a.png", b"png"), last=False)
            ),
            {"kind": "letter", "text": LETTER, "attachments": [("a.png", "image/png", 3)]},
        ),
        Awkward("boundary-nobody-wrote", mail(head(mixed("missing")), LETTER_BYTES), {"kind": "letter", "holds": [LETTER]}),
        Awkward(
            "multipart-without-a-boundary",
            mail(head("Content-Type: multipart/mixed"), LETTER_BYTES),
            {"kind": "letter", "holds": [LETTER]},
        ),
        Awkward(
            "text-before-and-after-the-parts",
            mail(head(mixed("G2")), b"This is a multi-part message.\r\n" + parts("G2", (PLAIN, LETTER_BYTES)) + b"epilogue"),
            {"kind": "letter", "text": LETTER},
        ),
        Awkward(
            "the-same-boundary-inside",
            mail(head(mixed("G3")), parts("G3", (mixed("G3", "alternative"), parts("G3", (PLAIN, LETTER_BYTES))))),
            {"kind": "letter", "holds": [LETTER]},
        ),
        Awkward(
            "received-only",
            b"Received: from a by b; Fri, 20 Nov 2026 09:30:00 +0800\r\n\r\n" + LETTER_BYTES,
            {"kind": "letter", "subject": "", "from": "", "holds": ["请派人来修。"]},
        ),
        Awkward("header-fields-alone", mail(head(PLAIN), b""), {"kind": "letter", "text": "", "subject": "反映路灯"}),
        Awkward(
            "header-fields-without-the-empty-line",
            b"\r\n".join(head(PLAIN)),
            {"kind": "letter", "text": "", "subject": "反映路灯"},
        ),
        Awkward(
            "html-hidden-words",
            mail(
                head(HTML),
                (
                    '<p>路灯坏了</p><div style="display:none">看不见一</div>'
                    '<span style="display: none !important">看不见二</span><p hidden>看不见三</p>'
                    "<script>看不见四</script><style>看不见五</style><!-- 看不见六 --><noscript></noscript><template>看不见七</template><p>请修</p>"
                ).encode(),
            ),
            {"kind": "letter", "holds": ["路灯坏了", "请修"], "lacks": ["看不见四", "看不见五", "看不见六"]},
        ),
        Awkward(
            "html-lists-links-entities-and-pre",
            mail(
                head(HTML),
                "<ol><li>路灯&nbsp;坏</li><li>井盖&lt;丢&gt;&#x4E86;&hellip;</li></ol>".encode()
                + '<a href="https://photo.example/1">照片</a><pre>一\n  二</pre>'.encode(),
            ),
            {"kind": "letter", "holds": ["路灯 坏", "井盖<丢>了…", "照片", "一\n二"]},
        ),
        Awkward(
            "html-cut-off-in-a-tag",
            mail(head(HTML), '<div><p>路灯坏了</p><p>请派人<b>来修</b></p><img src="da'.encode()),
            {"kind": "letter", "holds": ["路灯坏了", "请派人来修"]},
        ),
        Awkward(
            "html-called-plain",
            mail(head(PLAIN), "<html><body><p>路灯坏了</p></body></html>".encode()),
            {"kind": "letter", "holds": ["路灯坏了"]},
        ),
        Awkward(
            "plain-called-html",
            mail(head(HTML), "路灯坏了\r\n请派人来修，1 < 2".encode()),
            {"kind": "letter", "holds": ["路灯坏了", "请派人来修"]},
        ),
        Awkward(
            "unknown-transfer-encoding",
            mail(head("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: x-none"), LETTER_BYTES),
            {"kind": "letter", "text": LETTER},
        ),
        Awkward(
            "base64-claimed-but-plain",
            mail(head("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"), LETTER_BYTES),
            {"kind": "letter", "holds": ["请派人来修。"]},
        ),
        Awkward(
            "uuencoded-file-in-the-text",
            mail(head(PLAIN), LETTER_BYTES + b"\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"),
            {"kind": "letter", "holds": [LETTER]},
        ),
    ]
