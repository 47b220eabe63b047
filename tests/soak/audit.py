"""What a campaign came to: what it was told, what the store says and what the receiver saw, held against each other.

What was to happen is known from what the store accepted, as the campaign noted it, and not from the rows: a row that is
gone, or called off by nobody, would otherwise be missed by nobody.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from obligations.domain.content import hash_of, same_content
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.planning.content import body_of
from obligations.ports import Decision, Store, StoredDelivery
from obligations.store.queue import STOPPED
from obligations.testing.payroll import Arrival
from tests.soak.house import Life
from tests.soak.load import CONTRACT, Accepted, Yes
from tests.soak.machine import BUSY_SHARE

_S = DeliveryState
# Seconds after the end of a lease, or after a start; seconds after their instant, of one in a hundred and at most.
TAKEN_UP_MOST, LATE_P99, LATE_MOST = 2.0, 2.0, 5.0
# What a daemon may grow while nothing happens but its work.
GROWTH_MOST = 16 * 2**20
MIB = 2**20
Spans = tuple[float, float, float]
KEPT, BROKEN, NOT_SHOWN = "kept", "BROKEN", "NOT SHOWN, the machine was busy"


@dataclass(frozen=True, slots=True)
class Audit:
    """The figures of a campaign. Spans are seconds: the middle one, the one of a hundred, the longest.

    `taken_up` is how long what was in flight waited for its next attempt: on PostgreSQL since the end of its lease, on
    SQLite since the death; `others` how long what fell due meanwhile waited. Neither counts while no daemon was up: how
    long a start takes is the machine's affair, and `down` is how much of the time that was. `beside` is the share of
    the machine's time that went to others, None where nobody knows; `memory` is each daemon's in bytes, in the middle
    of the quiet end, when it has done all it does, and when that was over.
    """

    kills: int
    due: int
    lost: int
    sent_twice: int
    doubled_effects: int
    early: int
    unapproved: int
    kept_back: int
    lag: Spans
    taken_up: Spans
    others: Spans = (0.0, 0.0, 0.0)
    down: float = 0.0
    start: Spans = (0.0, 0.0, 0.0)
    other_content: int = 0
    called_off: int = 0
    sent_all_the_same: int = 0
    parked: int = 0
    tracebacks: int = 0
    ended_badly: int = 0
    beside: float | None = None
    load: float = 0.0
    memory: tuple[tuple[int, int], ...] = ()

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        return [name for name, _, verdict in self.rows() if verdict == BROKEN]

    @property
    def not_shown(self) -> list[str]:
        """The promises of time that were not kept on a machine that others kept busy: it says nothing of them."""
        return [name for name, _, verdict in self.rows() if verdict == NOT_SHOWN]

    def rows(self) -> list[tuple[str, str, str]]:
        """The table: what it is, the figure, and whether what is promised of it was kept; no word of what is not
        promised."""
        grown = max((after - before for before, after in self.memory), default=0)
        return [
            ("kills", f"{self.kills:,}", ""),
            ("due", f"{self.due:,}", ""),
            ("lost", *_none(self.lost)),
            ("sent more than once, same key", f"{self.sent_twice:,}", ""),
            ("duplicate effects", *_none(self.doubled_effects)),
            ("early", *_none(self.early)),
            ("unapproved payments sent", *_none(self.unapproved)),
            ("other content than was accepted", *_none(self.other_content)),
            ("called off", f"{self.called_off:,}", ""),
            ("called off, and sent all the same", *_none(self.sent_all_the_same)),
            ("payments kept back for approval", f"{self.kept_back:,}", ""),
            ("parked, and let go by a person", f"{self.parked:,}", ""),
            ("tracebacks in the logs", *_none(self.tracebacks)),
            ("unclean ends after SIGTERM", *_none(self.ended_badly)),
            ("undisturbed lag, s: p50 / p99 / max", _three(self.lag),
             self._in_time(self.lag[1] <= LATE_P99 and self.lag[2] <= LATE_MOST)),
            ("what was in flight goes again, s", _three(self.taken_up),
             self._in_time(self.taken_up[2] <= TAKEN_UP_MOST) if any(self.taken_up) else "nothing was"),
            ("what fell due among the deaths, s", _three(self.others), self._in_time(self.others[2] <= LATE_MOST)),
            ("from a daemon's start until it is up, s", _three(self.start), ""),
            ("nobody was up, of the time", f"{self.down:.0%}", ""),
            ("memory of a daemon in the quiet end, MiB", _memory(self.memory), _kept(grown <= GROWTH_MOST)),
            ("others had of the machine; its load", f"{_share(self.beside)}; {self.load:.1f}", ""),
        ]  # fmt: skip

    def _in_time(self, kept: bool) -> str:
        idle = self.beside is not None and self.beside <= BUSY_SHARE
        return KEPT if kept else BROKEN if idle else NOT_SHOWN


def audit(
    store: Store, accepted: Mapping[str, Accepted], arrivals: Sequence[Arrival], bad: int, lives: Sequence[Life],
    calm: Collection[UUID], now: datetime, *, lease: timedelta,
) -> Audit:  # fmt: skip
    """Hold what was accepted against what the store says of it and what the receiver saw. `calm` are the keys of the
    quiet end."""
    died = {life.worker: life.died_at for life in lives if life.died_at is not None}
    stretches = _stretches(lives, now)
    with store.read() as view:
        deliveries = {str(one.push.key): one for one in view.deliveries()}
        decisions = [one for key in accepted for one in view.decisions(UUID(key)) if accepted[key].push.approvals]
        attempts = [view.attempts(one.push.key) for one in deliveries.values() if one.attempts > 1]
    effects = [arrival for arrival in arrivals if arrival.first]
    arrived = {arrival.key for arrival in effects}
    due = {
        key
        for key, one in accepted.items()
        if one.push.kind is PushKind.ACTION and one.push.send_at <= now and one.may_go and not one.called_off
    }
    lost = {key for key, one in accepted.items() if not _is_as_it_must_be(one, deliveries, now)} | (due - arrived)
    about = Counter(_about(accepted, deliveries, arrival.key) for arrival in effects)
    left = [
        (max(died[before.worker], before.started_at + lease), after.started_at)
        for tries in attempts
        for before, after in pairwise(tries)
        if before.detail == STOPPED and before.worker in died
    ]
    # What letters ask for was due before anybody wrote them down; of the rest, what arrived at its first attempt.
    undisturbed = [
        (accepted[arrival.key].push.send_at, arrival.at)
        for arrival in effects
        if arrival.key in due and UUID(arrival.key) not in calm and accepted[arrival.key].push.contract == CONTRACT
        and arrival.key in deliveries and deliveries[arrival.key].attempts == 1
    ]  # fmt: skip
    known = [(arrival, accepted[arrival.key]) for arrival in arrivals if arrival.key in accepted]
    up_seconds = sum((end - begin).total_seconds() for begin, end in stretches)
    all_seconds = (now - min((life.started_at for life in lives), default=now)).total_seconds()
    return Audit(
        kills=sum(life.died_at is not None for life in lives),
        due=len(due),
        lost=len(lost) + _decisions_lost(accepted, decisions),
        sent_twice=sum(count > 1 for count in Counter(arrival.key for arrival in arrivals).values()),
        doubled_effects=sum(count - 1 for count in about.values())
        + bad
        + sum(key not in accepted for key in arrived),
        early=sum(arrival.at < one.push.send_at for arrival, one in known),
        unapproved=sum(not _agreed(one, arrival) for arrival, one in known),
        other_content=sum(arrival.body != body_of(one.push) for arrival, one in known),
        called_off=sum(one.called_off for one in accepted.values()),
        sent_all_the_same=len({arrival.key for arrival, one in known if one.called_off}),
        kept_back=sum(not one.may_go and not one.called_off and one.push.send_at <= now for one in accepted.values()),
        lag=spans(
            (arrival.at - accepted[arrival.key].push.send_at).total_seconds()
            for arrival in effects
            if UUID(arrival.key) in calm
        ),
        taken_up=spans(_waited(stretches, since, again) for since, again in left),
        others=spans(_waited(stretches, since, again) for since, again in undisturbed),
        down=1 - up_seconds / all_seconds if all_seconds else 0.0,
        start=spans((life.up_at - life.started_at).total_seconds() for life in lives if life.up_at is not None),
        load=os.getloadavg()[1],
    )  # fmt: skip


def _is_as_it_must_be(one: Accepted, deliveries: Mapping[str, StoredDelivery], now: datetime) -> bool:
    """Whether the store has it where what happened leads, and not where a fault does: gone, or called off by nobody."""
    stored = deliveries.get(str(one.push.key))
    if stored is None:
        return False
    is_action = one.push.kind is PushKind.ACTION
    if one.called_off:
        # What people are reminded of may have gone before it was called off.
        return stored.state is _S.CANCELLED or (not is_action and stored.state in (_S.DELIVERED, _S.COLLAPSED))
    if not one.may_go:
        return stored.state is _S.PROPOSED
    if one.push.send_at > now:
        return stored.state is _S.SCHEDULED
    if stored.state is _S.COLLAPSED:
        return not is_action and _is_replaced(one, deliveries.values(), now)
    return stored.state is _S.DELIVERED


def _is_replaced(one: Accepted, deliveries: Iterable[StoredDelivery], now: datetime) -> bool:
    """Whether a later reminder of the same was delivered in its place."""
    return any(
        later.state is _S.DELIVERED
        and later.push.kind is PushKind.REMINDER
        and (later.push.occurrence_id, later.push.destination) == (one.push.occurrence_id, one.push.destination)
        and one.push.send_at < later.push.send_at <= now
        for later in deliveries
    )


def _decisions_lost(accepted: Mapping[str, Accepted], kept: Iterable[Decision]) -> int:
    """How many of those that people made the store does not have."""
    has: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for one in kept:
        if one.approve:
            has[str(one.key)].add((one.role, one.person, one.content_hash))
    return sum(
        (yes.role, yes.person, yes.content_hash) not in has[key] for key, one in accepted.items() for yes in one.agreed
    )


def _stretches(lives: Sequence[Life], now: datetime) -> list[tuple[datetime, datetime]]:
    """From when until when some daemon was up, without a gap between."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted((life.up_at, life.died_at or now) for life in lives if life.up_at is not None):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _waited(stretches: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime) -> float:
    """The seconds between, from when somebody was up to do it."""
    up_since = max((begin for begin, _ in stretches if begin <= until), default=since)
    return (until - max(since, up_since)).total_seconds()


