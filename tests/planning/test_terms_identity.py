"""By what an occurrence is known, rule by rule; each test begins with the unpleasant case."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.plan import Plan
from obligations.terms.terms import Terms
from tests.planning.elsewhere import missing
from tests.planning.letter import day, happened, of, only, planned
from tests.planning.small import EXIT, HEAD, STARTED, small

# What tests of other files hold.
ELSEWHERE = {
    "planning/test_vesting": {
        "tranche seven stays tranche seven": "test_tranche_seven_stays_tranche_seven_when_the_start_is_corrected",
        "positions do not follow the path": "test_positions_do_not_depend_on_the_path",
    },
    "planning/test_payroll": {
        "what ended before another calendar stays": "test_what_ended_before_keeps_its_id_its_day_and_its_amount",
        "no two periods have one name": "test_a_change_of_phase_gives_no_two_periods_one_name",
    },
    "planning/test_replacing": {
        "instead_of takes the identity": "test_it_keeps_the_identity_of_what_it_replaces",
        "what follows from its miss too": "test_what_follows_from_a_miss_is_the_same_whichever_rule_was_missed",
    },
    "planning/test_happenings": {
        "a reached day keeps its identity": "test_a_corrected_start_moves_the_anniversary_and_keeps_its_identity",
        "all of is a slot": "test_another_release_fills_the_same_slot",
    },
    "planning/test_postponing": {
        "what is held back keeps its keys": "test_the_original_days_and_the_keys_stay",
    },
    "planning/test_amendments": {
        "a slot through an amendment": "test_a_slot_keeps_its_identity_through_an_amendment",
        "a running series": "test_another_pace_goes_on_from_where_the_old_one_stood",
    },
    "service/test_any_order": {
        "withdrawn and entered again": "test_a_trigger_taken_back_and_entered_again_pays_once",
        "an earlier happening fills the slot": "test_an_earlier_happening_comes_to_fill_the_slot_of_what_was_paid",
    },
    "service/test_settlement": {
        "changed content voids approvals": "test_changed_content_voids_approvals",
        "what was sent is amended": "test_a_sent_payment_whose_day_moves_is_amended_at_once",
        "what was sent is reversed": "test_withdrawing_after_the_payment_proposes_a_reversal",
        "an attempt begun counts as sent": "test_a_payment_in_flight_counts_as_sent",
    },
    "planning/test_letter": {
        "a report fills what was expected": "test_5_4_a_report_of_another_day_re_dates_it_and_adds_none",
    },
    "planning/test_letter_rows": {
        "a reminder keeps its number and key": "test_closing_the_weekly_reminder_keeps_its_number_and_its_key",
    },
}
LEFT = HEAD.replace(
    "windows:",
    """define:
  left:
    reading: which
    first: first released
    each: released
  either:
    any of: [exit, released]
readings:
  which: {use: first, options: [first, each], cite: "4"}
roles: {payer: pays}
people: {payer: {name: Pia, email: pia@example.com}}
windows:""",
)
OWED = """
  owed:
    cite: "9"
    who: company owes employee
    pay: bonus
    when: {when}
    {how}
    do: {{send: payroll, kind: one_time_earning, lead: 2 days, approve: [payer]}}
