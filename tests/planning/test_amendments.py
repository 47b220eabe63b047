"""Amendments: what is set off from their day on follows them; what ran before stays as it was agreed."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import State
from obligations.planning.world import DONE
from obligations.terms.amendment import amend
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.amended import BASE, EXITED, HIRED, REPLACED, amended, amounts, of, planned


def test_what_was_set_off_before_stays_as_it_was_agreed() -> None:
    """An amendment of July must not touch what a man who left in March was promised."""
    before, after = planned(amended(), HIRED, EXITED), planned(amended(REPLACED), HIRED, EXITED)
    assert of(before, "severance") == of(after, "severance")
    assert before.pushes == after.pushes
    assert before.fingerprint == after.fingerprint


def test_what_is_set_off_from_its_day_on_follows_it() -> None:
    for day, number in ((date(2026, 6, 30), 6), (date(2026, 7, 1), 12)):
        found = of(planned(amended(REPLACED), HIRED, Report("r", "exited", day)), "severance")
        assert [one.of for one in found] == [number] * number, day


def test_an_amendment_that_changes_the_number_of_instalments_half_way() -> None:
    """Three were due before; the other nine of the new twelve go on from number four, at the new amount."""
    before = of(planned(amended(), HIRED, EXITED), "severance")
    made = planned(amended(f"{REPLACED}running: changes\n"), HIRED, EXITED)
    found = of(made, "severance")
    assert found[:3] == before[:3]
    assert [one.index for one in found] == list(range(1, 13))
    assert amounts(found) == ["10,000.00 USD"] * 3 + ["6,000.00 USD"] * 9
    assert [one.due_on for one in found[2:5]] == [date(2026, 6, 15), date(2026, 7, 15), date(2026, 8, 15)]
    assert [one.id for one in found[:6]] == [one.id for one in before], "what is amended keeps its identity"
    assert {push.name for push in made.pushes if push.clause == "severance"} == {"act.payroll.severance"}


def test_another_pace_goes_on_from_where_the_old_one_stood() -> None:
    """Numbers continue, also where the new schedule would have given fewer by that day."""
    quarterly = REPLACED.replace("every: 1 month, times: 12", "every: 3 months, times: 4")
    found = of(planned(amended(f"{quarterly}running: changes\n"), HIRED, EXITED), "severance")
    assert [(one.index, one.due_on) for one in found[2:]] == [
        (3, date(2026, 6, 15)),
        (4, date(2026, 7, 15)),
        (5, date(2026, 10, 15)),
        (6, date(2027, 1, 15)),
    ]


def test_what_was_done_before_its_day_stays_done() -> None:
    """An instalment paid ahead of time is not owed a second time under a new number: twelve are twelve."""
    terms = amended(f"{REPLACED}running: changes\n")
    fifth = occurrence_id("", "letter", "severance", "exited", "5")
    done = Report("r-done", DONE, date(2026, 6, 20), answers=str(fifth), evidence="wire")
    found = of(planned(terms, HIRED, EXITED, done), "severance")
    assert [one.index for one in found] == list(range(1, 13))
    assert [(one.index, one.state) for one in found if one.id == fifth] == [(5, State.DONE)]
    assert amounts(one for one in found if one.index in (4, 5, 6)) == ["6,000.00 USD", "10,000.00 USD", "6,000.00 USD"]


def test_a_running_series_that_is_ended_owes_what_was_due_and_no_more() -> None:
    found = of(planned(amended("ends: [severance]\nrunning: {severance: changes}\n"), HIRED, EXITED), "severance")
    assert [one.state for one in found] == [State.MISSED] * 3 + [State.TERMINATED] * 3
    still = of(planned(amended("ends: [severance]\n"), HIRED, EXITED), "severance")
    assert State.TERMINATED not in {one.state for one in still}
    assert len(still) == 6


def test_a_clause_that_ended_is_set_off_no_more() -> None:
    terms = amended("ends: [severance]\n")
    assert of(planned(terms, HIRED, Report("r", "exited", date(2026, 7, 1))), "severance") == []
    assert len(of(planned(terms, HIRED, Report("r", "exited", date(2026, 6, 30))), "severance")) == 6
    assert of(planned(terms, HIRED), "severance") == []
    before_its_day = of(planned(terms, HIRED, as_of=date(2026, 6, 1)), "severance")
    assert {one.state for one in before_its_day} == {State.WAITING}


def test_a_parameter_holds_for_what_is_set_off_from_its_day_on() -> None:
    terms = amended("parameters: {instalment: 7000.00}\n")
    assert set(amounts(of(planned(terms, HIRED, EXITED), "severance"))) == {"10,000.00 USD"}
    later = planned(terms, HIRED, Report("r", "exited", date(2026, 7, 2)))
    assert set(amounts(of(later, "severance"))) == {"7,000.00 USD"}
    changed = planned(amended("parameters: {instalment: 7000.00}\nrunning: {severance: changes}\n"), HIRED, EXITED)
    assert amounts(of(changed, "severance")) == ["10,000.00 USD"] * 3 + ["7,000.00 USD"] * 3


def test_a_fact_is_stated_from_its_day_on() -> None:
    terms = amended("title: Raise of July\nfacts: {base_salary: 150000.00}\n")
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    found = of(planned(terms, HIRED, *notices), "bonus")
    assert sorted(amounts(found)) == ["12,000.00 USD", "15,000.00 USD"]
    raised = next(one for one in found if one.amount and one.amount.shown() == "15,000.00 USD")
    assert any("Raise of July" in step.rule for _, step in raised.derivation.walk())


def test_a_duty_is_missed_by_the_clause_that_governs_it_and_its_power_arises_once() -> None:
    """A longer time to cure does not reach back to a notice given before, nor does the power arise twice."""
    longer = """
