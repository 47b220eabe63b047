"""Copies of an SQLite database: made whole while a daemon works on it, described, and put back in its place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from obligations.domain.ledger_chain import Head
from obligations.ports import StoreUnavailable
from obligations.store.connect import Database
from obligations.store.daemon_lock import daemon_lock
from obligations.store.instants import from_micros
from obligations.store.migrate import alone, known_revisions

SCHEMA = "obligations.backup/1"
_BLOCK = 1 << 20
_OF_ONE_FILE = ("", "-wal", "-shm", "-journal")


class NotDone(StoreUnavailable):
    """A back-up was not made, or not put in place; nothing was changed. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up holds. `heads` are the ends of the ledger's chains, as checkpoints."""

    made_at: datetime
    revision: str
    rows: Mapping[str, int]
    heads: tuple[str, ...]
    size: int
    sha256: str

    def as_text(self) -> str:
        """The manifest as it stands beside the back-up."""
        words = {"schema": SCHEMA, **asdict(self), "made_at": self.made_at.astimezone(UTC).isoformat()}
        return json.dumps(words, indent=2) + "\n"

    @classmethod
    def of(cls, text: str) -> Manifest:
        """Raises `ValueError` where the text is no manifest."""
        try:
            found = json.loads(text)
            if found.pop("schema") != SCHEMA:
                raise ValueError
            made_at = datetime.fromisoformat(found.pop("made_at"))
            if made_at.tzinfo is None:
                raise ValueError
            return cls(made_at=made_at, heads=tuple(found.pop("heads")), **found)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError("it is no manifest of a back-up") from None


def manifest_of(file: Path) -> Path:
    """Where the manifest of a back-up stands."""
    return file.with_name(file.name + ".manifest.json")


# --- making one -------------------------------------------------------------------------------------------------------


def back_up(url: str, file: Path, *, at: datetime) -> Manifest:
    """A whole copy of the database in a new file, with its manifest beside it; daemons may work on it meanwhile.

    Both are readable by their owner alone, and are there whole or not at all. Raises `NotDone` where the file is there
    already, the copy is not sound, or it cannot be written.
    """
    database = _sqlite(url, "back it up with its own tools: pg_dump --format=custom --file=FILE NAME")
    if not database.path.exists():
        raise NotDone(f"there is no database {database.path} to back up")
    return copied(database.path, file, at=at)


def copied(path: Path, file: Path, *, at: datetime) -> Manifest:
    """A whole copy of the SQLite file at the path; see `back_up`."""
    if file.exists():
        raise NotDone(f"{file} is there already and stays as it is; name another file")
    try:
        handle, name = tempfile.mkstemp(dir=file.resolve().parent, prefix=f".{file.name}.")
        os.close(handle)
        draft = Path(name)
        try:
            with _opened(path) as source, _opened(draft) as copy:
                source.backup(copy)
                # One file alone holds everything, without a log beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
                revision, rows, heads = _sound(copy, draft, at)
            _synced(draft)
            manifest = Manifest(at, revision, rows, heads, draft.stat().st_size, _sha256(draft))
            _put_manifest(manifest_of(file), manifest)
            os.link(draft, file)  # unlike a renaming it never takes the place of another file
            _synced(file.resolve().parent)
        finally:
            _removed(draft)
    except FileExistsError:
        raise NotDone(f"{file} is there already and stays as it is; name another file") from None
    except (OSError, sqlite3.Error) as error:
        raise NotDone(
            f"{path} was not backed up to {file}: {_said(error)}; check that the folder is there, that this user may"
            " write it, and that the disk has room"
        ) from None
    return manifest


def _put_manifest(path: Path, manifest: Manifest) -> None:
    handle, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(manifest.as_text())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


# --- putting one back -------------------------------------------------------------------------------------------------


