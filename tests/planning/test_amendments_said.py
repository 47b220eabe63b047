"""What an amendment may say, and what is made of it before it governs anything."""

from __future__ import annotations

from datetime import date

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.service.contracts import Planner
from obligations.terms.amendment import amend
from obligations.terms.format import formatted
from obligations.terms.loader import load
from tests.docs.pages import library
from tests.planning.amended import BASE, HIRED, REPLACED, amended, amounts, of, planned


def test_a_protection_window_that_is_extended_protects_exits_from_the_amendment_s_day_on() -> None:
    """An exit in the third year is protected once the parties agreed so, and the lump sum is still paid once."""
    extended = "windows: {protected: 36 months beginning on hired}\n"
    third_year = Report("r", "exited", date(2028, 3, 1))
    assert amounts(of(planned(amended(), HIRED, third_year, as_of=date(2028, 4, 1)), "lump")) == [""]
    (lump,) = of(planned(amended(extended), HIRED, third_year, as_of=date(2028, 4, 1)), "lump")
    assert (amounts([lump]), lump.due_on) == (["125,000.00 USD"], date(2028, 3, 6))
    too_late = planned(amended(f"\nfrom: 2028-03-02\n{extended}"), HIRED, third_year, as_of=date(2028, 4, 1))
    assert [one.state for one in of(too_late, "lump")] == [State.NOT_APPLICABLE], "it came before the amendment"
    shown = {window.name: window.last_on for window in planned(amended(extended), HIRED).windows}
    assert shown["protected"] == date(2029, 1, 4)


