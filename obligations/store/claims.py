"""What the daemon does: lease what is due, write down what became of it, take back what a dead daemon held.

A claim never waits for a row that another writer holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row

from obligations.domain.delivery import ARROWS, DeliveryState, PushKind, Verdict
from obligations.domain.hold import DAEMON, Scope
from obligations.ports import NO_ROOMS, Claim, Rescued, Result
from obligations.store import queue
from obligations.store.bulk import run_many
from obligations.store.columns import NO_TEXTS, Values, texts, texts_by_name, to_json
from obligations.store.guarded import IllegalMove
from obligations.store.instants import to_micros

_AFTER_SENDING = ARROWS[DeliveryState.SENDING] - {DeliveryState.SENDING}
# What is late by less has not waited out a hold worth asking for.
_HARDLY_LATE = timedelta(minutes=1)
# How many instants and destinations a claim looks at by leaps before it reads on row by row.
_LEAPS = 64
# How many sweeps for stale reminders one claim makes at most.
_SWEEPS = 10


def claim(
    connection: Connection,
    tenant: str,
    *,
    business_now: datetime,
    machine_now: datetime,
    worker: str,
    limit: int,
    lease_seconds: float,
    full: Collection[str],
    only: str | None = None,
    planned_by: datetime | None = None,
    edition: str | None = None,
    each: int | None = None,
    rooms: Mapping[str, int] = NO_ROOMS,
    money: bool = True,
    money_alone: bool = False,
    refuse: Callable[[str | None], None] | None = None,
) -> list[Claim]:
    """Lease the oldest due deliveries and write an attempt for each.

    On PostgreSQL `refuse` hears first which schema the database is at, and stays at until the commit; it may raise.
    """
    if limit < 1:
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        # In a statement of its own: one that waited would still see the holds from before it.
        schema = connection.exec_driver_sql(queue.before_a_claim(tenant)).one().schema
        if refuse is not None:
            refuse(schema)
    held = _held(connection, tenant, machine_now)
    lanes = {*full, *held.shut}
    if only is not None:
        # The daemon may try what it holds itself, and nothing that a person does.
        lanes = {only}
        if only in held.shut - held.by_daemon:
            return []
    if held.everything:
        return []
    given: dict[str, Any] = {
        "mine": tenant,
        "by_business": business_now,
        "by_machine": machine_now,
        "as_worker": worker,
        "up_to": limit,
    }
    if planned_by is not None:
        given |= {"planned_by": planned_by, "edition": edition}
    if each is not None:
        # Where one lane has most of what is due, the others come with the next claim, which passes over it.
        most = min(limit, max([each, *rooms.values()]))
        given |= {"each": each, "rooms": to_json(dict(rooms)), "leaps": _LEAPS, "most": most}
    if lanes:
        given["lanes"] = list(lanes)
    if is_sqlite:
        given["lease_ends"] = machine_now + timedelta(seconds=lease_seconds)
    else:
        given["ahead"] = round(lease_seconds * 1_000_000)
    statements = [False] if each is None else [True, False]
    for by_lane in statements:
        taken = connection.execute(
            queue.take(
                is_sqlite=is_sqlite,
                some_full=bool(lanes),
                money_held=held.money or not money,
                only=only is not None,
                planned=planned_by is not None,
                money_alone=money_alone,
                in_rooms=each is not None,
                by_lane=by_lane,
            ),
            given,
        ).all()
        if taken:
            break
    if not taken:
        return []
    claimed = sorted(taken, key=lambda row: (row.next_attempt_at or row.send_at, row.kind, row.key))
    if is_sqlite:
        run_many(
            connection,
            queue.START_ATTEMPT,
            [
                {
                    "tenant": tenant,
                    "key": row.key,
                    "number": row.attempts,
                    "fence": row.fence,
                    "worker": worker,
                    "started_at": machine_now,
                }
                for row in claimed
            ],
        )
    if reminders := [row for row in claimed if row.kind == PushKind.REMINDER]:
        _collapse(connection, tenant, business_now, reminders)
    unasked = _unasked(connection, tenant, business_now, claimed)
    could_go = _could_go(connection, tenant, business_now, claimed)
    agreed = _agreed(connection, tenant, claimed)
    return [
        _claim_of(
            row, worker, business_now, unasked.get(row.key), could_go.get(row.key, row.send_at), agreed.get(row.key, {})
        )
        for row in claimed
    ]


class _Held(NamedTuple):
    """What the holds in force keep back, and receivers that asked to be left alone; `shut` are destinations,
    `by_daemon` those that it holds, and nobody else. `rested_at` is when the first of those receivers may be called."""

    everything: bool
    money: bool
    shut: frozenset[str]
    by_daemon: frozenset[str]
    rested_at: datetime | None


def _held(connection: Connection, tenant: str, machine_now: datetime | None = None) -> _Held:
    """Nearly always nothing. With the machine's time, what rested until then is forgotten."""
    rows = connection.execute(queue.HELD_BACK, {"mine": tenant}).all()
    rests = [row.until for row in rows if row.until is not None]
    if machine_now is not None and rests and min(rests) <= machine_now:
        connection.execute(queue.RESTED, {"mine": tenant, "by_machine": machine_now})
        rows = [row for row in rows if row.until is None or row.until > machine_now]
    return _Held(
        everything=any(row.scope == Scope.EVERYTHING and not row.destination for row in rows),
        money=any(row.scope == Scope.MONEY for row in rows),
        shut=frozenset(row.destination for row in rows if row.destination),
        by_daemon=frozenset(row.destination for row in rows if row.held_by == DAEMON)
        - {row.destination for row in rows if row.held_by != DAEMON},
        rested_at=min(rests, default=None),
    )