@contextmanager
def put_back(url: str, file: Path, *, at: datetime) -> Iterator[tuple[str, Manifest, Path | None]]:
    """A back-up as a draft of the database, to be made ready in the block and put in its place when that ends well.

    Gives the draft's URL, the manifest, and the name under which the database that is there will be kept (None where
    there is none). While the block raises, or the process dies, the database that is there stays.

    Raises:
        NotDone: the back-up or its manifest is broken, or a newer program made it.
        StoreUnavailable: a daemon works on the database, or another program has it open.
    """
    database = _sqlite(url, "restore it with its own tools (pg_restore), then: obligations restore --made-at INSTANT")
    manifest = manifest_beside(file)
    with daemon_lock(url):
        target = database.path.resolve()
        aside = target.with_name(f"{target.name}.replaced-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        before = free_name(aside) if target.exists() else None
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            os.close(handle)
            draft = Path(name)
            try:
                _check(file, draft, manifest)
                yield f"sqlite:///{draft}", manifest, before
                _folded(draft)
                with alone(database):
                    _swapped(draft, target, before)
            finally:
                _removed(draft)
        except (OSError, sqlite3.Error) as error:
            raise NotDone(f"{file} was not put in place: {_said(error)}; {database.path} is as it was") from None


def last_line_of(file: Path) -> tuple[datetime, str, str] | None:
    """The last line of a back-up's ledger: when, what, and about which contract; None where it has none or cannot be
    read, which restoring it then says."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            row = connection.execute("SELECT at, action, contract FROM ledger ORDER BY n DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return None
    return (from_micros(row[0]), row[1], row[2]) if row else None


def manifest_beside(file: Path) -> Manifest:
    """The manifest of a back-up; raises `NotDone` where it is missing or none."""
    beside = manifest_of(file)
    try:
        return Manifest.of(beside.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not file.exists():
            raise NotDone(f"there is no back-up {file}") from None
        raise NotDone(f"{beside} is missing; without its manifest nobody knows whether a back-up is whole") from None
    except (OSError, ValueError) as error:
        raise NotDone(f"{beside} cannot be used: {_said(error)}; take another back-up") from None


def _check(file: Path, draft: Path, manifest: Manifest) -> None:
    """Copy the back-up to the draft; refuse one that is not what its manifest says."""
    try:
        shutil.copyfile(file, draft)
    except FileNotFoundError:
        raise NotDone(f"there is no back-up {file}") from None
    if _sha256(draft) != manifest.sha256:
        raise NotDone(f"{file} is not the file that {manifest_of(file)} describes; take another back-up")
    if manifest.revision not in known_revisions():
        raise NotDone(
            f"{file} was made by a newer version of Obligations (schema {manifest.revision}); install that version to"
            " restore it"
        )
    with _opened(draft) as copy:
        revision, rows, _ = _sound(copy, file, manifest.made_at)
    if (revision, dict(rows)) != (manifest.revision, dict(manifest.rows)):
        raise NotDone(f"{file} does not hold what {manifest_of(file)} says; take another back-up")


def _swapped(draft: Path, target: Path, before: Path | None) -> None:
    """Put the draft in the database's place, in one step; what was there stays under another name."""
    if before is not None:
        try:
            _folded(target)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreUnavailable(
                    f"another program has {target} open; end it (a command that waits for an answer, a database"
                    " browser), then repeat"
                ) from None
            _put_aside(target, before)
        except sqlite3.DatabaseError:
            _put_aside(target, before)
        os.link(target, before)
    os.replace(draft, target)
    _synced(target.parent)


def _put_aside(target: Path, before: Path) -> None:
    """A broken database goes with its log as it is: that log must not be read into the restored one."""
    for suffix in _OF_ONE_FILE[1:]:
        with suppress(FileNotFoundError):
            os.rename(f"{target}{suffix}", f"{before}{suffix}")


def _folded(path: Path) -> None:
    """Have one file alone hold everything; raises `sqlite3.OperationalError` where somebody else has it open."""
    with _opened(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
            raise sqlite3.OperationalError("database is locked")
    _synced(path)


def free_name(name: Path) -> Path:
    """The path, with a number after it where something is there already."""
    number = 1
    while name.exists():
        number += 1
        name = name.with_name(f"{name.name.partition('~')[0]}~{number}")
    return name


# --- common -----------------------------------------------------------------------------------------------------------


def _sqlite(url: str, otherwise: str) -> Database:
    database = Database.of(url)
    if not database.is_sqlite:
        raise NotDone(f"{database.shown}: {otherwise}")
    return database


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
        yield connection


def _sound(connection: sqlite3.Connection, shown: Path, at: datetime) -> tuple[str, Mapping[str, int], tuple[str, ...]]:
    """What a copy holds: its schema's revision, its rows by table, the ends of its chains; refuses a damaged one."""
    faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if faults != ["ok"]:
        raise NotDone(f"{shown} is damaged: {'; '.join(faults)}. Restore an earlier back-up")
    tables = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        if not name.startswith("sqlite_")
    ]
    if "alembic_version" not in tables:
        raise NotDone(f"{shown} is no database of Obligations")
    rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    keyed = any(row[1] == "key_id" for row in connection.execute("PRAGMA table_info(ledger_seal)"))
    ends = connection.execute(
        f"SELECT tenant, seq, {'key_id' if keyed else repr('')}, hash FROM ledger_seal AS one"
        " WHERE seq = (SELECT max(seq) FROM ledger_seal AS other WHERE other.tenant = one.tenant) ORDER BY tenant"
    ).fetchall()
    return revision, rows, tuple(str(Head(tenant, seq, key, hash_, at)) for tenant, seq, key, hash_ in ends)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _removed(draft: Path) -> None:
    for suffix in _OF_ONE_FILE:
        Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _said(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
