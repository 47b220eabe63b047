"""What clauses mean, rule by rule; each test is named for its rule and begins with the unpleasant case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from obligations.domain.occurrence import PowerState, State
from tests.planning.elsewhere import missing
from tests.planning.letter import day, happened, of, only, planned, powers
from tests.planning.small import EXIT, STARTED, small

# What tests of other files hold.
ELSEWHERE = {
    "planning/test_letter": {
        "several instances of one clause": "test_5_2_b_two_notices_make_two_cures",
        "an unnamed answer to one of two": "test_5_2_b_an_unnamed_cure_of_two_needs_a_person",
        "an event that is expected": "test_3_nothing_is_sent_for_an_exit_that_is_only_expected",
    },
    "planning/test_openings": {
        "inside two windows, one instance": "test_a_breach_in_two_windows_counts_once",
        "a window in hindsight": "test_an_earlier_exit_qualifies_in_hindsight_and_says_so",
        "states overlap once": "test_days_that_overlap_count_once",
    },
    "planning/test_conditions": {
        "unless wins": "test_unless_wins_over_a_condition_that_nobody_has_answered",
        "if, of each occurrence": "test_each_occurrence_is_asked_on_its_own_day",
        "cancel_if": "test_what_cancels_undoes_even_what_fell_due_before",
    },
    "planning/test_gates": {
        "requires: visible while it waits": "test_money_waits_out_the_days_of_revocation",
        "requires: after its last day": "test_no_release_by_its_last_day_fails_the_condition",
        "requires: too late, moves or forfeits": "test_a_gate_that_opens_late_forfeits_where_the_clause_says_so",
    },
    "planning/test_standing": {
        "until discharges an open duty": "test_an_end_on_the_last_day_discharges_what_is_still_open",
        "until: what was due stays owed": "test_money_due_on_the_day_of_the_end_stays_owed",
    },
    "planning/test_instalments": {
        "until: a period's payment pro rata": "test_a_rate_is_owed_for_the_days_before_its_end_whenever_payable",
        "a series splits a whole": "test_what_is_left_over_goes_where_the_contract_says",
    },
    "planning/test_postponing": {
        "postpone keeps identity and day": "test_the_original_days_and_the_keys_stay",
        "postpone: released early": "test_death_releases_on_its_own_day",
    },
    "planning/test_replacing": {
        "instead_of: the more specific wins": "test_one_that_replaces_a_replacement_wins_over_both",
        "instead_of: both are named": "test_an_explanation_names_both_rules",
    },
    "planning/test_signing": {
        "due before signature": "test_what_fell_due_before_signature_is_due_then",
    },
    "planning/test_payroll": {
        "the payroll calendar changes: stubs": "test_the_fortnight_that_has_begun_ends_the_day_before",
    },
    "planning/test_acceleration": {
        "each tranche ends in one place": "test_vested_and_accelerated_and_lapsed_are_together_the_grant",
    },
    "planning/test_renewals": {
        "windows that renew, by ordinal": "test_each_term_has_its_own_last_day_for_notice",
    },
    "planning/test_caps": {
        "caps by the day it happened": "test_what_exceeds_the_cap_of_a_year_is_cut_in_day_order",
        "balances by the day it happened": "test_a_balance_stops_at_its_cap_and_goes_on_once_leave_is_taken",
    },
    "planning/test_dated_facts": {
        "tables: what holds outside them": "test_a_table_that_does_not_say_asks_a_person",
    },
    "planning/test_comparisons": {
        "a value stated twice": "test_what_agrees_is_left_alone_and_what_differs_is_shown_with_both_sides",
    },
    "planning/test_suspended": {
        "a suspension tolls or holds": "test_it_goes_on_as_its_clock_says",
    },
    "planning/test_happenings": {
        "all of happens with its last part": "test_it_happens_when_the_last_part_holds",
    },
    "planning/test_ties": {
        "ties on one day": "test_without_times_a_person_is_asked_which_came_first",
    },
    "planning/test_rounds": {
        "circles advance or are refused": "test_what_may_stand_still_or_swing_is_refused",
    },
    "planning/test_days": {
        "earliest and latest": "test_the_latest_waits_for_every_member",
    },
    "planning/test_amendments": {
        "amendments": "test_what_was_set_off_before_stays_as_it_was_agreed",
    },
}
EXPECTED = happened("exit", "2026-05-02", expected=True, cause="good", gain="5.00")


def test_the_rules_held_elsewhere_are_held() -> None:
    assert missing(ELSEWHERE) == []


def dated(when: str) -> str:
    """A payment set off by the start and due on such a day."""
    return f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: bonus
    when: started
    exactly: {when}
"""


@pytest.mark.parametrize(
    ("when", "due_on"),
    [
        ("5 days after exit", "2026-05-07"),
        ("{earliest of: [6 months after started, 5 days after exit]}", "2026-05-07"),
        ("{latest of: [3 months after started, 5 days after exit]}", "2026-05-07"),
        ("{latest of: [6 months after started, 5 days after exit if any]}", "2026-07-15"),
        ("month end of exit", "2026-05-31"),
    ],
)
def test_money_whose_day_hangs_on_something_expected_waits(when: str, due_on: str) -> None:
    """Else somebody is paid for an exit that was only planned."""
    terms = small(dated(when))
    waits = only(planned(STARTED, EXPECTED, as_of="2026-02-01", terms=terms), "owed")
    assert (waits.state, waits.waiting_for, waits.due_on) == (State.WAITING, ("exit",), day(due_on))
    assert waits.conditional
    reported = happened("exit", "2026-05-02", cause="good", gain="5.00")
    goes = only(planned(STARTED, reported, as_of="2026-02-01", terms=terms), "owed")
    assert (goes.id, goes.state, goes.due_on) == (waits.id, State.SCHEDULED, day(due_on))


