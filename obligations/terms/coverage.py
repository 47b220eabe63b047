"""What a file makes of each clause of its document, so that nothing of it is left out silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.fields import Strict
from obligations.terms.model import TermsFile

if TYPE_CHECKING:
    from obligations.terms.terms import Terms

LISTS = ("no_obligation", "needs_judgment", "no_date_stated", "form_only")
_RANGE = re.compile(r"(?P<stem>.*)\((?P<first>[a-z])\)-\((?P<last>[a-z])\)")


@dataclass(frozen=True, slots=True)
class Account:
    """What one clause of the document is in the file: the names of its terms, or the list that accounts for it."""

    number: str
    terms: tuple[str, ...]
    listed: str = ""


def coverage(file: TermsFile) -> tuple[Account, ...]:
    """Each clause that `coverage: document:` lists, in its order; empty where the file lists none.

    A clause is accounted for by a term that cites it, or a part of it (5.1 by 5.1(a)), and by the lists of `coverage`.
    """
    cited = dict(_cited(file))
    listed = {number: word for word in LISTS for text in getattr(file.coverage, word) for number in _numbers(text)}
    return tuple(
        Account(
            number,
            tuple(name for name, numbers in cited.items() if any(_part_of(one, number) for one in numbers)),
            next((word for one, word in listed.items() if _part_of(one, number)), ""),
        )
        for number in file.coverage.document
    )


def uncovered(terms: Terms) -> Iterator[Finding]:
    """A finding for each clause of the document that the file says nothing about, and for each cite of none."""
    document = terms.file.coverage.document
    if not document:
        return
    looked_at = terms.own
    for place, account in enumerate(coverage(looked_at)):
        if not account.terms and not account.listed:
            way = f"write one that cites it, or list it under one of {', '.join(LISTS)}"
            words = f"clause {account.number} of the document has no term; {way}"
            yield terms.document.finding(words, ("coverage", "document", place))
    # An amendment may also cite what it amends.
    earlier = terms.versions[:-1]
    amended = [number for one in earlier for number in one.file.coverage.document]
    if any(not one.file.coverage.document for one in earlier):
        return
    document = [*document, *amended]
    for name, numbers in _cited(looked_at):
        for number in numbers:
            if not any(_part_of(number, known) or _part_of(known, number) for known in document):
                section = next(one for one in _SECTIONS if name in getattr(looked_at, one))
                words = f'the document has no clause "{number}".{did_you_mean(number, document)}'
                yield terms.document.finding(words, (section, name, "cite"))


_SECTIONS = ("clauses", "events", "facts", "parameters", "readings")


def _cited(file: TermsFile) -> Iterator[tuple[str, tuple[str, ...]]]:
    for section in _SECTIONS:
        parts: Mapping[str, Strict] = getattr(file, section)
        for name, part in parts.items():
            cite = getattr(part, "cite", "")
            texts = cite if isinstance(cite, list) else [cite]
            yield name, tuple(number for text in texts for number in _numbers(text) if number != "none")


def _numbers(text: str) -> Iterator[str]:
    """The clause numbers in a cite: `5.1, 5.4(a)-(c)`; words in brackets after a space are remarks."""
    for part in re.sub(r"\s\([^()]*(\([^()]*\)[^()]*)*\)", "", text).split(","):
        word = part.strip().split(" ")[0] if part.strip() else ""
        match = _RANGE.fullmatch(word)
        if match:
            for letter in range(ord(match["first"]), ord(match["last"]) + 1):
                yield f"{match['stem']}({chr(letter)})"
        elif word:
            yield word


def _part_of(number: str, whole: str) -> bool:
    """Whether a clause number is that of the whole or of a part of it."""
    return number == whole or (number.startswith(whole) and number[len(whole)] in ".(")
