"""The statements of the daemon's hot path, each built once: putting one together costs more than running it.

States are written into the text and not bound, because a planner takes a partial index only for a constant that it can
see. Parameters have names of their own, apart from the columns.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from obligations.domain.delivery import MOST_UNANSWERED, DeliveryState, PushKind, Verdict
from obligations.ports import THE_CALENDARS, THE_CLOCK
from obligations.store import tables
from obligations.store.instants import Instant, database_now

STOPPED = "the daemon stopped before it learned the outcome"
QUARANTINED = (
    f"quarantined: {MOST_UNANSWERED} times in a row the daemon died while this was being sent, which may be why;"
    " ask the receiver whether it took effect, and look at the log before sending it again"
)
LATE = "the receiver said yes; by the time that could be written, it had been taken back as unknown"
REPLACED = "a later reminder of the same occurrence was due as well"
# How many due rows one sweep for stale reminders looks at.
_SWEPT = 1_000

_D, _A = tables.delivery, tables.attempt
_d, _a = _D.c, _A.c
_MINE: ColumnElement[str] = bindparam("mine", type_=Text)
_BY_BUSINESS = bindparam("by_business", type_=Instant)
_BY_MACHINE = bindparam("by_machine", type_=Instant)
_UP_TO = bindparam("up_to", type_=Integer)


def _is(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text)


_SCHEDULED, _SENDING, _RETRYING, _PARKED, _DELIVERED = (
    _is(state.value)
    for state in (
        DeliveryState.SCHEDULED,
        DeliveryState.SENDING,
        DeliveryState.RETRYING,
        DeliveryState.PARKED,
        DeliveryState.DELIVERED,
    )
)
_LAST_CHANCE = literal_column(str(MOST_UNANSWERED - 1), Integer)
_COLLAPSED = _is(DeliveryState.COLLAPSED.value)
_REMINDER = _is(PushKind.REMINDER.value)


# --- claiming ---------------------------------------------------------------------------------------------------------


def _newer_than(d: Any) -> Select[Any]:
    """A later reminder of the same occurrence to the same destination that is due too."""
    newer = _D.alias("newer")
    return (
        select(literal_column("1"))
        .select_from(newer)
        .where(
            newer.c.tenant == _MINE,
            newer.c.occurrence_id == d.c.occurrence_id,
            newer.c.state == _SCHEDULED,
            newer.c.kind == _REMINDER,
            newer.c.destination == d.c.destination,
            newer.c.send_at > d.c.send_at,
            newer.c.send_at <= _BY_BUSINESS,
        )
        .correlate(d)
    )


def _next_suspect(lanes: bool, money_held: bool, only: bool) -> Any:
    """The one delivery that may go of those whose daemon died each time but the last allowed; none while another of
    them is in flight. Together they would be parked together, and only one of them can be to blame."""
    suspect, tried = _D.alias("suspect"), _D.alias("tried")
    s, t = suspect.c, tried.c
    in_flight: Select[Any] = select(literal_column("1")).where(
        t.tenant == _MINE, t.state == _SENDING, t.unanswered > _LAST_CHANCE
    )
    return (
        select(s.key)
        .where(
            s.tenant == _MINE,
            s.state == _RETRYING,
            s.unanswered >= _LAST_CHANCE,
            s.next_attempt_at <= _BY_MACHINE,
            s.halted.is_(False),
            *_open(s, lanes, money_held, only),
            ~exists(in_flight),
        )
        .order_by(s.next_attempt_at, s.key)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


def _open(columns: Any, lanes: bool, money_held: bool, only: bool = False) -> list[ColumnElement[bool]]:
    """What goes to a lane with room, and what no hold keeps back; `only` what goes to the lanes named."""
    named: Any = bindparam("lanes", expanding=True)
    found = [columns.destination.in_(named) if only else columns.destination.not_in(named)] if lanes else []
    if money_held:
        found.append(columns.money.is_(False))
    return found


def _waits_to_be_planned() -> Select[Any]:
    """The delivery's contract, where it is to be planned again."""
    c = tables.contract.c
    return (
        select(literal_column("1"))
        .where(
            c.tenant == _MINE,
            c.id == _d.contract,
            or_(
                c.replan_at <= bindparam("planned_by", type_=Instant),
                # Of no other edition where none is named.
                c.edition != bindparam("edition", type_=Text),
            ),
        )
        .correlate(_D)
    )


