"""What the language means by spans and periods, rule by rule, the unpleasant case first.

Held elsewhere already: `after` leaves the anchor out and `beginning on` counts it (docs/counting.md, whose lines
tests/docs tries one by one); clear days, compound spans and their order (tests/schedules/test_laws.py); months of
service that complete on the corresponding day (test_dated_facts.py); named years (test_days.py,
TestYearsAndDatesOfTheYear); proportions with unit, ends and denominator (test_pro_rata.py).
"""

from __future__ import annotations

import pytest

from obligations.domain.occurrence import State
from obligations.terms.errors import TermsError
from tests.planning.letter import happened, of, only, planned, powers
from tests.planning.told import HEAD, due, terms


class TestABareFrom:
    @pytest.mark.parametrize("phrase", ["30 days from notice", "2 months from started"])
    def test_is_an_error_that_names_both_ways_out(self, phrase: str) -> None:
        """One of two days would be taken, and nobody would know which."""
        with pytest.raises(TermsError, match=r'write "after" \(it does not\) or "beginning on"'):
            terms(f'clauses:\n  a: {{cite: "1", who: company owes employee, task: T, when: notice, by: {phrase}}}\n')

    def test_no_window_takes_it_either(self) -> None:
        with pytest.raises(TermsError, match='a bare "from"'):
            terms(
                "windows: {trial: 3 months from started}\nclauses:\n"
                '  a: {cite: "1", who: company owes employee, give: Cover, when: started, during: trial}\n'
            )


class TestAtLeastSoManyDays:
    @pytest.mark.parametrize("phrase", ["at least 30 days before ended", "no less than 30 days after notice"])
    def test_needs_a_reading_and_is_refused_as_a_phrase(self, phrase: str) -> None:
        """Whether both ends are left out is open in the text, and would be settled by nobody."""
        with pytest.raises(TermsError, match="let a reading choose whether both ends are left out"):
            terms(f'clauses:\n  a: {{cite: "1", who: company owes employee, task: T, when: notice, by: {phrase}}}\n')

    def test_stands_as_a_declared_reading_with_both_ways(self) -> None:
        read = terms("""\
readings:
  at_least: {use: full days, options: [full days, plain days], why: at least thirty days}
clauses:
  a:
    cite: "1"
    who: company owes employee
    task: T
    when: notice
    by: {reading: at_least, full days: 30 clear days after notice, plain days: 30 days after notice}
""")
        notice = happened("notice", "2026-01-01")
        assert due(planned(notice, terms=read), "a") == ["2026-02-01"]
        assert due(planned(notice, terms=read.under("at_least", "plain days")), "a") == ["2026-01-31"]


class TestAPeriodExpiresOnItsLastDay:
    CURE = terms("""\
windows: {trial: 3 months beginning on started}
clauses:
  cure:
    cite: "1"
    who: company owes employee
    task: Cure
    when: notice
    by: 30 days after notice
    closed_by: cured
    if_missed: {power: leave, holder: employee, may: leave}
  after_trial: {cite: "2", who: company owes employee, give: Cover, when: started, during: 1 month following trial_end}
  pay_back: {cite: "3", who: company owes employee, pay: 1.00, when: cure missed, exactly: 5 days after missed_on}
define:
  trial_end: end of trial
  missed_on: first cure missed
""")
    NOTICE = happened("notice", "2026-01-05")

    def test_on_its_last_day_nothing_is_missed_and_no_power_is_there(self) -> None:
        """A power would arise while the other side could still cure."""
        plan = planned(self.NOTICE, as_of="2026-02-04", terms=self.CURE)
        assert only(plan, "cure").state is State.DUE
        assert [str(one.state) for one in powers(plan, "leave")] == ["waiting"]
        assert of(plan, "pay_back") == []

    def test_the_miss_and_its_power_belong_to_the_next_day_and_what_follows_counts_from_it(self) -> None:
        plan = planned(self.NOTICE, as_of="2026-02-05", terms=self.CURE)
        assert [(str(one.state), str(one.arises_on)) for one in powers(plan, "leave")] == [("arisen", "2026-02-05")]
        assert due(plan, "pay_back") == ["2026-02-10"]

    def test_a_cure_on_the_last_day_is_in_time_and_on_the_next_too_late(self) -> None:
        plan = planned(self.NOTICE, happened("cured", "2026-02-04"), as_of="2026-03-01", terms=self.CURE)
        assert (only(plan, "cure").state, powers(plan, "leave")) == (State.DONE, [])
        plan = planned(self.NOTICE, happened("cured", "2026-02-05"), as_of="2026-03-01", terms=self.CURE)
        assert only(plan, "cure").state is State.MISSED
        assert [str(one.state) for one in powers(plan, "leave")] == ["arisen"]

    def test_following_its_expiry_starts_there(self) -> None:
        plan = planned(happened("started", "2026-01-05"), terms=self.CURE)
        cover = only(plan, "after_trial")
        assert (str(cover.from_on), str(cover.to_on)) == ("2026-04-05", "2026-05-04")


class TestAWindow:
    JANUARY = terms("""\
windows: {january: {from: 2026-01-01, to: 2026-01-31}}
clauses:
  share:
    cite: "1"
    who: company owes employee
    pay: {pro rata: 1200.00, for: january, of: year, by: months}
    when: notice
    exactly: notice
  watched: {cite: "2", who: hr watches, watch: It, when: claim during january, exactly: claim}
""")

    def test_of_1_to_31_january_is_one_month_long(self) -> None:
        """The last day would be worth nothing, and a month's pay a thirtieth short."""
        amount = only(planned(happened("notice", "2026-03-01"), terms=self.JANUARY), "share").amount
        assert amount is not None
        assert amount.shown() == "100.00 USD"

    def test_has_both_its_days_in(self) -> None:
        days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"]
        plan = planned(*(happened("claim", one) for one in days), terms=self.JANUARY)
        assert due(plan, "watched") == ["2026-01-01", "2026-01-31"]


class TestSpans:
    def test_smaller_units_first_are_refused(self) -> None:
        """Ten days and a month from the end of January are not a month and ten days."""
        with pytest.raises(TermsError, match="larger units come first"):
            terms(
                'clauses:\n  a: {cite: "1", who: company owes employee, task: T, when: notice,'
                " by: 10 days and 1 month after notice}\n"
            )

    def test_computed_spans_ask_for_what_they_need_and_keep_the_rest(self) -> None:
        head = HEAD.replace("facts:\n", "facts:\n  weeks_owed: {type: units, ask: How many weeks?}\n")
        read = terms(
            'clauses:\n  a: {cite: "1", who: company owes employee, task: T, when: ended,'
            " by: weeks_owed weeks after ended}\n",
            head,
        )
        ended = happened("ended", "2026-01-05")
        assert [one.name for one in planned(ended, terms=read).questions] == ["weeks_owed"]
        assert due(planned(ended, happened("weeks_owed", "2026-01-05", value="6"), terms=read), "a") == ["2026-02-16"]
