"""Whatever a plan holds comes back exactly: no lost microsecond, cent or letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.money import LARGEST_MINOR, Money
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.ports import Changes, DeliveryChange, StoredDelivery
from obligations.store import SqlStore, open_store
from obligations.store.instants import from_micros, to_micros
from obligations.testing.builders import a_contract
from schedules.derivation import Derivation

# What no database keeps in a text column; the edges of the program refuse it before.
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
ANY_TEXTS = st.text(max_size=20)
DAYS = st.none() | st.dates()
INSTANTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - bounds without an offset, as asked
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
DERIVATIONS = st.recursive(
    st.builds(
        Derivation, rule=ANY_TEXTS, result=ANY_TEXTS, kind=st.sampled_from(["rule", "event", "fact"]), cite=ANY_TEXTS
    ),
    lambda inner: st.builds(Derivation, rule=ANY_TEXTS, inputs=st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)
OCCURRENCES = st.builds(
    Occurrence,
    id=st.uuids(),
    contract=st.just("c"),
    clause=TEXTS,
    instance=TEXTS,
    position=TEXTS,
    index=st.integers(0, 10**6),
    of=st.none() | st.integers(1, 10**6),
    kind=st.sampled_from(Kind),
    title=TEXTS,
    debtor=TEXTS,
    creditor=TEXTS,
    state=st.sampled_from(State),
    derivation=DERIVATIONS,
    cite=TEXTS,
    waiting_for=st.lists(ANY_TEXTS, max_size=3).map(tuple),
    missing=st.lists(ANY_TEXTS, max_size=3).map(tuple),
    due_on=DAYS,
    adjusted_on=DAYS,
    soft_on=DAYS,
    from_on=DAYS,
    to_on=DAYS,
    amount=st.none() | st.builds(Money, st.integers(0, LARGEST_MINOR), st.sampled_from(["USD", "JPY", "KWD"])),
    units=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    unit=TEXTS,
    conditional=st.booleans(),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXTS, inner, max_size=3),
    max_leaves=8,
)
PUSHES = st.builds(
    Push,
    key=st.uuids(),
    occurrence_id=st.uuids(),
    contract=st.just("c"),
    clause=TEXTS,
    index=st.integers(0, 10**6),
    name=TEXTS,
    kind=st.sampled_from(PushKind),
    connector=TEXTS,
    destination=TEXTS,
    send_at=INSTANTS,
    payload=st.dictionaries(ANY_TEXTS, PLAIN, max_size=4),
    address=st.dictionaries(ANY_TEXTS, ANY_TEXTS, max_size=3),
    approvals=st.lists(ANY_TEXTS, max_size=3).map(tuple),
    supersession=st.integers(0, 1000),
    supersedes=st.none() | st.uuids(),
    money=st.booleans(),
)
RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def planned(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
    return store


@RELAXED
@given(occurrences=st.lists(OCCURRENCES, max_size=4, unique_by=lambda it: it.id))
def test_occurrences_come_back_exactly(planned: SqlStore, occurrences: list[Occurrence]) -> None:
    with planned.write() as tx:
        gone = tuple(it.id for it in tx.occurrences("c"))
        tx.apply("c", Changes(gone=gone))
        tx.apply("c", Changes(occurrences=tuple(occurrences)))
    with planned.read() as tx:
        found = tx.occurrences("c")
    assert {it.id: it for it in found} == {it.id: it for it in occurrences}
    assert {it.id: str(it.units) for it in found} == {it.id: str(it.units) for it in occurrences}
    days = [it.acts_on for it in found]
    assert days == sorted(days, key=lambda day: (day is None, day or date.max))


@RELAXED
@given(push=PUSHES, body=st.binary(max_size=64), reason=TEXTS)
def test_deliveries_come_back_exactly(planned: SqlStore, push: Push, body: bytes, reason: str) -> None:
    change = DeliveryChange(push, body, "hash", DeliveryState.PROPOSED, reason=reason)
    with planned.write() as tx:
        known = bool(tx.deliveries(keys=[push.key]))
        if not known:
            tx.apply("c", Changes(deliveries=(change,)))
            (found,) = tx.deliveries(keys=[push.key])
            assert found == StoredDelivery(push, DeliveryState.PROPOSED, body, "hash", reason=reason)


@given(INSTANTS, INSTANTS)
def test_instants_keep_their_microsecond_and_their_order(one: datetime, other: datetime) -> None:
    assert from_micros(to_micros(one)) == one
    assert from_micros(to_micros(one)).tzinfo is UTC
    assert (to_micros(one) < to_micros(other)) == (one < other)


def test_an_instant_without_a_zone_is_refused(planned: SqlStore) -> None:
    """Nobody knows when nine o'clock is."""
    push = Push(UUID(int=1), UUID(int=2), "c", "x", 1, "n", PushKind.ACTION, "http", "d", datetime(2031, 3, 3, 9), {})  # noqa: DTZ001 - the mistake under test
    with pytest.raises(Exception, match="no time zone"), planned.write() as tx:
        tx.apply("c", Changes(deliveries=(DeliveryChange(push, b"", "h", DeliveryState.PROPOSED),)))


def test_a_file_can_be_moved(tmp_path: Path) -> None:
    """Once closed, the one file holds everything: nothing stays behind in a log beside it."""
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
    store.close()
    (tmp_path / "a.db").rename(tmp_path / "b.db")
    again = open_store(f"sqlite:///{tmp_path}/b.db")
    with again.read() as tx:
        assert tx.contract("c") is not None
    again.close()
