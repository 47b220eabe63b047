"""What a series must say: how it moves on, where it ends, and what its parts are of."""

from __future__ import annotations

from collections.abc import Iterator

from obligations.terms.clause import Clause, Series
from obligations.terms.parts import branches
from schedules.spans import Unit

Complaint = tuple[str, tuple[str | int, ...]]


def pace(clause: Clause, series: Series) -> Iterator[Complaint]:
    """What keeps a series from being planned, with the word that it is about."""
    if (series.every is None) == (series.on is None):
        yield "a series moves on by a span, `every:`, or by paydays, `on: paydays`: write one of them", ("series",)
        return
    if clause.during is not None:
        yield from _periods(clause, series)
    elif series.times is None and series.over is None:
        ends = "a series needs an end: `times:` or `over:` in it"
        if clause.pay is not None or clause.accrue is not None:
            yield f"{ends}, or `during:` beside it", ("series",)
        else:
            yield f"{ends}; {_AGAIN}", ("series",)
    elif series.times is not None and series.over is not None:
        yield "a series ends by `times:` or with the window of `over:`, not by both", ("series", "times")
    if series.splits and (clause.pay is None or clause.during is not None):
        yield "only a sum that is paid in so many parts is split: `pay` with `times:` or `over:`", ("series", "splits")
    if series.remainder is not None and not series.splits:
        yield "nothing is left over where nothing is split: add `splits: yes`", ("series", "remainder")
    yield from _stubs(series)


_AGAIN = "what comes back for as long as something lasts is a clause `when: start of` a window that renews"


def _periods(clause: Clause, series: Series) -> Iterator[Complaint]:
    if clause.pay is None and clause.accrue is None:
        yield f"a series during a window pays or accrues; for single days write `times:`; {_AGAIN}", ("series",)
    for word in ("times", "over"):
        if getattr(series, word) is not None:
            yield f"a series ends by `{word}:` or by `during:`, not by both", ("series", word)
    if series.every is not None and series.every.unit is Unit.BUSINESS_DAY:
        yield "periods are counted in calendar days, weeks or months", ("series", "every")
    for per in branches(clause.per):
        if per == "period":
            if clause.pay is None:
                yield "`per: period` is for pay; what accrues is a figure for a year", ("per",)
        elif per != "service year" and not (str(per).isdecimal() and 1 <= int(str(per)[:4]) <= 366):
            words = "is no share of a year; write `service year`, a number such as 26, or `period`"
            yield f'"{per}" {words}', ("per",)


def _stubs(series: Series) -> Iterator[Complaint]:
    windowed = series.over is not None and series.every is not None and series.first is None
    for word in ("direction", "stub"):
        if getattr(series, word) is not None and not windowed:
            words = "is for steps of `every:` over a window: add `over:` and leave out `first:`"
            yield f"`{word}` {words}", ("series", word)
    end = (series.stub or "").rpartition(" ")[2]
    fits = {"": series.direction, "first": "backward", "last": "forward"}[end]
    if series.direction not in (None, fits):
        words = f"counted {series.direction}, no stub comes {end}; write `direction: {fits}` or leave it out"
        yield words, ("series", "stub")
