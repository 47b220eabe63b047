"""What is wrong with a terms file is said in words, with its file, line, column and clause."""

from __future__ import annotations

import pytest

from config.shipped import find_template
from obligations.terms.errors import Finding, TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms

PLAIN = """\
terms: 1
template: {id: small, title: A small letter, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  salary: {type: money, default: 1000.00}
  grant: {type: units, default: 100}
  wait: {type: span, default: 30 days}
facts:
  allowed: {type: yes_or_no, ask: Is it allowed}
readings:
  counting: {use: plain, options: [plain, clear]}
events:
  started: {once: yes, required: yes}
  ended: {with: {cause: [good, bad], kind: text}}
windows:
  trial: 3 months beginning on started
clauses:
  form:
    cite: "1"
    who: employee owes company
    task: Submit the form
    when: started
    by: 3 days after started
"""


def read(text: str) -> Terms:
    """The terms of a text in which only the shipped templates can be named."""
    return load(text, "small.yaml", find_template)


def findings(text: str) -> tuple[Finding, ...]:
    """What loading a text finds."""
    with pytest.raises(TermsError) as caught:
        read(text)
    return caught.value.findings


def test_the_plain_file_has_no_findings() -> None:
    assert list(read(PLAIN).clauses) == ["form"]


def changed(old: str, new: str) -> str:
    assert PLAIN.count(old) == 1, old
    return PLAIN.replace(old, new)


FORM = "    by: 3 days after started\n"
TASK, WHEN, BY = "    task: Submit the form", "    when: started", "3 days after started"
HEAD = "template: {id: small, title: A small letter, currency: USD}\n"
WINDOWS = "windows:\n  trial: 3 months beginning on started"

OTHER = """clauses:
  form_two:
    cite: "2"
    who: employee owes company
    task: Submit another
    by: unstated
"""

