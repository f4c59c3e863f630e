"""Files with a reply: taken in sealed, listed, handed out with a forced type, to those alone who may see the part."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.responses import Response

from app.console.department_work import DepartmentWork
from app.console.guard import NotThere
from app.console.visit import Visit
from app.documents import iso
from app.transactions import writing
from domain.decisions import AssignmentState
from domain.errors import Refused
from domain.ids import AssignmentId, VaultOwner
from domain.records import AuditEntry
from store import desk_department as desk
from store import reply_files as stored
from store.audit import SqlAudit
from store.engine import Transaction
from store.vault_rows import SqlVault

LARGEST = 10_000_000
MOST = 20
LONGEST_NAME = 120
FILE_FIELDS = ("file1", "file2", "file3")
KINDS = frozenset(
    {"pdf", "ofd", "doc", "docx", "wps", "xls", "xlsx", "et", "ppt", "pptx", "dps", "txt", "csv"}
    | {"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "mp4", "zip"}
)
"""What a reply may bring: documents and pictures. Nothing that runs when it is opened."""


@dataclass(frozen=True, slots=True)
class ReplyFile:
    id: str
    name: str
    size: int
    at: str
    by: str

    @property
    def document(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name, "size": self.size, "at": self.at, "by": self.by}


class ReplyFiles:
    """Of one visit. Raises NotThere wherever the part may not be seen."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._work = DepartmentWork(visit)
        self._vault = visit.system.vault

    def of(self, found: desk.Part) -> list[ReplyFile]:
        """By the time they came. ``found`` is a part that the reader was found to see."""
        part, owner = found.line.part, found.line.message.owner
        values = self._work.read(lambda tx: stored.abouts(tx, owner, part.id))
        told = [(ident, json.loads(self._vault.open(value))) for ident, value in values.items()]
        # Several files come within one second: how many there were before tells which came first.
        present = sorted((said["at"], said.get("before", 0), ident, said) for ident, said in told if not said.get("removed"))
        return [ReplyFile(ident, said["name"], said["size"], at, said["by"]) for at, _, ident, said in present]

    def add(self, ident: str, name: str, content: bytes) -> ReplyFile:
        """The same bytes again are the same file. Raises Refused for what is too large, empty, no document, or too late."""
        found = self._work.part(ident)
        plain = _plain_name(name)
        _check(found, plain, content)
        present = self.of(found)
        file = self._vault.digest(content).hex()
        if known := next((one for one in present if one.id == file), None):
            return known
        if len(present) >= MOST:
            raise Refused(f"there are {MOST} files with this reply already", remedy="remove one, or put several into a zip file")
        made = ReplyFile(file, plain, len(content), iso(self._visit.system.clock.now()), self._visit.me.login)
        about = {"name": made.name, "size": made.size, "at": made.at, "by": made.by, "before": len(present)}
        part = found.line.part.id
        sealed = {stored.bytes_name(part, file): content, stored.about_name(part, file): _json(about)}
        self._seal(found.line.message.owner, sealed, "reply.file_add", part, file)
        return made

    def remove(self, ident: str, file: str) -> None:
        """It is listed and handed out no more; its bytes stay sealed, and are erased with the letter."""
        found = self._work.part(ident)
        _check_open(found)
        self._one(found, file)
        part = found.line.part.id
        gone = {stored.about_name(part, file): _json({"removed": True})}
        self._seal(found.line.message.owner, gone, "reply.file_remove", part, file)

    def download(self, ident: str, file: str) -> Response:
        """Audited. Browsers are told to save it and never to show it, whatever is in it."""
        found = self._work.part(ident)
        one = self._one(found, file)
        part, owner = found.line.part.id, found.line.message.owner
        value = self._work.read(lambda tx: stored.contents(tx, owner, part, file))
        if value is None:
            raise NotThere("there is no such file")
        content = self._vault.open(value)
        self._note("reply.file_view", part, file)
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(one.name, safe='')}"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    def _one(self, found: desk.Part, file: str) -> ReplyFile:
        one = next((one for one in self.of(found) if one.id == file), None)
        if one is None:
            raise NotThere("there is no such file")
        return one

    def _seal(self, owner: VaultOwner, values: dict[str, bytes], action: str, part: AssignmentId, file: str) -> None:
        def step(tx: Transaction, now: datetime) -> None:
            existing = stored.key_of(tx, owner, list(values))
            if not existing:
                raise Refused("this letter was erased: nothing can be kept with it any more")
            SqlVault(tx).put(self._vault.seal(owner, list(values.items()), existing=existing))
            SqlAudit(tx).append([AuditEntry(now, self._visit.me.login, action, part, (("file", file),))])

        self._write(step)

    def _note(self, action: str, part: AssignmentId, file: str) -> None:
        login = self._visit.me.login
        self._write(lambda tx, now: SqlAudit(tx).append([AuditEntry(now, login, action, part, (("file", file),))]))

    def _write(self, step: Callable[[Transaction, datetime], None]) -> None:
        writing(self._visit.system.store, self._visit.system.clock, step)


def attach(visit: Visit, ident: str) -> int:
    """Keeps the files of a form; how many there were. Raises Refused for the first that is not taken."""
    sent = [visit.files[name] for name in FILE_FIELDS if name in visit.files and visit.files[name].filename]
    if any((one.size or 0) > LARGEST for one in sent):
        raise Refused("the file is larger than 10 MB", remedy="make it smaller, or send it in parts")
    files = ReplyFiles(visit)
    for one in sent:
        files.add(ident, one.filename or "", one.file.read())
    return len(sent)


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _plain_name(name: str) -> str:
    """Without folders and control characters, and short; its ending stays."""
    base = PurePosixPath(name.replace("\\", "/")).name.encode("utf-8", "replace").decode()
    clean = "".join(sign for sign in base if sign.isprintable()).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if dot else clean[:LONGEST_NAME]


def _check(found: desk.Part, name: str, content: bytes) -> None:
    _check_open(found)
    if not content:
        raise Refused("the file is empty", remedy="choose another file")
    if len(content) > LARGEST:
        raise Refused("the file is larger than 10 MB", remedy="make it smaller, or send it in parts")
    if name.rpartition(".")[2].lower() not in KINDS or "." not in name:
        raise Refused("a file of this kind is not taken", remedy="send a document, a picture or a zip file")


def _check_open(found: desk.Part) -> None:
    if found.line.part.state not in {AssignmentState.SENT, AssignmentState.SIGNED}:
        raise Refused("files are added before the reply is given", remedy="ask the office to reopen the matter")