"""


def owing(when: str, how: str) -> Terms:
    """A contract with one payment that is instructed."""
    return small(OWED.format(when=when, how=how), LEFT)


def after(terms: Terms, *reports: Report, as_of: str = "2026-02-01") -> Plan:
    return planned(*reports, terms=terms, as_of=as_of)


def keys(plan: Plan) -> set[UUID]:
    return {push.key for push in plan.pushes}


def ids(plan: Plan) -> list[UUID]:
    return [one.id for one in of(plan, "owed")]


def reports(*days: str) -> Iterable[Report]:
    return (happened("released", one) for one in days)


def test_the_rules_held_elsewhere_are_held() -> None:
    assert missing(ELSEWHERE) == []


def test_the_positions_of_a_series_keep_when_the_start_is_corrected() -> None:
    """Six payments stay one to six, under their keys, though they touch seven months and every day moves."""
    terms = owing("exit", "series: {every: 1 month, times: 6, first: 1 month after exit}")
    wrong = after(terms, STARTED, happened("exit", "2026-01-31", cause="good", gain="1.00"))
    right = after(terms, STARTED, happened("exit", "2026-02-03", cause="good", gain="1.00"))
    assert ids(wrong) == ids(right)
    assert keys(wrong) == keys(right)
    assert [one.position for one in of(right, "owed")] == ["1", "2", "3", "4", "5", "6"]
    assert [one.due_on for one in of(wrong, "owed")] != [one.due_on for one in of(right, "owed")]


def test_another_happening_that_fills_a_slot_re_dates_it_and_makes_no_second() -> None:
    """Withdrawing a trigger and entering another cannot pay twice: it is the same payment under the same key."""
    terms = owing("left", "exactly: 5 days after left")
    first = after(terms, STARTED, *reports("2026-03-01"))
    moved = after(terms, STARTED, *reports("2026-03-01", "2026-02-10"))
    replaced = after(terms, STARTED, *reports("2026-04-01"))
    assert ids(first) == ids(moved) == ids(replaced)
    assert keys(first) == keys(moved) == keys(replaced)
    assert [only(plan, "owed").due_on for plan in (first, moved, replaced)] == [
        day("2026-03-06"),
        day("2026-02-15"),
        day("2026-04-06"),
    ]


def test_an_empty_slot_is_the_same_obligation_as_the_one_that_is_filled() -> None:
    """What somebody saw waiting is what later has a date, and what was withdrawn waits again as itself."""
    terms = owing("left", "exactly: 5 days after left")
    assert ids(after(terms, STARTED)) == ids(after(terms, STARTED, *reports("2026-03-01")))
    assert only(after(terms, STARTED), "owed").state is State.WAITING


def test_a_reading_that_turns_a_slot_into_instances_keeps_the_first_s_identity() -> None:
    """Counsel reads the clause anew after the first was paid: the second is owed, the first is not owed again."""
    terms = owing("left", "exactly: 5 days after left")
    told = (STARTED, *reports("2026-03-01", "2026-04-01"))
    once, each = after(terms, *told), after(terms.under("which", "each"), *told)
    first, second = sorted(of(each, "owed"), key=lambda one: str(one.due_on))
    assert [first.id] == ids(once)
    assert first.due_on == only(once, "owed").due_on
    assert second.id != first.id
    assert keys(once) < keys(each)


def test_parts_of_a_union_are_named() -> None:
    """Correcting the day of one part moves no other part, and neither takes the other's place."""
    terms = owing("either", "exactly: 5 days after either")
    exit_first = after(terms, STARTED, EXIT, happened("released", "2026-12-01", identity="r"))
    release_first = after(terms, STARTED, EXIT, happened("released", "2026-03-01", identity="r"))
    assert set(ids(exit_first)) == set(ids(release_first))
    assert keys(exit_first) == keys(release_first)
    alone = after(terms, STARTED, EXIT)
    assert set(ids(alone)) < set(ids(exit_first))


def test_one_report_that_comes_through_two_parts_is_one() -> None:
    both = LEFT.replace("any of: [exit, released]", "any of: [released, left]")
    terms = small(OWED.format(when="either", how="exactly: 5 days after either"), both)
    assert len(of(after(terms, STARTED, *reports("2026-03-01")), "owed")) == 1


def test_an_event_keeps_its_identity_through_correction() -> None:
    """Two notices swap their order by a correction, and each instance stays that of its own notice."""
    terms = owing("released", "exactly: 5 days after released")
    one, other = happened("released", "2026-03-01", identity="a"), happened("released", "2026-04-01", identity="b")
    swapped = happened("released", "2026-05-01", identity="a")
    before = {item.instance: item.id for item in of(after(terms, STARTED, one, other), "owed")}
    then = {item.instance: item.id for item in of(after(terms, STARTED, swapped, other), "owed")}
    assert before == then


def test_what_was_derived_keeps_its_identity_by_its_definition_and_cause() -> None:
    """A miss that comes on another day, since its duty moved, is the same miss and sets off the same payment."""
    clauses = """
  do_it:
    cite: "9"
    who: employee owes company
    task: Do it
    when: released
    by: {span} after released
    if_missed: {{power: step_in, holder: company, may: step in}}
  fine:
    cite: "9"
    who: employee owes company
    pay: bonus
    when: do_it missed
    by: 10 days after released
"""
    late, later = (
        planned(STARTED, happened("released", "2026-03-01"), terms=small(clauses.format(span=span)), as_of="2026-06-01")
        for span in ("5 days", "9 days")
    )
    assert only(late, "fine").id == only(later, "fine").id
    assert [one.id for one in late.powers] == [one.id for one in later.powers]
    assert [one.arises_on for one in late.powers] != [one.arises_on for one in later.powers]


def test_the_end_of_a_series_and_what_it_pays_are_no_part_of_its_identity() -> None:
    """A premium that is raised, a count that a reading changes, a day that rolls: the payments stay who they are."""
    shorter = owing("exit", "series: {every: 1 month, times: 3, first: exit}")
    longer = owing("exit", "series: {every: 1 month, times: 4, first: 10 days after exit}\n    roll: unadjusted")
    few, many = after(shorter, STARTED, EXIT), after(longer, STARTED, EXIT)
    assert ids(few) == ids(many)[:3]