def test_the_earliest_prevails_where_what_is_expected_comes_later() -> None:
    """What is expected later than a day that stands moves nothing, so money does not wait for it."""
    terms = small(dated("{earliest of: [1 month after started, 5 days after exit]}"))
    goes = only(planned(STARTED, EXPECTED, as_of="2026-02-01", terms=terms), "owed")
    assert (goes.state, goes.due_on, goes.conditional) == (State.SCHEDULED, day("2026-02-15"), False)


@pytest.mark.parametrize(
    "series",
    [
        "{every: 1 month, times: 2, first: 1 month after exit}",
        "{every: 1 month, over: 2 months following exit}",
    ],
)
def test_a_series_that_counts_from_something_expected_waits(series: str) -> None:
    """Else the instalments of a severance go before anybody has left."""
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: bonus
    when: started
    series: {series}
"""
    made = of(planned(STARTED, EXPECTED, as_of="2026-06-15", terms=small(clause)), "owed")
    assert [one.state for one in made] == [State.WAITING, State.WAITING]
    assert {one.waiting_for for one in made} == {("exit",)}


def test_a_power_does_not_arise_of_a_miss_whose_last_day_is_only_expected() -> None:
    """People are reminded of the task; nobody may act on its miss before what it is counted from has happened."""
    clause = """
  hand_over:
    cite: "9"
    who: employee owes company
    task: Hand over
    when: started
    by: 5 days after exit
    if_missed: {power: claim, holder: company, may: claim the keys}
"""
    terms = small(clause)
    plan = planned(STARTED, EXPECTED, as_of="2026-06-01", terms=terms)
    waits = only(plan, "hand_over")
    assert (waits.due_on, waits.state, waits.waiting_for) == (day("2026-05-07"), State.WAITING, ("exit",))
    assert [(one.state, one.waiting_for) for one in powers(plan, "claim")] == [(PowerState.WAITING, ("exit",))]
    reported = happened("exit", "2026-05-02", cause="good", gain="5.00")
    assert [one.state for one in powers(planned(STARTED, reported, as_of="2026-06-01", terms=terms), "claim")] == [
        PowerState.ARISEN
    ]


@pytest.mark.parametrize(
    ("what", "missed"),
    [("pay: bonus", State.MISSED), ("task: Return the keys", State.MISSED), ("give: Silence", State.DONE)],
)
def test_what_survives_the_end_is_owed_all_the_same(what: str, missed: State) -> None:
    """A payment or task that survives is not done because its day has passed; only what is kept up closes so."""
    days = "during: 5 days following exit" if what.startswith("give") else "by: 5 days after exit"
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    {what}
    when: exit
    {days}
    surviving: yes
"""
    terms = small(clause)
    assert only(planned(STARTED, EXIT, as_of="2026-12-01", terms=terms), "owed").state is missed
    if what.startswith("pay"):
        waits = only(planned(STARTED, EXPECTED, as_of="2026-02-01", terms=terms), "owed")
        assert (waits.state, waits.waiting_for) == (State.WAITING, ("exit",))


class TestPaidOfAClause:
    """`paid of`: what was paid by the day of the trigger, however it was paid."""

    OWED = """
  sign_on:
    cite: "4"
    who: company owes employee
    pay: 900.00
    when: started
    exactly: 1 month after started
  back:
    cite: "5"
    who: employee owes company
    pay: paid of sign_on
    when: exit
    exactly: exit
"""

    def back(self, *answers: tuple[str, str, str]) -> str:
        terms = small(self.OWED)
        owed = only(planned(STARTED, terms=terms), "sign_on")
        said = [
            replace(happened(event, on, answers=str(owed.id)), fields={"amount": much} if much else {})
            for event, on, much in answers
        ]
        found = only(planned(STARTED, EXIT, *said, as_of="2026-12-01", terms=terms), "back")
        return found.amount.shown() if found.amount is not None else ", ".join(found.missing)

    def test_a_part_that_was_paid_counts(self) -> None:
        assert self.back(("partly", "2026-02-15", "300.00")) == "300.00 USD"

    def test_parts_after_the_day_of_the_trigger_do_not(self) -> None:
        assert self.back(("partly", "2026-02-15", "300.00"), ("partly", "2026-11-20", "600.00")) == "300.00 USD"

    def test_a_rest_paid_after_the_trigger_does_not(self) -> None:
        assert self.back(("partly", "2026-02-15", "300.00"), ("done", "2026-11-20", "")) == "300.00 USD"

    def test_parts_and_the_rest_are_the_whole_once(self) -> None:
        assert self.back(("partly", "2026-02-15", "300.00"), ("done", "2026-03-01", "")) == "900.00 USD"
        assert self.back(("partly", "2026-02-15", "300.00"), ("partly", "2026-03-01", "600.00")) == "900.00 USD"

    def test_a_part_of_which_nobody_said_how_much_is_asked(self) -> None:
        assert self.back(("partly", "2026-02-15", "")) == "how much of sign on was paid on 2026-02-15"

    def test_what_was_waived_was_not_paid(self) -> None:
        terms = small(self.OWED)
        owed = only(planned(STARTED, terms=terms), "sign_on")
        waived = happened("waived", "2026-02-01", answers=str(owed.id), by="the employee")
        found = only(planned(STARTED, EXIT, waived, as_of="2026-12-01", terms=terms), "back")
        assert found.amount is not None
        assert found.amount.minor == 0
