"""Days as agreements state them: the earliest and the latest of several, ends of months, spans of two units."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.planning.plan import Plan
from obligations.service.contracts import Planner
from obligations.terms.errors import TermsError
from tests.docs.pages import library, terms_of

HEAD = """\
terms: 1
contract: {id: days, title: Days of an agreement}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
"""
BASE = (
    HEAD
    + """
parameters:
  weeks_owed: {type: units, default: 6}
  pay: {type: money, default: 100.00}
  grace: {type: span, default: 3 business days}
facts:
  weeks_asked: {type: units, ask: How many weeks}
readings:
  end: {use: first, options: [first, second]}
events:
  started: {once: yes}
  ended: {once: yes}
  new_job: {once: yes}
  notice: {}
  amended: {with: {late: yes_or_no}}
clauses:
  duty:
    cite: "1"
    who: employee owes company
    task: Do it
    when: started
    by: DAY
"""
)


def planned(day: str, *events: Report, as_of: date | None = None, source: str = BASE) -> Plan:
    """The plan of a contract in which one duty is due by a day."""
    return Planner(library()).plan(terms_of(source.replace("DAY", day)), list(events), as_of)


def duty(day: str, *events: Report, as_of: date | None = None, source: str = BASE) -> Occurrence:
    """That duty."""
    (one,) = planned(day, *events, as_of=as_of, source=source).occurrences
    return one


def due(day: str, *events: Report, source: str = BASE) -> str:
    """The day it is due."""
    return str(duty(day, *events, source=source).due_on)


def on(event: str, day: str, received: str | None = None, **fields: str) -> Report:
    """A report of an event."""
    arrived = date.fromisoformat(received) if received else None
    return Report(f"{event} {day}", event, date.fromisoformat(day), arrived, fields)


STARTED = on("started", "2026-01-31")


class TestEarliestAndLatest:
    def test_the_earliest_prevails_at_its_known_member_and_says_what_is_assumed(self) -> None:
        """Cover would have no end until a new job came, which may never come."""
        phrase = "{earliest of: [18 months after started, 10 days after new_job]}"
        one = duty(phrase, STARTED)
        assert str(one.due_on) == "2027-07-31"
        assert "waiting for new_job, assumed not to have happened" in one.derivation.sentence()
        assert due(phrase, STARTED, on("new_job", "2026-05-01")) == "2026-05-11"

    def test_the_latest_waits_for_every_member(self) -> None:
        """Money would be paid before the second of two things had happened."""
        phrase = "{latest of: [30 days after started, 5 days after new_job]}"
        one = duty(phrase, STARTED)
        assert (one.due_on, one.waiting_for) == (None, ("new_job",))
        assert due(phrase, STARTED, on("new_job", "2026-02-01")) == "2026-03-02"
        assert due(phrase, STARTED, on("new_job", "2026-05-01")) == "2026-05-06"

    def test_a_member_marked_if_any_drops_out_once_it_can_no_longer_come(self) -> None:
        """A payment would wait for ever for an event whose window has closed."""
        source = BASE.replace("clauses:", "windows: {trial: 3 months beginning on started}\ndefine:\n  "
                              "early: first notice during trial\nclauses:")  # fmt: skip
        kept, dropped = "5 days after early", "5 days after early if any"
        over = on("new_job", "2026-07-01")
        for phrase, expected in ((kept, "None"), (dropped, "2026-02-10")):
            told = f"{{latest of: [10 days after started, {phrase}]}}"
            assert due(told, STARTED, over, source=source) == expected
            assert due(told, STARTED, source=source) == "None", "it may still come"
            assert due(told, STARTED, on("notice", "2026-03-01"), source=source) == "2026-03-06"

    def test_a_day_that_could_be_earlier_but_for_a_missing_fact_is_conditional_and_asked(self) -> None:
        """A notice that arrived might move the day forward, and nobody would ask when it arrived."""
        phrase = "{earliest of: [60 days after started, 5 days after receipt of notice]}"
        plan = planned(phrase, STARTED, on("notice", "2026-02-10"), as_of=date(2026, 2, 11))
        (one,) = plan.occurrences
        assert (str(one.due_on), one.conditional) == ("2026-04-01", True)
        assert [question.name for question in plan.questions] == ["notice.received_on"]
        assert due(phrase, STARTED, on("notice", "2026-02-10", "2026-02-12")) == "2026-02-17"

    def test_they_nest_and_stand_in_a_choice(self) -> None:
        inner = "{latest of: [1 month after started, new_job if any]}"
        phrase = f"{{reading: end, first: {{earliest of: [ended, {inner}]}}, second: 2 days after started}}"
        assert due(phrase, STARTED) == "None"
        assert due(phrase, STARTED, on("ended", "2026-03-03")) == "2026-03-03"
        assert due(phrase, STARTED, on("ended", "2026-03-03"), on("new_job", "2026-02-01")) == "2026-02-28"
        choice = "{earliest of: [{reading: end, first: ended, second: new_job}, 1 year after started]}"
        assert due(choice, STARTED, on("ended", "2026-03-03"), on("new_job", "2026-02-01")) == "2026-03-03"

    def test_nothing_known_names_everything_that_would_tell(self) -> None:
        assert duty("{earliest of: [ended, new_job]}", STARTED).waiting_for == ("ended", "new_job")


class TestEnds:
    @pytest.mark.parametrize(
        ("phrase", "day"),
        [
            ("last day of the month of 1 month after started", "2026-02-28"),
            ("first day of the month of started", "2026-01-01"),
            ("last day of the quarter of 2026-04-01", "2026-06-30"),
            ("first day of the quarter of 2026-03-31", "2026-01-01"),
            ("last day of the year of 2024-02-29", "2024-12-31"),
            ("first day of the year of 2024-02-29", "2024-01-01"),
            ("10 days after last day of the quarter of started", "2026-04-10"),
            ("month end of 2024-02-01", "2024-02-29"),
        ],
    )
    def test_ends_of_months_quarters_and_years(self, phrase: str, day: str) -> None:
        assert due(phrase, STARTED) == day

    def test_another_period_is_refused_with_a_suggestion(self) -> None:
        with pytest.raises(TermsError, match=r'no month, quarter or year "quartr"\. Did you mean "quarter"'):
            terms_of(BASE.replace("DAY", "last day of the quartr of started"))


class TestSpans:
    @pytest.mark.parametrize(
        ("phrase", "day"),
        [
            # Months add up before they are counted: by way of 28 February it would be the 28th of July.
            ("1 year 6 months after started", "2027-07-31"),
            ("1 month and 10 days after started", "2026-03-10"),
            ("1 month 1 week 3 days after started", "2026-03-10"),
            ("1 month and 10 days before 2026-03-31", "2026-02-18"),
            ("weeks_owed weeks after started", "2026-03-14"),
        ],
    )
    def test_spans_of_two_units_and_of_a_figure(self, phrase: str, day: str) -> None:
        assert due(phrase, STARTED) == day

    def test_the_figure_explains_the_day(self) -> None:
        """Nobody could say why it is six weeks."""
        assert "weeks_owed of the contract: 6" in duty("weeks_owed weeks after started", STARTED).derivation.sentence()

    def test_a_figure_nobody_stated_is_asked_for(self) -> None:
        assert "weeks_asked" in duty("weeks_asked weeks after started", STARTED).missing

    @pytest.mark.parametrize(
        ("phrase", "said"),
        [
            ("1 day 1 month after started", "larger units come first"),
            ("1 month 2 months after started", "larger units come first"),
            ("pay weeks after started", '"pay" is of type money; so many weeks needs a whole number'),
            ("payy weeks after started", 'no parameter or fact "payy". Did you mean "pay"'),
            ("1 month and 2 business days after started", "no reading governs `calendar`"),
            ("grace after started", "no reading governs `calendar`"),
            ("{latest of: [started]}", "takes a list of two or more days"),
            ("{latest of: [started, ended], by: ended}", "`latest of` stands alone"),
            ("{earliest of: [started, 3 days from ended]}", 'a bare "from"'),
            ("{earliest of: [started, endd]}", 'no event or day "endd". Did you mean "ended"'),
        ],
    )
    def test_what_cannot_be_counted_is_refused_in_words(self, phrase: str, said: str) -> None:
        with pytest.raises(TermsError) as raised:
            terms_of(BASE.replace("DAY", phrase))
        assert said in str(raised.value)
        assert "in clause duty" in str(raised.value)

    def test_a_series_moves_on_by_one_unit(self) -> None:
        source = BASE.replace("by: DAY", "series: {every: 1 month 3 days, times: 3}")
        with pytest.raises(TermsError, match="a series moves on by one unit"):
            terms_of(source)