def _is_planned(*, money_alone: bool) -> ColumnElement[bool]:
    """What does not wait for its contract to be planned again; with `money_alone`, what moves no money does not."""
    planned = ~exists(_waits_to_be_planned())
    return or_(_d.money.is_(False), planned) if money_alone else planned


def _within_room(ready: Any, *, is_sqlite: bool) -> Any:
    """What is ready, as far as its lane has room."""
    c = ready.c
    place = func.row_number().over(partition_by=c.destination, order_by=(c.at, c.kind, c.key)).label("place")
    placed = select(c.key, c.at, c.kind, c.destination, place).subquery("placed")
    room = _room_of(placed.c.destination, is_sqlite=is_sqlite)
    return select(placed).where(placed.c.place <= room).subquery("fitting")


def _room_of(destination: ColumnElement[str], *, is_sqlite: bool = False) -> ColumnElement[int]:
    """How many of a destination may be taken: what `rooms` says of it, or else `each`."""
    rooms = bindparam("rooms", type_=Text)
    if is_sqlite:
        named = func.json_each(rooms).table_valued("key", "value", name="named")
        own: Any = select(named.c.value).where(named.c.key == destination).scalar_subquery()
    else:
        own = cast(cast(rooms, JSONB).op("->>")(destination), Integer)
    return func.coalesce(own, bindparam("each", type_=Integer))


def _by_lane(eligible: list[ColumnElement[bool]], lanes: bool, only: bool) -> Select[Any]:
    """The front of what is scheduled, for SQLite: of each instant and destination no more than a lane may have.

    Thousands that are due at one instant lie in the index destination by destination. Those of a destination that may
    have no more are leapt over, where a condition would read each of them.
    """
    one, following, front = _D.alias("one"), _D.alias("following"), _D.alias("front")

    def first(d: Any, *after: ColumnElement[bool]) -> Select[Any]:
        return (
            select(d.c.key)
            .where(d.c.tenant == _MINE, d.c.state == _SCHEDULED, d.c.send_at <= _BY_BUSINESS, *after)
            .order_by(d.c.send_at, d.c.kind, d.c.destination)
            .limit(literal_column("1"))
        )

    begin = select(one.c.send_at, one.c.kind, one.c.destination, literal_column("1", Integer).label("leaps")).where(
        one.c.tenant == _MINE, one.c.key == first(_D.alias("first")).scalar_subquery()
    )
    leap = begin.cte("leap", recursive=True)
    seen = leap.c
    beyond = _D.alias("beyond")
    b = beyond.c
    # Each is one step into the index; as one comparison of three columns SQLite would use the first only.
    nearest = (
        first(beyond, b.send_at == seen.send_at, b.kind == seen.kind, b.destination > seen.destination),
        first(beyond, b.send_at == seen.send_at, b.kind > seen.kind),
        first(beyond, b.send_at > seen.send_at),
    )
    follows = and_(
        following.c.tenant == _MINE,
        following.c.key == func.coalesce(*(it.correlate(leap).scalar_subquery() for it in nearest)),
    )
    leap = leap.union_all(
        select(following.c.send_at, following.c.kind, following.c.destination, seen.leaps + literal_column("1"))
        .select_from(leap.join(following, follows))
        .where(seen.leaps < bindparam("leaps", type_=Integer))
    )
    group = leap.c
    some = (
        select(_d.key)
        .where(
            _d.tenant == _MINE,
            _d.state == _SCHEDULED,
            _d.send_at == group.send_at,
            _d.kind == group.kind,
            _d.destination == group.destination,
            *eligible,
        )
        .limit(bindparam("most", type_=Integer))
        .correlate(leap)
    )
    here = and_(front.c.tenant == _MINE, front.c.key.in_(some))
    return (
        select(front.c.key, group.send_at.label("at"), group.kind.label("kind"), group.destination.label("destination"))
        .select_from(leap.join(front, here))
        .where(*_open(group, lanes, False, only))
    )


