"""Days as agreements state them: the earliest and the latest of several, ends of months, spans of two units."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.planning.plan import Plan
from obligations.service.contracts import Planner
from obligations.terms.errors import TermsError
from obligations.terms.lint import lint
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
            ("1 month and 2 business days after started", "nothing says whose: state `calendar`"),
            ("grace after started", "nothing says whose: state `calendar`"),
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


NOTICES = BASE.replace(
    "  notice: {}\n",
    "  notice: {notice: yes}\n",
).replace(
    "clauses:",
    """\
counting: {calendar: US}
notices:
  certified_mail: 2 business days after sending
  post: 10 business days after sending
  courier: {earliest of: [on receipt, 3 days after sending]}
  in_person: on delivery
  opened: business_days_later after receipt
  by_reading: {reading: end, first: on receipt, second: 1 day after sending}
clauses:""",
)


class TestNotices:
    DUE = "30 days after receipt of notice"
    SOURCE = NOTICES.replace("business_days_later", "1 business day")

    def due(self, *events: Report) -> str:
        return due(self.DUE, STARTED, *events, source=self.SOURCE)

    @pytest.mark.parametrize(
        ("channel", "received", "day"),
        [
            # Sent on a Thursday before Washington's Birthday: the second business day is the Tuesday.
            ("certified_mail", None, "2026-03-19"),
            ("certified_mail", "2026-02-13", "2026-03-19"),
            ("post", None, "2026-03-29"),
            ("courier", None, "2026-03-17"),
            ("courier", "2026-02-13", "2026-03-15"),
            ("courier", "2026-02-20", "2026-03-17"),
            ("in_person", "2026-02-12", "2026-03-14"),
            ("opened", "2026-02-13", "2026-03-19"),
            ("by_reading", "2026-02-14", "2026-03-16"),
        ],
    )
    def test_receipt_goes_by_the_channel(self, channel: str, received: str | None, day: str) -> None:
        """A cure period would end on a day the document does not mean."""
        assert self.due(on("notice", "2026-02-12", received, channel=channel)) == day

    def test_the_explanation_names_the_channel_and_the_day_it_arrived(self) -> None:
        one = duty(self.DUE, STARTED, on("notice", "2026-02-12", "2026-02-20", channel="post"), source=self.SOURCE)
        said = one.derivation.sentence()
        assert "receipt of notice, deemed by its channel post: 2026-02-27" in said
        assert "arrived, as reported, on another day: 2026-02-20" in said
        assert "calendar US" in said

    def test_what_the_rule_needs_is_asked_for(self) -> None:
        """A deadline would be guessed, or stay open without anybody being asked."""
        asked = [
            planned(self.DUE, STARTED, on("notice", "2026-02-12", **fields), source=self.SOURCE).questions[0]
            for fields in ({}, {"channel": "in_person"})
        ]
        assert [one.name for one in asked] == ["notice.channel", "notice.received_on"]
        assert "certified_mail or post" in asked[0].ask

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("on delivery", "2 days after mailing", 'not from "mailing"'),
            ("on delivery", "2 days from sending", 'a bare "from"'),
            ("on delivery", "on sendig", 'not from "sendig". Did you mean "sending"'),
            ("{notice: yes}", "{notice: yes, with: {channel: text}}", "leave out this field"),
            ("{notice: yes}", "{notice: yes, is_receipt: yes}", "happens when it is sent"),
            ("counting: {calendar: US}", "", "nothing says whose"),
        ],
    )
    def test_rules_that_cannot_be_are_refused(self, old: str, new: str, said: str) -> None:
        source = self.SOURCE.replace("DAY", self.DUE)
        assert old in source
        with pytest.raises(TermsError) as raised:
            terms_of(source.replace(old, new))
        assert said in str(raised.value)

    def test_a_notice_needs_the_section(self) -> None:
        source = BASE.replace("  notice: {}\n", "  notice: {notice: yes}\n").replace("DAY", "started")
        with pytest.raises(TermsError, match="add `notices:`"):
            terms_of(source)


class TestPolicies:
    SHORT = BASE.replace("clauses:", "counting: {calendar: US, short_periods: 10 days}\nclauses:")

    @pytest.mark.parametrize(
        ("phrase", "day"),
        [
            ("10 days after started", "2026-02-13"),
            ("11 days after started", "2026-02-11"),
            ("1 week after started", "2026-02-07"),
            ("3 days before 2026-02-17", "2026-02-11"),
            ("1 month and 3 days after started", "2026-03-03"),
            ("5 clear days after started", "2026-02-09"),
        ],
    )
    def test_short_periods_leave_closed_days_out(self, phrase: str, day: str) -> None:
        """Three days over a long week-end would end before the office opens."""
        assert due(phrase, STARTED, source=self.SHORT) == day

    def test_the_explanation_says_so(self) -> None:
        assert (
            "period of 10 days or fewer"
            in duty("3 days after started", STARTED, source=self.SHORT).derivation.sentence()
        )

    def test_a_policy_may_be_a_reading_instead(self) -> None:
        source = BASE.replace(
            "events:",
            "  short: {use: old, options: {old: 10 days, new: none}, governs: short_periods}\nevents:",
        ).replace("clauses:", "counting: {calendar: US, event_day: counted}\nclauses:")
        terms = terms_of(source.replace("DAY", "3 days after started"))
        days = [
            str(Planner(library()).plan(one, [STARTED], None).occurrences[0].due_on)
            for one in (terms, terms.under("short", "new"))
        ]
        assert days == ["2026-02-03", "2026-02-02"]

    @pytest.mark.parametrize(
        ("counting", "said"),
        [
            ("{event_day: countd}", 'no policy "countd". Did you mean "counted"'),
            ("{short_periods: 10 days}", "said whose they are"),
            ("{short_periods: 1 month, calendar: US}", '"1 month" is no number of days'),
            ("{month_ends: clamp}", 'Did you mean "month_end"'),
        ],
    )
    def test_policies_that_cannot_be_are_refused(self, counting: str, said: str) -> None:
        source = BASE.replace("DAY", "started").replace("clauses:", f"counting: {counting}\nclauses:")
        with pytest.raises(TermsError) as raised:
            terms_of(source)
        assert said in str(raised.value)

    def test_one_thing_is_governed_once(self) -> None:
        """Which of two policies holds would depend on where somebody looks."""
        source = BASE.replace("DAY", "started").replace("clauses:", "counting: {zone: UTC}\nclauses:")
        source = source.replace("events:", "  zone: {use: a, options: {a: UTC}, governs: zone}\nevents:")
        with pytest.raises(TermsError, match="`counting:` governs zone already"):
            terms_of(source)


YEARS = BASE.replace(
    "clauses:",
    """\
