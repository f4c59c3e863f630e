"""Parts, encodings and sizes that no mail should have."""

from tests.support.awkward_mails import HTML, LETTER, LETTER_BYTES, PLAIN, Awkward, b64, head, mail, mixed, parts

TEXT = "Content-Type: text/plain; charset=utf-8"


def signed_data(*, pieces: bool = False) -> bytes:
    """As Outlook writes it, or in a stream of unknown length as OpenSSL does; without signers."""

    def value(tag: int, *contents: bytes) -> bytes:
        content = b"".join(contents)
        return bytes([tag, len(content)]) + content if len(content) < 128 else bytes([tag, 0x81, len(content)]) + content

    said = (PLAIN + "\r\n\r\n路灯坏了").encode()
    octets = value(0x04, said)
    if pieces:
        octets = b"\x24\x80" + value(0x04, said[:30]) + value(0x04, said[30:]) + b"\0\0"
    data = bytes.fromhex("06092a864886f70d010701")
    held = b"\xa0\x80" + octets + b"\0\0" if pieces else value(0xA0, octets)
    inner = value(0x30, value(0x02, b"\1"), value(0x31), value(0x30, data, held), value(0x31))
    return value(0x30, bytes.fromhex("06092a864886f70d010702"), value(0xA0, inner))


