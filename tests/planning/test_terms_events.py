"""What the language means by events and time, rule by rule, the unpleasant case first."""

from __future__ import annotations

from obligations.domain.occurrence import PowerState, State
from tests.planning.letter import happened, of, only, planned, powers
from tests.planning.told import due, terms


class TestAnswers:
    """Answers name what they answer; unnamed, they apply if exactly one is open, else a person is asked."""

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
