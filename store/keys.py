"""Key files: 32 random bytes as one line of base64, readable by their owner alone."""

import base64
import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path

from domain.errors import BadSettings, HaltForPerson

KEY_BYTES = 32
REMEDY = "make one with: fenban keys new FILE"


def new_key_file(path: Path, *, randomness: Callable[[int], bytes] = os.urandom) -> None:
    """Writes a new key with mode 0600. Raises HaltForPerson when the file exists: a key is never written over."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        remedy = "name another file: overwriting a key makes what it sealed unreadable"
        raise HaltForPerson(f"{path} exists already", remedy=remedy) from None
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be written ({error.strerror})", remedy="check the folder and its rights") from None
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(randomness(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def parse_key(text: str, what: str) -> bytes:
    """The key in base64. ``what`` names its setting. Raises BadSettings, never quoting the text."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings([f"{what}: not a key of {KEY_BYTES} bytes in base64 → {REMEDY}"])
    return key


def load_key(path: Path) -> bytes:
    """The key in a file. Raises BadSettings when it is missing, malformed, or readable by others than its owner."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise BadSettings([f"{path}: not a key file → {REMEDY}"]) from None
    except OSError as error:
        raise BadSettings([f"{path}: the key file cannot be read ({error.strerror}) → {REMEDY}"]) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadSettings([f"{path}: others than its owner may read this key → chmod 600 {path}"])
    return parse_key(text, str(path))