def _about(accepted: Mapping[str, Accepted], deliveries: Mapping[str, StoredDelivery], key: str) -> object:
    """What an effect is of: two keys for one thing would pay it twice."""
    one = accepted.get(key) or deliveries.get(key)
    return key if one is None else (one.push.occurrence_id, one.push.name, one.push.supersession)


def _agreed(one: Accepted, arrival: Arrival) -> bool:
    """Whether everybody asked had agreed, by then, to exactly what arrived."""
    push = one.push
    came = hash_of(arrival.body, push.connector, push.destination, push.address, push.send_at, push.approvals)
    given: list[Yes] = [yes for yes in one.agreed if same_content(yes.content_hash, came) and yes.at <= arrival.at]
    people = {yes.person for yes in given}
    return {yes.role for yes in given} >= set(push.approvals) and len(people) >= len(push.approvals)


def spans(seconds: Iterable[float]) -> Spans:
    """The middle one, the one of a hundred, and the longest; zeros where there are none."""
    known = sorted(seconds)
    if not known:
        return 0.0, 0.0, 0.0
    at: Callable[[float], float] = lambda share: known[min(len(known) - 1, int(share * len(known)))]  # noqa: E731
    return at(0.5), at(0.99), known[-1]


def _kept(kept: bool) -> str:
    return KEPT if kept else BROKEN


def _none(count: int) -> tuple[str, str]:
    """Of what there may be none."""
    return f"{count:,}", _kept(not count)


def _three(spans: Spans) -> str:
    return " / ".join(f"{one:.3f}" for one in spans)


def _memory(memory: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{before / MIB:.0f} to {after / MIB:.0f}" for before, after in memory) or "not looked at"


def _share(beside: float | None) -> str:
    return "unknown" if beside is None else f"{beside:.0%}"
