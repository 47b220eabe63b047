"""Conditions: yes, no or unknown, and everything the unknown waits for."""

from __future__ import annotations

from itertools import product

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.conditions import either, every
from obligations.planning.values import NotYet
from schedules.derivation import Derivation, Reasoned
from tests.planning.letter import happened
from tests.planning.small import EXIT, STARTED, paid

YES, NO = Reasoned(True, Derivation("yes")), Reasoned(False, Derivation("no"))
OPEN = NotYet(waiting=("later",))
AGREED = happened("agreed", "2026-02-01", value="yes")
REFUSED = happened("agreed", "2026-02-01", value="no")
RELEASED = happened("released", "2026-10-30")


def owed(condition: str, *reports: Report, as_of: str = "") -> Occurrence:
    """A payment at the exit under such a condition."""
    return paid(f"bonus\n    if: {condition}", STARTED, EXIT, *reports, as_of=as_of)


def stands(condition: str, *reports: Report, as_of: str = "") -> bool | tuple[str, ...]:
    """Whether the payment is owed; where nobody can say yet, what it waits for."""
    one = owed(condition, *reports, as_of=as_of)
    if one.state in (State.WAITING, State.NEEDS_PERSON):
        return (*one.waiting_for, *one.missing)
    return one.state is not State.NOT_APPLICABLE


# --- the unpleasant cases first -------------------------------------------------------------------------------------


def test_no_and_unknown_is_no() -> None:
    """Money would wait for ever for an answer that can no longer matter."""
    assert stands("{all of: [agreed, allowed]}", REFUSED) is False
    assert stands("{any of: [agreed, allowed]}", AGREED) is True


def test_unknown_stays_unknown_with_every_reason() -> None:
    """Somebody would be asked one thing, answer it, and be asked the next a week later."""
    assert stands("{all of: [agreed, allowed, not: premium below 5]}") == ("agreed", "allowed", "premium")
    assert stands("{all of: [agreed, allowed]}", AGREED) == ("allowed",)
    assert stands("{any of: [agreed, allowed]}", REFUSED) == ("allowed",)


def test_none_of_unknown_is_unknown() -> None:
    """What nobody said would count as no."""
    assert stands("{none of: [agreed, allowed]}", REFUSED) == ("allowed",)
    assert stands("{none of: [agreed, allowed]}", AGREED) is False
    assert stands("{not: {any of: [agreed, allowed]}}", AGREED) is False


def test_an_event_did_not_happen_only_once_its_day_has_passed() -> None:
    """A release signed on the last evening would count as never signed, because it was reported the next morning."""
    assert stands("released happened by 2026-12-01", as_of="2026-12-01") == ("released",)
    assert stands("released happened by 2026-12-01", as_of="2026-12-02") is False
    assert stands("released happened by 2026-12-01", happened("released", "2026-12-01"), as_of="2026-12-02") is True


def test_without_a_day_an_event_counts_by_the_day_of_the_trigger() -> None:
    """A release signed after the exit would open what only an earlier one should."""
    assert stands("released happened", RELEASED) is True
    assert stands("released happened", happened("released", "2026-11-03"), as_of="2026-11-03") is False
    assert stands("released", RELEASED) is True, "the name of an event alone asks whether it happened"
    assert stands("not released", RELEASED) is False


def test_what_is_only_expected_is_not_known() -> None:
    """Money would go because a person plans on something."""
    planned = happened("released", "2026-10-30", expected=True)
    assert stands("released happened", planned) == ("released",)


def test_an_event_that_did_not_come_did_not_come_before_a_day_that_passed() -> None:
    """A condition on the order of two days would stay open although one of them can no longer come first."""
    assert stands("released before 2026-12-01", as_of="2026-12-02") is False
    assert stands("released after 2026-12-01", as_of="2026-12-02") == ("released",)


def test_a_detail_nobody_stated_asks_a_person() -> None:
    """An exit whose cause is not known would count as one for another cause."""
    one = paid("bonus\n    if: cause of exit is good", STARTED, happened("exit", "2026-11-02"))
    assert (one.state, one.missing) == (State.NEEDS_PERSON, ("exit.cause",))


def test_a_list_explains_what_decided_it() -> None:
    """A person would be told no without hearing why."""
    said = owed("{all of: [agreed, allowed, bonus above 5]}", REFUSED).derivation.sentence()
    assert "condition: not all of them hold" in said
    assert "condition: agreed" in said
    assert "allowed" not in said


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("bonus below 100.01", False),
        ("bonus at most 100.01", True),
        ("bonus at least 100.02", False),
        ("bonus above 100", True),
        ("bonus is 100.01", True),
        ("3 * third is bonus", True),
        ("not bonus below 5", True),
        ("gain of exit below bonus", True),
        ("cause of exit is good", True),
        ("cause of exit is bad", False),
        ("place is Utrecht", True),
        ("place is 'Den Haag'", False),
        ("exit during trial", False),
        ("started during trial", True),
        ("started before exit", True),
        ("started before 2026-01-15", False),
        ("started on or before 2026-01-15", True),
        ("started on or after 2026-01-16", False),
        ("started after signed_on", True),
        ("10 days after started falls before 2026-01-26", True),
        ("wait after started falls on 2026-01-25", True),
        ("last day of trial falls on or after 2026-04-15", False),
        ("exit with cause good happened", True),
        ("exit with cause bad happened", False),
        ("started happened by 11 days before wait after started", False),
    ],
)
def test_conditions_come_to(condition: str, holds: bool) -> None:
    """Something would be owed that is not, or not be owed that is."""
    assert stands(condition) is holds


# --- Kleene's tables ------------------------------------------------------------------------------------------------


def rank(answer: Reasoned[bool] | NotYet) -> int:
    """No below unknown below yes."""
    return 1 if isinstance(answer, NotYet) else 2 * answer.value


@pytest.mark.parametrize("answers", list(product((NO, OPEN, YES), repeat=3)))
def test_all_is_the_least_and_any_the_greatest(answers: tuple[Reasoned[bool] | NotYet, ...]) -> None:
    """The logic would depend on the order of a list, or a reason would be lost."""
    assert rank(every(list(answers))) == min(map(rank, answers))
    assert rank(either(list(answers))) == max(map(rank, answers))


def test_what_can_never_be_said_is_not_waited_for() -> None:
    """A list would wait for one member although another can never hold."""
    never = NotYet(never="over")
    assert every([OPEN, never]) == never
    assert either([OPEN, never]) == OPEN