clauses:
  cure:
    cite: "A.2"
    who: employee owes company
    task: Cure the breach
    when: notice
    by: 45 days after notice
    closed_by: cured
    if_missed: {power: dismissal, holder: company, may: dismiss for cause}
"""
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    made = planned(amended(longer), HIRED, *notices, as_of=date(2026, 12, 1))
    assert sorted(str(one.due_on) for one in of(made, "cure")) == ["2026-07-30", "2026-08-15"]
    assert sorted(str(one.arises_on) for one in made.powers) == ["2026-07-31", "2026-08-16"]
    cured = Report("c-1", "cured", date(2026, 7, 10), answers="n-1")
    made = planned(amended(longer), HIRED, *notices, cured, as_of=date(2026, 12, 1))
    assert [str(one.arises_on) for one in made.powers] == ["2026-08-16"]


def test_a_new_clause_binds_from_its_day_on() -> None:
    added = """
events: {relocated: {says: the office moved, cite: "A.4"}}
clauses:
  allowance:
    cite: "A.4"
    who: company owes employee
    pay: 5000.00
    when: relocated
    by: 30 days after relocated
    do: {send: payroll, kind: allowance, approve: [finance]}
  new_report:
    cite: "A.5"
    who: employee owes company
    task: Hand in the plan
    by: 2026-09-30
"""
    moves = [Report("m-1", "relocated", date(2026, 6, 30)), Report("m-2", "relocated", date(2026, 7, 2))]
    made = planned(amended(added), HIRED, *moves)
    assert [one.due_on for one in of(made, "allowance")] == [date(2026, 8, 1)]
    assert [one.due_on for one in of(made, "new_report")] == [date(2026, 9, 30)]


def test_a_slot_keeps_its_identity_through_an_amendment() -> None:
    """The lump sum is paid once, whichever version an exit falls under."""
    raised = """
clauses:
  lump:
    cite: "A.9"
    who: company owes employee
    pay: 150000.00
    when: protected_exit
    exactly: 8 days after protected_exit
    do: {send: payroll, kind: lump, approve: [finance]}
