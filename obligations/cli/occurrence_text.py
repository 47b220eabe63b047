"""One occurrence, power or delivery in words: its row, its sentence, how it was worked out, what it might be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from obligations.cli.lines import WIDTH, wrapped
from obligations.domain.delivery import Push
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, Power
from obligations.planning.alternatives import Alternative
from schedules.derivation import Derivation

# So many alike of one series stand on one line, first to last.
MANY = 4


def table(rows: Iterable[Occurrence | str]) -> Iterator[str]:
    """Occurrences a line each: day, state, clause and part, what. A string stands for rows left out."""
    for row in rows:
        if isinstance(row, str):
            yield f"{'':12}{row}"
            continue
        part = f" {row.index}/{row.of}" if row.of and row.of > 1 else f" {row.index}" if row.of is None else ""
        mark = "?" if row.conditional else " "
        what, state = figure(row), row.state.value.replace("_", " ")
        day = str(row.acts_on or "")
        soft = "~" if row.due_on is None and row.soft_on else " "
        yield f"{day:10}{soft}{mark}{state:13} {row.clause + part:{46 - max(13, len(state))}} {what}".rstrip()


def legend(rows: Iterable[Occurrence]) -> Iterator[str]:
    """What the marks mean, where they were used."""
    rows = list(rows)
    if any(one.conditional for one in rows):
        yield "? holds only once what is missing or expected is confirmed"
    if any(one.due_on is None and one.soft_on for one in rows):
        yield "~ a soft date from policy; the document names none"


def sentence(one: Occurrence) -> Iterator[str]:
    """Who owes whom what, on which day, by which clause."""
    owes = f"The {one.debtor} owes the {one.creditor}" if one.debtor and one.creditor else "It is"
    amount = f", {figure(one)}" if one.amount is not None or one.units is not None else ""
    names = " and ".join(dict.fromkeys((*one.waiting_for, *one.missing)))
    when = f", on {one.acts_on}" if one.acts_on else ""
    waits = f"; it waits for {names}" if names else ""
    clause = f", by clause {one.cite}" if one.cite and one.cite != "none" else ""
    yield from textwrap.wrap(f"{owes}: {one.title}{amount}{when}{clause}{waits}.", WIDTH)


def figure(one: Occurrence) -> str:
    """The amount, the units, or the days of cover."""
    if one.amount is not None:
        return one.amount.shown()
    if one.units is not None:
        return f"{one.units:,} {one.unit}".strip()
    if one.from_on is not None and one.of is not None:
        return f"from {one.from_on}"
    return ""


def stands(one: Occurrence | Power | None) -> str:
    return one.state.value.replace("_", " ") if one is not None else "none"


def side(one: Occurrence | Power | None) -> str:
    if one is None:
        return "none"
    day = one.arises_on if isinstance(one, Power) else one.acts_on
    state = stands(one)
    waits = f" for {', '.join(one.waiting_for[:3])}" if one.waiting_for and day is None else ""
    what = f" {figure(one)}" if isinstance(one, Occurrence) and figure(one) else ""
    return f"{state}{waits}{f' {day}' if day else ''}{what}"


def reach(one: Occurrence) -> str:
    """How far an occurrence reaches from earliest to latest and from least to most; nothing where readings agree."""
    bounds = one.bounds
    if bounds is None:
        return ""
    parts = []
    if bounds.earliest_on is not None and bounds.earliest_on != bounds.latest_on:
        parts.append(f"{bounds.earliest_on} {f'to {bounds.latest_on}' if bounds.latest_on else 'or undated'}")
    if bounds.least is not None and bounds.most is not None and bounds.least != bounds.most:
        parts.append(f"{_said(bounds.least)} to {_said(bounds.most)}")
    if bounds.may_not_be:
        parts.append("or not at all")
    return ", ".join(parts)


def _said(figure: Money | Decimal) -> str:
    return figure.shown() if isinstance(figure, Money) else f"{figure:,}"


def derivation_text(derivation: Derivation) -> Iterator[str]:
    """The steps of an explanation, conclusions first, indented by depth."""
    for depth, step in derivation.walk():
        cite = f" [clause {step.cite}]" if step.cite and step.kind in ("event", "reading", "clause", "fact") else ""
        result = f" = {step.result}" if step.result else ""
        label = {"reading": "", "event": "event ", "fact": "fact ", "assumption": "assumed: "}.get(step.kind, "")
        text = f"{label}{step.rule}{result}{cite}"
        indent = "  " * (depth + 1)
        yield from textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")


def alternatives_text(others: Sequence[Alternative]) -> Iterator[str]:
    """What one occurrence would be under the other readings."""
    for other in others:
        yield from wrapped(f'  {other.reading}: "{other.option}"', side(other.other))


def same_text(readings: Sequence[str]) -> Iterator[str]:
    """The readings that were tried and change nothing here."""
    if readings:
        yield from textwrap.wrap(
            f"The same under: {', '.join(readings)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def amount_of(push: Push) -> str:
    """What an instruction pays, or how many units it grants, for a reader who may see it; nothing for what carries
    neither."""
    found = _measured(push)
    return _in_words(*found) if found else ""


def _measured(push: Push) -> tuple[Decimal, str] | None:
    """The figure of an instruction, and what it counts."""
    if amount := push.payload.get("amount"):
        return Decimal(amount["value"]), amount["currency"]
    if units := push.payload.get("units"):
        return Decimal(units["value"]), units["unit"]
    return None


def _in_words(figure: Decimal, of: str) -> str:
    return f"{figure:,} {of}".strip()


def called(push: Push) -> str:
    """What a delivery is about."""
    return f"{push.contract}/{push.clause}/{push.index}"


def alike(pushes: Sequence[Push]) -> Iterator[tuple[str, str, Sequence[Push]]]:
    """Pushes of one clause and kind together: what they are about, what they come to, and the pushes themselves.

    Fewer than `MANY` stand each for itself.
    """
    groups: dict[tuple[str, ...], list[Push]] = {}
    for push in pushes:
        groups.setdefault((push.contract, push.clause, push.name, *push.approvals), []).append(push)
    for group in groups.values():
        if len(group) < MANY:
            yield from ((called(push), amount_of(push), [push]) for push in group)
            continue
        first = group[0]
        numbers = [push.index for push in group]
        name = f"{first.contract}/{first.clause}/{min(numbers)}-{max(numbers)} ({len(group)})"
        yield name, _sum_of(group), group


def _sum_of(pushes: Sequence[Push]) -> str:
    """What several come to in all; nothing where some carry no figure, or one of another currency or unit."""
    found = [one for push in pushes if (one := _measured(push))]
    kinds = {of for _, of in found}
    if len(found) != len(pushes) or len(kinds) != 1:
        return ""
    return f"{_in_words(sum((figure for figure, _ in found), Decimal(0)), kinds.pop())} in all"
