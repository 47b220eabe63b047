"""What the language means by events and time, rule by rule, the unpleasant case first.

Held elsewhere already: `occurred_on`, receipt and deemed receipt (test_days.py, TestNotices); plan as known on a day
(tests/cli/test_history.py); ties on one day and stated times (test_ties.py); one instance for what lies inside two
windows, windows around an event in hindsight, states as intervals, runs and totals reached on their first day
(test_openings.py); circles that move on (test_rounds.py); a suspension that tolls or holds (test_suspended.py,
test_vesting.py); misses of the next day (test_happenings.py); laws over drawn contracts (test_terms_laws.py).

Money that went before the facts changed: a trigger taken back and entered again pays once, an earlier happening that a
correction inserts, and a backdated event that makes a sent payment wrong (tests/service/test_any_order.py).
"""

from __future__ import annotations

import pytest

from obligations.domain.occurrence import PowerState, State
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from tests.planning.letter import happened, of, only, planned, powers
from tests.planning.told import due, terms


class TestAnswers:
    """A named answer goes to what it names; one without a name needs a single open instance, or a person."""

    CURE = terms("""\
clauses:
  cure:
    cite: "1"
    who: company owes employee
    task: Cure
    when: notice
    by: 30 days after notice
    closed_by: cured
    until: sale
    if_missed: {power: leave, holder: employee, may: leave}
""")
    FINE = terms("""\
clauses:
  fine: {cite: "1", who: company owes employee, pay: 10.00, when: notice, if: grave, exactly: 5 days after notice}
""")

    def test_two_open_duties_and_an_unnamed_cure_ask_a_person(self) -> None:
        """The plan would pick the breach that was cured, and a power would be lost or gained by it."""
        reports = (happened("notice", "2026-01-05"), happened("notice", "2026-01-06"), happened("cured", "2026-01-10"))
        plan = planned(*reports, as_of="2026-04-01", terms=self.CURE)
        assert [one.state for one in of(plan, "cure")] == [State.NEEDS_PERSON] * 2
        assert [one.state for one in powers(plan, "leave")] == [PowerState.WAITING] * 2

    def test_what_was_discharged_before_is_not_open(self) -> None:
        """Of one open duty and one that ended weeks ago, a person would be asked which was cured."""
        reports = (
            happened("notice", "2026-01-05"),
            happened("sale", "2026-01-10"),
            happened("notice", "2026-02-01"),
            happened("cured", "2026-02-10"),
        )
        plan = planned(*reports, as_of="2026-04-01", terms=self.CURE)
        assert [one.state for one in of(plan, "cure")] == [State.DISCHARGED, State.DONE]
        assert powers(plan, "leave") == []
        assert plan.questions == ()

    def test_an_answer_about_one_notice_says_nothing_of_another(self) -> None:
        """The second breach would be fined because the first one was grave."""
        first, second = happened("notice", "2026-01-05"), happened("notice", "2026-02-05")
        answer = happened("grave", "2026-01-06", value="yes")
        plan = planned(first, second, answer, terms=self.FINE)
        assert [one.state for one in of(plan, "fine")] == [State.SCHEDULED, State.WAITING]
        assert [one.name for one in plan.questions] == ["grave"]
        plan = planned(first, second, answer, happened("grave", "2026-02-06", value="no"), terms=self.FINE)
        assert [one.state for one in of(plan, "fine")] == [State.SCHEDULED, State.NOT_APPLICABLE]

    def test_an_answer_that_may_be_about_either_notice_asks(self) -> None:
        first, second = happened("notice", "2026-01-05"), happened("notice", "2026-02-05")
        answer = happened("grave", "2026-02-06", value="yes")
        plan = planned(first, second, answer, terms=self.FINE)
        assert [one.state for one in of(plan, "fine")] == [State.NEEDS_PERSON] * 2

    def test_an_answer_holds_for_what_it_names_whenever_it_is_given(self) -> None:
        first, second = happened("notice", "2026-01-05"), happened("notice", "2026-02-05")
        late = happened("grave", "2026-06-01", value="yes", answers=first.id)
        plan = planned(first, second, late, terms=self.FINE)
        assert [one.state for one in of(plan, "fine")] == [State.SCHEDULED, State.WAITING]
        other = happened("grave", "2026-06-01", value="no", answers=second.id, identity="other")
        plan = planned(first, second, late, other, terms=self.FINE)
        assert [one.state for one in of(plan, "fine")] == [State.SCHEDULED, State.NOT_APPLICABLE]

    def test_an_answer_given_before_anything_happened_holds_for_what_comes(self) -> None:
        plan = planned(happened("grave", "2026-01-02", value="no"), happened("notice", "2026-01-05"), terms=self.FINE)
        assert only(plan, "fine").state is State.NOT_APPLICABLE