"""
    terms = amended(raised)
    (waiting,) = of(planned(terms, HIRED), "lump")
    (old,) = of(planned(terms, HIRED, EXITED), "lump")
    (new,) = of(planned(terms, HIRED, Report("r", "exited", date(2026, 7, 15))), "lump")
    assert waiting.id == old.id == new.id
    assert (amounts([old]), old.due_on) == (["125,000.00 USD"], date(2026, 3, 20))
    assert (amounts([new]), new.due_on) == (["150,000.00 USD"], date(2026, 7, 23))


def test_a_reading_that_is_settled_is_settled_from_its_day_on() -> None:
    base = BASE.replace(
        "by: 5 days after notice", "by: {reading: prompt, short: 5 days after notice, long: 9 days after notice}"
    )
    before = load(base, "letter.yaml", lambda _: ("", ""))
    terms = amend(before, "terms: 1\namends: letter\nfrom: 2026-07-01\nreadings: {prompt: long}\n", "a.yaml")
    notices = [Report("n-1", "notice", date(2026, 6, 1)), Report("n-2", "notice", date(2026, 7, 1))]

    def due(its: Terms) -> list[str]:
        return sorted(str(one.due_on) for one in of(planned(its, HIRED, *notices), "bonus"))

    assert due(terms) == ["2026-06-06", "2026-07-10"]
    assert due(terms.under("prompt", "long")) == ["2026-06-10", "2026-07-10"]
    assert due(terms.chosen("prompt", "short", "lea")) == ["2026-06-06", "2026-07-10"]
    assert due(terms.read_as({"prompt": "long"})) == ["2026-06-10", "2026-07-10"]


def test_amendments_build_on_each_other() -> None:
    second = REPLACED.replace("6000.00", "5000.00")
    terms = amended(REPLACED, f"title: The second\nfrom: 2026-09-01\n{second}running: changes\n")
    found = of(planned(terms, HIRED, Report("r", "exited", date(2026, 7, 1))), "severance")
    assert amounts(found) == ["6,000.00 USD"] + ["5,000.00 USD"] * 11
    assert found[0].due_on == date(2026, 8, 1)


def test_the_same_facts_in_any_order_give_the_same_plan() -> None:
    terms = amended(f"{REPLACED}running: changes\nfacts: {{base_salary: 150000.00}}\n")
    reports = [HIRED, EXITED, Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 3))]
    assert planned(terms, *reports) == planned(terms, *reversed(reports))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("clausess: {}\n", 'the word "clausess" is not known here'),
        ("parameters: {instalmet: 1.00}\n", 'no parameter "instalmet". Did you mean "instalment"'),
        ("facts: {salary: 1.00}\n", 'no fact "salary"'),
        ("facts: {base_salary: much}\n", "fact base_salary:"),
        ("readings: {prompt: shrt}\n", 'no option "shrt". Did you mean "short"'),
        ("ends: [severence]\n", 'no clause "severence" to end. Did you mean "severance"'),
        ("ends: [report]\n", "nothing sets report off, so it runs since the beginning"),
        ("running: {severence: changes}\n", 'no clause "severence" that runs'),
        ("events: {notice: {says: another}}\n", 'the terms have "notice" already'),
        ("parameters: {instalment: {type: money, default: 1.00}}\n", 'the terms have "instalment" already; give it'),
        ("parameters: {bonus_cap: {type: money}}\n", "parameter bonus_cap has no default: give it a value"),
        ("parameters: {bonus_cap: {type: mony, default: 1.00}}\n", "amendment-1.yaml:4:32"),
        ("facts: {shoes: {type: units, iss: 3}}\n", 'the word "iss" is not known here. Did you mean "is"'),
        ("readings: {prompt: {use: a, options: [a, b]}}\n", 'the terms have "prompt" already'),
        ("counting: {zone: Asia/Shanghai}\n", "in one time zone from first to last"),
        ("windows: {protected: 24 months beginning on hird}\n", 'no event or day "hird". Did you mean "hired"'),
        ("define: {protected_exit: first protected_exit}\n", "circular"),
        (f"ends: [severance]{REPLACED}", "severance is ended and replaced"),
        (REPLACED.replace("when: exited", "when: exitd"), 'no event "exitd". Did you mean "exited"'),
    ],
)
def test_an_amendment_that_is_not_right_is_a_finding_with_its_place(body: str, message: str) -> None:
    with pytest.raises(TermsError) as raised:
        amended(body)
    assert message in str(raised.value)
    assert str(raised.value).startswith("amendment-1.yaml:")


def test_an_amendment_of_another_contract_or_before_an_earlier_one_is_refused() -> None:
    terms = load(BASE, "letter.yaml", lambda _: ("", ""))
    with pytest.raises(TermsError, match="this amends offer, not letter"):
        amend(terms, "terms: 1\namends: offer\nfrom: 2026-07-01\n", "a.yaml")
    with pytest.raises(TermsError, match="an amendment from 2026-07-01 stands before this one"):
        amended("parameters: {instalment: 7000.00}\n", "\nfrom: 2026-06-01\nparameters: {instalment: 8000.00}\n")


def test_an_exception_that_an_amendment_adds_stands_in_the_place_of_the_rule_from_its_day_on() -> None:
    added = """
