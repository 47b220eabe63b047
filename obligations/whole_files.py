"""Writing a file whole or not at all: in the place of what was there, or only where nothing is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put the text where the path leads, links followed; a reader sees the old file or the new one, never a part.

    A file that was there keeps its permissions; a new one is its owner's alone. Raises `OSError`, and leaves what was
    there, where the text cannot be written whole.
    """
    target = path.resolve()
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(draft, target.stat().st_mode & 0o7777)
        os.replace(draft, target)
    finally:
        Path(draft).unlink(missing_ok=True)  # gone already where it took the file's place


def write_new(path: Path, text: str, mode: int) -> bool:
    """Put the text where no file is yet, with these permissions; False, and nothing is touched, where one is.

    Raises `OSError`, and leaves no file, where the text cannot be written whole.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    written = False
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        written = True
    finally:
        if not written:
            path.unlink(missing_ok=True)  # half a file would be kept as the user's own the next time
    return True
