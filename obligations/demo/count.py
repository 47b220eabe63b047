"""The count: what was pushed, what the receivers heard and did, and what of it is wrong.

The left side is the store's own list. The right side is what each receiver wrote down before it answered. The figures
are the letter's. Nobody's word is taken for anybody else's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from obligations.demo.letter import COVER, FIGURES, LUMP_SUM_DUE_ON, SLACK, Figure
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.ports import StoredDelivery

_S = DeliveryState
# What somebody waits for once its instant has come. The rest ended in a state that says why it was not sent.
OWED = frozenset({_S.PROPOSED, _S.SCHEDULED, _S.SENDING, _S.RETRYING, _S.PARKED, _S.DELIVERED})


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as a receiver wrote it down: `effect`, `duplicate`, `bad` or `none`. `at` is machine time.

    `edits`: it rewrote an earlier message instead of posting one.
    """

    lane: str
    key: str
    at: datetime
    kind: str
    body: bytes
    edits: bool = False


@dataclass(slots=True)
class Row:
    """The count of one receiver."""

    lane: str
    pushed: int = 0  # due by now and owed
    received: int = 0  # requests that came, repeats included
    effects: int = 0  # things done
    duplicates: int = 0  # repeats that were recognised and did nothing
    collapsed: int = 0  # stale reminders that a later one of the same occurrence replaced; not sent
    lost: int = 0  # owed, and nothing was done
    doubled: int = 0  # done more than once
    early: int = 0  # arrived before its instant
    wrong: int = 0  # other content than was planned, or than the letter says

    @property
    def faults(self) -> int:
        """How much is not as it should be."""
        return self.lost + self.doubled + self.early + self.wrong


COUNTED = tuple(one.name for one in fields(Row) if one.name != "lane")


@dataclass(slots=True)
class Count:
    """Every receiver's row, what is wrong in words, and each figure of the letter with what arrived for it."""

    rows: dict[str, Row]
    faults: list[str] = field(default_factory=list)
    figures: list[tuple[Figure, str, bool]] = field(default_factory=list)

    @property
    def total(self) -> Row:
        """All receivers together."""
        total = Row("in all")
        for row in self.rows.values():
            for name in COUNTED:
                setattr(total, name, getattr(total, name) + getattr(row, name))
        return total

    def fault(self, lane: str, kind: str, words: str) -> None:
        """Count one thing that is not as it should be, and say which."""
        row = self.rows.setdefault(lane, Row(lane))
        setattr(row, kind, getattr(row, kind) + 1)
        self.faults.append(f"{lane}, {kind}: {words}")


def lane_of(delivery: StoredDelivery) -> str:
    """The receiver of a delivery: the system an action names, Slack for everything else."""
    return delivery.push.destination if delivery.push.kind is PushKind.ACTION else SLACK


def count(
    lanes: Iterable[str],
    deliveries: Sequence[StoredDelivery],
    heard: Sequence[Heard],
    *,
    business_at: Callable[[datetime], datetime],
    day_of: Callable[[datetime], date],
    ended_at: datetime,
    figures: Sequence[Figure] = FIGURES,
) -> Count:
    """Hold what was heard against what was planned and what the letter says.

    Args:
        lanes: the receivers, in the order of the table.
        deliveries: all of the store's, every state.
        heard: what all receivers wrote down.
        business_at: business time at a machine instant.
        day_of: the contract's day at a business instant.
        ended_at: the business instant at which everything due had its time.
        figures: what the letter says.
    """
    result = Count({lane: Row(lane) for lane in lanes})
    planned = {str(one.push.key): one for one in deliveries}
    heard = tuple(_seen(heard))
    done = Counter(one.key for one in heard if one.kind == "effect")
    for delivery in deliveries:
        _owed(result, delivery, done[str(delivery.push.key)], ended_at)
    for one in heard:
        _arrival(result, one, planned.get(one.key), business_at)
    _done_twice(result, planned, done)
    arrived = [
        (one.lane, day_of(business_at(one.at)), json.loads(one.body)["data"])
        for one in heard
        if one.kind == "effect" and one.lane != SLACK
    ]
    for figure in figures:
        _figure(result, figure, [(on, data) for lane, on, data in arrived if _fits(figure, lane, data)])
    for lane, _, data in arrived:
        if figures and not any(_fits(figure, lane, data) for figure in figures):
            result.fault(lane, "wrong", f"the letter knows no {data['kind']} for {data['basis']['obligation']}")
    return result


def _seen(heard: Iterable[Heard]) -> Iterator[Heard]:
    """What people see of it: a message that is rewritten with the words it has already looks as it did."""
    said: dict[str, bytes] = {}
    for one in heard:
        again = one.edits and one.kind == "effect" and said.get(one.key) == one.body
        said[one.key] = one.body
        yield replace(one, kind="duplicate") if again else one