def _unasked(
    connection: Connection, tenant: str, business_now: datetime, claimed: Sequence[Row[Any]]
) -> dict[UUID, float]:
    """The seconds that money which is late has been due without anybody having agreed to it or held it back."""
    late = [row for row in claimed if row.money and business_now - row.send_at > _HARDLY_LATE]
    if not late:
        return {}
    holds = connection.execute(queue.LIFTED_SINCE, {"mine": tenant, "since": min(row.send_at for row in late)}).all()
    asked = connection.execute(queue.AGREED, {"mine": tenant, "keys": [row.key for row in late]})
    agreed: dict[UUID, datetime] = {row.key: row.agreed_at for row in asked}
    found: dict[UUID, float] = {}
    for row in late:
        through = max(row.send_at, agreed.get(row.key, row.send_at))
        unasked = timedelta(0)
        for hold in holds:
            # What the daemon holds and lets go by itself asks nobody.
            if hold.destination not in ("", row.destination) or hold.lifted_by == DAEMON:
                continue
            unasked += max(timedelta(0), min(hold.held_at, business_now) - through)
            through = min(max(through, hold.lifted_at), business_now)
        found[row.key] = (unasked + max(timedelta(0), business_now - through)).total_seconds()
    return found


def _agreed(connection: Connection, tenant: str, claimed: Sequence[Row[Any]]) -> dict[UUID, dict[str, str]]:
    """Who agreed, by role, to what is claimed and needs it: to its content as it is now, since its last refusal."""
    content: dict[UUID, str] = {row.key: row.content_hash for row in claimed if row.approvals_json != NO_TEXTS}
    if not content:
        return {}
    found: dict[UUID, dict[str, str]] = {key: {} for key in content}
    for said in connection.execute(queue.SAID, {"mine": tenant, "keys": list(content)}):
        if not said.approve:
            found[said.key].clear()
        elif said.content_hash == content[said.key]:
            found[said.key][said.role] = said.person
    return found


def _could_go(
    connection: Connection, tenant: str, business_now: datetime, claimed: Sequence[Row[Any]]
) -> dict[UUID, datetime]:
    """Of what is claimed for the first time and late, when it could first go: a contract of last year that is added
    today, an approval after the day and the end of a hold are no lateness of ours."""
    late = [row for row in claimed if row.attempts == 1 and business_now - row.send_at > _HARDLY_LATE]
    if not late:
        return {}
    found = connection.execute(queue.DECIDED, {"mine": tenant, "contracts": sorted({row.contract for row in late})})
    decided: dict[str, datetime] = {row.contract: row.decided_at for row in found if row.decided_at}
    holds = connection.execute(queue.LIFTED_SINCE, {"mine": tenant, "since": min(row.send_at for row in late)}).all()
    return {
        row.key: max(
            row.send_at,
            min(decided.get(row.contract, row.send_at), business_now),
            *(min(hold.lifted_at, business_now) for hold in holds if hold.destination in ("", row.destination)),
        )
        for row in late
    }


