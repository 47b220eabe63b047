"""The key that chains the ledger: given by the environment, else in a file of its own that is made once."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from config.settings import BadSettings, Settings, config_path

FILE_NAME = "ledger.key"
_HEAD = """\
# The key of the ledger of Obligations. Whoever has it can make up a ledger; who lost it cannot check the ledger.
# Keep a copy, and keep it away from the database and its back-ups.
# The first key is in force; those on further lines are of before.
"""


class KeyNotMade(BadSettings):
    """There is no key yet, and the file for one cannot be made."""


def key_file(settings: Settings) -> Path:
    """Where the key is kept: as set, else beside the configuration file."""
    return Path(settings.ledger_key_file) if settings.ledger_key_file else config_path().with_name(FILE_NAME)


def ledger_key(settings: Settings) -> str | None:
    """The text of the key, or None where there is none yet; raises `BadSettings` where it cannot be read."""
    if settings.ledger_key is not None:
        return settings.ledger_key.get_secret_value()
    path = key_file(settings)
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"the ledger's key {path} cannot be read ({type(error).__name__}); check who may") from None


def made_ledger_key(settings: Settings) -> str:
    """The text of the key; where there is none it is made, for its owner alone, once, however many ask together."""
    found = ledger_key(settings)
    if found is not None:
        return found
    path = key_file(settings)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _drafted(path, f"{_HEAD}{secrets.token_hex(32)}\n")
        try:
            # Unlike a renaming, this never takes the place of a key that another process just made.
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise KeyNotMade(
            f"the ledger's key {path} cannot be made: {error.strerror or error}; make the folder writable once, or give"
            " the key in OBLIGATIONS_LEDGER_KEY"
        ) from None
    return ledger_key(settings) or ""


def new_ledger_key(settings: Settings) -> str:
    """A new key put first into the file, those of before after it; raises `BadSettings` where there is no file to
    write."""
    path = key_file(settings)
    if settings.ledger_key is not None:
        raise BadSettings("OBLIGATIONS_LEDGER_KEY gives the key; put a new one there, and the old one after it")
    before = ledger_key(settings) or ""
    kept = [line for line in before.splitlines() if line.strip() and not line.startswith("#")]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _drafted(path, _HEAD + "\n".join([secrets.token_hex(32), *kept]) + "\n")
        os.replace(draft, path)
    except OSError as error:
        raise BadSettings(f"the ledger's key {path} cannot be written: {error.strerror or error}") from None
    return ledger_key(settings) or ""


def _drafted(path: Path, text: str) -> Path:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)
