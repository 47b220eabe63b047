"""Plans, changes and explanations as text for people: readable at 80 columns and without colour."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from obligations.domain.delivery import Push, PushKind
from obligations.domain.event import Report
from obligations.domain.money import Money
from obligations.domain.occurrence import OPEN_STATES, Occurrence, Power, State
from obligations.planning.alternatives import Alternative
from obligations.planning.diff import Change
from obligations.planning.plan import Plan, Question
from obligations.ports import StoredDelivery, TermsVersion
from obligations.service import Finished, Preview
from schedules.derivation import Derivation

WIDTH = 80
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
        yield from _wrapped("Does not apply:", ", ".join(silent))
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
        yield from _wrapped(f"  {one.clause}", f"{over}{since}clause {one.cite}: {one.title}")


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
        yield from _wrapped(f"  {clause}{part}", f"{reach(first)}{more}")


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


def questions(plan: Plan, reports: Sequence[Report] | None = None) -> Iterator[str]:
    """What to ask people, the required first; for a kept contract with the commands that answer."""
    if not plan.questions:
        return
    yield ""
    yield "To ask"
    for question in plan.questions:
        need = "required" if question.required else "makes dates conditional"
        yield from _wrapped(f"  {question.name} ({need})", question.ask)
        for command in answering(plan.contract, question, reports) if reports is not None else ():
            yield from command_text(command)


def answering(contract: str, question: Question, reports: Sequence[Report]) -> Iterator[str]:
    """The commands that answer a question: a report that lacks a detail is corrected."""
    event, _, detail = question.name.partition(".")
    if question.name.startswith("answer:"):
        yield f"obligations correct {question.name.removeprefix('answer:')} --answers ID"
        return
    if detail:
        option = "--received YYYY-MM-DD" if detail == "received_on" else f"--with {detail}=..."
        lacking = [
            one
            for one in reports
            if one.event == event and not (one.received_on if detail == "received_on" else one.fields.get(detail))
        ]
        for report in lacking:
            yield f"obligations correct {report.id} {option}"
        if not lacking:
            yield f"obligations event {contract} {event} YYYY-MM-DD {option}"
    elif question.kind == "judgment":
        yield f"obligations why {contract}/CLAUSE"
    elif question.kind == "fact":
        yield f"obligations fact {contract} {event} VALUE --on YYYY-MM-DD"
    else:
        yield f"obligations event {contract} {event} YYYY-MM-DD"


def table(rows: Iterable[Occurrence | str]) -> Iterator[str]:
    """Occurrences a line each: day, state, clause and part, what. A string stands for rows left out."""
    for row in rows:
        if isinstance(row, str):
            yield f"{'':12}{row}"
            continue
        part = f" {row.index}/{row.of}" if row.of and row.of > 1 else f" {row.index}" if row.of is None else ""
        mark = "?" if row.conditional else " "
        what = figure(row)
        day = str(row.acts_on or "")
        soft = "~" if row.due_on is None and row.soft_on else " "
        yield f"{day:10}{soft}{mark}{row.state.value.replace('_', ' '):13} {row.clause + part:33} {what}".rstrip()


def legend(rows: Iterable[Occurrence]) -> Iterator[str]:
    """What the marks mean, where they were used."""
    rows = list(rows)
    if any(one.conditional for one in rows):
        yield "? holds only once what is missing or expected is confirmed"
    if any(one.due_on is None and one.soft_on for one in rows):
        yield "~ a soft date from policy; the document names none"


def amount_of(push: Push) -> str:
    """What an instruction pays, for a reader who may see it; nothing for what carries no amount."""
    amount = push.payload.get("amount")
    return f"{Decimal(amount['value']):,} {amount['currency']}" if amount else ""


def called(push: Push) -> str:
    """What a delivery is about."""
    return f"{push.contract}/{push.clause}/{push.index}"


def sentence(one: Occurrence) -> Iterator[str]:
    """Who owes whom what, on which day, by which clause."""
    owes = f"The {one.debtor} owes the {one.creditor}" if one.debtor and one.creditor else "It is"
    amount = f", {figure(one)}" if one.amount is not None or one.units is not None else ""
    names = " and ".join(dict.fromkeys((*one.waiting_for, *one.missing)))
    when = f", on {one.acts_on}" if one.acts_on else ""
    waits = f"; it waits for {names}" if names else ""
    clause = f", by clause {one.cite}" if one.cite and one.cite != "none" else ""
    yield from textwrap.wrap(f"{owes}: {one.title}{amount}{when}{clause}{waits}.", WIDTH)


def same_text(readings: Sequence[str]) -> Iterator[str]:
    """The readings that were tried and change nothing here."""
    if readings:
        yield from textwrap.wrap(
            f"The same under: {', '.join(readings)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def figure(one: Occurrence) -> str:
    """The amount, the units, or the days of cover."""
    if one.amount is not None:
        return one.amount.shown()
    if one.units is not None:
        return f"{one.units:,} {one.unit}".strip()
    if one.from_on is not None and one.of is not None:
        return f"from {one.from_on}"
    return ""


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
        yield from _wrapped(f"  {clause}", f"for {names}")


def _powers(powers: Sequence[Power]) -> Iterator[str]:
    if not powers:
        return
    yield ""
    yield "Powers"
    for one in powers:
        waiting = f", waiting for {', '.join(one.waiting_for)}" if one.waiting_for else ""
        yield from _wrapped(
            f"  {one.arises_on} {one.state.value}{waiting}", f"the {one.holder} may {one.may} (clause {one.cite})"
        )


def changes_text(changes: Sequence[Change], touched: Sequence[StoredDelivery] = ()) -> Iterator[str]:
    """A diff, a line a change, with before and after; then what was sent already and goes to a person.

    Many alike of one series stand on one line, first to last.
    """
    if not changes:
        yield "Nothing changes."
    alike: dict[tuple[object, ...], list[Change]] = {}
    for number, change in enumerate(changes):
        one = change.subject
        series = isinstance(one, Occurrence) and one.of != 1
        key = (one.clause, change.verb, _state(change.before), _state(change.after)) if series else (number,)
        alike.setdefault(key, []).append(change)
    for group in alike.values():
        if len(group) < LONG_SERIES:
            for change in group:
                yield from _wrapped(
                    f"  {_verb(change):8} {_name(change)}", f"{_side(change.before)} -> {_side(change.after)}"
                )
        else:
            yield from _many(group)
    for delivery in touched:
        yield from _wrapped(
            "  sent already", f"{delivery.push.name} of {delivery.push.clause}: a person decides about it"
        )


def preview_text(preview: Preview) -> Iterator[str]:
    """What a person is asked to agree to: what changes, what was sent already, what has to be asked, and in short."""
    yield f"{preview.contract}: what changes"
    yield from changes_text(preview.changes, preview.touched)
    yield from questions(preview.after, ())
    yield from _summary(preview)


def _summary(preview: Preview) -> Iterator[str]:
    """One line for who reads only that, such as `2 become missed, 1 payment is proposed`."""
    turned = Counter(
        _state(change.after)
        for change in preview.changes
        if change.after and _state(change.before) != _state(change.after)
    )
    parts = [f"{number} become{'s' if number == 1 else ''} {state}" for state, number in turned.items()]
    before = {push.key for push in preview.before.pushes}
    for_people = sum(1 for push in preview.after.pushes if push.money and push.approvals and push.key not in before)
    if for_people:
        parts.append(f"{for_people} payment{' is' if for_people == 1 else 's are'} proposed")
    if parts:
        yield ""
        yield from textwrap.wrap(f"In short: {', '.join(parts)}", WIDTH)


def finished_text(finished: Finished) -> Iterator[str]:
    """What reporting something done came to."""
    one = finished.occurrence
    late = ""
    if one.state in (State.MISSED, State.DONE_LATE):
        late = f": the last day was {one.due_on}, and it was done on {finished.done_on}"
        late += ", too late" if one.state is State.MISSED else ""
    yield from textwrap.wrap(f"{one.contract}/{one.clause}/{one.index}: {_state(one)}{late}", WIDTH)
    others = [change for change in finished.changes if change.subject.id != one.id]
    if others:
        yield from changes_text(others)
    for delivery in finished.stopped:
        if delivery.push.kind is PushKind.ACTION:
            name = f"  {delivery.push.name} of {delivery.push.clause}/{delivery.push.index}"
            yield from _wrapped(name, "no longer goes")
    reminders = sum(1 for one in finished.stopped if one.push.kind is not PushKind.ACTION)
    if reminders:
        yield f"  {reminders} reminder{' no longer goes' if reminders == 1 else 's no longer go'}"


def _many(group: Sequence[Change]) -> Iterator[str]:
    first, last = group[0], group[-1]
    numbers = [change.subject.index for change in group if isinstance(change.subject, Occurrence)]
    name = f"{first.subject.clause}/{min(numbers)}-{max(numbers)} ({len(group)})"
    days = [day for day in (_acts_on(first), _acts_on(last)) if day]
    span = f" {' to '.join(str(day) for day in dict.fromkeys(days))}" if days else ""
    yield from _wrapped(f"  {_verb(first):8} {name}", f"{_state(first.before)} -> {_state(first.after)}{span}")


def _verb(change: Change) -> str:
    """The change in a word: an occurrence that had no day and has one now is dated, not moved."""
    before, after = change.before, change.after
    if isinstance(before, Occurrence) and isinstance(after, Occurrence) and before.acts_on is None and after.acts_on:
        return "dated"
    return change.verb


def _name(change: Change) -> str:
    one = change.subject
    part = f"/{one.index}" if isinstance(one, Occurrence) and one.of != 1 else ""
    return (one.name if isinstance(one, Power) else one.clause) + part


def _acts_on(change: Change) -> date | None:
    one = change.subject
    return one.arises_on if isinstance(one, Power) else one.acts_on


def _state(one: Occurrence | Power | None) -> str:
    return one.state.value.replace("_", " ") if one is not None else "none"


def _side(one: Occurrence | Power | None) -> str:
    if one is None:
        return "none"
    day = one.arises_on if isinstance(one, Power) else one.acts_on
    state = _state(one)
    waits = f" for {', '.join(one.waiting_for[:3])}" if one.waiting_for and day is None else ""
    what = f" {figure(one)}" if isinstance(one, Occurrence) and figure(one) else ""
    return f"{state}{waits}{f' {day}' if day else ''}{what}"


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
        yield from _wrapped(f'  {other.reading}: "{other.option}"', _side(other.other))


def wrapped(head: str, text: str) -> Iterator[str]:
    """A head and its text, indented under it where it does not fit the line."""
    return _wrapped(head, text)


def _wrapped(head: str, text: str) -> Iterator[str]:
    line = f"{head}  {text}"
    if len(line) <= WIDTH:
        yield line
        return
    yield head
    yield from textwrap.wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)


def version_text(version: TermsVersion) -> Iterator[str]:
    """One text of a contract's terms: what it was, from which day it governs, who recorded it and when."""
    since = f", from {version.from_on} on" if version.from_on else ""
    by = f" by {version.recorded_by}" if version.recorded_by else ""
    said = f"{version.title}{since}; recorded on {version.recorded_at:%Y-%m-%d}{by}"
    yield from _wrapped(f"  version {version.number}, {version.kind}:", said)


def command_text(command: str) -> Iterator[str]:
    """A command to copy, indented, on further lines where it does not fit one."""
    yield from textwrap.wrap(
        command, WIDTH, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False
    )


def cut(line: str) -> str:
    """The line at 80 columns, with a sign where something was left out."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
