"""A whole plan as text for people: windows, what is dated, what waits, powers, and what to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from obligations.cli.lines import wrapped
from obligations.cli.occurrence_text import reach, table
from obligations.cli.question_text import questions
from obligations.domain.event import Report
from obligations.domain.occurrence import OPEN_STATES, Occurrence, Power, State
from obligations.planning.plan import Plan

LONG_SERIES = 4
SILENT = frozenset({State.NOT_APPLICABLE, State.CANCELLED})


def plan_text(plan: Plan, reports: Sequence[Report] | None = None) -> Iterator[str]:
    """A whole plan: windows, what is dated, what waits, powers, and what to ask; `reports` where it is kept."""
    yield plan.contract + (f", as of {plan.as_of}" if plan.as_of else "")
    for window in plan.windows:
        days = f"{window.first_on} to {window.last_on or 'no end'}" if window.first_on else "not dated yet"
        yield f"  {window.name}: {days}"
    shown = [one for one in plan.occurrences if one.state not in SILENT]
    dated = [one for one in shown if one.acts_on is not None]
    yield ""
    yield from table(_shortened(sorted(dated, key=lambda one: one.acts_on or date.max)))
    yield from _reaches(dated)
    undated = [one for one in shown if one.acts_on is None and one.state is State.WAITING]
    if undated:
        yield ""
        yield "Waiting for something to happen"
        yield from _waiting(undated)
    rest = [one for one in shown if one.acts_on is None and one.state is not State.WAITING]
    yield from _undated("In force without a date", [one for one in rest if one.state in OPEN_STATES])
    yield from _undated("Over, without a date", [one for one in rest if one.state not in OPEN_STATES])
    yield from _powers(plan.powers)
    silent = sorted({one.clause for one in plan.occurrences if one.state is State.NOT_APPLICABLE})
    if silent:
        yield ""
        yield from wrapped("Does not apply:", ", ".join(silent))
    yield from questions(plan, reports)


def _undated(title: str, rows: Sequence[Occurrence]) -> Iterator[str]:
    """What has no day, one by one; how it ended, where it is over."""
    if not rows:
        return
    yield ""
    yield title
    for one in rows:
        over = f"{one.state.value.replace('_', ' ')}; " if one.state not in OPEN_STATES else ""
        since = f"from {one.from_on}; " if one.from_on is not None else ""
        yield from wrapped(f"  {one.clause}", f"{over}{since}clause {one.cite}: {one.title}")


def _reaches(rows: Iterable[Occurrence]) -> Iterator[str]:
    """What comes out otherwise under some combination of readings: the first of each clause, with its reach."""
    open_ones = [one for one in rows if one.state in OPEN_STATES and one.bounds is not None and reach(one)]
    if not open_ones:
        return
    yield ""
    yield "Between readings"
    for clause, group in groupby(sorted(open_ones, key=lambda one: one.clause), key=lambda one: one.clause):
        first, *rest = group
        part = f"/{first.index}" if first.of != 1 else ""
        more = f"; so do {len(rest)} more" if rest else ""
        yield from wrapped(f"  {clause}{part}", f"{reach(first)}{more}")


def _shortened(rows: Sequence[Occurrence]) -> Iterator[Occurrence | str]:
    """Open series cut to the next few, and parts that ended early to one line, so that the rest is seen."""
    series: dict[str, list[Occurrence]] = {}
    for one in rows:
        if one.of is None:
            series.setdefault(one.clause, []).append(one)
    left: dict[str, list[Occurrence]] = {}
    for clause, all_of_it in series.items():
        still_open = (place for place, one in enumerate(all_of_it) if one.state in OPEN_STATES)
        start = min(next(still_open, len(all_of_it)), max(0, len(all_of_it) - LONG_SERIES))
        left |= {f"of {clause} before": all_of_it[:start], f"more of {clause}": all_of_it[start + LONG_SERIES :]}
    hidden = {id(one) for some in left.values() for one in some}
    for one in rows:
        if one.of not in (1, None) and one.state in (State.SUPERSEDED, State.TERMINATED):
            left.setdefault(f"{one.state} of {one.clause}", []).append(one)
        elif id(one) not in hidden:
            yield one
    for words, rest in left.items():
        if rest:
            yield f"... and {len(rest)} {words}, {rest[0].acts_on} to {rest[-1].acts_on}"


def _waiting(rows: Sequence[Occurrence]) -> Iterator[str]:
    for clause, group in groupby(sorted(rows, key=lambda one: one.clause), key=lambda one: one.clause):
        first = next(iter(group))
        names = ", ".join(dict.fromkeys((*first.waiting_for, *first.missing)))
        yield from wrapped(f"  {clause}", f"for {names}")


def _powers(powers: Sequence[Power]) -> Iterator[str]:
    if not powers:
        return
    yield ""
    yield "Powers"
    for one in powers:
        waiting = f", waiting for {', '.join(one.waiting_for)}" if one.waiting_for else ""
        yield from wrapped(
            f"  {one.arises_on} {one.state.value}{waiting}", f"the {one.holder} may {one.may} (clause {one.cite})"
        )