def _by_lane_locked(eligible: list[ColumnElement[bool]], lanes: bool, only: bool) -> Select[Any]:
    """The same as `_by_lane` for PostgreSQL, which compares three columns as one, and locks what it finds: of each
    instant and destination no more than its lane has room for, and nothing that somebody else holds."""
    first, following = _D.alias("first"), _D.alias("following")

    def nearest(d: Any, *after: ColumnElement[bool]) -> Select[Any]:
        return (
            select(d.c.send_at, d.c.kind, d.c.destination)
            .where(d.c.tenant == _MINE, d.c.state == _SCHEDULED, d.c.send_at <= _BY_BUSINESS, *after)
            .order_by(d.c.send_at, d.c.kind, d.c.destination)
            .limit(literal_column("1"))
        )

    begin = nearest(first).subquery("begin")
    leap = select(begin, literal_column("1", Integer).label("leaps")).cte("leap", recursive=True)
    seen = leap.c
    beyond = tuple_(following.c.send_at, following.c.kind, following.c.destination) > tuple_(
        seen.send_at, seen.kind, seen.destination
    )
    onward = nearest(following, beyond).correlate(leap).lateral("onward")
    leap = leap.union_all(
        select(onward, seen.leaps + literal_column("1"))
        .select_from(leap.join(onward, true()))
        .where(seen.leaps < bindparam("leaps", type_=Integer))
    )
    group = leap.c
    front = (
        select(_d.key)
        .where(
            _d.tenant == _MINE,
            _d.state == _SCHEDULED,
            _d.send_at == group.send_at,
            _d.kind == group.kind,
            _d.destination == group.destination,
            *eligible,
        )
        .limit(_room_of(group.destination))
        .with_for_update(skip_locked=True, of=_D)
        .correlate(leap)
        .lateral("front")
    )
    return (
        select(front.c.key, group.send_at.label("at"), group.kind.label("kind"), group.destination.label("destination"))
        .select_from(leap.join(front, true()))
        .where(*_open(group, lanes, False, only))
        .limit(_UP_TO)
    )