class TestExpected:
    """The report fills the happening that was expected; it does not add one."""

    NOTICE = terms(
        """\
clauses:
  effect: {cite: "1", who: lead watches, watch: The end, when: notice, exactly: 30 days after notice,
           then: {event: claim, on: 30 days after notice}}
  payment: {cite: "2", who: company owes employee, pay: 10.00, when: claim, exactly: 5 days after claim}
""".replace("lead watches", "hr watches")
    )

    def test_what_comes_earlier_than_announced_is_the_same_happening(self) -> None:
        """A payment would be owed for what came, and another wait for what was announced."""
        plan = planned(happened("notice", "2026-01-05"), happened("claim", "2026-01-20"), terms=self.NOTICE)
        assert due(plan, "payment") == ["2026-01-25"]

    def test_what_may_be_either_of_two_announced_is_one_of_its_own(self) -> None:
        reports = (happened("notice", "2026-01-05"), happened("notice", "2026-01-06"), happened("claim", "2026-01-20"))
        plan = planned(*reports, terms=self.NOTICE)
        assert sorted(due(plan, "payment")) == ["2026-01-25", "2026-02-09", "2026-02-10"]
        assert [one.state for one in of(plan, "payment")].count(State.WAITING) == 2

    def test_a_power_that_may_be_exercised_makes_nothing_expected(self) -> None:
        """Money would be planned for an exit that nobody has declared."""
        read = terms("""\
clauses:
  may_end:
    cite: "1"
    who: company holds
    power: {power: end, holder: company, may: end it, exerted_by: ended}
    when: notice
  severance: {cite: "2", who: company owes employee, pay: 5.00, when: ended, exactly: ended}
""")
        plan = planned(happened("notice", "2026-01-05"), as_of="2026-03-01", terms=read)
        assert (only(plan, "severance").due_on, only(plan, "severance").state) == (None, State.WAITING)
        assert [one.name for one in plan.questions if one.kind == "event"] == []

    def test_money_and_powers_wait_while_reminders_run(self) -> None:
        """Money would go for an exit that was only planned, or nobody would be reminded to prepare it."""
        read = terms("""\
clauses:
  severance:
    cite: "1"
    who: company owes employee
    pay: 5.00
    when: ended
    exactly: 10 days after ended
    do: {send: payroll, kind: severance, approve: [boss]}
    remind: {hr: [7 days before]}
  may_claim: {cite: "2", who: employee holds, power: {power: claim_it, holder: employee, may: claim}, when: ended}
""")
        plan = planned(happened("ended", "2026-03-01", expected=True), as_of="2026-02-01", terms=read)
        assert only(plan, "severance").state is State.WAITING
        assert [one.state for one in powers(plan, "claim_it")] == [PowerState.WAITING]
        kinds = {one.name.split(".")[0] for one in plan.pushes}
        assert kinds == {"remind"}, kinds
        reported = planned(happened("ended", "2026-03-02"), as_of="2026-03-02", terms=read)
        assert only(reported, "severance").id == only(plan, "severance").id
        assert {one.name.split(".")[0] for one in reported.pushes} == {"remind", "act"}


class TestSlots:
    """What is selected once is one thing, whichever happening comes to fill it."""

    FIRST = terms("""\
readings: {often: {use: once, options: [once, each time]}}
define: {first_claim: first claim during service}
states: {service: started to ended}
clauses:
  pay_once: {cite: "1", who: company owes employee, pay: 5.00, when: first_claim, exactly: 3 days after first_claim}
  either:
    cite: "2"
    who: company owes employee
    pay: 5.00
    when: {reading: often, once: first claim, each time: claim}
    exactly: 3 days after claim
  both: {cite: "3", who: company owes employee, pay: 5.00, when: {all of: [claim, release]}, exactly: 2027-01-01}
""")
    STARTED = happened("started", "2026-01-05")

    def test_a_trigger_taken_back_and_entered_again_is_the_same_payment(self) -> None:
        """The key of the push would be another one, and the money would go twice."""
        before = planned(self.STARTED, happened("claim", "2026-02-01", identity="mail-1"), terms=self.FIRST)
        again = planned(self.STARTED, happened("claim", "2026-02-01", identity="mail-2"), terms=self.FIRST)
        for clause in ("pay_once", "either"):
            assert only(before, clause).id == only(again, clause).id

    def test_an_earlier_happening_re_dates_it_and_makes_no_second(self) -> None:
        first = happened("claim", "2026-02-01")
        before = planned(self.STARTED, first, terms=self.FIRST)
        after = planned(self.STARTED, first, happened("claim", "2026-01-20"), terms=self.FIRST)
        assert (only(after, "pay_once").id, due(after, "pay_once")) == (only(before, "pay_once").id, ["2026-01-23"])

    def test_a_reading_that_makes_it_many_leaves_the_first_its_identity(self) -> None:
        claims = (happened("claim", "2026-02-01"), happened("claim", "2026-03-01"))
        once = planned(self.STARTED, *claims, terms=self.FIRST)
        each = planned(self.STARTED, *claims, terms=self.FIRST.under("often", "each time"))
        assert due(each, "either") == ["2026-02-04", "2026-03-04"]
        assert only(once, "either").id in {one.id for one in of(each, "either") if str(one.due_on) == "2026-02-04"}

    def test_all_of_several_happens_once_however_often_its_parts_do(self) -> None:
        days = {"claim": ["2026-01-10", "2026-02-10"], "release": ["2026-01-20", "2026-02-20"]}
        reports = [happened(event, on) for event, all_days in days.items() for on in all_days]
        assert len(of(planned(*reports, terms=self.FIRST), "both")) == 1


