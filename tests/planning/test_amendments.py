"""Amendments: what is set off from their day on follows them; what ran before stays as it was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.event import Report
from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan, plan
from obligations.planning.world import DONE
from obligations.service.contracts import Planner
from obligations.terms.amendment import amend
from obligations.terms.errors import TermsError
from obligations.terms.format import formatted
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.docs.pages import library

BASE = """
terms: 1
contract: {id: letter, title: A letter, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources, payroll: runs pay, finance: the controller}
people:
  hr: {name: Hana, email: hana@example.com}
  payroll: {name: Pay, email: pay@example.com}
parameters:
  instalment: {type: money, default: 10000.00, cite: "5"}
facts:
  base_salary: {type: money, is: 120000.00, cite: "2"}
readings:
  prompt: {use: short, options: [short, long], cite: "7"}
events:
  hired: {says: the first day, once: yes, required: yes, cite: "1"}
  exited: {says: the employment ended, once: yes, cite: "5"}
  notice: {says: a breach was noticed, cite: "6"}
  cured: {says: the breach was cured, cite: "6"}
windows:
  protected: 24 months beginning on hired
define:
  protected_exit: first exited during protected
clauses:
  severance:
    cite: "5"
    who: company owes employee
    says: an instalment
    pay: instalment
    when: exited
    series: {every: 1 month, times: 6, first: 1 month after exited}
    do: {send: payroll, kind: severance, approve: [finance]}
  cure:
    cite: "6"
    who: employee owes company
    task: Cure the breach
    when: notice
    by: 30 days after notice
    closed_by: cured
    if_missed: {power: dismissal, holder: company, may: dismiss for cause}
  bonus:
    cite: "3"
    who: company owes employee
    pay: 10 percent of base_salary
    when: notice
    by: 5 days after notice
    do: {send: payroll, kind: bonus, approve: [finance]}
  report:
    cite: "8"
    who: employee owes company
    task: Hand in the yearly report
    by: 2027-03-31
  lump:
    cite: "9"
    who: company owes employee
    pay: 125000.00
    when: protected_exit
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: lump, approve: [finance]}
"""
HIRED = Report("r-hired", "hired", date(2026, 1, 5))
EXITED = Report("r-exited", "exited", date(2026, 3, 15))


def amended(*bodies: str) -> Terms:
    """The letter under amendments, each of the first of July 2026 unless it says otherwise."""
    terms = load(BASE, "letter.yaml", lambda _: ("", ""))
    for number, body in enumerate(bodies, 1):
        since = "" if "\nfrom:" in body else "from: 2026-07-01\n"
        terms = amend(terms, f"terms: 1\namends: letter\n{since}{body}", f"amendment-{number}.yaml")
    return terms


def planned(terms: Terms, *reports: Report, as_of: date | None = date(2026, 8, 1)) -> Plan:
    return plan(terms, reports, as_of=as_of, calendars=Calendars(), zones=Zones())


def of(made: Plan, clause: str) -> list[Occurrence]:
    return sorted((one for one in made.occurrences if one.clause == clause), key=lambda one: one.index)


def amounts(found: Iterable[Occurrence]) -> list[str]:
    return [one.amount.shown() if one.amount else "" for one in found]


REPLACED = """
clauses:
  severance:
    cite: "A.1"
    who: company owes employee
    says: an instalment
    pay: 6000.00
    when: exited
    series: {every: 1 month, times: 12, first: 1 month after exited}
    do: {send: payroll, kind: severance, approve: [finance]}
"""


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


# --- what an amendment may say --------------------------------------------------------------------------------------


def test_a_protection_window_that_is_extended_protects_exits_from_the_amendment_s_day_on() -> None:
    """An exit in the third year is protected once the parties agreed so, and the lump sum is still paid once."""
    extended = "windows: {protected: 36 months beginning on hired}\n"
    third_year = Report("r", "exited", date(2028, 3, 1))
    assert amounts(of(planned(amended(), HIRED, third_year, as_of=date(2028, 4, 1)), "lump")) == [""]
    (lump,) = of(planned(amended(extended), HIRED, third_year, as_of=date(2028, 4, 1)), "lump")
    assert (amounts([lump]), lump.due_on) == (["125,000.00 USD"], date(2028, 3, 6))
    too_late = planned(amended(f"\nfrom: 2028-03-02\n{extended}"), HIRED, third_year, as_of=date(2028, 4, 1))
    assert [one.state for one in of(too_late, "lump")] == [State.NOT_APPLICABLE], "it came before the amendment"
    shown = {window.name: window.last_on for window in planned(amended(extended), HIRED).windows}
    assert shown["protected"] == date(2029, 1, 4)


def test_a_definition_that_is_replaced_fills_a_slot_once() -> None:
    """What was paid for the first exit of the old definition is not paid again for the first of the new one."""
    many = BASE.replace("exited: {says: the employment ended, once: yes", "exited: {says: the employment ended")
    base = load(many, "letter.yaml", lambda _: ("", ""))
    moved = "windows: {protected: 24 months beginning on 2026-07-01}\n"
    terms = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{moved}", "a.yaml")
    exits = [Report("r-1", "exited", date(2026, 3, 15)), Report("r-2", "exited", date(2026, 9, 15))]
    (lump,) = of(planned(terms, HIRED, *exits, as_of=date(2026, 10, 1)), "lump")
    assert lump.due_on == date(2026, 3, 20)
    (second,) = of(planned(terms, HIRED, exits[1], as_of=date(2026, 10, 1)), "lump")
    assert (second.due_on, second.id) == (date(2026, 9, 20), lump.id)


def test_new_facts_parameters_readings_tables_years_and_counting_are_stated_whole() -> None:
    added = """