def _owed(result: Count, delivery: StoredDelivery, done: int, ended_at: datetime) -> None:
    lane, push = lane_of(delivery), delivery.push
    row = result.rows.setdefault(lane, Row(lane))
    if delivery.state is _S.COLLAPSED:
        row.collapsed += 1
    owed = delivery.state in OWED and (push.send_at <= ended_at or delivery.state is _S.DELIVERED)
    if not owed:
        return
    row.pushed += 1
    if not done:
        why = f" ({delivery.reason})" if delivery.reason else ""
        result.fault(lane, "lost", f"{_name(delivery)} is {delivery.state}{why} and nothing was done")


def _arrival(
    result: Count, one: Heard, delivery: StoredDelivery | None, business_at: Callable[[datetime], datetime]
) -> None:
    row = result.rows.setdefault(one.lane, Row(one.lane))
    row.received += 1
    row.effects += one.kind == "effect"
    row.duplicates += one.kind == "duplicate"
    if delivery is None:
        result.fault(one.lane, "wrong", f"key {one.key} was never planned")
        return
    arrived_at = business_at(one.at)
    if arrived_at < delivery.push.send_at:
        result.fault(one.lane, "early", f"{_name(delivery)} was for {delivery.push.send_at} and came {arrived_at}")
    if lane_of(delivery) != one.lane:
        result.fault(one.lane, "wrong", f"{_name(delivery)} was for {lane_of(delivery)}")
    elif one.kind == "bad" or not _says_what_was_planned(one.body, delivery):
        result.fault(one.lane, "wrong", f"{_name(delivery)} says other than was planned")
    elif one.kind == "effect" and delivery.state not in OWED:
        result.fault(one.lane, "wrong", f"{_name(delivery)} was done although it is {delivery.state}")


def _says_what_was_planned(said: bytes, delivery: StoredDelivery) -> bool:
    """A system gets the stored bytes; Slack the notice's line, with how far its day is or how late it goes."""
    if delivery.push.kind is PushKind.ACTION:
        return said == delivery.body
    line = str(delivery.push.payload["text"])
    text = said.decode()
    return text == line or (text.startswith(f"{line} (") and text.endswith(")"))


def _done_twice(result: Count, planned: Mapping[str, StoredDelivery], done: Counter[str]) -> None:
    """The same thing done twice: under one key, or under two keys that mean the same."""
    times: Counter[tuple[object, ...]] = Counter()
    keys: dict[tuple[object, ...], str] = {}
    for key, number in done.items():
        delivery = planned.get(key)
        if delivery is not None:
            push = delivery.push
            what: tuple[object, ...] = (push.contract, push.clause, push.index, push.name, push.supersession)
            times[what] += number
            keys[what] = key
    for what, number in times.items():
        if number > 1:
            delivery = planned[keys[what]]
            result.fault(lane_of(delivery), "doubled", f"{_name(delivery)} was done {number} times")


# --- the letter -----------------------------------------------------------------------------------------------------


def _fits(figure: Figure, lane: str, data: Mapping[str, Any]) -> bool:
    if (lane, data["kind"]) != (figure.system, figure.kind):
        return False
    if figure.due_from is None or figure.due_to is None:
        return True
    due_by = data["timing"]["due_by"]
    return due_by is not None and figure.due_from <= date.fromisoformat(due_by) <= figure.due_to


def _figure(result: Count, figure: Figure, arrived: Sequence[tuple[date, Mapping[str, Any]]]) -> None:
    total = sum((_quantity(data) for _, data in arrived), Decimal(0))
    shown = f"{total:,}" if figure.total is not None else "told" if arrived else ""
    wrong = []
    if len(arrived) != figure.times:
        wrong.append(f"{len(arrived)} came where {figure.times} belong")
    if figure.total is not None and total != figure.total:
        wrong.append(f"{total:,} in all where {figure.total:,} belong")
    for on, data in arrived:
        if (figure.first_on and on < figure.first_on) or (figure.last_on and on > figure.last_on):
            wrong.append(f"came on {on}, which is not within {figure.first_on} to {figure.last_on or 'later'}")
        wrong += _special(data)
    for words in wrong:
        result.fault(figure.system, "wrong", f"clause {figure.cite}, {figure.says}: {words}")
    result.figures.append((figure, shown, not wrong))


def _quantity(data: Mapping[str, Any]) -> Decimal:
    stated = data["amount"] or data["units"]
    return Decimal(stated["value"]) if stated else Decimal(0)


def _special(data: Mapping[str, Any]) -> Iterable[str]:
    """What the letter says beyond how much: the day of payment, the days of cover."""
    timing = data["timing"]
    if data["kind"] == "one_time_earning" and timing["due_by"] != LUMP_SUM_DUE_ON.isoformat():
        yield f"due by {timing['due_by']} where {LUMP_SUM_DUE_ON} belongs"
    if data["kind"] == "benefit_start":
        period = (timing["period"]["start"], timing["period"]["end"])
        if period != tuple(day.isoformat() for day in COVER):
            yield f"cover from {period[0]} to {period[1]} where {COVER[0]} to {COVER[1]} belongs"


def _name(delivery: StoredDelivery) -> str:
    return f"{delivery.push.clause}/{delivery.push.index} {delivery.push.name}"