events: {released: {says: a release was signed, cite: "A.6"}}
clauses:
  released_lump:
    cite: "A.6"
    who: company owes employee
    pay: 200000.00
    instead_of: lump
    if: released happened
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: lump, approve: [finance]}
"""
    released = Report("r-released", "released", date(2026, 3, 1))
    for day, paid in ((date(2026, 6, 30), "125,000.00 USD"), (date(2026, 7, 1), "200,000.00 USD")):
        made = planned(amended(added), HIRED, released, Report("r", "exited", day))
        (lump,) = of(made, "lump")
        assert amounts([lump]) == [paid], day
        assert lump.id == of(planned(amended(), HIRED, Report("r", "exited", day)), "lump")[0].id


def test_a_whole_that_is_split_anew_half_way_stays_the_whole() -> None:
    """Sixty thousand in six parts, one of them due, then in nine: eight parts share the fifty thousand left."""
    split = REPLACED.replace("6000.00", "60000.00").replace("times: 12", "times: 6, splits: yes")
    nine = split.replace("times: 6", "times: 9").replace("60000.00", "60000.01")
    again = f"title: The second\nfrom: 2026-09-01\n{nine}running: changes\n"
    found = of(planned(amended(split, again), HIRED, Report("r", "exited", date(2026, 7, 1))), "severance")
    assert amounts(found[:1]) == ["10,000.00 USD"]
    assert len(found) == 9
    assert sum(one.amount.minor for one in found if one.amount) == 6_000_001
    assert amounts(found[1:3]) == ["6,250.00 USD"] * 2
    assert amounts(found[-1:]) == ["6,250.01 USD"]


def test_parts_whose_condition_failed_take_nothing_of_a_whole_that_is_agreed_anew() -> None:
    """The release for the first agreement was never signed and nothing was paid; the second owes all of its sum."""
    split = REPLACED.replace("6000.00", "60000.00").replace("times: 12", "times: 6, splits: yes")
    gated = "events: {released: {says: a release was signed}}\n" + split.replace(
        "    do:", "    requires: {event: released, by: 60 days after exited}\n    do:"
    )
    again = f"title: The second\nfrom: 2026-10-01\n{split.replace('60000.00', '40000.00')}running: changes\n"
    terms = amended(gated, again)
    exited = Report("r", "exited", date(2026, 7, 15))
    found = of(planned(terms, HIRED, exited, as_of=date(2026, 10, 2)), "severance")
    assert [one.state for one in found] == [State.CONDITION_FAILED] * 2 + [State.SCHEDULED] * 4
    assert amounts(found[2:]) == ["10,000.00 USD"] * 4
    # What was paid of it all the same counts.
    done = Report("r-done", DONE, date(2026, 8, 20), answers=str(found[0].id))
    found = of(planned(terms, HIRED, exited, done, as_of=date(2026, 10, 2)), "severance")
    assert amounts(found[2:]) == ["7,500.00 USD"] * 4


def test_what_the_clock_alone_changes_is_planned_again_on_the_amendment_s_day() -> None:
    """An empty slot waits for what the terms in force ask; on the first of July those are others."""
    made = planned(amended("ends: [lump]\n"), HIRED, as_of=date(2026, 6, 20))
    assert made.replan_at is not None
    assert made.replan_at.date() <= date(2026, 7, 1)


def test_units_vest_once_though_an_amendment_adds_or_replaces_what_accelerates_them() -> None:
    """The grant is of the first terms and its acceleration of the amended ones; together they are always the grant."""
    vests = BASE.replace(
        "clauses:\n",
        """clauses:
  vesting:
    cite: "4"
    who: company owes employee
    vest: 1200
    unit: shares
    when: hired
    schedule:
      - {portion: 100%, every: 1 month, times: 12}
    until: exited
""".replace("vest: 1200", "vest: shares"),
        1,
    ).replace("facts:\n", "  shares: {type: units, default: 1200, cite: '4'}\nfacts:\n", 1)
    speeds = """
clauses:
  at_once:
    cite: "A.4"
    who: company owes employee
    accelerate: vesting
    unit: shares
    when: exited
"""
    base = load(vests, "letter.yaml", lambda _: ("", ""))
    terms = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{speeds}", "a.yaml")
    for day, at_once in ((date(2026, 6, 30), 0), (date(2026, 7, 1), 700)):
        made = planned(terms, HIRED, Report("r", "exited", day))
        vested = sum(one.units or 0 for one in of(made, "vesting") if one.state is State.DONE)
        lapsed = sum(one.units or 0 for one in of(made, "vesting") if one.state is State.TERMINATED)
        taken = sum(one.units or 0 for one in of(made, "at_once") if one.state is not State.NOT_APPLICABLE)
        assert (vested, lapsed, taken) == (500, 700 - at_once, at_once), day


def test_clauses_of_two_versions_that_would_bring_one_another_about_are_refused() -> None:
    """Each version alone is in order; together an exit would make a notice, and the notice the exit."""
    leads = "    task: Look into it\n    by: unstated\n    who: company owes employee\n    cite: A\n"
    before = BASE.replace("clauses:\n", f"clauses:\n  inquiry:\n{leads}    when: cured\n    then: {{event: left}}\n", 1)
    before = before.replace("events:\n", "events:\n  left: {says: somebody left, cite: A}\n", 1)
    base = load(before, "letter.yaml", lambda _: ("", ""))
    other = f"clauses:\n  inquiry:\n{leads}    when: left\n    then: {{event: cured}}\n"
    with pytest.raises(TermsError, match="would bring one another about"):
        amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{other}", "a.yaml")