@lru_cache
def take(
    *,
    is_sqlite: bool,
    some_full: bool,
    money_held: bool = False,
    only: bool = False,
    planned: bool = False,
    money_alone: bool = False,
    in_rooms: bool = False,
    by_lane: bool = False,
) -> Any:
    """The claim, one conditional statement.

    Both queues are read in the order of their index and only as far as needed. Rows that another daemon is claiming
    are passed over, and so are full lanes, money that is held, reminders that a later one replaces, and, when only what
    is `planned` may go, whatever waits for its contract to be planned again, or the money of it alone. `in_rooms`:
    `up_to` of each queue are looked at, and of these as many taken as their lanes have room for.
    """
    open_lane = _open(_d, some_full, money_held, only)
    unsuspected = or_(_d.unanswered < _LAST_CHANCE, _d.key == _next_suspect(some_full, money_held, only))
    if planned:
        open_lane.append(_is_planned(money_alone=money_alone))
    stale = and_(_d.kind == _REMINDER, exists(_newer_than(_D)))
    lane = (_d.destination.label("destination"),) if in_rooms else ()
    due = (
        select(_d.key.label("key"), _d.send_at.label("at"), _d.kind.label("kind"), *lane)
        .where(_d.tenant == _MINE, _d.state == _SCHEDULED, _d.send_at <= _BY_BUSINESS, *open_lane, ~stale)
        .order_by(_d.send_at, _d.kind)
        .limit(_UP_TO)
        .with_for_update(skip_locked=True, of=_D)
        .cte("due")
    )
    if by_lane:
        leaping = _by_lane if is_sqlite else _by_lane_locked
        due = leaping([*open_lane, ~stale], some_full, only).cte("due")
    again = (
        select(_d.key.label("key"), _d.next_attempt_at.label("at"), _d.kind.label("kind"), *lane)
        .where(
            _d.tenant == _MINE,
            _d.state == _RETRYING,
            _d.next_attempt_at <= _BY_MACHINE,
            _d.halted.is_(False),
            *open_lane,
            unsuspected,
        )
        .order_by(_d.next_attempt_at, _d.kind)
        .limit(_UP_TO)
        .with_for_update(skip_locked=True, of=_D)
        .cte("again")
    )
    both = union_all(select(due), select(again)).subquery("ready")
    if in_rooms:
        both = _within_room(both, is_sqlite=is_sqlite)
    chosen = select(both.c.key).order_by(both.c.at, both.c.kind).limit(_UP_TO)
    # On PostgreSQL the lease is measured by the database's clock, which all daemons share.
    lease_until = bindparam("lease_ends", type_=Instant) if is_sqlite else database_now(bindparam("ahead"))
    taken = (
        update(_D)
        .where(_d.tenant == _MINE, _among(chosen, is_sqlite=is_sqlite))
        .values(
            state=_SENDING,
            fence=_d.fence + literal_column("1"),
            attempts=_d.attempts + literal_column("1"),
            unanswered=_d.unanswered + literal_column("1"),
            worker=bindparam("as_worker"),
            lease_until=lease_until,
        )
        .returning(
            _d.key,
            _d.contract,
            _d.occurrence_id,
            _d.name,
            _d.kind,
            _d.connector,
            _d.destination,
            _d.address_json,
            _d.body,
            _d.send_at,
            _d.attempts,
            _d.fence,
            _d.next_attempt_at,
            _d.first_unknown_at,
            _d.releases,
            _d.money,
            _d.content_hash,
            _d.approvals_json,
        )
    )
    if is_sqlite:
        return taken  # it writes in one place only; `START_ATTEMPT` follows
    moved = taken.cte("moved")
    begun = (
        insert(_A)
        .from_select(
            _BEGUN,
            select(
                _MINE, moved.c.key, moved.c.attempts, moved.c.fence, bindparam("as_worker", type_=Text), _BY_MACHINE
            ),
        )
        .cte("begun")
    )
    return select(moved).add_cte(begun)


_BEGUN = ("tenant", "key", "number", "fence", "worker", "started_at")
START_ATTEMPT = insert(_A).values({name: bindparam(name) for name in _BEGUN})


# On PostgreSQL a hold and the claims of its tenant wait for each other, so that none is committed behind a hold that
# was told to be in force; claims never wait for claims. The lock goes with its transaction, also behind a pooler.
@lru_cache
def before_a_claim(tenant: str) -> str:
    """Waits for an upgrade that has begun, then for holds that are being made, and says which schema is there. To have
    read that keeps an upgrade waiting for the claim."""
    schema = "(SELECT version_num FROM alembic_version) AS schema"
    return f"SELECT {schema}, pg_advisory_xact_lock_shared({_holds_of(tenant)})"


@lru_cache
def before_a_hold(tenant: str) -> str:
    """Waits for claims that are being made, and keeps others waiting."""
    return f"SELECT pg_advisory_xact_lock({_holds_of(tenant)})"


def _holds_of(tenant: str) -> int:
    return int.from_bytes(hashlib.sha256(f"holds of {tenant}".encode()).digest()[:8], signed=True)


