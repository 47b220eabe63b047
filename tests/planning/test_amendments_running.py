"""What runs when an amendment comes: what it leaves alone, what it moves, and what it counts through."""

from __future__ import annotations

from datetime import date

from obligations.domain.event import Report
from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import State
from obligations.planning.world import DONE
from obligations.service.contracts import Planner
from obligations.terms.amendment import amend
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.docs.pages import library
from tests.planning.amended import BASE, EXITED, HIRED, REPLACED, amended, amounts, of, planned


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


def test_what_falls_due_on_the_amendment_s_day_is_changed_by_it() -> None:
    """The plan would show the longer time to cure, and the power to dismiss arise by the old one."""
    longer = BASE[BASE.index("  cure:") : BASE.index("  bonus:")].replace("by: 30 days", "by: 45 days")
    notice = Report("n-1", "notice", date(2026, 6, 1))  # thirty days end on the first of July
    made = planned(amended(f"clauses:\n{longer}running: changes\n"), HIRED, notice, as_of=date(2026, 7, 10))
    assert [(one.due_on, one.state) for one in of(made, "cure")] == [(date(2026, 7, 16), State.SCHEDULED)]
    assert [str(one.arises_on) for one in made.powers] == ["2026-07-17"]


def test_what_falls_due_on_its_day_is_paid_by_the_new_clause() -> None:
    """The instalment of the first of July would fall between the old clause and the new one."""
    gone = Report("r-exited", "exited", date(2026, 3, 1))
    found = of(planned(amended(f"{REPLACED}running: changes\n"), HIRED, gone), "severance")
    assert [one.due_on for one in found[2:5]] == [date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)]
    assert amounts(found[2:5]) == ["10,000.00 USD", "6,000.00 USD", "6,000.00 USD"]


def test_what_is_done_on_its_day_is_done_by_the_new_clause() -> None:
    """What was paid under the new terms, on their first day, would be taken for the old amount."""
    fourth = occurrence_id("", "letter", "severance", "exited", "4")
    for on, amount in ((date(2026, 6, 30), "10,000.00 USD"), (date(2026, 7, 1), "6,000.00 USD")):
        done = Report("r-done", DONE, on, answers=str(fourth), evidence="wire")
        found = of(planned(amended(f"{REPLACED}running: changes\n"), HIRED, EXITED, done), "severance")
        assert [(one.state, amounts([one])) for one in found if one.id == fourth] == [(State.DONE, [amount])], on


def test_what_was_done_ahead_stands_for_the_instalment_of_its_own_day() -> None:
    """The month that was paid ahead would be paid again, and the one after it left out."""
    fifth = occurrence_id("", "letter", "severance", "exited", "5")
    done = Report("r-done", DONE, date(2026, 6, 20), answers=str(fifth), evidence="wire")
    found = of(planned(amended(f"{REPLACED}running: changes\n"), HIRED, EXITED, done), "severance")
    assert sorted(one.due_on for one in found if one.due_on)[3:6] == [
        date(2026, 7, 15),
        date(2026, 8, 15),
        date(2026, 9, 15),
    ]


def test_from_its_own_day_on_what_is_still_to_come_is_shown_by_the_amendment() -> None:
    """On the first of July the plan would still promise the instalments of June."""
    terms = amended(REPLACED)
    for as_of, cite in ((date(2026, 6, 30), "5"), (date(2026, 7, 1), "A.1")):
        assert {one.cite for one in of(planned(terms, HIRED, as_of=as_of), "severance")} == {cite}


def test_what_nothing_sets_off_goes_on_or_changes_as_is_said() -> None:
    """An amendment that says what becomes of the running report would be refused, or the report go by the other day."""
    report = BASE[BASE.index("  report:") : BASE.index("  lump:")].replace("2027-03-31", "2027-06-30")
    for said, due in (("changes", date(2027, 6, 30)), ("continues", date(2027, 3, 31))):
        terms = amended(f"clauses:\n{report}running: {{report: {said}}}\n")
        assert [one.due_on for one in of(planned(terms, HIRED), "report")] == [due], said


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


def test_what_still_runs_under_the_old_terms_counts_towards_the_new_cap() -> None:
    """Instalments begun without a cap would leave the new one whole, month after month."""
    base = load(BASE.replace("employment ended, once: yes", "employment ended"), "letter.yaml", lambda _: ("", ""))
    capped = REPLACED.replace("    series:", "    cap: {at: 40000.00, per: year}\n    series:")
    terms = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{capped}", "a.yaml")
    gone = [Report("r-1", "exited", date(2026, 6, 15)), Report("r-2", "exited", date(2026, 7, 15))]
    found = sorted(of(planned(terms, HIRED, *gone), "severance"), key=lambda one: (one.due_on or date.max, one.of))
    # Ten thousand a month until December under the old terms; what the new ones owe ends with the year's forty.
    assert amounts(one for one in found if one.of == 6) == ["10,000.00 USD"] * 6
    new = amounts(one for one in found if one.of == 12)
    assert new[:6] == ["6,000.00 USD", "4,000.00 USD", "0.00 USD", "0.00 USD", "0.00 USD", "6,000.00 USD"]


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
