"""What the language means by values, rule by rule, the unpleasant case first."""

from __future__ import annotations

from obligations.domain.occurrence import State
from tests.planning.letter import happened, only, planned
from tests.planning.told import terms


class TestConditionsFollowKleene:
    BAD = terms("""\
define: {bad: claim with late yes}
clauses:
  fine: {cite: "1", who: company owes employee, pay: 1.00, when: notice, if: bad before 2026-03-01, exactly: notice}
  gift: {cite: "2", who: company owes employee, pay: 10.00, when: notice, if: claim before 2026-03-01, exactly: notice}
""")
    NOTICE = happened("notice", "2026-01-05")

    def test_what_nobody_has_judged_is_not_no(self) -> None:
        """Once the day had passed, money would be lost because nobody had said whether the claim was late."""
        plan = planned(self.NOTICE, happened("claim", "2026-01-10"), as_of="2026-04-01", terms=self.BAD)
        assert only(plan, "fine").state is State.NEEDS_PERSON
        assert "claim.late" in [one.name for one in plan.questions]

    def test_what_is_expected_and_not_confirmed_is_not_no(self) -> None:
        claim = happened("claim", "2026-01-10", expected=True)
        plan = planned(self.NOTICE, claim, as_of="2026-04-01", terms=self.BAD)
        assert only(plan, "gift").state is State.WAITING

    def test_what_is_not_recorded_by_a_day_that_passed_is_no(self) -> None:
        plan = planned(self.NOTICE, as_of="2026-03-02", terms=self.BAD)
        assert only(plan, "gift").state is State.NOT_APPLICABLE
        assert only(planned(self.NOTICE, as_of="2026-03-01", terms=self.BAD), "gift").state is State.WAITING