_h = tables.hold.c
_R = tables.rest
# The holds in force; and as if they were some, with an instant, the receivers that asked to be left alone until then.
HELD_BACK = union_all(
    select(_h.scope, _h.destination, _h.held_by, type_coerce(null(), Instant).label("until")).where(
        _h.tenant == _MINE, _h.lifted_at.is_(None)
    ),
    select(_is(""), _R.c.destination, _is(""), _R.c.until).where(_R.c.tenant == _MINE),
)
# Holds that were lifted after an instant, in the order they were made.
LIFTED_SINCE = (
    select(_h.destination, _h.held_at, _h.lifted_at, _h.lifted_by)
    .where(_h.tenant == _MINE, _h.lifted_at > bindparam("since", type_=Instant))
    .order_by(_h.held_at)
)
# When somebody last agreed to deliveries.
_e = tables.decision.c
AGREED = (
    select(_e.key, func.max(_e.decided_at, type_=Instant).label("agreed_at"))
    .where(_e.tenant == _MINE, _e.key.in_(bindparam("keys", expanding=True)), _e.approve.is_(True))
    .group_by(_e.key)
)
# What people said of deliveries, in that order.
SAID = (
    select(_e.key, _e.content_hash, _e.role, _e.person, _e.approve)
    .where(_e.tenant == _MINE, _e.key.in_(bindparam("keys", expanding=True)))
    .order_by(_e.n)
)
# When people last did something about contracts: added, amended, approved. What the clock brought about excuses no
# lateness. Read from the end of the lines of each contract, of which there are ever more.
_l = tables.ledger.c
_c = tables.contract.c
_last_word = (
    select(_l.at)
    .where(_l.tenant == _MINE, _l.contract == _c.id, _l.actor.not_in([_is(THE_CLOCK), _is(THE_CALENDARS)]))
    .order_by(_l.n.desc())
    .limit(literal_column("1"))
    .correlate(tables.contract)
)
DECIDED = select(_c.id.label("contract"), _last_word.scalar_subquery().label("decided_at")).where(
    _c.tenant == _MINE, _c.id.in_(bindparam("contracts", expanding=True))
)


def _rested() -> Any:
    """Forgets the rests that are over, but for those that another writer has in hand."""
    over = (
        select(_R.c.destination)
        .where(_R.c.tenant == _MINE, _R.c.until <= _BY_MACHINE)
        .with_for_update(skip_locked=True)
    )
    return delete(_R).where(_R.c.tenant == _MINE, _R.c.until <= _BY_MACHINE, _R.c.destination.in_(over))


RESTED = _rested()


@lru_cache
def next_wake(*, money_held: bool, some_shut: bool = False, planned: bool = False) -> Any:
    """The first scheduled instant and the first retry, without money or destinations that are held, and without what
    waits for its contract to be settled, nor, where it is to be `planned` before, money that waits for that."""
    wanted = _open(_d, some_shut, money_held)
    if planned:
        wanted.append(_is_planned(money_alone=True))

    def first(at: Any, state: ColumnElement[str], *also: ColumnElement[bool]) -> Any:
        due = select(at).where(_d.tenant == _MINE, _d.state == state, *wanted, *also)
        return due.order_by(at).limit(literal_column("1")).scalar_subquery()

    return select(first(_d.send_at, _SCHEDULED), first(_d.next_attempt_at, _RETRYING, _d.halted.is_(False)))


# --- stale reminders --------------------------------------------------------------------------------------------------


