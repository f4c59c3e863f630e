"""The handler's settings: one TOML file, and a secret that stands elsewhere."""

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from fenban_handler.faults import ForPerson

PASSWORD_VARIABLE = "FENBAN_HANDLER_PASSWORD"
KINDS = frozenset({"unit", "notice", "pool", "sealed"})


@dataclass(frozen=True, slots=True)
class Settings:
    """``topics`` are kinds of topics: ``unit``, ``notice`` and ``pool``, or ``sealed`` with a user and a database of its own."""

    unit: str
    bootstrap_servers: str
    ca_file: str
    username: str
    password_file: str = ""
    topics: tuple[str, ...] = ("unit", "notice")
    group: str = ""
    database: str = "handler.db"
    session_seconds: int = 10
    folder: Path = field(default=Path(), compare=False)

    @property
    def topic_names(self) -> list[str]:
        return ["fenban.pool" if kind == "pool" else f"fenban.{kind}.{self.unit}" for kind in self.topics]

    @property
    def feedback_topic(self) -> str:
        return f"fenban.feedback.{self.unit}"

    @property
    def group_name(self) -> str:
        return self.group or f"{self.username}.handler"

    def path(self, name: str) -> Path:
        """A path of the file, relative to the folder that the file lies in."""
        return self.folder / name

    def password(self) -> str:
        """From the environment, else from its file. Raises ForPerson."""
        secret = os.environ.get(PASSWORD_VARIABLE, "")
        if secret:
            return secret
        try:
            return self.path(self.password_file).read_text(encoding="utf-8").strip() if self.password_file else _no_password()
        except OSError:
            raise ForPerson(
                f"读不了口令文件 {self.password_file}", f"cannot read the password file {self.password_file}"
            ) from None


def load(path: Path) -> Settings:
    """Raises ForPerson with the line to mend."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ForPerson(f"读不了配置文件 {path}", f"cannot read the settings file {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise ForPerson(f"配置文件不是 TOML：{path}", f"the settings file is not TOML: {error}") from None
    if "password" in table:
        raise ForPerson(
            "口令不写在配置里：放进文件，用 password_file 指出", "no password here: put it into a file, named by password_file"
        )
    known = {one.name for one in fields(Settings)} - {"folder"}
    unknown = sorted(set(table) - known)
    if unknown:
        raise ForPerson(f"不认识的配置项：{', '.join(unknown)}", f"unknown settings: {', '.join(unknown)}")
    missing = [name for name in ("unit", "bootstrap_servers", "ca_file", "username") if not table.get(name)]
    if missing:
        raise ForPerson(f"配置缺少：{', '.join(missing)}", f"settings are missing: {', '.join(missing)}")
    return _checked(Settings(folder=path.resolve().parent, **_typed(table)))


def _typed(table: dict[str, Any]) -> dict[str, Any]:
    wrong = [name for name, value in table.items() if not isinstance(value, int if name == "session_seconds" else list | str)]
    if wrong or not isinstance(table.get("topics", []), list):
        raise ForPerson(
            f"配置项类型不对：{', '.join(wrong) or 'topics'}", f"settings of a wrong type: {', '.join(wrong) or 'topics'}"
        )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _checked(settings: Settings) -> Settings:
    if not settings.topics or not set(settings.topics) <= KINDS:
        raise ForPerson("topics 只能是 unit、notice、pool、sealed", "topics are of unit, notice, pool, sealed")
    if not settings.group_name.startswith(f"{settings.username}."):
        raise ForPerson(f"group 要以 {settings.username}. 开头", f"group begins with {settings.username}.")
    return settings


def _no_password() -> str:
    raise ForPerson(
        f"没有口令：写 password_file，或设 {PASSWORD_VARIABLE}", f"no password: set password_file or {PASSWORD_VARIABLE}"
    )
