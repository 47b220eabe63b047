"""What is wrong with a terms file, and where: file, line, column, clause, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file; line and column count from 1, as editors do."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a reader should mend. `clause` is empty outside the clauses."""

    message: str
    place: Place = Place()
    clause: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.place.line}:{self.place.column}"
        clause = f" in clause {self.clause}" if self.clause else ""
        return f"{where}:{clause} {self.message}" if clause else f"{where}: {self.message}"


class TermsError(ValueError):
    """The terms file cannot be used as it is; `findings` says what to mend and where."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class PhraseError(ValueError):
    """A phrase outside the grammar; `offset` is how many characters into the phrase the trouble starts."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion such as ' Did you mean "resigned"?', or the known words, or nothing.

    >>> did_you_mean("resinged", ["resigned", "terminated"])
    ' Did you mean "resigned"?'
    """
    options = sorted(set(known))
    close = get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f' Did you mean "{close[0]}"?'
    return f" Known here: {', '.join(options)}." if options and len(options) <= 40 else ""
