"""The names an expression speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from obligations.terms import expressions as e


def names_in(value: object) -> Iterator[str]:
    """Every event, day, window, fact and parameter an expression names, over all its branches."""
    match value:
        case e.DayOf(name=name) | e.EventNamed(name=name) | e.WindowNamed(name=name) | e.IsTrue(name=name):
            yield name
        case e.AmountNamed(name=name) | e.EventOutcome(name=name):
            yield name
        case e.EdgeOf(window=name) | e.EventBound(window=name):
            yield name
        case e.Payday(day=day, calendar=name):
            yield from filter(None, (name,))
            yield from names_in(day)
        case e.EventLasted(window=name, span=span, within=within, period=period):
            yield name
            yield from filter(None, (period,))
            yield from names_in((span, within))
        case e.PeriodEdge(period=name) | e.PeriodOf(period=name) | e.DateInPeriod(period=name):
            yield name
            yield from names_in(value.day)
        case e.FieldOf(event=name):
            yield f"amount of {name}"
        case e.FactAt(name=name, day=day):
            yield name
            yield from names_in(day)
        case e.FactPeak(name=name, window=window) | e.FactMean(name=name, window=window):
            yield name
            yield from names_in(window)
        case tuple():
            for part in value:
                yield from names_in(part)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from names_in(getattr(value, field.name))
        case _:
            return


def called(expression: Any) -> Iterator[str]:
    """The names by which phrases of a clause may call its trigger, under any reading.

    The members of `all of` keep their own days, and are named through what they brought about.
    """
    match expression:
        case e.Choice(options=options):
            for _, option in options:
                yield from called(option)
        case e.EventNamed(name=name):
            yield name
        case e.EventFirst(event=event) | e.EventDuring(event=event):
            yield from called(event)
        case e.EventUnion(members=members):
            for member in members:
                yield from called(member)
        case _:
            return