# What stands in the file, and what is said about it: place, clause and words.
WRONG = {
    "an unknown word of a clause": (
        changed(WHEN, "    whn: started"),
        "23:5",
        "form",
        'Did you mean "when"',
    ),
    "a key twice": (changed(FORM, FORM + "    cite: again\n"), "25:5", "", '"cite" stands here a second time'),
    "an alias": (changed(WHEN, "    when: *x"), "23:11", "", "aliases (*x)"),
    "an anchor": (changed(WHEN, "    when: &x started"), "23:11", "", "anchors (&x)"),
    "a tag": (changed(WHEN, "    when: !!str started"), "23:11", "", "tags"),
    "a tag of one's own": (changed(WHEN, "    when: !python/object started"), "23:11", "", "tags"),
    "a directive": ("%YAML 1.2\n---\n" + PLAIN, "2:1", "", "directives"),
    "a second document": (PLAIN + "---\nterms: 1\n", "25:1", "", "a second document"),
    "an impossible date": (changed(FORM, "    by: 2024-02-30\n"), "24:9", "form", '"2024-02-30" is not a date'),
    "an unknown event": (
        changed(WHEN, "    when: startd"),
        "23:11",
        "form",
        'no event "startd". Did you mean',
    ),
    "an unknown day": (
        changed(BY, "3 days after beginning"),
        "24:22",
        "form",
        'no event or day "beginning"',
    ),
    "an unknown window": (
        changed(FORM, "    by: last day of probation\n"),
        "24:21",
        "form",
        'no window "probation"',
    ),
    "an unknown reading": (
        changed(FORM, "    by:\n      reading: countng\n      plain: started\n      clear: unstated\n"),
        "25:16",
        "form",
        'no reading "countng". Did you mean "counting"',
    ),
    "an unknown option": (
        changed(FORM, "    by:\n      reading: counting\n      plain: started\n      cleer: unstated\n"),
        "27:7",
        "form",
        'no option of reading counting "cleer"',
    ),
    "an option left out": (
        changed("{use: plain, options: [plain, clear]}", "{use: plain, options: [plain, clear, third]}").replace(
            FORM, "    by:\n      reading: counting\n      plain: started\n      clear: unstated\n"
        ),
        "25:7",
        "form",
        'says nothing for its option "third"',
    ),
    "a wrong phrase inside a choice": (
        changed(FORM, "    by:\n      reading: counting\n      plain: started\n      clear: 3 days from started\n"),
        "27:21",
        "form",
        'a bare "from"',
    ),
    "a use that is no option": (changed("{use: plain,", "{use: planned,"), "12:13", "", "not among the options"),
    "an unknown role": (changed(FORM, FORM + "    remind: {hrr: [on the day]}\n"), "25:14", "form", 'no role "hrr"'),
    "an unknown approver": (
        changed(FORM, FORM + "    do: [{send: hr, kind: form, approve: [boss]}]\n"),
        "25:43",
        "form",
        'no role "boss"',
    ),
    "an unknown parameter": (
        changed(TASK, "    pay: salry"),
        "22:10",
        "form",
        'no parameter or fact "salry". Did you mean "salary"',
    ),
    "an unknown span": (changed(BY, "wiat after started"), "24:9", "form", 'no span "wiat"'),
    "an unknown party": (
        changed("employee owes company", "employe owes company"),
        "21:10",
        "form",
        'no party "employe"',
    ),
    "an unknown field": (
        changed(WHEN, "    when: ended with reason good"),
        "23:22",
        "form",
        'no field of ended "reason"',
    ),
    "an unknown value": (
        changed(WHEN, "    when: ended with cause ugly"),
        "23:28",
        "form",
        'no value of cause "ugly"',
    ),
    "an unknown member of a list": (
        changed(WHEN, "    when:\n      any of:\n        - started\n        - finished"),
        "26:11",
        "form",
        'no event "finished"',
    ),
    "a wrong phrase in a list": (
        changed(WHEN, "    when:\n      any of:\n        - started\n        - ended with\n"),
        "26:21",
        "form",
        "stops too early",
    ),
    "negative money": (changed("default: 1000.00", "default: -5"), "6:34", "", "an amount owed is not negative"),
    "a negative amount": (changed(TASK, "    pay: -5"), "22:10", "form", "not negative"),
    "parts of a cent": (changed(TASK, "    pay: 5.001"), "22:10", "form", "decimal places"),
    "half an option": (changed("default: 100}", "default: 100.5}"), "7:33", "", "whole units"),
    "a bare from": (changed(BY, "3 days from started"), "24:16", "form", '"after" (it does not)'),
    "a word that is missing": (changed("    who: employee owes company\n", ""), "20:5", "form", '"who" is missing'),
    "no time at all": (changed(FORM, ""), "20:5", "form", "a clause says when"),
    "two times": (changed(FORM, FORM + "    exactly: started\n"), "20:5", "form", "a clause has one time"),
    "two contents": (
        changed(WHEN, "    when: started\n    pay: 5"),
        "20:5",
        "form",
        "this one has task and pay",
    ),
    "a list for a text": (
        changed("task: Submit the form", "task: [Submit]"),
        "22:11",
        "form",
        "should be a valid string",
    ),
    "a number for a section": (
        changed(WINDOWS, "windows: 5"),
        "16:10",
        "",
        "dictionary",
    ),
    "a name that is none": (changed("  started: {once", "  Started Here: {once"), "14:3", "", "is no name"),
    "a circle of windows": (
        changed("trial: 3 months beginning on started", "trial: 3 months beginning on last day of trial"),
        "17:10",
        "",
        "circular: trial needs trial",
    ),
    "a circle of definitions": (
        changed("windows:", "define:\n  a: first b\n  b: first a\nwindows:"),
        "17:6",
        "",
        "circular: a needs b needs a",
    ),
    "a circle of an event and what follows from it": (
        changed(FORM, FORM + "    then: {event: started, on: 1 day after started}\n"),
        "14:12",
        "",
        "circular: started needs started",
    ),
    "a circle of a fact": (
        changed("facts:\n", "facts:\n  pay_now: {type: money, is: pay_now}\n"),
        "10:12",
        "",
        "circular: pay_now needs pay_now",
    ),
    "one name for two things": (changed("  trial: 3", "  started: 3"), "14:3", "", "names two things"),
    "a word of the language": (changed("  started: {once", "  done: {once"), "14:3", "", "word of the language"),
    "portions that are not the whole": (
        changed(TASK, "    vest: grant\n    schedule: [{portion: 25%, after: 1 year}]").replace(FORM, ""),
        "23:15",
        "form",
        "the portions add up to 25%, not 100%",
    ),
    "a share that is none": (
        changed(
            "    task: Submit the form", "    vest: grant\n    schedule: [{portion: 1e999999999, after: 1 year}]"
        ).replace(FORM, ""),
        "23:26",
        "form",
        "is no share",
    ),
    "units for money": (
        changed(TASK, "    pay: grant"),
        "22:10",
        "form",
        "`pay` takes money; this is units",
    ),
    "a question of yes or no that is none": (
        changed(FORM, FORM + "    if: salary\n"),
        "25:9",
        "form",
        "not a question of yes or no",
    ),
    "money compared with units": (changed(FORM, FORM + "    if: salary below grant\n"), "25:9", "form", "like figures"),
    "money added to units": (changed(TASK, "    pay: salary + grant"), "22:10", "form", "money and units"),
    "money times money": (
        changed(TASK, "    pay: salary * salary"),
        "22:10",
        "form",
        "one of the two is a plain number",
    ),
    "money divided by units": (
        changed(TASK, "    pay: salary / grant"),
        "22:10",
        "form",
        "divided by units is nothing",
    ),
    "a division by nothing": (changed(TASK, "    pay: salary / 0"), "22:10", "form", "divided by 0"),
    "a ratio for money": (
        changed(TASK, "    pay: salary / salary"),
        "22:10",
        "form",
        "`pay` takes money; this is a number",
    ),
    "two currencies": (changed(TASK, "    pay: salary + 5 EUR"), "22:10", "form", "USD and EUR do not add up"),
    "two currencies compared": (
        changed(FORM, FORM + "    if: salary below 5 EUR\n"),
        "25:9",
        "form",
        "USD and EUR do not add up or compare",
    ),
    "parts of a cent of another currency": (changed(TASK, "    pay: 5.5 JPY"), "22:10", "form", "decimal places"),
    "a reckoning with yes and no": (changed(TASK, "    pay: 2 * allowed"), "22:10", "form", "no figure to reckon with"),
    "an unknown name in a formula": (changed(TASK, "    pay: 2 * salry"), "22:14", "form", 'Did you mean "salary"'),
    "an unknown name in a list of amounts": (
        changed(TASK, "    pay:\n      greater of:\n        - salary\n        - lesser of: [salary, salry]"),
        "25:31",
        "form",
        'no parameter or fact "salry"',
    ),
    "a wrong phrase in a list of amounts": (
        changed(TASK, "    pay:\n      greater of:\n        - salary\n        - 2 * * salary"),
        "25:15",
        "form",
        "is not understood here",
    ),
    "a list of one amount": (changed(TASK, "    pay: {sum of: [salary]}"), "22:19", "form", "two or more"),
    "a word that a map does not know": (
        changed(TASK, "    pay: {rounded: salary, downto: 5}"),
        "22:36",
        "form",
        '"downto" has no meaning beside `rounded`',
    ),
    "an unknown rule of rounding": (
        changed(TASK, "    pay: {rounded: salary, by: near}"),
        "22:32",
        "form",
        "choose one of: half up, half even, up, down",
    ),
    "an unknown name in a list of conditions": (
        changed(FORM, FORM + "    if:\n      all of:\n        - allowed\n        - not: alowed\n"),
        "28:16",
        "form",
        'Did you mean "allowed"',
    ),
    "a detail that an event cannot have": (
        changed(FORM, FORM + "    if: cause of ended is ugly\n"),
        "25:27",
        "form",
        'no value of cause "ugly"',
    ),
    "words held against a figure": (
        changed(FORM, FORM + "    if: cause of ended is 5\n"),
        "25:9",
        "form",
        "words are compared with a word",
    ),
    "a figure held against words": (
        changed(FORM, FORM + "    if: 2 * salary is Utrecht\n"),
        "25:23",
        "form",
        "only a fact or a detail of an event can be Utrecht",
    ),
    "an unknown table": (changed(TASK, "    pay: severence at 5"), "22:10", "form", 'no table "severence"'),
    "a figure of a day that is no fact": (changed(TASK, "    pay: salary on 2026-01-01"), "22:10", "form", "no fact"),
    "an unknown day of a fact": (changed(TASK, "    pay: allowed before exit"), "22:25", "form", 'event or day "exit"'),
    "years for money": (
        changed(TASK, "    pay: whole years from started to ended"),
        "22:10",
        "form",
        "this is a number",
    ),
    "a table without steps": (
        changed(WINDOWS, "tables: {weeks: {says: none}}\n" + WINDOWS),
        "16:17",
        "",
        "either `steps`",
    ),
    "steps that fall": (
        changed(WINDOWS, "tables: {weeks: {steps: {2: 8, 0: 4}}}\n" + WINDOWS),
        "16:17",
        "",
        "the steps of a table rise",
    ),
    "a rate that is none": (
        changed(WINDOWS, "tables: {weeks: {tiers: {0: 0.05}}}\n" + WINDOWS),
        "16:17",
        "",
        "is no rate; write for example 5%",
    ),
    "a fact that starts as another kind": (
        changed("facts:\n", "facts:\n  pay_now: {type: money, is: 2 * grant}\n"),
        "10:30",
        "",
        "pay_now is money, and this is units",
    ),
    "a share of a year that nobody says how to count": (
        changed(TASK, "    pay: {pro rata: salary, for: trial, of: year}"),
        "22:10",
        "form",
        "of a year needs `by:`, one of: actual/365",
    ),
    "a share counted in no known way": (
        changed(TASK, "    pay: {pro rata: salary, for: trial, of: year, by: days}"),
        "22:55",
        "form",
        '"days" is no way to count a share of a year',
    ),
    "a share of nothing": (changed(TASK, "    pay: {pro rata: salary, for: trial}"), "22:10", "form", "needs `of:`"),
    "a share of an unknown window": (
        changed(TASK, "    pay: {pro rata: salary, for: trial, of: trail}"),
        "22:45",
        "form",
        'no window "trail"',
    ),
    "paydays of no payroll": (
        changed(TASK, "    pay: {pro rata: salary, for: trial, of: trial, by: paydays}"),
        "22:10",
        "form",
        "no fact or parameter is a payroll calendar",
    ),
    "the amount of a clause that pays nothing": (
        changed(TASK, "    pay: amount of form_two").replace("clauses:\n", OTHER),
        "27:20",
        "form",
        "form_two pays nothing",
    ),
    "a clause that needs its own amount": (
        changed(TASK, "    pay: 2 * amount of form"),
        "20:5",
        "form",
        "circular: amount of form needs amount of form",
    ),
    "a cap of nothing": (changed(TASK, "    pay: salary\n    cap: {per: year}"), "23:10", "form", "either `at`"),
    "a cap per nothing": (
        changed(TASK, "    pay: salary\n    cap: {at: 500, per: season}"),
        "23:25",
        "form",
        'there is no year "season"',
    ),
    "withholding from what is no pay": (
        changed(FORM, FORM + "    before_withholding: yes\n"),
        "25:25",
        "form",
        "belongs to `pay`",
    ),
    "a currency that is none": (changed("default: 1000.00", "default: 5 euro"), "6:34", "", "is no currency"),
    "a reminder that would never go": (
        changed(FORM, FORM + "    remind: {hr: [7 days before the end]}\n"),
        "25:19",
        "form",
        "would never go",
    ),
    "business days of nobody's calendar": (
        changed(BY, "3 business days after started"),
        "24:9",
        "form",
        "nothing says whose: state `calendar`",
    ),
    "clear months": (changed(BY, "3 clear months after started"), "24:17", "form", "write days"),
    "too many days": (changed("3 days", "3000000 days"), "24:9", "form", "too large to count"),
    "a number beyond all numbers": (changed("3 days", "9" * 900 + " days"), "24:9", "form", "too large to count"),
    "a series that never moves": (
        changed(TASK, "    pay: salary\n    series: {every: 0 days, times: 6}").replace(FORM, ""),
        "23:21",
        "form",
        "never ends",
    ),
    "a series without an end": (
        changed(TASK, "    pay: salary\n    series: {every: 1 month}").replace(FORM, ""),
        "23:13",
        "form",
        "needs an end",
    ),
    "business days as periods during a window": (
        changed(
            "    task: Submit the form", "    pay: salary\n    during: trial\n    series: {every: 5 business days}"
        ).replace(FORM, ""),
        "24:21",
        "form",
        "counted in calendar days",
    ),
    "final pay of no salary": (
        changed(TASK, "    pay: salary\n    per: period days").replace(FORM, "    by: end of pay period\n"),
        "22:10",
        "form",
        "needs a clause that pays a salary",
    ),
    "an acceleration of what does not vest": (
        changed(TASK, "    accelerate: form").replace(FORM, ""),
        "22:17",
        "form",
        "form vests nothing",
    ),
    "an unknown clause of an example": (
        PLAIN + "examples:\n  - {name: one, given: {started: 2006-01-01}, expect: {from: none}}\n",
        "26:56",
        "",
        'no clause or power "from". Did you mean "form"',
    ),
    "an impossible date of an example": (
        PLAIN + "examples:\n  - {name: one, given: {started: 2006-02-30}, expect: {form: none}}\n",
        "26:34",
        "",
        '"2006-02-30" is not a date',
    ),
    "nesting without end": ("terms: " + "[" * 40 + "]" * 40, "1:39", "", "nested deeper than 32"),
    "nesting beyond all stacks": ("terms: " + "[" * 20_000, "1:39", "", "nested deeper than 32"),
    "an empty file": ("", "1:1", "", "begins with `terms: 1`"),
    "only a comment": ("# nothing\n", "1:1", "", "begins with `terms: 1`"),
    "a list": ("- terms\n", "1:1", "", "begins with `terms: 1`"),
    "another version": (changed("terms: 1\n", "terms: 2\n"), "1:8", "", "'1'"),
    "no head": (
        changed(HEAD, ""),
        "1:1",
        "",
        "say what this is",
    ),
    "a NUL": (changed("Submit the form", "Submit\0the form"), "22:17", "", "no text file holds"),
    "a control character": (
        changed("task: Submit the form", 'task: "a\\x07b"'),
        "22:12",
        "",
        "control",
    ),
    "broken YAML": (changed(WHEN, "    when: [started"), "24:7", "", "not readable as YAML"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_with_its_place(wrong: str) -> None:
    text, place, clause, words = WRONG[wrong]
    found = findings(text)
    spots = [(f"{one.place.line}:{one.place.column}", one.clause) for one in found if words in one.message]
    assert spots, [str(one) for one in found]
    assert spots[0] == (place, clause), str(found[0])
    assert str(found[0]).startswith("small.yaml:")


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    (finding,) = findings(PLAIN + "# " + "x" * 1_000_001)
    assert "larger than 1 MB" in finding.message


def test_every_finding_is_reported_at_once() -> None:
    text = changed(WHEN, "    when: startd").replace("after started", "after begun")
    assert {one.place.line for one in findings(text)} == {23, 24}


def test_the_message_of_the_error_is_all_of_its_findings() -> None:
    with pytest.raises(TermsError, match=r'small\.yaml:23:11: in clause form there is no event "startd"'):
        read(changed(WHEN, "    when: startd"))


@pytest.mark.parametrize(
    ("approve", "words"), [("", "money moves only when somebody agreed"), (", approve: [hr, hr]", "hr is asked twice")]
)
def test_money_needs_the_yes_of_different_people(approve: str, words: str) -> None:
    """One person could let any amount go, by leaving the approvals out of a file or naming a role twice."""
    text = (
        "terms: 1\ncontract: {id: c, title: C, currency: USD}\n"
        "parties: {company: the company, employee: the employee}\nroles: {hr: human resources}\n"
        "clauses:\n  bonus: {cite: '1', who: company owes employee, pay: 5, by: 2026-01-31,"
        f" do: {{send: payroll, kind: bonus{approve}}}}}\n"
    )
    with pytest.raises(TermsError, match=words):
        load(text, "c.yaml", lambda wanted: (wanted, wanted))


@pytest.mark.parametrize("time", ["during: trial", "not_before: 1 day after ended"])
def test_final_pay_without_a_day_is_refused(time: str) -> None:
    """It is due on a day; without one, planning it had nothing to count from."""
    salary = (
        '  salary_paid: {cite: "8", who: company owes employee, pay: salary, during: trial, series: {every: 7 days}}\n'
    )
    last = f'  last: {{cite: "9", who: company owes employee, pay: salary, when: ended, per: period days, {time}}}\n'
    (found,) = findings(PLAIN + salary + last)
    assert "final pay is due on a day" in found.message


def test_final_pay_needs_a_salary_that_is_paid_by_periods() -> None:
    """A payment that merely lasts has no period an exit could cut short."""
    lasting = '  lasting: {cite: "8", who: company owes employee, pay: salary, during: trial}\n'
    last = (
        '  last: {cite: "9", who: company owes employee, pay: salary, when: ended, per: period days,'
        " by: 3 days after ended}\n"
    )
    (found,) = findings(PLAIN + lasting + last)
    assert "needs a clause that pays a salary by periods" in found.message