parameters:
  allowance: {type: money, default: 500.00, cite: "A.1"}
facts:
  headcount: {type: number, is: 3, cite: "A.1"}
readings:
  late: {use: soon, options: [soon, later], cite: "A.1"}
tables:
  steps: {says: weeks by headcount, of: number, cite: "A.1", steps: {0: 1, 3: 2}}
years:
  plan_year: {begins: july 1}
counting: {month_end: clamp}
clauses:
  extra:
    cite: "A.1"
    who: company owes employee
    pay: allowance * headcount * steps at headcount
    when: notice
    by: {reading: late, soon: 3 days after notice, later: last day of the plan_year of notice}
"""
    terms = amended(added)
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    headcount = Report("h", "headcount", date(2026, 7, 1), fields={"value": "4"})
    (extra,) = of(planned(terms, HIRED, *notices), "extra")
    assert (amounts([extra]), extra.due_on) == (["3,000.00 USD"], date(2026, 7, 4))
    (extra,) = of(planned(terms.chosen("late", "later", "lea"), HIRED, *notices, headcount), "extra")
    assert (amounts([extra]), extra.due_on) == (["4,000.00 USD"], date(2027, 6, 30))


def test_days_count_as_each_version_counts_them() -> None:
    terms = amended("counting: {event_day: counted}\n")
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    assert sorted(str(one.due_on) for one in of(planned(terms, HIRED, *notices), "bonus")) == [
        "2026-07-05",
        "2026-07-05",
    ]


def test_a_notice_is_deemed_received_as_the_terms_of_its_day_say() -> None:
    base = BASE.replace("windows:\n", "notices:\n  courier: 1 day after sending\nwindows:\n", 1)
    base = base.replace("notice: {says: a breach was noticed,", "notice: {says: a breach was noticed, notice: yes,")
    base = base.replace("by: 30 days after notice", "by: 30 days after receipt of notice")
    slower = "notices: {courier: 3 days after sending, mail: 5 days after sending}\n"
    before = load(base, "letter.yaml", lambda _: ("", ""))
    terms = amend(before, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{slower}", "a.yaml")

    def due(day: date, channel: str) -> tuple[str, tuple[str, ...]]:
        (one,) = of(planned(terms, HIRED, Report("n", "notice", day, fields={"channel": channel})), "cure")
        return str(one.due_on), one.missing

    assert due(date(2026, 6, 1), "courier") == ("2026-07-02", ())
    assert due(date(2026, 7, 1), "courier") == ("2026-08-03", ())
    assert due(date(2026, 7, 1), "mail") == ("2026-08-05", ())
    day, asked = due(date(2026, 6, 1), "mail")
    assert day == "None"
    assert "before the terms knew it" in " ".join(asked)


# --- what runs ------------------------------------------------------------------------------------------------------


def test_a_longer_time_to_cure_that_changes_what_runs_moves_the_miss_with_it() -> None:
    """The power to dismiss would arise by the old day while the plan shows the new one."""
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
running: changes
"""
    late, early = Report("n-1", "notice", date(2026, 6, 10)), Report("n-2", "notice", date(2026, 5, 20))
    made = planned(amended(longer), HIRED, late, as_of=date(2026, 7, 15))
    assert [(one.due_on, one.index, one.of) for one in of(made, "cure")] == [(date(2026, 7, 25), 1, 1)]
    assert [(str(one.arises_on), one.waiting_for) for one in made.powers] == [("2026-07-26", ("cure missed",))]
    made = planned(amended(longer), HIRED, early, as_of=date(2026, 7, 15))
    assert [(one.due_on, one.state) for one in of(made, "cure")] == [(date(2026, 6, 19), State.MISSED)]
    assert [str(one.arises_on) for one in made.powers] == ["2026-06-20"], "what was missed before stays missed"
    ended = planned(amended("ends: [cure]\nrunning: changes\n"), HIRED, late, as_of=date(2026, 9, 1))
    assert ([one.state for one in of(ended, "cure")], ended.powers) == ([State.TERMINATED], ())


