"""Terms that renew: by ordinal, by the calendar of the first day, and not where somebody gave notice in time."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.planning.as_json import plan_json
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import happened, of, only, planned

TEXT = """\
terms: 1
contract: {id: renewing, title: A term that renews, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  effective_date: {type: date, default: 2024-01-31}
events:
  nonrenewal: {says: notice not to renew}
  breach: {}
windows:
  term:
    lasts: 36 months beginning on effective_date
    renews: {by: 1 month, times: 3, unless: nonrenewal, notice: 10 days before the end}
clauses:
  last_notice:
    cite: "1"
    who: hr watches
    watch: Last day for notice
    when: start of term
    exactly: 10 days before last day of term
  cover: {cite: "2", who: company owes employee, give: Cover, during: term}
  review: {cite: "3", who: hr watches, watch: The breach, when: breach during term, exactly: last day of term}
  goodbye: {cite: "4", who: company owes employee, task: Say goodbye, when: nonrenewal, by: last day of term}
"""
TERMS = load(TEXT, "renewing.yaml", find_template)


def windows(plan: Plan) -> list[str]:
    return [f"{one.first_on} to {one.last_on}" for one in plan.windows]


def test_it_renews_once_the_last_day_for_notice_has_passed() -> None:
    """People would plan beyond an end that is still open, or miss that the term went on."""
    assert windows(planned(as_of="2027-01-20", terms=TERMS)) == ["2024-01-31 to 2027-01-30"]
    on_the_day = planned(as_of="2027-01-20", terms=TERMS)
    assert on_the_day.replan_at is not None
    assert str(on_the_day.replan_at.date()) == "2027-01-21"
    assert windows(planned(as_of="2027-01-21", terms=TERMS))[1:] == ["2027-01-31 to 2027-02-28"]


def test_month_ends_do_not_creep() -> None:
    plan = planned(as_of="2028-01-01", terms=TERMS)
    assert windows(plan)[1:] == ["2027-01-31 to 2027-02-28", "2027-03-01 to 2027-03-30", "2027-03-31 to 2027-04-30"]


@pytest.mark.parametrize(
    ("old", "new", "first", "second"),
    [
        ("by: 1 month", "by: 1 month and 10 days", "2024-01-31 to 2027-01-30", "2027-01-31 to 2027-03-10"),
        ("36 months", "35 months and 10 days", "2024-01-31 to 2027-01-09", "2027-01-10 to 2027-02-09"),
    ],
)
def test_days_beside_the_months_count(old: str, new: str, first: str, second: str) -> None:
    """A term of months and days would renew as if it were of months alone."""
    terms = load(TEXT.replace(old, new, 1), "renewing.yaml", find_template)
    assert windows(planned(as_of="2027-02-01", terms=terms))[:2] == [first, second]


def test_the_renewal_is_looked_at_on_its_day_though_no_clause_asks() -> None:
    """The plan would show the old end until somebody reported something."""
    alone = TEXT[: TEXT.index("  last_notice:")] + TEXT[TEXT.index("  goodbye:") :]
    made = planned(as_of="2027-01-20", terms=load(alone, "renewing.yaml", find_template))
    assert made.replan_at is not None
    assert str(made.replan_at.date()) == "2027-01-21"


def test_a_renewal_is_known_by_its_number() -> None:
    """What was reminded of and sent for a renewal would belong to another one, and be sent again."""
    plan = planned(as_of="2027-02-25", terms=TERMS)
    assert [one.instance for one in of(plan, "last_notice")] == ["start of term", "start of term 2", "start of term 3"]


def test_notice_in_time_ends_it() -> None:
    plan = planned(happened("nonrenewal", "2027-01-20"), as_of="2028-01-01", terms=TERMS)
    assert windows(plan) == ["2024-01-31 to 2027-01-30"]
    assert str(only(plan, "goodbye").due_on) == "2027-01-30"


def test_notice_a_day_late_ends_the_next_term() -> None:
    plan = planned(happened("nonrenewal", "2027-01-21"), as_of="2028-01-01", terms=TERMS)
    assert windows(plan)[-1] == "2027-01-31 to 2027-02-28"
    assert len(windows(plan)) == 2
    # What a notice brings with it would be due as if it had come in time.
    assert str(only(plan, "goodbye").due_on) == "2027-02-28"


def test_a_term_may_renew_long_before_its_end() -> None:
    """Two years that grow by one each anniversary, unless notice came thirty days before it: the year after would be
    taken for lost while it is already agreed."""
    text = TEXT.replace("36 months", "24 months").replace("by: 1 month", "by: 1 year")
    text = text.replace("notice: 10 days before the end", "notice: 1 year and 29 days before the end")
    terms = load(text, "evergreen.yaml", find_template)
    # Thirty days before the first anniversary, 2025-01-31.
    assert windows(planned(as_of="2025-01-01", terms=terms)) == ["2024-01-31 to 2026-01-30"]
    assert windows(planned(as_of="2025-01-02", terms=terms))[-1] == "2026-01-31 to 2027-01-30"
    late = planned(happened("nonrenewal", "2025-01-02"), as_of="2025-01-03", terms=terms)
    assert str(only(late, "goodbye").due_on) == "2027-01-30"
    in_time = planned(happened("nonrenewal", "2026-01-01"), as_of="2026-01-02", terms=terms)
    assert str(only(in_time, "goodbye").due_on) == "2027-01-30", "on the last day for the second term"


def test_a_notice_that_is_only_planned_renews_nothing_yet() -> None:
    plan = planned(happened("nonrenewal", "2027-01-10", expected=True), as_of="2027-06-01", terms=TERMS)
    assert windows(plan) == ["2024-01-31 to 2027-01-30"]


def test_each_term_has_its_own_last_day_for_notice() -> None:
    plan = planned(as_of="2027-02-25", terms=TERMS)
    assert [str(one.due_on) for one in of(plan, "last_notice")] == ["2027-01-20", "2027-02-18", "2027-03-20"]
    first = of(planned(terms=TERMS), "last_notice")[0]
    assert first.id in {one.id for one in of(plan, "last_notice")}


def test_what_is_kept_up_over_the_term_is_kept_up_over_its_renewals() -> None:
    cover = only(planned(as_of="2027-02-25", terms=TERMS), "cover")
    assert (str(cover.from_on), str(cover.to_on)) == ("2024-01-31", "2027-03-30")
    assert "renewal 2: 1 month from the end of the term before" in cover.derivation.sentence()


def test_what_happens_in_a_renewal_belongs_to_it() -> None:
    plan = planned(happened("breach", "2027-02-10"), happened("breach", "2025-01-01"), terms=TERMS)
    assert sorted(str(one.due_on) for one in of(plan, "review")) == ["2027-01-30", "2027-02-28"]


def test_the_order_of_arrival_changes_nothing() -> None:
    reports = [happened("breach", "2027-02-10"), happened("nonrenewal", "2027-02-15"), happened("breach", "2025-01-01")]
    plans = {str(plan_json(planned(*one, as_of="2028-01-01", terms=TERMS))) for one in permutations(reports)}
    assert len(plans) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("by: 1 month,", "", "`renews` with `by`, a span"),
        ("by: 1 month", "by: 0 days", "a term that renews by 0 never moves on"),
        ("times: 3", "times: often", "`times` is how often it renews at most"),
        ("10 days before the end", "10 days after", "such as `90 days before the end`"),
        ("unless: nonrenewal", "unless: renewal", 'there is no event "renewal". Did you mean "nonrenewal"?'),
        ("unless: nonrenewal", "until: nonrenewal", 'the word "until" is not known here'),
        ("36 months beginning on effective_date", "effective_date on", "a term that renews has an end"),
    ],
)
def test_a_term_that_cannot_renew_is_refused_in_words(old: str, new: str, words: str) -> None:
    with pytest.raises(TermsError) as raised:
        load(TEXT.replace(old, new, 1), "renewing.yaml", find_template)
    assert words in str(raised.value)