counting: {calendar: US}
years:
  fiscal_year: {begins: july 1}
  leap_year: {begins: february 29}
  half: {begins: july 1, lasts: 6 months}
  contract_year: {begins: started}
clauses:""",
)


class TestYearsAndDatesOfTheYear:
    @pytest.mark.parametrize(
        ("phrase", "day"),
        [
            ("last day of the fiscal_year of started", "2026-06-30"),
            ("last day of the fiscal_year of 2026-06-30", "2026-06-30"),
            ("first day of the fiscal_year of 2026-07-01", "2026-07-01"),
            ("last day of the half of started", "2026-06-30"),
            ("first day of the half of 2026-07-01", "2026-07-01"),
            ("last day of the contract_year of started", "2027-01-30"),
            ("first day of the contract_year of 2028-02-01", "2028-01-31"),
            ("last day of the leap_year of 2026-03-01", "2027-02-27"),
            ("first day of the leap_year of 2028-03-01", "2028-02-29"),
            ("june 30 of the fiscal_year of 2026-07-01", "2027-06-30"),
            ("july 1 of the fiscal_year after started", "2026-07-01"),
            ("march 15 of the year after started", "2027-03-15"),
            ("december 31 of the year of started", "2026-12-31"),
            ("december 31 of the year before started", "2025-12-31"),
            ("january 31 after started", "2027-01-31"),
            ("January 31 on or after started", "2026-01-31"),
            ("january 31 before started", "2025-01-31"),
            ("january 31 on or before started", "2026-01-31"),
            ("february 29 after started", "2026-02-28"),
            ("anniversary of started on or after started", "2027-01-31"),
            ("anniversary of started on or after 2028-01-31", "2028-01-31"),
            ("anniversary of started after 2028-01-31", "2029-01-31"),
            ("anniversary of started before 2028-01-31", "2027-01-31"),
            ("anniversary of 2024-02-29 after started", "2026-02-28"),
            ("business day on or after started", "2026-02-02"),
            ("business day on or after 2026-02-02", "2026-02-02"),
            ("business day on or before started", "2026-01-30"),
            ("5 days before business day on or before 2026-02-16", "2026-02-08"),
        ],
    )
    def test_the_day(self, phrase: str, day: str) -> None:
        assert due(phrase, STARTED, source=YEARS) == day

    def test_before_the_first_year_of_the_contract_there_is_none(self) -> None:
        """Days before the contract began would be counted into one of its years."""
        one = duty("last day of the contract_year of 2026-01-30", STARTED, source=YEARS)
        assert one.due_on is None
        assert "lies before the first contract_year" in one.derivation.sentence()
        assert due("anniversary of started before 2027-01-31", STARTED, source=YEARS) == "None"
        assert due("last day of the contract_year of notice", on("notice", "2026-03-01"), source=YEARS) == "None"

    def test_a_year_is_a_window(self) -> None:
        source = YEARS.replace("by: DAY", "during: the fiscal_year after started").replace("task:", "give:")
        (one,) = planned("", STARTED, source=source).occurrences
        assert (str(one.from_on), str(one.to_on)) == ("2026-07-01", "2027-06-30")
        first = source.replace("the fiscal_year after", "the contract_year before")
        assert planned("", STARTED, source=first).occurrences[0].from_on is None

    def test_the_explanation_says_where_the_year_begins(self) -> None:
        said = duty("last day of the fiscal_year of started", STARTED, source=YEARS).derivation.sentence()
        assert "last day of that fiscal_year" in said
        assert "each fiscal_year begins on july 1" in said

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("DAY", "february 30 after started", "february has no day 30"),
            ("DAY", "last day of the fiscal_yer of started", 'Did you mean "fiscal_year"'),
            ("DAY", "july 1 of the half of started", "not every half has such a day"),
            ("begins: july 1}", "begins: july 32}", "july has no day 32"),
            ("lasts: 6 months", "lasts: 5 months", "do not come round"),
            ("lasts: 6 months", "lasts: 90 days", "counted in months"),
            ("fiscal_year: {", "quarter: {", "is a word of the language"),
            ("fiscal_year: {begins: july 1}", "fiscal_year: {begins: strted}", 'Did you mean "started"'),
            (
                "contract_year: {begins: started}",
                "contract_year: {begins: last day of the contract_year of started}",
                "circular",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, old: str, new: str, said: str) -> None:
        assert old in YEARS
        with pytest.raises(TermsError) as raised:
            terms_of(YEARS.replace(old, new).replace("DAY", "started"))
        assert said in str(raised.value)

    def test_a_month_s_name_may_still_name_a_span(self) -> None:
        """A contract with an event called `may` or `march` would be refused."""
        source = YEARS.replace("  new_job:", "  may: {once: yes}\n  new_job:")
        assert due("3 days after may", STARTED, on("may", "2026-02-01"), source=source) == "2026-02-04"
        assert due("may 3 after may", STARTED, on("may", "2026-02-01"), source=source) == "2026-05-03"


def test_a_window_may_end_with_the_earliest_of_several_days() -> None:
    """Cover until a new job, and for eighteen months at most, could not be written down."""
    window = "{from: ended, to: {earliest of: [18 months after ended, new_job]}}"
    source = (
        BASE.replace("by: DAY", f"during: {window}").replace("task:", "give:").replace("when: started", "when: ended")
    )
    gone = on("ended", "2026-01-31")
    for events, last in (((gone,), "2027-07-31"), ((gone, on("new_job", "2026-05-01")), "2026-05-01")):
        (one,) = planned("", *events, source=source).occurrences
        assert (str(one.from_on), str(one.to_on)) == ("2026-01-31", last)


def test_what_is_counted_backwards_and_rolls_forwards_is_pointed_at() -> None:
    """The other side would be left less time than the document gives it."""
    roll = "counted backwards, but a closed day rolls forwards"
    for convention, found in (("following", True), ("nearest", True), ("preceding", False), ("unadjusted", False)):
        source = YEARS.replace("DAY", f"30 days before ended\n    roll: {convention}")
        assert any(roll in str(finding) for finding in lint(terms_of(source))) == found
    assert not any(roll in str(one) for one in lint(terms_of(YEARS.replace("DAY", "ended\n    roll: following"))))
    assert any("nothing counts by the year half" in str(one) for one in lint(terms_of(YEARS.replace("DAY", "ended"))))
