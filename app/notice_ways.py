"""How a notice leaves: a web hook, a mail."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from app.documents import iso
from app.settings import LOOPBACK, NoticesSection
from app.wiring import System
from domain.errors import BadSettings, RetryLater

TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said. ``over``: the condition has ended. ``what`` is a channel, a unit or a line, or empty."""

    city: str
    alert: str
    what: str
    severity: str
    over: bool
    chinese: str
    english: str
    began_at: datetime
    runbook: str

    @property
    def line(self) -> str:
        """For people, Chinese first."""
        state = "已恢复 / over" if self.over else "严重 / critical" if self.severity == "critical" else "注意 / warning"
        return f"【分办 {self.city}】{state}：{self.chinese} / {self.english}"

    @property
    def text(self) -> str:
        since = f"自 / since {self.began_at:%Y-%m-%d %H:%M}"
        return "\n".join(part for part in (self.line, since, f"{self.alert}  {self.runbook}") if part)

    def document(self) -> dict[str, Any]:
        return {
            "city": self.city,
            "alert": self.alert,
            "what": self.what,
            "severity": self.severity,
            "state": "over" if self.over else "began",
            "summary": {"zh": self.chinese, "en": self.english},
            "began_at": iso(self.began_at),
            "runbook": self.runbook,
        }


class Way(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, notice: Notice) -> None:
        """Raises RetryLater when it was not taken."""


class WebHook:
    """POSTs JSON: the notice, or what the robots of 企业微信 and 钉钉 take. Follows no redirect. The address is never told."""

    name = "webhook"

    def __init__(self, address: str, *, robot: bool) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise BadSettings(
                ["notices.webhook: this is no https address → put the web hook's whole address behind the reference"]
            )
        self._address = address
        self._robot = robot

    def send(self, notice: Notice) -> None:
        body = {"msgtype": "text", "text": {"content": notice.text}} if self._robot else notice.document()
        try:
            answer = httpx.post(self._address, json=body, timeout=TIMEOUT, follow_redirects=False)
        except httpx.HTTPError as error:
            raise RetryLater(f"the web hook cannot be reached ({type(error).__name__})", remedy="look at its address") from None
        if not answer.is_success:
            raise RetryLater(f"the web hook answered HTTP {answer.status_code}", remedy="look at its address and token")
        if self._robot and _error_code(answer):
            raise RetryLater(f"the robot refused the notice ({_error_code(answer)})", remedy="look at its address and token")


def _error_code(answer: httpx.Response) -> int:
    """Robots answer 200 and say in the body that they took nothing."""
    try:
        said = answer.json()
    except ValueError:
        return 0
    code = said.get("errcode", 0) if isinstance(said, dict) else 0
    return code if isinstance(code, int) else 1


class Mail:
    """One mail to all recipients."""

    name = "mail"

    def __init__(self, section: NoticesSection, password: str) -> None:
        self._section = section
        self._password = password

    def send(self, notice: Notice) -> None:
        section = self._section
        mail = EmailMessage()
        mail["Subject"] = notice.line
        mail["From"] = section.sender
        mail["To"] = ", ".join(section.recipients)
        mail["Date"] = format_datetime(notice.began_at)
        mail["Message-ID"] = make_msgid("fenban", section.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.text)
        try:
            with self._connected() as server:
                if section.smtp_username:
                    server.login(section.smtp_username, self._password)
                refused = server.send_message(mail)
        except smtplib.SMTPAuthenticationError:
            raise RetryLater(
                "the mail server refuses the user", remedy="look at notices.smtp_username and its password"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            what = f"the mail server {section.smtp_host}:{section.smtp_port} did not take the notice ({type(error).__name__})"
            raise RetryLater(what, remedy="look at notices.smtp_host and its port") from None
        if refused:
            raise RetryLater(f"the mail server refused {len(refused)} of the recipients", remedy="look at notices.recipients")

    def _connected(self) -> smtplib.SMTP:
        section, context = self._section, ssl.create_default_context()
        if section.smtp_security == "tls":
            return smtplib.SMTP_SSL(section.smtp_host, section.smtp_port, timeout=TIMEOUT, context=context)
        server = smtplib.SMTP(section.smtp_host, section.smtp_port, timeout=TIMEOUT)
        if section.smtp_security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


def ways(system: System) -> Sequence[Way]:
    """Those that the settings name. Raises BadSettings when a reference leads nowhere."""
    section, settings = system.settings.notices, system.settings
    found: list[Way] = []
    if section.webhook is not None:
        found.append(WebHook(settings.secret(section.webhook, "notices.webhook"), robot=section.webhook_kind == "robot"))
    if section.smtp_host:
        password = settings.secret(section.smtp_password, "notices.smtp_password") if section.smtp_password is not None else ""
        found.append(Mail(section, password))
    return found