def _claim_of(
    row: Row[Any],
    worker: str,
    business_now: datetime,
    unasked_seconds: float | None,
    could_go_at: datetime,
    agreed: Mapping[str, str],
) -> Claim:
    late_seconds = max(0.0, (business_now - row.send_at).total_seconds())
    address, unreadable = _address_of(row)
    approvals = _approvals_of(row)
    if approvals is None:
        unreadable = "who must agree cannot be read (approvals_json of this delivery); mend it, or restore it"
    return Claim(
        key=row.key,
        contract=row.contract,
        occurrence_id=row.occurrence_id,
        name=row.name,
        kind=PushKind(row.kind),
        connector=row.connector,
        destination=row.destination,
        address=address,
        body=bytes(row.body),
        send_at=row.send_at,
        attempt=row.attempts,
        fence=row.fence,
        worker=worker,
        late_seconds=late_seconds,
        first_unknown_at=row.first_unknown_at,
        released=row.releases > 0,
        money=row.money,
        unasked_seconds=late_seconds if unasked_seconds is None else unasked_seconds,
        lag_seconds=max(0.0, (business_now - could_go_at).total_seconds()),
        unreadable=unreadable,
        content_hash=row.content_hash,
        approvals=approvals or (),
        agreed=agreed,
    )


def _approvals_of(row: Row[Any]) -> tuple[str, ...] | None:
    """The roles that must agree; None where that was damaged."""
    if row.approvals_json == NO_TEXTS:
        return ()
    try:
        return texts(row.approvals_json)
    except (ValueError, TypeError, RecursionError):
        return None


def _address_of(row: Row[Any]) -> tuple[Mapping[str, str], str]:
    """The address, or why there is none: one row that was damaged must not keep all others from being claimed."""
    try:
        address: object = texts_by_name(row.address_json)
    except (ValueError, RecursionError):
        address = None
    if not isinstance(address, dict) or not all(isinstance(it, str) for it in address.values()):
        return {}, "the address in the database cannot be read (address_json of this delivery); mend it, or restore it"
    return address, ""


