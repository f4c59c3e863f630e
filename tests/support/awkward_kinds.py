"""Bounces, answers of machines, lists, and letters that only look like them."""

from tests.support.awkward_mails import HTML, PLAIN, Awkward, head, mail, mixed, parts


def automatic() -> list[Awkward]:
    """Bounces, answers of machines, lists: of which kind a mail is."""
    status = "Content-Type: message/delivery-status"
    report = (
        b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; zhou@mail.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    )
    returned = ("Content-Type: text/rfc822-headers", b"From: szxx@yunze.example\r\nSubject: answer\r\n")
    daemon = "MAILER-DAEMON <mailer-daemon@mx.example>"
    return [
        Awkward(
            "bounce-english-postfix",
            mail(
                head(
                    mixed("D", "report", "; report-type=delivery-status"),
                    "Auto-Submitted: auto-replied",
                    "Return-Path: <>",
                    who=daemon,
                    subject="Undelivered Mail Returned to Sender",
                ),
                parts(
                    "D",
                    ("Content-Type: text/plain; charset=us-ascii", b"I'm sorry to have to inform you"),
                    (status, report),
                    returned,
                ),
            ),
            {"kind": "bounce", "holds": ["I'm sorry to have to inform you"]},
        ),
        Awkward(
            "bounce-chinese-qq-without-a-report",
            mail(
                head(HTML, who='"PostMaster" <PostMaster@mail.example>', subject="系统退信"),
                "<p>抱歉，您的邮件被退回来了……</p><p>原邮件信息：收件人 zhou@mail.example 退信原因：对方邮箱不存在</p>".encode(),
            ),
            {"kind": "bounce", "holds": ["您的邮件被退回来了", "对方邮箱不存在"]},
        ),
        Awkward(
            "bounce-coremail-with-the-mail-attached",
            mail(
                head(
                    mixed("D2"),
                    "X-Failed-Recipients: zhou@mail.example",
                    who="postmaster <postmaster@coremail.example>",
                    subject="系统退信/Systems bounce",
                ),
                parts(
                    "D2",
                    (PLAIN, "您的邮件无法送达。".encode()),
                    ("Content-Type: message/rfc822", b"From: szxx@yunze.example\r\nSubject: a\r\n\r\nb"),
                ),
            ),
            {"kind": "bounce", "holds": ["您的邮件无法送达。"]},
        ),
        Awkward(
            "out-of-office-exchange-chinese",
            mail(
                head(
                    PLAIN, "X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated", subject="自动答复: 您的来信已办结"
                ),
                "我正在休假，11月30日回来。".encode(),
            ),
            {"kind": "auto_reply", "text": "我正在休假，11月30日回来。", "subject": "自动答复: 您的来信已办结"},
        ),
        Awkward(
            "out-of-office-qq-by-its-subject-alone",
            mail(head(PLAIN, subject="自动回复:您的来信已收到"), "您好，我已收到您的邮件，会尽快回复。".encode()),
            {"kind": "auto_reply"},
        ),
        Awkward(
            "out-of-office-netease-header",
            mail(
                head(PLAIN, "X-Autoreply: yes", "Precedence: auto_reply", subject="Re: 办理情况"),
                "这是来自周小兰的假期自动回复邮件。".encode(),
            ),
            {"kind": "auto_reply"},
        ),
        Awkward(
            "read-receipt",
            mail(
                head(mixed("D3", "report", "; report-type=disposition-notification"), subject="已读: 您的来信已办结"),
                parts(
                    "D3",
                    (PLAIN, "您的邮件已被阅读。".encode()),
                    (
                        "Content-Type: message/disposition-notification",
                        b"Final-Recipient: rfc822;zhou@mail.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n",
                    ),
                ),
            ),
            {"kind": "auto_reply"},
        ),
        Awkward(
            "a-citizen-who-writes-about-automatic-replies",
            mail(head(PLAIN, subject="12345总是自动回复，没人管"), "每次都是自动回复，退信也没有下文。".encode()),
            {"kind": "letter"},
        ),
        Awkward(
            "a-citizen-who-forwards-a-bounce",
            mail(head(PLAIN, subject="转发: 系统退信，你们的信箱收不到信"), "我上次写的信被退回来了，原文如下。".encode()),
            {"kind": "letter"},
        ),
        Awkward(
            "list-digest",
            mail(
                head(
                    mixed("D4"),
                    "List-Id: <news.example>",
                    "List-Unsubscribe: <mailto:x@news.example>",
                    "Precedence: bulk",
                    who="news-request@news.example",
                    subject="新闻 摘要, 卷 5, 发布 3",
                ),
                parts(
                    "D4",
                    (PLAIN, "今日主题：".encode()),
                    (
                        mixed("D5", "digest"),
                        parts(
                            "D5",
                            ("", b"From: a@news.example\r\nSubject: one\r\n\r\nfirst"),
                            ("", b"From: b@news.example\r\nSubject: two\r\n\r\nsecond"),
                        ),
                    ),
                ),
            ),
            {"kind": "list", "holds": ["今日主题："]},
        ),
        Awkward(
            "advertisement-with-list-unsubscribe-alone",
            mail(
                head(
                    HTML,
                    "List-Unsubscribe: <https://ads.example/u>",
                    "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
                    who="promo@ads.example",
                    subject="双十一特惠",
                ),
                "<p>全场五折</p>".encode(),
            ),
            {"kind": "list"},
        ),
    ]