def bodies() -> list[Awkward]:
    def of(name: str, top: str, data: bytes, **says: object) -> Awkward:
        return Awkward(name, mail(head(top), data), {"kind": "letter", **says})

    png = ("Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64", b64(b"png"))
    amp = ("Content-Type: text/x-amp-html; charset=utf-8", "<html ⚡4email><body>别的写法</body></html>".encode())
    deep = b"x"
    for depth in range(200):
        deep = (
            f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode()
            + deep
            + f"\r\n--b{depth}--\r\n".encode()
        )
    half = LETTER_BYTES + "\r\n本单位声明：仅供参考。".encode("gbk")
    return [
        of(
            "amp-beside-html", mixed("H", "alternative"), parts("H", (PLAIN, LETTER_BYTES), amp, (HTML, b"<p>x</p>")), text=LETTER
        ),
        of(
            "html-before-plain",
            mixed("H", "alternative"),
            parts("H", (HTML, "<p>您好</p>".encode()), (PLAIN, "您好".encode())),
            text="您好",
        ),
        of(
            "plain-is-the-beginning-alone",
            mixed("H", "alternative"),
            parts("H", (PLAIN, LETTER_BYTES[:60]), (HTML, b"<pre>" + LETTER_BYTES + b"</pre>")),
            text=LETTER,
        ),
        of(
            "plain-and-html-say-different-things",
            mixed("H", "alternative"),
            parts("H", (PLAIN, "多谢各位关心".encode()), (HTML, "<p>滨河小区的路灯坏了</p>".encode())),
            text="多谢各位关心\n\n滨河小区的路灯坏了",
        ),
        of(
            "invitation-alone",
            "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
            "BEGIN:VCALENDAR\r\nSUMMARY:约见\r\nDESCRIPTION:反映自来水\r\n 发黄\\n请回复\r\nEND:VCALENDAR".encode(),
            text="约见\n反映自来水发黄\n请回复",
        ),
        of(
            "related-root-named-by-start",
            mixed("H", "related", '; start="<r>"'),
            parts("H", png, (HTML + "\r\nContent-ID: <r>", "<p>您好</p>".encode())),
            text="您好",
            attachments=[("a.png", "image/png", 3)],
        ),
        of("rich-text-alone", "Content-Type: text/rtf", rb"{\rtf1\ansi\ansicpg936 \'c2\'b7\'b5\'c6\par}", holds=[]),
        of(
            "text-enriched",
            "Content-Type: text/enriched; charset=utf-8",
            "<bold>路灯</bold>坏了".encode(),
            holds=["路灯", "坏了"],
        ),
        of("markdown", "Content-Type: text/markdown; charset=utf-8", "# 路灯\r\n* 坏了".encode(), text="# 路灯\n* 坏了"),
        of("type-without-subtype", "Content-Type: text", LETTER_BYTES, text=LETTER),
        of("type-without-semicolon", "Content-Type: text/plain charset=gbk", LETTER.encode("gbk"), text=LETTER),
        of("type-nonsense", "Content-Type: ;;;", LETTER_BYTES, text=LETTER),
        of("charset-twice", "Content-Type: text/plain; charset=gbk; charset=utf-8", LETTER_BYTES, text=LETTER),
        of(
            "base64-in-two-pieces",
            TEXT + "\r\nContent-Transfer-Encoding: base64",
            b64("路灯".encode()) + b"\r\n" + b64("坏了，请来".encode()),
            text="路灯坏了，请来",
        ),
        of(
            "base64-padded-in-the-middle",
            TEXT + "\r\nContent-Transfer-Encoding: base64",
            b64("路灯坏".encode() + b"a") + b"\r\n" + b64("请来".encode()),
            text="路灯坏a请来",
        ),
        of(
            "base64-with-an-advertisement-after-it",
            TEXT + "\r\nContent-Transfer-Encoding: base64",
            b64("路灯坏了，请来".encode()) + b"\r\n\r\n--\r\nfree mail!\r\n",
            holds=["路灯坏了，请来"],
        ),
        of("base64-cut-short", TEXT + "\r\nContent-Transfer-Encoding: base64", b64(LETTER.encode())[:-7], holds=["您好："]),
        of(
            "qp-broken",
            TEXT + "\r\nContent-Transfer-Encoding: quoted-printable",
            b"=E8=B7=AF=E7=81=AF=ZZ 100% a=",
            holds=["路灯", "100%"],
        ),
        of(
            "encoding-with-a-comment",
            TEXT + "\r\nContent-Transfer-Encoding: base64 (old mailer)",
            b64(LETTER.encode()),
            text=LETTER,
        ),
        of("utf-7", "Content-Type: text/plain; charset=utf-7", "路灯坏了".encode("utf-7"), text="路灯坏了"),
        of(
            "iso-2022-jp",
            "Content-Type: text/plain; charset=iso-2022-jp",
            "街灯が壊れた".encode("iso-2022-jp"),
            text="街灯が壊れた",
        ),
        of(
            "windows-1252",
            "Content-Type: text/plain; charset=windows-1252",
            "caf\u00e9 \u2013 \u20ac5".encode("cp1252"),
            text="café – €5",
        ),
        of("two-charsets-in-one-text", TEXT, half, holds=["滨河小区东门的路灯坏了三个星期", "请派人来修。"]),
        of(
            "boundary-with-blanks-and-a-prefix",
            mixed("b c"),
            b"--b c \r\n"
            + b'Content-Type: multipart/mixed; boundary="b c1"\r\n\r\n'
            + parts("b c1", (PLAIN, LETTER_BYTES))
            + b"--b c--\r\n",
            text=LETTER,
        ),
        of("multipart-without-parts", mixed("H"), b"--H--\r\n", text=""),
        of("two-hundred-parts-deep", mixed("H"), b"--H\r\n" + deep + b"\r\n--H--\r\n"),
        of("three-thousand-parts", mixed("H"), parts("H", (PLAIN, LETTER_BYTES), *[png] * 3000), holds=[LETTER]),
        of("part-without-fields", mixed("H"), b"--H\r\n\r\n" + LETTER_BYTES + b"\r\n--H--\r\n", text=LETTER),
        of(
            "text-with-disposition-attachment-and-no-name",
            TEXT + "\r\nContent-Disposition: attachment",
            LETTER_BYTES,
            holds=[LETTER],
        ),
        of(
            "inline-text-with-a-name",
            mixed("H"),
            parts("H", (PLAIN + "; name=a.txt\r\nContent-Disposition: inline; filename=a.txt", LETTER_BYTES)),
            holds=[LETTER],
        ),
        *(
            of(
                f"signed-smime-{name}",
                "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64",
                b64(data),
                text="路灯坏了",
                attachments=[("smime.p7m", "application/pkcs7-mime", len(data))],
            )
            for name, data in (("whole", signed_data()), ("in-pieces", signed_data(pieces=True)))
        ),
        of(
            "opaque-smime",
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64",
            b64(bytes(50)),
            text="",
            attachments=[("smime.p7m", "application/pkcs7-mime", 50)],
        ),
        of(
            "pgp-clear-signed",
            TEXT,
            b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n"
            + LETTER_BYTES
            + b"\r\n-----BEGIN PGP SIGNATURE-----\r\nabc\r\n-----END PGP SIGNATURE-----",
            holds=[LETTER, "BEGIN PGP SIGNATURE"],
        ),
        of(
            "attachment-of-nothing",
            mixed("H"),
            parts("H", (PLAIN, LETTER_BYTES), ("Content-Type: image/png; name=leer.png", b"")),
            text=LETTER,
            attachments=[("leer.png", "image/png", 0)],
        ),
        of(
            "voice-mail-from-a-phone",
            mixed("H"),
            parts("H", ('Content-Type: audio/amr; name="录音.amr"\r\nContent-Transfer-Encoding: base64', b64(b"#!AMR"))),
            text="",
            attachments=[("录音.amr", "audio/amr", 5)],
        ),
        of("control-characters", TEXT, "路灯\x07坏\x0c了\x1b[31m红\u200b字\ufeff".encode(), holds=["路灯", "红"]),
        of(
            "html-in-old-frames",
            HTML,
            b"<html><frameset><noframes>" + "路灯坏了".encode() + b"</noframes></frameset></html>",
            holds=["路灯坏了"],
        ),
        of(
            "html-textarea-and-input",
            HTML,
            '<form>姓名：<input value="周"> <textarea>路灯坏了</textarea></form>'.encode(),
            holds=["姓名：", "路灯坏了"],
        ),
        of(
            "html-with-a-base64-picture",
            HTML,
            b"<p>" + "见图".encode() + b'<img src="data:image/png;base64,' + b"A" * 100_000 + b'"></p>',
            text="见图",
        ),
        of("html-nested-five-hundred-deep", HTML, b"<div>" * 500 + "路灯坏了".encode() + b"</div>" * 500, holds=["路灯坏了"]),
        of(
            "html-surrogates-and-bad-entities",
            HTML,
            "<p>路灯&#55357;&#56833;&#x110000;&bogus;&#0;坏了</p>".encode(),
            holds=["路灯", "坏了"],
        ),
    ]