def _among(keys: Select[Any], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Deliveries of these keys. As a list the keys lead PostgreSQL to the primary key, also before it has statistics;
    as a query they may be worked out again for every row."""
    return _d.key.in_(keys) if is_sqlite else _d.key == any_(func.array(keys.scalar_subquery()))


@lru_cache
def collapse_older(*, is_sqlite: bool) -> Any:
    """Collapses the reminders of one occurrence to one destination from before an instant."""
    older = (
        select(_d.key)
        .where(
            _d.tenant == _MINE,
            _d.occurrence_id == bindparam("of_occurrence"),
            _d.destination == bindparam("to_destination"),
            _d.kind == _REMINDER,
            _d.state == _SCHEDULED,
            _d.send_at < bindparam("before"),
        )
        .with_for_update(skip_locked=True)
    )
    return (
        update(_D)
        .where(_d.tenant == _MINE, _among(older, is_sqlite=is_sqlite))
        .values(state=_COLLAPSED, reason=_is(REPLACED))
    )


@lru_cache
def sweep(*, is_sqlite: bool) -> Any:
    """Collapses the stale reminders at the front of the queue."""
    front = (
        select(_d.key, _d.kind, _d.occurrence_id, _d.destination, _d.send_at)
        .where(_d.tenant == _MINE, _d.state == _SCHEDULED, _d.send_at <= _BY_BUSINESS)
        .order_by(_d.send_at, _d.kind)
        .limit(literal_column(str(_SWEPT)))
        .subquery("front")
    )
    stale = select(front.c.key).where(front.c.kind == _REMINDER, exists(_newer_than(front)))
    locked = (
        select(_d.key)
        .where(_d.tenant == _MINE, _among(stale, is_sqlite=is_sqlite))
        .with_for_update(skip_locked=True, of=_D)
    )
    return (
        update(_D)
        .where(_d.tenant == _MINE, _d.state == _SCHEDULED, _among(locked, is_sqlite=is_sqlite))
        .values(state=_COLLAPSED, reason=_is(REPLACED))
    )


# --- results and rescue -----------------------------------------------------------------------------------------------


def _first_unknown(unknown: Any) -> Any:
    """Unknown since the attempt began: what a receiver may have seen, it saw from then on."""
    began = (
        select(_a.started_at)
        .where(_a.tenant == _d.tenant, _a.key == _d.key, _a.number == _d.attempts)
        .scalar_subquery()
    )
    return func.coalesce(_d.first_unknown_at, case((unknown, began)))


# One row at a time, for SQLite, where a writer is alone: what `HELD` reads is still so when it is written.
HELD = select(_d.key, _d.fence, _d.worker).where(
    _d.tenant == _MINE, _d.key.in_(bindparam("keys", expanding=True)), _d.state == _SENDING
)
FINISH_DELIVERY = (
    update(_D)
    .where(_d.tenant == _MINE, _d.key == bindparam("at_key"), _d.state == _SENDING)
    .values(
        state=bindparam("new_state"),
        next_attempt_at=bindparam("again_at"),
        first_unknown_at=_first_unknown(bindparam("is_unknown", type_=Boolean)),
        delivered_at=bindparam("done_at"),
        receipt_json=bindparam("receipt"),
        reason=bindparam("because"),
        worker=_is(""),
        lease_until=null(),
        unanswered=literal_column("0"),
    )
)
FINISH_ATTEMPT = (
    update(_A)
    .where(
        _a.tenant == _MINE, _a.key == bindparam("at_key"), _a.number == bindparam("at_number"), _a.finished_at.is_(None)
    )
    .values(
        finished_at=bindparam("ended_at"),
        verdict=bindparam("came_to"),
        status=bindparam("answered"),
        detail=bindparam("said"),
    )
)

# A yes for what was taken back meanwhile and nobody has claimed since: its fence is still the claim's, and its last
# attempt, which is on record as unknown, was that claim's own.
FINISH_TAKEN_BACK = (
    update(_D)
    .where(
        _d.tenant == _MINE,
        _d.key == bindparam("at_key"),
        _d.fence == bindparam("at_fence"),
        _d.state == _RETRYING,
        exists(
            select(literal_column("1"))
            .where(
                _a.tenant == _d.tenant,
                _a.key == _d.key,
                _a.number == _d.attempts,
                _a.fence == _d.fence,
                _a.worker == bindparam("as_worker"),
                _a.verdict == _is(Verdict.UNKNOWN.value),
            )
            .correlate(_D)
        ),
    )
    .values(
        state=_DELIVERED,
        next_attempt_at=null(),
        delivered_at=bindparam("done_at"),
        receipt_json=bindparam("receipt"),
        reason=_is(LATE),
        unanswered=literal_column("0"),
    )
)


def _finish_all() -> Any:
    """All results at once, for PostgreSQL: one statement whatever their number. Returns the claims it
    ended: key, fence, worker."""
    columns: dict[str, Any] = {
        "at_key": Uuid(),
        "at_fence": BigInteger(),
        "as_worker": Text(),
        "at_number": Integer(),
        "new_state": Text(),
        "again_at": BigInteger(),
        "is_unknown": Boolean(),
        "done_at": BigInteger(),
        "receipt": Text(),
        "because": Text(),
        "ended_at": BigInteger(),
        "came_to": Text(),
        "answered": Integer(),
        "said": Text(),
    }
    given = (
        func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items()))
        .table_valued(*(column(name, kind) for name, kind in columns.items()), name="given")
        .render_derived()
    )
    g = given.c
    written = (
        update(_D)
        # The keys once more, as a list: without statistics nothing else leads the planner to the primary key. A
        # constraint has it that a row with a worker is being sent; saying so here would only lead it astray.
        .where(
            _d.tenant == _MINE,
            _d.key == any_(bindparam("at_key", type_=ARRAY(Uuid()))),
            _d.key == g.at_key,
            _d.fence == g.at_fence,
            _d.worker == g.as_worker,
        )
        .values(
            state=g.new_state,
            next_attempt_at=g.again_at,
            first_unknown_at=_first_unknown(g.is_unknown),
            delivered_at=g.done_at,
            receipt_json=g.receipt,
            reason=g.because,
            worker=_is(""),
            lease_until=null(),
            unanswered=literal_column("0"),
        )
        .returning(g.at_key, g.at_fence, g.as_worker, g.at_number, g.ended_at, g.came_to, g.answered, g.said)
        .cte("written")
    )
    w = written.c
    ended = (
        update(_A)
        .where(_a.tenant == _MINE, _a.key == w.at_key, _a.number == w.at_number, _a.finished_at.is_(None))
        .values(finished_at=w.ended_at, verdict=w.came_to, status=w.answered, detail=w.said)
        .cte("ended")
    )
    return select(w.at_key, w.at_fence, w.as_worker).add_cte(ended)


FINISH_ALL = _finish_all()


@lru_cache
def rescue(*, is_sqlite: bool, everything: bool, some_in_hand: bool = False) -> Any:
    """Sends back what is in flight and whose lease ran out, or all of it, and parks what was lost too often; what
    the worker itself has `in_hand` is left to it."""
    now = _BY_MACHINE if is_sqlite else database_now()
    lost = select(_d.key).where(_d.tenant == _MINE, _d.state == _SENDING)
    if not everything:
        lost = lost.where(_d.lease_until <= now)
    if some_in_hand:
        lost = lost.where(or_(_d.worker != bindparam("as_worker"), _d.key.not_in(bindparam("in_hand", expanding=True))))
    began = (
        select(func.min(_a.started_at, type_=Instant))
        .where(_a.tenant == _d.tenant, _a.key == _d.key, _a.number == _d.attempts)
        .scalar_subquery()
    )
    quarantined = _d.unanswered >= literal_column(str(MOST_UNANSWERED))
    return (
        update(_D)
        .where(_d.tenant == _MINE, _d.state == _SENDING, _d.key.in_(lost.with_for_update(skip_locked=True)))
        .values(
            state=case((quarantined, _PARKED), else_=_RETRYING),
            next_attempt_at=case((quarantined, null()), else_=_BY_MACHINE),
            first_unknown_at=func.coalesce(_d.first_unknown_at, began, _BY_MACHINE),
            worker=_is(""),
            lease_until=null(),
            reason=case((quarantined, _is(QUARANTINED)), else_=_is(STOPPED)),
        )
        .returning(_d.key, _d.attempts, _d.state)
    )
