"""Looks over the receivers' shoulders while time passes, and tells what arrives there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from obligations.demo.count import Heard
from obligations.demo.house import House
from obligations.demo.letter import SLACK
from obligations.demo.screen import Screen

# What comes every other Friday is told once a stretch.
ROUTINE = frozenset({"recurring_earning", "leave_accrual"})


class Watch:
    """Tells each arrival once: the remarkable ones as they come, the routine ones together."""

    def __init__(self, house: House, screen: Screen, day_of: Callable[[datetime], date]) -> None:
        self._house = house
        self._screen = screen
        self._day_of = day_of
        self._told: Counter[str] = Counter()
        self._routine: list[tuple[date, Heard]] = []

    def look(self, *, all_of_it: bool = False) -> None:
        """Tell what is new; with `all_of_it` what was held back too."""
        heard = self._new()
        for on, one in sorted(heard, key=lambda pair: pair[1].at):
            if _is_routine(one):
                if self._routine and _quarter(on) != _quarter(self._routine[0][0]):
                    self._tell_routine()
                self._routine.append((on, one))
                continue
            self._tell_routine()
            what = _instruction(one) if one.kind == "effect" else _repeat(one)
            self._screen.happened(on, _who(one.lane), what)
        if all_of_it:
            self._tell_routine()

    def _new(self) -> list[tuple[date, Heard]]:
        heard = self._house.heard()
        fresh: list[Heard] = []
        for lane, arrived in groupby(heard, key=lambda one: one.lane):
            in_order = list(arrived)
            fresh += in_order[self._told[lane] :]
            self._told[lane] = len(in_order)
        return [(self._day_of(self._house.clock.business_at(one.at)), one) for one in fresh]

    def _tell_routine(self) -> None:
        waiting, self._routine = self._routine, []
        by_lane: dict[str, list[tuple[date, Heard]]] = {}
        for on, one in waiting:
            by_lane.setdefault(one.lane, []).append((on, one))
        for lane, mine in sorted(by_lane.items(), key=lambda pair: pair[1][-1][0]):
            last = mine[-1][0]
            if lane == SLACK:
                self._screen.happened(last, "Slack", _reminders(one for _, one in mine))
            else:
                self._screen.happened(last, _who(lane), _series([json.loads(one.body)["data"] for _, one in mine]))


def _quarter(on: date) -> tuple[int, int]:
    return on.year, (on.month - 1) // 3


def _is_routine(one: Heard) -> bool:
    if one.lane == SLACK:
        return one.kind == "effect"
    return one.kind == "effect" and json.loads(one.body)["data"]["kind"] in ROUTINE


def _who(lane: str) -> str:
    return SLACK.title() if lane == SLACK else words_of(lane)


def words_of(name: str) -> str:
    """A name of the contract or of an instruction as words."""
    return name.replace("_", " ")


def _instruction(one: Heard) -> str:
    data = json.loads(one.body)["data"]
    return f"<- {words_of(data['kind'])}{_quantity(data)} (clause {data['basis']['clause']})"


def _repeat(one: Heard) -> str:
    if one.kind == "duplicate":
        return "<- the same key again: recognised, answered as before, nothing done twice"
    return f"<- a request that had no effect ({one.kind})"


def _quantity(data: Mapping[str, Any]) -> str:
    if data["amount"]:
        return f" {Decimal(data['amount']['value']):,} {data['amount']['currency']}"
    if data["units"]:
        return f" {Decimal(data['units']['value']):,} {data['units']['unit']}"
    period = data["timing"]["period"]
    return f" {period['start']} to {period['end']}" if period["start"] and period["end"] else ""


def _series(instructions: list[Mapping[str, Any]]) -> str:
    first = instructions[0]
    total = sum((Decimal((one["amount"] or one["units"])["value"]) for one in instructions), Decimal(0))
    unit = first["amount"]["currency"] if first["amount"] else first["units"]["unit"]
    times = f"{len(instructions)} x " if len(instructions) > 1 else ""
    together = " in all" if len(instructions) > 1 else ""
    return f"<- {times}{words_of(first['kind'])}, {total:,} {unit}{together} (clause {first['basis']['clause']})"


def _reminders(messages: Iterable[Heard]) -> str:
    told = list(messages)
    titles = Counter(_title(one) for one in told if not one.edits)
    parts = [title if number == 1 else f"{title} (x{number})" for title, number in titles.items()]
    rewritten = Counter(_title(one) for one in told if one.edits)
    parts += [
        f'{number} earlier {"message now says" if number == 1 else "messages now say"} "{title}"'
        for title, number in rewritten.items()
    ]
    return "-> " + "; ".join(parts)


def _title(message: Heard) -> str:
    return message.body.decode().partition(": " if message.edits else " (clause ")[0]