class TestAConditionThatComesTrue:
    @pytest.mark.parametrize("condition", ["claim during trial", "claim happened by 2026-04-01", "claim after started"])
    def test_happens_on_the_day_of_what_makes_it_so(self, condition: str) -> None:
        """The condition would have held since ever in hindsight, and what hangs on its coming true would be lost."""
        read = terms(f"""\
windows: {{trial: 3 months beginning on started}}
define: {{turned: {{becomes: {condition}}}}}
clauses:
  a: {{cite: "1", who: company owes employee, pay: 10.00, when: turned, exactly: 5 days after turned}}
""")
        reports = (happened("started", "2026-01-05"), happened("claim", "2026-02-05"))
        assert due(planned(*reports, as_of="2026-02-06", terms=read), "a") == ["2026-02-10"]

    def test_absence_comes_true_on_the_day_after(self) -> None:
        read = terms("""\
define: {quiet: {becomes: not claim happened by 2026-03-01}}
clauses:
  a: {cite: "1", who: company owes employee, pay: 10.00, when: quiet, exactly: 5 days after quiet}
""")
        started = happened("started", "2026-01-05")
        before = planned(started, as_of="2026-03-01", terms=read)
        assert of(before, "a") == []
        assert before.replan_at is not None
        assert str(before.replan_at.date()) == "2026-03-02"
        assert due(planned(started, as_of="2026-03-02", terms=read), "a") == ["2026-03-07"]
        claimed = planned(started, happened("claim", "2026-03-01"), as_of="2026-03-02", terms=read)
        assert of(claimed, "a") == []


class TestWhatHappensOnce:
    ENDED = terms("""\
clauses:
  severance: {cite: "1", who: company owes employee, pay: 5.00, when: ended, exactly: 5 days after ended}
""")

    def test_two_days_for_it_are_a_conflict_for_a_person(self) -> None:
        """Severance would be owed twice, or by whichever report came last."""
        with pytest.raises(PlanningError, match="happens once but is reported for 2026-01-05 and 2026-01-10; withdraw"):
            planned(happened("ended", "2026-01-05"), happened("ended", "2026-01-10"), terms=self.ENDED)

    def test_two_reports_of_one_day_are_one(self) -> None:
        reports = (happened("ended", "2026-01-05", identity="a"), happened("ended", "2026-01-05", identity="b"))
        assert len(of(planned(*reports, terms=self.ENDED), "severance")) == 1


class TestWithoutAClock:
    def test_nothing_is_missed_and_open_series_stop_a_year_after_the_last_event(self) -> None:
        read = terms("""\
states: {service: started to ended}
clauses:
  cure: {cite: "1", who: company owes employee, task: Cure, when: notice, by: 5 days after notice}
  pay: {cite: "2", who: company owes employee, pay: 5.00, during: service, series: {every: 1 month}, per: period}
""")
        plan = planned(happened("started", "2026-01-05"), happened("notice", "2026-02-05"), terms=read)
        assert only(plan, "cure").state is State.SCHEDULED
        assert max(str(one.from_on) for one in of(plan, "pay")) <= "2027-02-05"
        assert max(str(one.to_on) for one in of(plan, "pay")) >= "2027-02-04"
        assert plan.replan_at is None


class TestADefinitionThatWouldSwing:
    def test_is_refused(self) -> None:
        """A claim that happens where it does not would make the plan hang on which round we stopped at."""
        with pytest.raises(TermsError, match="circular"):
            terms("""\
clauses:
  a: {cite: "1", who: hr watches, watch: It, when: notice, unless: claim, exactly: notice, then: {event: claim}}
""")


def test_a_total_of_days_before_anything_happened_is_none() -> None:
    """A contract would not be planned at all before the first absence."""
    read = terms("""\
states: {absent: {from: absence_began, before: returned}}
clauses:
  talk: {cite: "1", who: company owes employee, task: T, when: absent for 20 days in any 3 months, by: 2027-01-01}
""")
    assert of(planned(terms=read), "talk") == []
