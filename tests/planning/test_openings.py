"""Windows that open several times, and states that last: each opening by itself, and every day counted once."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.domain.occurrence import State
from obligations.planning.as_json import plan_json
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import day, happened, of, only, planned
from tests.planning.told import due

HEAD = """\
terms: 1
contract: {id: openings, title: What lies inside what, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
readings:
  holidays: {use: federal, options: {federal: US, Chinese: CN}, governs: calendar}
events:
  started: {once: yes}
  terminated: {once: yes, with: {cause: yes_or_no}}
  change_of_control: {}
  warning: {}
  breach: {}
  absence_began: {}
  returned: {}
"""


def terms(text: str) -> Terms:
    """Terms with these further parts."""
    return load(HEAD + text, "openings.yaml", find_template)


class TestOneWindowForEachHappening:
    TERMS = terms("""\
windows:
  probation: 6 months beginning on warning
clauses:
  repeated:
    {cite: "1", who: hr watches, watch: A breach in probation, when: breach during probation, exactly: breach}
  meeting:
    cite: "2"
    who: company owes employee
    task: Meet
    when: start of probation
    by: 10 days before last day of probation
  close:
    {cite: "3", who: company owes employee, task: Close the file, when: end of probation, by: 5 days after warning}
  review:
    {cite: "5", who: hr watches, watch: The end, when: breach during probation, exactly: last day of probation}
  outside:
    {cite: "4", who: hr watches, watch: Once, when: first breach during 30 days following warning, exactly: breach}
""")

    def test_a_breach_in_the_second_window_counts(self) -> None:
        """The second warning would open nothing."""
        plan = planned(
            happened("warning", "2026-01-01"),
            happened("warning", "2027-01-01"),
            happened("breach", "2026-08-01"),
            happened("breach", "2027-03-01"),
            terms=self.TERMS,
        )
        assert due(plan, "repeated") == ["2027-03-01"]
        assert due(plan, "review") == ["2027-06-30"], "the window it lies in, not the first"
        assert [str(one.first_on) for one in plan.windows] == ["2026-01-01", "2027-01-01"]

    def test_a_breach_in_two_windows_counts_once(self) -> None:
        plan = planned(
            happened("warning", "2026-01-01"),
            happened("warning", "2026-02-01"),
            happened("breach", "2026-03-01"),
            terms=self.TERMS,
        )
        assert due(plan, "repeated") == ["2026-03-01"]

    def test_each_opening_has_its_own_days(self) -> None:
        """What belongs to the second window would be counted in the first."""
        plan = planned(happened("warning", "2026-01-01"), happened("warning", "2027-01-01"), terms=self.TERMS)
        assert due(plan, "meeting") == ["2026-06-20", "2027-06-20"]
        assert due(plan, "close") == ["2026-01-06", "2027-01-06"]

    def test_a_second_warning_leaves_the_first_one_s_identity(self) -> None:
        first = only(planned(happened("warning", "2026-01-01"), terms=self.TERMS), "meeting")
        both = planned(happened("warning", "2026-01-01"), happened("warning", "2025-01-01"), terms=self.TERMS)
        assert first.id in {one.id for one in of(both, "meeting")}

    def test_an_event_may_lie_inside_a_window_that_has_no_name(self) -> None:
        plan = planned(
            happened("warning", "2026-01-01"),
            happened("breach", "2026-01-01"),
            happened("breach", "2026-01-31"),
            terms=self.TERMS,
        )
        assert due(plan, "outside") == ["2026-01-31"]


class TestAWindowAroundAnEvent:
    TERMS = terms("""\
windows:
  around: 3 months before change_of_control to 12 months after change_of_control
clauses:
  double:
    {cite: "1", who: company owes employee, pay: 500.00, when: terminated during around, by: 10 days after terminated}
""")
    LEFT = happened("terminated", "2026-05-01", cause="no")

    def test_it_waits_for_what_may_yet_qualify_it(self) -> None:
        plan = planned(self.LEFT, as_of="2026-06-01", terms=self.TERMS)
        assert of(plan, "double") == []
        assert plan.dormant == (("double", ("change_of_control",)),)

    def test_an_earlier_exit_qualifies_in_hindsight_and_says_so(self) -> None:
        """An exit just before the sale would be paid as if there had been none."""
        double = only(planned(self.LEFT, happened("change_of_control", "2026-07-31"), terms=self.TERMS), "double")
        assert (str(double.due_on), double.state) == ("2026-05-11", State.SCHEDULED)
        said = double.derivation.sentence()
        assert "inside around, in hindsight: change_of_control came on 2026-07-31" in said

    def test_one_day_too_early_does_not(self) -> None:
        assert of(planned(self.LEFT, happened("change_of_control", "2026-08-02"), terms=self.TERMS), "double") == []

    def test_what_comes_later_is_no_hindsight(self) -> None:
        double = only(planned(self.LEFT, happened("change_of_control", "2025-07-31"), terms=self.TERMS), "double")
        assert "hindsight" not in double.derivation.sentence()
        same_day = planned(self.LEFT, happened("change_of_control", "2026-05-01"), terms=self.TERMS)
        assert "hindsight" not in only(same_day, "double").derivation.sentence()

    def test_a_sale_that_is_only_planned_leaves_the_money_waiting(self) -> None:
        sale = happened("change_of_control", "2026-06-30", expected=True)
        double = only(planned(self.LEFT, sale, terms=self.TERMS), "double")
        assert (double.state, double.waiting_for) == (State.WAITING, ("change_of_control",))

    def test_a_second_sale_does_not_pay_twice(self) -> None:
        sales = (happened("change_of_control", "2026-06-30"), happened("change_of_control", "2026-04-30"))
        assert len(of(planned(self.LEFT, *sales, terms=self.TERMS), "double")) == 1


class TestAStateThatLasts:
    TERMS = terms("""\
years:
  contract_year: {begins: 2026-03-01}
states:
  absent: {from: absence_began, before: returned}
define:
  disabled: first absent for 6 months in a row
  unreliable: absent for 30 days in one contract_year
  long_leave: absent for 120 days in any 12 months
  ten_days: absent for 10 business days in any 4 weeks
clauses:
  disability:
    {cite: "1", who: hr watches, watch: Six months in a row, when: absent for 6 months in a row, exactly: disabled}
  leave:
    {cite: "2", who: hr watches, watch: A hundred and twenty days, when: long_leave, exactly: long_leave}
  working_days:
    {cite: "3", who: hr watches, watch: Ten days, when: ten_days, exactly: ten_days}
  warning:
    {cite: "5", who: hr watches, watch: Thirty days in a contract year, when: unreliable, exactly: unreliable}
  back:
    {cite: "4", who: company owes employee, task: Talk, when: end of absent, by: 7 days after returned}
""")

    def test_it_is_reached_on_the_last_day_of_the_sixth_month(self) -> None:
        began, returned = happened("absence_began", "2026-01-15"), happened("returned", "2026-07-15")
        assert due(planned(began, returned, terms=self.TERMS), "disability") == ["2026-07-14"]
        short = happened("returned", "2026-07-14")
        assert due(planned(began, short, terms=self.TERMS), "disability") == []

    def test_while_it_goes_on_only_the_clock_can_say_so(self) -> None:
        began = happened("absence_began", "2026-01-15")
        before = planned(began, as_of="2026-07-13", terms=self.TERMS)
        assert due(before, "disability") == []
        assert before.replan_at is not None
        assert str(before.replan_at.date()) <= "2026-07-14", "nobody would look on the day it is reached"
        assert due(planned(began, as_of="2026-07-14", terms=self.TERMS), "disability") == ["2026-07-14"]

    def test_days_that_overlap_count_once(self) -> None:
        """Two reports of one illness would make somebody disabled in half the time."""
        reports = [
            happened("absence_began", "2026-01-01"),
            happened("absence_began", "2026-02-01"),
            happened("returned", "2026-04-30"),
        ]
        assert due(planned(*reports, terms=self.TERMS), "leave") == []
        longer = [*reports[:2], happened("returned", "2026-05-01")]
        assert len(of(planned(*longer, terms=self.TERMS), "leave")) == 1

    def test_spells_add_up_within_twelve_months_and_not_beyond(self) -> None:
        first = [happened("absence_began", "2026-01-01"), happened("returned", "2026-03-02")]
        second = [happened("absence_began", "2026-11-01"), happened("returned", "2026-12-31")]
        (leave,) = of(planned(*first, *second, terms=self.TERMS), "leave")
        assert str(leave.due_on) == "2026-12-30"
        assert "120 calendar days in all within the 12 months that end on this day" in leave.derivation.sentence()
        later = [happened("absence_began", "2027-02-01"), happened("returned", "2027-04-01")]
        assert of(planned(*first, *later, terms=self.TERMS), "leave") == []

    def test_days_in_one_year_begin_anew_with_the_next(self) -> None:
        """Twenty days at the end of one contract year and ten in the next would end the employment."""
        around = [happened("absence_began", "2027-02-09"), happened("returned", "2027-03-29")]
        assert of(planned(*around, terms=self.TERMS), "warning") == [], "twenty days and twenty-eight"
        later = [*around, happened("absence_began", "2027-11-01"), happened("returned", "2027-11-10")]
        (leave,) = of(planned(*later, terms=self.TERMS), "warning")
        assert str(leave.due_on) == "2027-11-02"
        assert "30 calendar days in all in one contract_year" in leave.derivation.sentence()

    def test_a_year_that_has_not_begun_counts_no_days(self) -> None:
        early = [happened("absence_began", "2026-01-01"), happened("returned", "2026-03-30")]
        assert of(planned(*early, terms=self.TERMS), "warning") == []

    def test_business_days_leave_out_weekends_and_holidays(self) -> None:
        began = happened("absence_began", "2026-06-29")
        (ten,) = of(planned(began, happened("returned", "2026-07-14"), terms=self.TERMS), "working_days")
        assert str(ten.due_on) == "2026-07-13", "Friday 3 July is the holiday, observed"

    def test_each_return_ends_its_own_absence(self) -> None:
        plan = planned(
            happened("absence_began", "2026-01-10"),
            happened("returned", "2026-01-20"),
            happened("absence_began", "2026-03-10"),
            happened("returned", "2026-03-20"),
            terms=self.TERMS,
        )
        assert len(of(plan, "back")) == 2

    def test_the_order_of_arrival_changes_nothing(self) -> None:
        reports = [
            happened("absence_began", "2026-01-01"),
            happened("returned", "2026-03-02"),
            happened("absence_began", "2026-02-01"),
            happened("returned", "2026-12-31"),
            happened("absence_began", "2026-11-01"),
        ]
        plans = {str(plan_json(planned(*one, as_of="2027-01-01", terms=self.TERMS))) for one in permutations(reports)}
        assert len(plans) == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("states: {absent: {from: absence_began}}", "a pair of days has `from` and either `to`"),
        ("states: {absent: {from: absence_began, to: retuned}}", 'there is no event or day "retuned"'),
        ("define: {ill: absnt for 6 months in a row}", 'there is no window "absnt"'),
        ("define: {ill: absent for 6 months in any 12 months}", "a total within a span that rolls on is a number of"),
        (
            "define: {ill: absent for 6 months in one year}",
            "a total is a number of days, such as `30 days in one year`",
        ),
        ("define: {ill: absent for 6 days in one yaer}", 'there is no month, quarter or year "yaer"'),
        ("define: {ill: absent for 6 days in any 10 business days}", "what rolls on is a span of days, weeks"),
        ("define: {ill: breach during 3 months from started}", 'a bare "from" does not say'),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(part: str, words: str) -> None:
    clause = 'clauses: {look: {cite: "1", who: hr watches, watch: It, when: breach, by: unstated}}\n'
    states = "" if part.startswith("states") else "states: {absent: {from: absence_began, to: returned}}\n"
    with pytest.raises(TermsError) as raised:
        terms(f"{states}{part}\n{clause}")
    assert words in str(raised.value)


def test_a_day_far_back_opens_a_window_before_it() -> None:
    plan = planned(
        happened("warning", "2026-01-01"),
        terms=terms("""\
windows:
  before_it: 1 month before warning to warning
clauses:
  look: {cite: "1", who: hr watches, watch: It, when: breach during before_it, by: unstated}
"""),
    )
    (window,) = plan.windows
    assert (window.first_on, window.last_on) == (day("2025-12-01"), day("2026-01-01"))


class TestAReleaseThatStands:
    """Once the days in which it can be taken back are over, a release stands; one that was taken back never does."""

    TERMS = terms("""\
windows:
  revocation: {from: 1 day after warning, to: 7 days after warning}
clauses:
  once_it_stands:
    cite: "1"
    who: company owes employee
    pay: 100.00
    when: end of revocation
    unless: breach during revocation
    by: 1 day after warning
  in_a_condition:
    cite: "2"
    who: company owes employee
    pay: 100.00
    when: end of revocation
    if:
      not: breach during revocation
    by: 1 day after warning
""")
    SIGNED = happened("warning", "2026-03-02")
    REVOKED = happened("breach", "2026-03-05")
    SIGNED_AGAIN = happened("warning", "2026-03-10")

    @pytest.mark.parametrize("clause", ["once_it_stands", "in_a_condition"])
    def test_a_second_signature_stands_although_the_first_was_taken_back(self, clause: str) -> None:
        """Nothing would ever be paid to who revoked in haste and signed again."""
        plan = planned(self.SIGNED, self.REVOKED, self.SIGNED_AGAIN, as_of="2026-04-01", terms=self.TERMS)
        found = {one.state: one.due_on for one in of(plan, clause)}
        assert found.keys() == {State.NOT_APPLICABLE, State.MISSED}
        assert found[State.MISSED] == day("2026-03-11"), "a day after the second signature"

    def test_the_first_alone_does_not(self) -> None:
        plan = planned(self.SIGNED, self.REVOKED, as_of="2026-04-01", terms=self.TERMS)
        assert {one.state for one in of(plan, "once_it_stands")} == {State.NOT_APPLICABLE}
