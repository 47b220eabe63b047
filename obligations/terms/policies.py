"""How a whole file counts: policies stated under `counting:` or by readings that govern one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from obligations.terms import expressions as e
from obligations.terms.document import Path
from obligations.terms.errors import Finding, PhraseError, did_you_mean
from obligations.terms.phrases import span_phrase
from schedules.conventions import Convention
from schedules.spans import EventDay, MonthEnd, Span, Unit

if TYPE_CHECKING:
    from obligations.terms.model import TermsFile
    from obligations.terms.terms import Terms

NAMED: Mapping[str, tuple[str, ...]] = {"event_day": tuple(EventDay), "month_end": tuple(MonthEnd)}
NO_SHORT_PERIODS = "none"


def governing(file: TermsFile, readings: Mapping[str, str], slot: str) -> str | None:
    """The policy in use for something the whole file counts by; None where neither a reading nor the file says one."""
    name = governed_by(file, slot)
    options = file.readings[name].options if name is not None else None
    if name is not None and isinstance(options, dict):
        return options[readings[name]]
    found: str | None = getattr(file.counting, slot)
    return found


def governed_by(file: TermsFile, slot: str) -> str | None:
    """The reading that settles something the whole file counts by; None where none does."""
    governs = (name for name, one in file.readings.items() if one.governs == slot and isinstance(one.options, dict))
    return next(governs, None)


def short_days(policy: str | None) -> int:
    """Up to how many days a period is short, so that closed days in it do not count; 0 where none is.

    Raises `PhraseError` for anything but a number of days and `none`.

    >>> short_days("10 days"), short_days("none"), short_days(None)
    (10, 0, 0)
    """
    if policy is None or policy == NO_SHORT_PERIODS:
        return 0
    span = span_phrase(policy)
    if span.unit is not Unit.DAY or span.clear or span.then is not None:
        raise PhraseError(f'"{policy}" is no number of days; write for example `10 days`, or `none`')
    return span.count


def counts_business_days(file: TermsFile) -> bool:
    """Whether the file says whose business days it means."""
    return file.counting.calendar is not None or any(one.governs == "calendar" for one in file.readings.values())


def needs_calendar(part: object, terms: Terms) -> bool:
    """Whether a part of an expression can only be counted by a calendar of business days."""
    match part:
        case Span() | e.SpanOf():
            return part.unit is Unit.BUSINESS_DAY
        case e.SpanNamed(name=name):
            value = terms.parameters.get(name)
            return isinstance(value, Span) and value.counts_business_days()
        case e.OpenDay():
            return True
        case Convention():
            return part is not Convention.UNADJUSTED
        case _:
            return False


def policies(terms: Terms) -> Iterator[Finding]:
    """What is wrong with the policies: two for one thing, one that does not exist, one that needs a calendar."""
    stated: dict[str, str] = {}
    for slot in sorted(terms.file.counting.model_fields_set):
        stated[slot] = "`counting:`"
        yield from _policy(terms, slot, str(getattr(terms.file.counting, slot)), ("counting", slot))
    for name, reading in terms.file.readings.items():
        if reading.governs is None:
            continue
        if reading.governs in stated:
            message = f"{stated[reading.governs]} governs {reading.governs} already; keep one of the two"
            yield terms.document.finding(message, ("readings", name, "governs"))
        stated[reading.governs] = f"reading {name}"
        if isinstance(reading.options, dict):
            for option, policy in reading.options.items():
                yield from _policy(terms, reading.governs, policy, ("readings", name, "options", option))


def _policy(terms: Terms, slot: str, policy: str, path: Path) -> Iterator[Finding]:
    known = NAMED.get(slot)
    if known is not None and policy not in known:
        yield terms.document.finding(f'there is no policy "{policy}".{did_you_mean(policy, known)}', path)
    if slot == "short_periods":
        try:
            short = short_days(policy)
        except PhraseError as error:
            yield terms.document.finding(str(error), path, offset=error.offset)
            return
        if short and not counts_business_days(terms.file):
            message = "closed days can only be left out where it is said whose they are; state `calendar`"
            yield terms.document.finding(message, path)