def _collapse(connection: Connection, tenant: str, business_now: datetime, claimed: Sequence[Row[Any]]) -> None:
    """Collapse what the claimed reminders replace, then sweep the front of the queue.

    A claim passes over stale reminders by itself. The sweep keeps them from piling up in front of it after a long
    downtime, where every claim would step over all of them.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    connection.execute(
        queue.collapse_older(is_sqlite=is_sqlite),
        [
            {
                "mine": tenant,
                "of_occurrence": row.occurrence_id,
                "to_destination": row.destination,
                "before": row.send_at,
            }
            for row in claimed
        ],
    )
    for _ in range(_SWEEPS):
        if not connection.execute(
            queue.sweep(is_sqlite=is_sqlite), {"mine": tenant, "by_business": business_now}
        ).rowcount:
            break


def record(connection: Connection, tenant: str, results: Iterable[Result]) -> list[UUID]:
    """Write what became of claims; returns the keys whose claim was no longer held, and nothing was written for.

    What was taken back is no longer held, but while it waits to go again a yes for it is written: the receiver acted,
    which is worth more than an outcome that is unknown.
    """
    wanted = sorted(results, key=lambda it: it.claim.key)
    for result in wanted:
        if result.state not in _AFTER_SENDING:
            raise IllegalMove(f"no arrow leads from sending to {result.state.value}")
    if not wanted:
        return []
    at_once = _record_one_by_one if connection.dialect.name == "sqlite" else _record_at_once
    lost = at_once(connection, tenant, wanted)
    return [it.claim.key for it in lost if not _record_late(connection, tenant, it)]


def _record_late(connection: Connection, tenant: str, result: Result) -> bool:
    """Whether it was a yes for what nobody has claimed since, and is written."""
    if result.state is not DeliveryState.DELIVERED:
        return False
    ending = _ending(result)
    late = {name: ending[name] for name in ("at_key", "at_fence", "as_worker", "done_at", "receipt")}
    return connection.execute(queue.FINISH_TAKEN_BACK, {"mine": tenant, **late}).rowcount == 1


def _record_one_by_one(connection: Connection, tenant: str, wanted: Sequence[Result]) -> list[Result]:
    """Write results; returns those whose claim is not held."""
    held = {
        row.key: (row.fence, row.worker)
        for row in connection.execute(queue.HELD, {"mine": tenant, "keys": [it.claim.key for it in wanted]})
    }
    ours: list[Values] = []
    stale: list[Result] = []
    for result in wanted:
        # Each claim is written once, also when it is reported twice.
        if held.get(result.claim.key) == (result.claim.fence, result.claim.worker):
            del held[result.claim.key]
            ours.append({"mine": tenant, **_ending(result)})
        else:
            stale.append(result)
    run_many(connection, queue.FINISH_DELIVERY, ours)
    run_many(connection, queue.FINISH_ATTEMPT, ours)
    return stale


def _record_at_once(connection: Connection, tenant: str, results: Sequence[Result]) -> list[Result]:
    ours: dict[tuple[UUID, int, str], Result] = {}
    stale: list[Result] = []
    for result in results:
        held = (result.claim.key, result.claim.fence, result.claim.worker)
        if held in ours:
            stale.append(result)
        else:
            ours[held] = result
    written = {tuple(row) for row in connection.execute(queue.FINISH_ALL, all_endings(tenant, ours.values()))}
    return stale + [result for held, result in ours.items() if held not in written]


def all_endings(tenant: str, results: Iterable[Result]) -> Values:
    """The parameters of `queue.FINISH_ALL`: a list for each column."""
    endings = [_ending(result) for result in results]
    given: Values = {name: [ending[name] for ending in endings] for name in endings[0]}
    for instants in ("again_at", "done_at", "ended_at"):
        given[instants] = [None if it is None else to_micros(it) for it in given[instants]]
    return {"mine": tenant, **given}


def _ending(result: Result) -> Values:
    delivered = result.state is DeliveryState.DELIVERED
    retrying = result.state is DeliveryState.RETRYING
    return {
        "at_key": result.claim.key,
        "at_fence": result.claim.fence,
        "as_worker": result.claim.worker,
        "at_number": result.claim.attempt,
        "new_state": result.state.value,
        # A retry without an instant would never go; it goes at once.
        "again_at": (result.next_attempt_at or result.finished_at) if retrying else None,
        "is_unknown": result.outcome.verdict is Verdict.UNKNOWN,
        "done_at": result.finished_at if delivered else None,
        "receipt": to_json(dict(result.outcome.receipt)),
        "because": "" if delivered else result.outcome.detail,
        "ended_at": result.finished_at,
        "came_to": result.outcome.verdict.value,
        "answered": result.outcome.status,
        "said": result.outcome.detail,
    }


def rescue(
    connection: Connection,
    tenant: str,
    *,
    machine_now: datetime,
    everything: bool,
    worker: str = "",
    in_hand: Collection[UUID] = (),
) -> Rescued:
    """Send back what a stopped daemon held. Its outcome is unknown since the attempt began, not since it was noticed:
    a receiver forgets keys by the time that passed."""
    is_sqlite = connection.dialect.name == "sqlite"
    statement = queue.rescue(is_sqlite=is_sqlite, everything=everything, some_in_hand=bool(in_hand))
    own = {"as_worker": worker, "in_hand": list(in_hand)} if in_hand else {}
    sent_back = connection.execute(statement, {"mine": tenant, "by_machine": machine_now, **own}).all()
    if sent_back:
        connection.execute(
            queue.FINISH_ATTEMPT,
            [
                {
                    "mine": tenant,
                    "at_key": row.key,
                    "at_number": row.attempts,
                    "ended_at": machine_now,
                    "came_to": Verdict.UNKNOWN.value,
                    "answered": None,
                    "said": queue.STOPPED,
                }
                for row in sorted(sent_back, key=lambda row: row.key)
            ],
        )
    parked = tuple(row.key for row in sent_back if row.state == DeliveryState.PARKED)
    return Rescued(len(sent_back) - len(parked), parked)


def next_wake(
    connection: Connection,
    tenant: str,
    full: Collection[str] = (),
    *,
    money: bool = True,
    planned_by: datetime | None = None,
    edition: str | None = None,
) -> tuple[datetime | None, datetime | None]:
    """The first scheduled instant and the first retry; each is the first entry of an index, unless something is passed
    over. What is to be left alone until an instant is looked at then."""
    held = _held(connection, tenant)
    if held.everything:
        return None, None
    shut = held.shut.union(full)
    given: dict[str, Any] = {"mine": tenant}
    if shut:
        given["lanes"] = list(shut)
    if planned_by is not None:
        given |= {"planned_by": planned_by, "edition": edition}
    statement = queue.next_wake(
        money_held=held.money or not money, some_shut=bool(shut), planned=planned_by is not None
    )
    row = connection.execute(statement, given).one()
    again = [at for at in (row[1], held.rested_at) if at is not None]
    return row[0], min(again, default=None)
