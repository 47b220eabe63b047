"""The contract that an amendment's file amends: named by hand, or found among the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from obligations.cli.shell import fail, read_text
from obligations.service.contracts import Planner
from obligations.terms.amendment import amendment_file, is_amendment
from obligations.terms.document import Document, read
from obligations.terms.errors import TermsError
from obligations.terms.model import AmendmentFile
from obligations.terms.terms import Terms

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _Beside:
    path: Path
    text: str
    document: Document


def terms_of(planner: Planner, file: Path, on: Sequence[Path]) -> Terms:
    """The terms in a file; those of an amendment as it leaves the contract it amends, with every earlier amendment.

    `on` names the contract's file, and the amendments before this one if there are any. Raises `TermsError` for a file
    that is not right, and exits with words where the contract is not to be found.
    """
    text = read_text(file)
    if not is_amendment(read(text, str(file))):
        if on:
            fail(f"{file} amends nothing; --on is for an amendment: obligations check AMENDMENT --on CONTRACT")
        return planner.terms(text, str(file))
    amendment = amendment_file(text, str(file))
    base, earlier = _base(file, amendment, on)
    found = planner.terms(read_text(base), str(base))
    for before in earlier:
        found = planner.amended(found, before.text, str(before.path))
    return planner.amended(found, text, str(file))


def _base(file: Path, amendment: AmendmentFile, on: Sequence[Path]) -> tuple[Path, list[_Beside]]:
    """The contract's file, and the amendments that stand before this one, by their days."""
    given = list(_opened(on) if on else _beside(file))
    bases = [one for one in given if not is_amendment(one.document) and (on or _is(one.document, amendment.amends))]
    if len(bases) != 1:
        found = " and ".join(str(one.path) for one in bases)
        where = f"several files are {amendment.amends}: {found}" if bases else f"no file here is {amendment.amends}"
        fail(f"{where}; name the contract that {file} amends: obligations check {file} --on FILE")
    earlier = [one for one in given if is_amendment(one.document) and (on or _comes_before(one, file, amendment))]
    return bases[0].path, sorted(earlier, key=lambda one: (_since(one), one.path.name))


def _opened(paths: Sequence[Path]) -> Iterator[_Beside]:
    for path in paths:
        text = read_text(path)
        yield _Beside(path, text, read(text, str(path)))


def _beside(file: Path) -> Iterator[_Beside]:
    """The terms files in the same folder; what cannot be read is no concern of this one."""
    for path in sorted(file.parent.iterdir()):
        if path.suffix in SUFFIXES and path.is_file() and not path.samefile(file):
            try:
                text = path.read_text(encoding="utf-8")
                yield _Beside(path, text, read(text, str(path)))
            except (OSError, UnicodeDecodeError, TermsError):
                continue


def _is(document: Document, contract: str) -> bool:
    for section in ("contract", "template"):
        head = document.tree.get(section)
        if isinstance(head, dict) and head.get("id") == contract:
            return True
    return False


def _comes_before(one: _Beside, file: Path, amendment: AmendmentFile) -> bool:
    """Whether it amends the same contract from an earlier day; of two from one day, the first by name. One of the same
    day and title is another text of this one."""
    if one.document.tree.get("amends") != amendment.amends:
        return False
    if (_since(one), one.document.tree.get("title")) == (amendment.since, amendment.title):
        return False
    return (_since(one), one.path.name) < (amendment.since, file.name)


def _since(one: _Beside) -> date:
    try:
        return date.fromisoformat(str(one.document.tree.get("from")))
    except ValueError:
        return date.max