def test_a_definition_that_is_replaced_fills_a_slot_once() -> None:
    """What was paid for the first exit of the old definition is not paid again for the first of the new one."""
    many = BASE.replace("exited: {says: the employment ended, once: yes", "exited: {says: the employment ended")
    base = load(many, "letter.yaml", lambda _: ("", ""))
    moved = "windows: {protected: 24 months beginning on 2026-07-01}\n"
    terms = amend(base, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{moved}", "a.yaml")
    exits = [Report("r-1", "exited", date(2026, 3, 15)), Report("r-2", "exited", date(2026, 9, 15))]
    (lump,) = of(planned(terms, HIRED, *exits, as_of=date(2026, 10, 1)), "lump")
    assert lump.due_on == date(2026, 3, 20)
    (second,) = of(planned(terms, HIRED, exits[1], as_of=date(2026, 10, 1)), "lump")
    assert (second.due_on, second.id) == (date(2026, 9, 20), lump.id)


def test_new_facts_parameters_readings_tables_years_and_counting_are_stated_whole() -> None:
    added = """
parameters:
  allowance: {type: money, default: 500.00, cite: "A.1"}
facts:
  headcount: {type: number, is: 3, cite: "A.1"}
readings:
  late: {use: soon, options: [soon, later], cite: "A.1"}
tables:
  steps: {says: weeks by headcount, of: number, cite: "A.1", steps: {0: 1, 3: 2}}
years:
  plan_year: {begins: july 1}
counting: {month_end: clamp}
clauses:
  extra:
    cite: "A.1"
    who: company owes employee
    pay: allowance * headcount * steps at headcount
    when: notice
    by: {reading: late, soon: 3 days after notice, later: last day of the plan_year of notice}
"""
    terms = amended(added)
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    headcount = Report("h", "headcount", date(2026, 7, 1), fields={"value": "4"})
    (extra,) = of(planned(terms, HIRED, *notices), "extra")
    assert (amounts([extra]), extra.due_on) == (["3,000.00 USD"], date(2026, 7, 4))
    (extra,) = of(planned(terms.chosen("late", "later", "lea"), HIRED, *notices, headcount), "extra")
    assert (amounts([extra]), extra.due_on) == (["4,000.00 USD"], date(2027, 6, 30))


def test_days_count_as_each_version_counts_them() -> None:
    terms = amended("counting: {event_day: counted}\n")
    notices = [Report("n-1", "notice", date(2026, 6, 30)), Report("n-2", "notice", date(2026, 7, 1))]
    assert sorted(str(one.due_on) for one in of(planned(terms, HIRED, *notices), "bonus")) == [
        "2026-07-05",
        "2026-07-05",
    ]


def test_a_notice_is_deemed_received_as_the_terms_of_its_day_say() -> None:
    base = BASE.replace("windows:\n", "notices:\n  courier: 1 day after sending\nwindows:\n", 1)
    base = base.replace("notice: {says: a breach was noticed,", "notice: {says: a breach was noticed, notice: yes,")
    base = base.replace("by: 30 days after notice", "by: 30 days after receipt of notice")
    slower = "notices: {courier: 3 days after sending, mail: 5 days after sending}\n"
    before = load(base, "letter.yaml", lambda _: ("", ""))
    terms = amend(before, f"terms: 1\namends: letter\nfrom: 2026-07-01\n{slower}", "a.yaml")

    def due(day: date, channel: str) -> tuple[str, tuple[str, ...]]:
        (one,) = of(planned(terms, HIRED, Report("n", "notice", day, fields={"channel": channel})), "cure")
        return str(one.due_on), one.missing

    assert due(date(2026, 6, 1), "courier") == ("2026-07-02", ())
    assert due(date(2026, 7, 1), "courier") == ("2026-08-03", ())
    assert due(date(2026, 7, 1), "mail") == ("2026-08-05", ())
    day, asked = due(date(2026, 6, 1), "mail")
    assert day == "None"
    assert "before the terms knew it" in " ".join(asked)


def findings(body: str) -> list[str]:
    return [one.message for one in Planner(library()).findings(amended(body))]


def test_the_examples_of_an_amendment_are_run_on_the_contract_it_amends() -> None:
    example = """
examples:
  - name: a man who left before
    given: {hired: 2026-01-05, exited: 2026-03-15}
    as_of: 2026-08-01
    expect: {severance: {index: 4, due_on: 2026-07-15, amount: AMOUNT}}
"""
    body = f"{REPLACED}running: changes{example}"
    assert findings(body.replace("AMOUNT", "6000.00")) == []
    (wrong,) = findings(body.replace("AMOUNT", "10000.00"))
    assert wrong == 'example "a man who left before": severance: expected amount 10000.00, found 6,000.00 USD'


def test_an_amendment_accounts_for_its_own_document_and_is_looked_at_by_itself() -> None:
    """Findings in the contract it amends would hide its own, and could not be mended in it."""
    assert findings("coverage: {document: [A.1], form_only: [A.1]}\n") == []
    (left_out,) = findings("coverage: {document: [A.1, A.2], form_only: [A.1]}\n")
    assert "clause A.2 of the document has no term" in left_out
    (unused,) = findings("parameters: {spare: {type: money, default: 1.00}}\n")
    assert "no clause uses the parameter spare" in unused
    (running,) = findings("windows: {protected: 36 months beginning on hired}\nclauses: {}\n") or [""]
    assert running == ""


def test_what_runs_and_is_not_said_to_change_is_pointed_out() -> None:
    base = BASE.replace("by: 2027-03-31", "by: last day of protected")
    terms = load(base, "letter.yaml", lambda _: ("", ""))
    body = "terms: 1\namends: letter\nfrom: 2026-07-01\nwindows: {protected: 36 months beginning on hired}\n"
    (found,) = Planner(library()).findings(amend(terms, body, "a.yaml"))
    assert "nothing sets report off, so it goes on by protected as it was" in found.message
    for word in ("changes", "continues"):
        said = amend(terms, f"{body}running: {{report: {word}}}\n", "a.yaml")
        assert Planner(library()).findings(said) == ()
        (report,) = of(planned(said, HIRED), "report")
        assert report.due_on == (date(2029, 1, 4) if word == "changes" else date(2028, 1, 4))


def test_an_amendment_is_laid_out_like_any_file() -> None:
    body = f"terms: 1\namends: letter\nfrom: 2026-07-01\n{REPLACED}running:   changes\n"
    laid_out = formatted(body, "a.yaml")
    assert formatted(laid_out, "a.yaml") == laid_out
    assert "running: changes" in laid_out