def test_fewer_instalments_leave_what_was_due_and_owe_no_more() -> None:
    fewer = REPLACED.replace("times: 12", "times: 2")
    found = of(planned(amended(f"{fewer}running: changes\n"), HIRED, EXITED), "severance")
    assert [(one.index, one.of) for one in found] == [(1, 6), (2, 6), (3, 6)]


def test_an_amendment_from_before_what_was_paid_leaves_numbers_and_names() -> None:
    """Backdated to May: the instalments of May and June keep their identity, and are owed at the new amount."""
    before = of(planned(amended(), HIRED, EXITED), "severance")
    paid = [
        Report(f"d-{one.index}", DONE, one.due_on, answers=str(one.id), evidence="wire")
        for one in before[:3]
        if one.due_on is not None
    ]
    fifteenth = REPLACED.replace("first: 1 month after exited", "first: 40 days after exited")
    body = f"from: 2026-05-01\n{fifteenth}running: changes\n"
    found = of(planned(amended(f"\n{body}"), HIRED, EXITED, *paid), "severance")
    assert [one.id for one in found[:6]] == [one.id for one in before]
    assert [one.state for one in found[:4]] == [State.DONE, State.DONE, State.DONE, State.MISSED]
    assert amounts(found[:3]) == ["10,000.00 USD", "6,000.00 USD", "6,000.00 USD"]


def test_an_amendment_is_amended_before_it_takes_effect() -> None:
    """What was agreed for September is agreed otherwise in July: only the later word counts from September on."""
    first = f"title: The first\nfrom: 2026-09-01\n{REPLACED}running: changes\n"
    second = REPLACED.replace("6000.00", "5000.00").replace("times: 12", "times: 8")
    same_day = amended(f"\n{first}", f"\nfrom: 2026-09-01\n{second}running: changes\n")
    found = of(planned(same_day, HIRED, EXITED), "severance")
    assert amounts(found) == ["10,000.00 USD"] * 5 + ["5,000.00 USD"] * 3
    assert [one.index for one in found] == list(range(1, 9))
    ended = amended(f"\n{first}", "\nfrom: 2026-09-01\nends: [severance]\nrunning: changes\n")
    found = of(planned(ended, HIRED, EXITED), "severance")
    assert [one.state for one in found[5:]] == [State.TERMINATED] * 7


# --- amounts, caps, bounds ------------------------------------------------------------------------------------------

CAPPED = BASE.replace(
    "    pay: 10 percent of base_salary\n",
    "    pay: 10 percent of base_salary\n    cap: {at: 20000.00, per: year}\n",
)


def test_a_cap_counts_through_all_versions_and_is_the_one_of_each() -> None:
    """A new cap would start the year at nothing, or an amendment lift the old one altogether."""
    base = load(CAPPED, "letter.yaml", lambda _: ("", ""))
    notices = [Report(f"n-{month}", "notice", date(2026, month, 1)) for month in (5, 6, 8, 9)]

    def paid(terms: Terms) -> list[str]:
        found = [one for one in planned(terms, HIRED, *notices).occurrences if one.clause == "bonus"]
        return amounts(sorted(found, key=lambda one: one.due_on or date.max))

    assert paid(base) == ["12,000.00 USD", "8,000.00 USD", "0.00 USD", "0.00 USD"]
    again = amend(base, "terms: 1\namends: letter\nfrom: 2026-07-01\nfacts: {base_salary: 150000.00}\n", "a.yaml")
    assert paid(again) == ["12,000.00 USD", "8,000.00 USD", "0.00 USD", "0.00 USD"]
    clause = CAPPED[CAPPED.index("  bonus:") : CAPPED.index("  report:")]
    more = f"clauses:\n{clause}".replace("at: 20000.00", "at: 30000.00")
    raised = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{more}", "a.yaml")
    assert paid(raised) == ["12,000.00 USD", "8,000.00 USD", "10,000.00 USD", "0.00 USD"]
    capped = amend(
        load(BASE, "letter.yaml", lambda _: ("", "")), f"terms: 1\namends: letter\nfrom: 2026-07-01\n{more}", "a.yaml"
    )
    assert paid(capped) == ["12,000.00 USD", "12,000.00 USD", "6,000.00 USD", "0.00 USD"]


