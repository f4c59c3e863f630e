"""``docs/settings.md``, made from the settings' own declarations: ``python -m app.settings_doc > docs/settings.md``."""

import sys
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.metrics import METRICS
from app.settings import BoardChannel, MailboxChannel, PortalChannel, Settings

HEAD = """# Settings

One file, `fenban.toml`, found by `--settings PATH`, else the variable `FENBAN_SETTINGS`, else in the current folder. `fenban init`
writes a commented one; `fenban check` validates it without the network. Relative paths start at the file's folder. Secrets are
references, `env:NAME` or `file:PATH`; an inline secret is refused. This page is made from the program's own declarations.
"""

METRICS_HEAD = """
## Metrics

Served at `/metrics` on the `[http]` port. Values are read from the store at each scrape.

| metric | labels | meaning |
|---|---|---|
"""


def settings_markdown() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        if name in {"base", "file", "channel"}:
            continue
        parts.append(_table(f"[{name}]", _section(field)))
    for kind, model in (("portal", PortalChannel), ("board", BoardChannel), ("mailbox", MailboxChannel)):
        parts.append(_table(f'[[channel]] with kind = "{kind}"', model))
    parts.append(METRICS_HEAD)
    parts += [f"| `{metric.name}` | {', '.join(metric.labels)} | {metric.help} |\n" for metric in METRICS]
    return "".join(parts)


def _section(field: FieldInfo) -> type[BaseModel]:
    annotation = field.annotation
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        raise TypeError(f"{annotation} is no section")
    return annotation


def _table(title: str, model: type[BaseModel]) -> str:
    rows = [f"\n## `{title}`\n\n| key | default | meaning |\n|---|---|---|\n"]
    for name, field in model.model_fields.items():
        rows.append(f"| `{name}` | {_default(field)} | {field.description or ''} |\n")
    return "".join(rows)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default: Any = field.default
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(settings_markdown())
