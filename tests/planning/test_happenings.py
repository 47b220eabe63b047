"""Events that follow from others: clauses missed or fulfilled, all of several, windows that begin and end, days."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.domain.occurrence import State
from obligations.planning.as_json import plan_json
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import happened, of, only, planned, powers
from tests.planning.told import due

HEAD = """\
terms: 1
contract: {id: happenings, title: What follows from what, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  signed_on: {type: date, default: 2026-01-05}
events:
  started: {once: yes}
  exit: {once: yes, with: {cause: yes_or_no}}
  notice: {says: notice of a breach}
  cured: {}
  release: {says: the release was signed}
"""


def terms(text: str) -> Terms:
    """Terms with these further parts."""
    return load(HEAD + text, "happenings.yaml", find_template)


class TestAMissedDuty:
    TERMS = terms("""\
clauses:
  cure:
    {cite: "1", who: company owes employee, task: Cure, when: notice, by: 30 days after notice, closed_by: cured}
  resignation:
    {cite: "2", who: employee owes company, task: Leave, when: cure missed, exactly: 45 days after notice}
  apology:
    {cite: "3", who: company owes employee, task: Say sorry, when: cure missed, by: 1 day after resignation_day}
  watch_it:
    {cite: "4", who: hr watches, watch: The miss, when: uncured, exactly: uncured}
  thanks:
    {cite: "4", who: employee owes company, task: Say thanks, when: cure fulfilled, by: 2 days after notice}
define:
  uncured: first cure missed
  resignation_day: first resignation fulfilled
""")
    FIRST = happened("notice", "2026-02-01")
    SECOND = happened("notice", "2026-03-20")

    def test_each_miss_counts_from_its_own_notice(self) -> None:
        """A second breach would end the employment by the date of the first one's notice."""
        plan = planned(self.FIRST, self.SECOND, as_of="2026-06-01", terms=self.TERMS)
        assert due(plan, "cure") == ["2026-03-03", "2026-04-19"]
        assert due(plan, "resignation") == ["2026-03-18", "2026-05-04"]

    def test_before_the_clock_says_so_nothing_is_missed(self) -> None:
        plan = planned(self.FIRST, as_of="2026-03-03", terms=self.TERMS)
        assert of(plan, "resignation") == []
        assert ("resignation", ("cure missed",)) in plan.dormant

    def test_a_miss_belongs_to_the_next_day(self) -> None:
        plan = planned(self.FIRST, as_of="2026-03-04", terms=self.TERMS)
        assert due(plan, "resignation") == ["2026-03-18"]
        assert due(plan, "watch_it") == ["2026-03-04"]

    def test_what_is_cured_in_time_is_fulfilled_and_not_missed(self) -> None:
        plan = planned(self.FIRST, happened("cured", "2026-03-03"), as_of="2026-06-01", terms=self.TERMS)
        assert of(plan, "resignation") == []
        assert due(plan, "thanks") == ["2026-02-03"]

    def test_what_is_cured_late_is_both(self) -> None:
        plan = planned(self.FIRST, happened("cured", "2026-03-05"), as_of="2026-06-01", terms=self.TERMS)
        assert due(plan, "resignation") == ["2026-03-18"]
        assert due(plan, "thanks") == ["2026-02-03"]

    def test_a_report_that_the_plan_shows_as_done_counts(self) -> None:
        cure = only(planned(self.FIRST, terms=self.TERMS), "cure")
        plan = planned(self.FIRST, happened("done", "2026-02-20", answers=str(cure.id)), terms=self.TERMS)
        assert due(plan, "thanks") == ["2026-02-03"]


class TestAllOfSeveral:
    TERMS = terms("""\
define:
  paid_out:
    all of: [exit, release]
clauses:
  severance:
    {cite: "1", who: company owes employee, pay: 1000.00, when: paid_out, by: 5 days after paid_out}
  from_exit:
    {cite: "2", who: company owes employee, task: Write, when: paid_out, by: 10 days after exit}
  never_both:
    cite: "3"
    who: company owes employee
    task: Call
    when: {all of: [exit with cause no, release]}
    by: 3 days after release
""")
    EXIT = happened("exit", "2026-05-01", cause="yes")
    RELEASE = happened("release", "2026-05-20")

    def test_it_happens_when_the_last_part_holds(self) -> None:
        plan = planned(self.EXIT, self.RELEASE, terms=self.TERMS)
        assert due(plan, "severance") == ["2026-05-25"]

    def test_each_part_keeps_its_own_day(self) -> None:
        """What counts from the exit would be counted from the release."""
        plan = planned(self.EXIT, self.RELEASE, terms=self.TERMS)
        assert due(plan, "from_exit") == ["2026-05-11"]

    def test_it_waits_for_what_is_lacking(self) -> None:
        severance = only(planned(self.EXIT, terms=self.TERMS), "severance")
        assert (severance.state, severance.waiting_for) == (State.WAITING, ("release",))

    def test_a_part_that_cannot_happen_any_more_ends_the_waiting(self) -> None:
        assert only(planned(self.EXIT, terms=self.TERMS), "never_both").state is State.NOT_APPLICABLE

    def test_money_waits_while_a_part_is_only_expected(self) -> None:
        expected = happened("exit", "2026-05-01", cause="yes", expected=True)
        severance = only(planned(expected, self.RELEASE, terms=self.TERMS), "severance")
        assert (severance.state, severance.waiting_for, str(severance.due_on)) == (
            State.WAITING,
            ("exit",),
            "2026-05-25",
        )

    def test_another_release_fills_the_same_slot(self) -> None:
        """A release that was withdrawn and signed anew would pay a second time."""
        first = only(planned(self.EXIT, self.RELEASE, terms=self.TERMS), "severance")
        again = only(planned(self.EXIT, happened("release", "2026-06-02"), terms=self.TERMS), "severance")
        waiting = only(planned(self.EXIT, terms=self.TERMS), "severance")
        assert first.id == again.id == waiting.id
        assert str(again.due_on) == "2026-06-07"


class TestDaysThatCome:
    TERMS = terms("""\
windows:
  trial: 3 months beginning on started
states:
  employed: started to exit
define:
  full_year: {reached: 1 year after started}
clauses:
  review:
    {cite: "1", who: company owes employee, task: Review, when: end of trial, by: 7 days after last day of trial}
  badge:
    {cite: "2", who: company owes employee, task: Hand out, when: start of trial, exactly: 1 day after started}
  return:
    {cite: "3", who: employee owes company, task: Return, when: end of employed, by: 3 days after exit}
  present:
    {cite: "4", who: company owes employee, task: Give, when: full_year, by: 2 days after full_year}
  either:
    cite: "5"
    who: company owes employee
    task: Look
    when: {any of: [{reached: 1 month after signed_on}, {reached: 2 months after signed_on}, notice]}
    by: unstated
""")

    def test_windows_begin_and_end_and_days_come(self) -> None:
        plan = planned(happened("started", "2026-01-15"), terms=self.TERMS)
        assert due(plan, "review") == ["2026-04-21"]
        assert due(plan, "badge") == ["2026-01-16"]
        assert due(plan, "present") == ["2027-01-17"]

    def test_two_days_of_one_list_are_two(self) -> None:
        plan = planned(terms=self.TERMS)
        assert len({one.id for one in of(plan, "either")}) == 2

    def test_an_end_that_is_only_planned_is_only_expected(self) -> None:
        started = happened("started", "2026-01-15")
        assert of(planned(started, terms=self.TERMS), "return") == []
        (planned_return,) = of(
            planned(started, happened("exit", "2026-05-01", expected=True), terms=self.TERMS), "return"
        )
        assert (str(planned_return.due_on), planned_return.conditional) == ("2026-05-04", True)
        (settled,) = of(planned(started, happened("exit", "2026-05-01"), terms=self.TERMS), "return")
        assert (settled.id, settled.conditional) == (planned_return.id, False)

    def test_a_corrected_start_moves_the_anniversary_and_keeps_its_identity(self) -> None:
        first = only(planned(happened("started", "2026-01-15"), terms=self.TERMS), "present")
        moved = only(planned(happened("started", "2026-02-15"), terms=self.TERMS), "present")
        assert first.id == moved.id
        assert str(moved.due_on) == "2027-02-17"


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("clause", "words"),
        [
            ("{when: cur missed, by: unstated}", 'there is no clause "cur". Did you mean "cure"?'),
            ("{when: notice, by: unstated, until: papers missed}", "papers has no last day that can be missed"),
            ("{when: cover fulfilled, by: unstated}", "nobody reports cover as fulfilled once and for all"),
            ("{when: end of tril, by: unstated}", 'there is no window "tril". Did you mean "trial"?'),
            ("{when: {all of: [notice]}, by: unstated}", "`all of` takes a list of two or more events"),
            ("{when: {all of: [notice, exit], any of: [notice, exit]}, by: unstated}", "`all of` stands alone"),
            ("{when: {reached: soon}, by: unstated}", 'there is no event or day "soon"'),
            ("{when: odd missed, by: 3 days after notice}", "circular: odd missed needs odd missed"),
        ],
    )
    def test_in_words_with_a_place(self, clause: str, words: str) -> None:
        odd = clause.replace("{", '{cite: "9", who: company owes employee, task: Odd, ', 1)
        with pytest.raises(TermsError) as raised:
            terms(f"""\
windows:
  trial: 3 months beginning on started
clauses:
  cure: {{cite: "1", who: company owes employee, task: Cure, when: notice, by: 30 days after notice}}
  papers: {{cite: "1", who: company owes employee, give: Papers, during: trial}}
  cover: {{cite: "1", who: company owes employee, give: Cover, during: trial}}
  odd: {odd}
""")
        assert words in str(raised.value)
        assert all(finding.place.line > 1 for finding in raised.value.findings)


@pytest.mark.parametrize("words", [TestAMissedDuty.TERMS, TestAllOfSeveral.TERMS, TestDaysThatCome.TERMS])
def test_the_order_of_arrival_changes_nothing(words: Terms) -> None:
    reports = [
        happened("started", "2026-01-15"),
        happened("notice", "2026-02-01"),
        happened("notice", "2026-03-20"),
        happened("cured", "2026-04-01"),
        happened("exit", "2026-05-01", cause="no"),
    ]
    plans = {str(plan_json(planned(*order, as_of="2026-07-01", terms=words))) for order in permutations(reports)}
    assert len(plans) == 1


def test_a_power_arises_of_a_miss() -> None:
    plan = planned(
        happened("notice", "2026-02-01"),
        as_of="2026-03-04",
        terms=terms("""\
clauses:
  cure: {cite: "1", who: company owes employee, task: Cure, when: notice, by: 30 days after notice}
  leave:
    cite: "2"
    who: employee holds
    power: {power: walk, holder: employee, may: leave, until: 10 days after notice}
    when: cure missed
"""),
    )
    assert powers(plan, "walk") == [], "its last day was over before the miss"