def test_the_amount_of_a_clause_is_that_of_the_version_that_governs_it() -> None:
    """A clawback that the first terms state takes back what the amended ones paid, and the other way round."""
    back = """clauses:
  clawback:
    cite: "10"
    who: employee owes company
    pay: amount of lump
    when: protected_exit
    by: 90 days after protected_exit
  returned:
    cite: "10"
    who: employee owes company
    pay: paid of lump
    when: cured
    by: 5 days after cured
"""
    base = load(BASE.replace("clauses:\n", back, 1), "letter.yaml", lambda _: ("", ""))
    lump = BASE[BASE.index("  lump:") :].replace("125000.00", "150000.00")
    terms = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\nclauses:\n{lump}", "a.yaml")
    for day, amount in ((date(2026, 6, 30), "125,000.00 USD"), (date(2026, 7, 1), "150,000.00 USD")):
        gone = Report("r", "exited", day)
        made = planned(terms, HIRED, gone, as_of=date(2026, 12, 1))
        assert amounts(of(made, "clawback")) == [amount], day
        paid = Report("d", DONE, date(2026, 7, 5), answers=str(of(made, "lump")[0].id))
        cured = Report("c", "cured", date(2026, 8, 1))
        assert amounts(of(planned(terms, HIRED, gone, paid, cured), "returned")) == [amount], day


def test_bounds_reach_over_the_readings_of_each_version() -> None:
    """A notice before the amendment reaches over both readings; one after it is settled."""
    base = BASE.replace(
        "by: 5 days after notice", "by: {reading: prompt, short: 5 days after notice, long: 9 days after notice}"
    )
    terms = load(base, "letter.yaml", lambda _: ("", ""))
    terms = amend(terms, "terms: 1\namends: letter\nfrom: 2026-07-01\nreadings: {prompt: long}\n", "a.yaml")
    planner = Planner(library())
    for day, reach in (
        (date(2026, 6, 1), ("2026-06-06", "2026-06-10", ("prompt",))),
        (date(2026, 7, 1), ("2026-07-10", "2026-07-10", ())),
    ):
        reports = (HIRED, Report("n", "notice", day))
        (one,) = of(planner.bounded(terms, reports, date(2026, 8, 1)), "bonus")
        assert one.bounds is not None
        assert (str(one.bounds.earliest_on), str(one.bounds.latest_on), one.bounds.over) == reach
    (one,) = of(planner.bounded(amended(REPLACED), (HIRED, EXITED), date(2026, 8, 1)), "severance")[:1]
    assert one.bounds is not None
    assert (one.bounds.least, one.bounds.tried) == (one.amount, 1)


# --- check ----------------------------------------------------------------------------------------------------------


def findings(body: str) -> list[str]:
    return [one.message for one in Planner(library()).findings(amended(body))]


def test_the_examples_of_an_amendment_are_run_on_the_contract_it_amends() -> None:
    example = """
examples:
  - name: a man who left before
    given: {hired: 2026-01-05, exited: 2026-03-15}
    as_of: 2026-08-01
    expect: {severance: {index: 4, due_on: 2026-07-15, amount: AMOUNT}}
"""
    body = f"{REPLACED}running: changes{example}"
    assert findings(body.replace("AMOUNT", "6000.00")) == []
    (wrong,) = findings(body.replace("AMOUNT", "10000.00"))
    assert wrong == 'example "a man who left before": severance: expected amount 10000.00, found 6,000.00 USD'


def test_an_amendment_accounts_for_its_own_document_and_is_looked_at_by_itself() -> None:
    """Findings in the contract it amends would hide its own, and could not be mended in it."""
    assert findings("coverage: {document: [A.1], form_only: [A.1]}\n") == []
    (left_out,) = findings("coverage: {document: [A.1, A.2], form_only: [A.1]}\n")
    assert "clause A.2 of the document has no term" in left_out
    (unused,) = findings("parameters: {spare: {type: money, default: 1.00}}\n")
    assert "no clause uses the parameter spare" in unused
    (running,) = findings("windows: {protected: 36 months beginning on hired}\nclauses: {}\n") or [""]
    assert running == ""


def test_what_runs_and_is_not_said_to_change_is_pointed_out() -> None:
    base = BASE.replace("by: 2027-03-31", "by: last day of protected")
    terms = load(base, "letter.yaml", lambda _: ("", ""))
    body = "terms: 1\namends: letter\nfrom: 2026-07-01\nwindows: {protected: 36 months beginning on hired}\n"
    (found,) = Planner(library()).findings(amend(terms, body, "a.yaml"))
    assert "nothing sets report off, so it goes on by protected as it was" in found.message
    for word in ("changes", "continues"):
        said = amend(terms, f"{body}running: {{report: {word}}}\n", "a.yaml")
        assert Planner(library()).findings(said) == ()
        (report,) = of(planned(said, HIRED), "report")
        assert report.due_on == (date(2029, 1, 4) if word == "changes" else date(2028, 1, 4))


def test_an_amendment_is_laid_out_like_any_file() -> None:
    body = f"terms: 1\namends: letter\nfrom: 2026-07-01\n{REPLACED}running:   changes\n"
    laid_out = formatted(body, "a.yaml")
    assert formatted(laid_out, "a.yaml") == laid_out
    assert "running: changes" in laid_out
