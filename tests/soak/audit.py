"""What a campaign came to: what the store says and what the receiver saw, held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from obligations.domain.delivery import DeliveryState, PushKind
from obligations.ports import Decision, Store, StoredDelivery
from obligations.store.queue import STOPPED
from obligations.testing.payroll import Arrival
from tests.soak.house import Life
from tests.soak.load import CONTRACT

_WAITING_FOR_PEOPLE = frozenset({DeliveryState.PROPOSED, DeliveryState.REFUSED, DeliveryState.CANCELLED})
_OVER = frozenset({DeliveryState.DELIVERED, DeliveryState.COLLAPSED})


@dataclass(frozen=True, slots=True)
class Audit:
    """The figures of a campaign. Spans are seconds: the middle one, the one of a hundred, the longest.

    `taken_up` is how long what was in flight waited for its next attempt: on PostgreSQL since the end of its lease, on
    SQLite since the death; `others` how long what fell due meanwhile waited. Neither counts while no daemon was up: how
    long a start takes is the machine's affair, and `down` is how much of the time that was.
    """

    kills: int
    due: int
    lost: int
    sent_twice: int
    doubled_effects: int
    early: int
    unapproved: int
    kept_back: int
    lag: tuple[float, float, float]
    taken_up: tuple[float, float, float]
    others: tuple[float, float, float] = (0.0, 0.0, 0.0)
    down: float = 0.0
    start: tuple[float, float, float] = (0.0, 0.0, 0.0)
    parked: int = 0
    tracebacks: int = 0
    ended_badly: int = 0

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled_effects or self.early or self.unapproved or self.tracebacks
                    or self.ended_badly)  # fmt: skip

    def rows(self) -> list[tuple[str, str]]:
        """The table, a line each."""
        return [
            ("kills", f"{self.kills:,}"),
            ("due", f"{self.due:,}"),
            ("lost", f"{self.lost:,}"),
            ("sent more than once, same key", f"{self.sent_twice:,}"),
            ("duplicate effects", f"{self.doubled_effects:,}"),
            ("early", f"{self.early:,}"),
            ("unapproved payments sent", f"{self.unapproved:,}"),
            ("payments kept back for approval", f"{self.kept_back:,}"),
            ("parked, and let go by a person", f"{self.parked:,}"),
            ("tracebacks in the logs", f"{self.tracebacks:,}"),
            ("unclean ends after SIGTERM", f"{self.ended_badly:,}"),
            ("undisturbed lag, s: p50 / p99 / max", _three(self.lag)),
            ("what was in flight goes again, s", _three(self.taken_up)),
            ("what fell due among the deaths, s", _three(self.others)),
            ("from a daemon's start until it is up, s", _three(self.start)),
            ("nobody was up, of the time", f"{self.down:.0%}"),
        ]


def audit(
    store: Store, arrivals: Sequence[Arrival], bad: int, lives: Sequence[Life], calm: Collection[UUID], now: datetime,
    *, lease: timedelta,
) -> Audit:  # fmt: skip
    """Hold the arrivals at the receiver against what the store says was to go. `calm` are the keys of the quiet end."""
    died = {life.worker: life.died_at for life in lives if life.died_at is not None}
    stretches = _stretches(lives, now)
    with store.read() as view:
        deliveries = {str(one.push.key): one for one in view.deliveries()}
        decisions = {key: view.decisions(one.push.key) for key, one in deliveries.items() if one.push.approvals}
        attempts = [view.attempts(one.push.key) for one in deliveries.values() if one.attempts > 1]
    due = {
        key: one
        for key, one in deliveries.items()
        if one.push.kind is PushKind.ACTION and one.push.send_at <= now and one.state not in _WAITING_FOR_PEOPLE
    }
    effects = [arrival for arrival in arrivals if arrival.first]
    arrived = {arrival.key for arrival in effects}
    open_reminders = [
        one
        for one in deliveries.values()
        if one.push.kind is not PushKind.ACTION and one.push.send_at <= now and one.state not in _OVER
    ]
    lost = {key for key, one in due.items() if one.state not in _OVER or key not in arrived}
    about = Counter(_about(deliveries, arrival.key) for arrival in effects)
    left = [
        (max(died[before.worker], before.started_at + lease), after.started_at)
        for tries in attempts
        for before, after in pairwise(tries)
        if before.detail == STOPPED and before.worker in died
    ]
    # What letters ask for was due before anybody wrote them down; of the rest, what arrived at its first attempt.
    undisturbed = [
        (deliveries[arrival.key].push.send_at, arrival.at)
        for arrival in effects
        if arrival.key in due and deliveries[arrival.key].attempts == 1 and UUID(arrival.key) not in calm
        and deliveries[arrival.key].push.contract == CONTRACT
    ]  # fmt: skip
    up_seconds = sum((end - begin).total_seconds() for begin, end in stretches)
    all_seconds = (now - min(life.started_at for life in lives)).total_seconds()
    return Audit(
        kills=sum(life.died_at is not None for life in lives),
        due=len(due),
        lost=len(lost) + len(open_reminders),
        sent_twice=sum(count > 1 for count in Counter(arrival.key for arrival in arrivals).values()),
        doubled_effects=sum(count - 1 for count in about.values())
        + bad
        + sum(key not in deliveries for key in arrived),
        early=sum(
            arrival.key in deliveries and arrival.at < deliveries[arrival.key].push.send_at for arrival in arrivals
        ),
        unapproved=sum(
            not _agreed(deliveries[arrival.key], decisions[arrival.key], arrival.at)
            for arrival in arrivals
            if arrival.key in decisions
        ),
        kept_back=sum(one.state is DeliveryState.PROPOSED and one.push.send_at <= now for one in deliveries.values()),
        lag=spans(
            (arrival.at - deliveries[arrival.key].push.send_at).total_seconds()
            for arrival in effects
            if UUID(arrival.key) in calm
        ),
        taken_up=spans(_waited(stretches, since, again) for since, again in left),
        others=spans(_waited(stretches, since, again) for since, again in undisturbed),
        down=1 - up_seconds / all_seconds,
        start=spans((life.up_at - life.started_at).total_seconds() for life in lives if life.up_at is not None),
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


def _about(deliveries: dict[str, StoredDelivery], key: str) -> object:
    """What an effect is of: two keys for one thing would pay it twice."""
    one = deliveries.get(key)
    return key if one is None else (one.push.occurrence_id, one.push.name, one.push.supersession)


def _agreed(one: StoredDelivery, decisions: Iterable[Decision], at: datetime) -> bool:
    given = [it for it in decisions if it.approve and it.content_hash == one.content_hash and it.decided_at <= at]
    people = {it.person for it in given}
    return {it.role for it in given} >= set(one.push.approvals) and len(people) >= len(one.push.approvals)


def spans(seconds: Iterable[float]) -> tuple[float, float, float]:
    """The middle one, the one of a hundred, and the longest; zeros where there are none."""
    known = sorted(seconds)
    if not known:
        return 0.0, 0.0, 0.0
    at: Callable[[float], float] = lambda share: known[min(len(known) - 1, int(share * len(known)))]  # noqa: E731
    return at(0.5), at(0.99), known[-1]


def _three(spans: tuple[float, float, float]) -> str:
    return " / ".join(f"{one:.3f}" for one in spans)