def kinds() -> list[Awkward]:
    def of(
        name: str, kind: str, *lines: str, who: str = "", subject: str = "路灯", body: str = "正文", top: str = PLAIN
    ) -> Awkward:
        return Awkward(name, mail(head(top, *lines, who=who, subject=subject), body.encode()), {"kind": kind, "subject": subject})

    return [
        of(
            "bounce-exchange-chinese",
            "bounce",
            who="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example>",
            subject="未传递: 您的来信",
            body="无法传递到以下收件人",
        ),
        of("bounce-exchange-english", "bounce", who="postmaster@x.example", subject="Undeliverable: reply"),
        of(
            "bounce-gmail",
            "bounce",
            "X-Failed-Recipients: a@b.example",
            who="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            subject="Delivery Status Notification (Failure)",
        ),
        of(
            "bounce-qmail",
            "bounce",
            "Return-Path: <>",
            who="MAILER-DAEMON@x.example",
            subject="failure notice",
            body="Hi. This is the qmail-send program",
        ),
        of(
            "bounce-sendmail",
            "bounce",
            who="Mail Delivery Subsystem <MAILER-DAEMON@x.example>",
            subject="Returned mail: see transcript for details",
        ),
        of("bounce-netease", "bounce", who="Postmaster@163.example", subject="系统退信"),
        of("delay-warning", "bounce", who="MAILER-DAEMON@x.example", subject="Warning: could not send message for past 4 hours"),
        of("auto-by-exchange-english", "auto_reply", subject="Automatic reply: your letter"),
        of("auto-by-outlook-old", "auto_reply", subject="Out of Office: your letter", body="I am away"),
        of("auto-bracketed", "auto_reply", subject="[自动回复]您的来信"),
        of("auto-submitted-no-is-a-letter", "letter", "Auto-Submitted: no"),
        of(
            "reply-to-an-automatic-answer-is-a-letter",
            "letter",
            subject="Re: 自动回复: 您的来信",
            body="不要自动回复，请派人来。",
        ),
        of("complaint-about-a-postmaster-is-a-letter", "letter", subject="投诉邮局退回我的包裹", body="退信退了三次。"),
        of("suppress-header-alone-is-a-letter", "letter", "X-Auto-Response-Suppress: DR, OOF, AutoReply"),
        of("high-priority-is-a-letter", "letter", "X-Priority: 1", "Importance: high"),
        of("list-by-precedence", "list", "Precedence: list", "List-Post: <mailto:l@x.example>", subject="[l] x"),
        of("read-receipt-wish-is-a-letter", "letter", "Disposition-Notification-To: zhou@mail.example"),
        of("return-path-of-its-own-is-a-letter", "letter", "Return-Path: <zhou@mail.example>"),
        of("return-path-left-empty-is-a-letter", "letter", "Return-Path: "),
        of("a-journey-is-a-letter", "letter", subject="出差中遇到高铁站不让进站"),
        of("a-walk-is-a-letter", "letter", subject="外出中老人走失求助"),
        of("a-complaint-about-leave-is-a-letter", "letter", subject="休假通知一直不批，单位不给年休假"),
        of("a-complaint-that-begins-with-automatic-replies-is-a-letter", "letter", subject="自动回复敷衍群众，没人办事"),
        of("a-broken-answering-machine-is-a-letter", "letter", subject="自动答复机坏了，大厅没人理"),
        of("an-english-complaint-is-a-letter", "letter", subject="I am out of patience with the garbage trucks"),
        of("english-hours-are-a-letter", "letter", subject="Out of office hours the noise goes on"),
        of("auto-by-its-first-words", "auto_reply", subject="自动回复您的邮件已收到"),
        of("auto-of-somebody-travelling", "auto_reply", subject="出差中：您的来信"),
        of("auto-of-somebody-away", "auto_reply", subject="I am out of the office until Monday"),
    ]
