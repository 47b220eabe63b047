"""Readings chosen, and what was known on a day: who read an ambiguous clause how, and what was believed when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from obligations.domain.event import Choice
from obligations.service import Amends, NeedsPerson, PlanMoved, Refused
from tests.service.office import LETTER, Office

START = date(2026, 1, 5)
EXIT = date(2026, 3, 2)
LEA = "lea@example.com"
OPEN = LETTER.replace(
    "windows:",
    """readings:
  grace: {use: plain, options: [plain, generous], cite: "8", why: the form and the statute differ}
windows:""",
).replace(
    "    by: 3 days after employment_started",
    """    by:
      reading: grace
      plain: 3 days after employment_started
      generous: 6 days after employment_started""",
)


def choose(office: Office, option: str, person: str = LEA, **more: str) -> str:
    choice = f"ch-{option}-{person}"
    office.service.choose("letter", "grace", option, person=person, choice_id=choice, reason="advice", **more)
    return choice


@pytest.fixture
def hired(office: Office) -> Office:
    """Employed since January under a letter that leaves one reading open."""
    office.add(OPEN)
    office.tell("employment_started", START)
    return office


def test_a_chosen_reading_re_dates_what_it_concerns_and_says_who_chose(hired: Office) -> None:
    before = hired.occurrence("i9")
    choose(hired, "generous")
    after = hired.occurrence("i9")
    assert (after.id, after.due_on) == (before.id, START + timedelta(days=6))
    assert any(f'"generous", chosen by {LEA}' in step.rule for _, step in after.derivation.walk())
    (reading,) = hired.service.readings("letter")
    assert (reading.use, reading.chosen_by, reading.chosen_on) == ("generous", LEA, START)


def test_every_choice_stays_in_the_log_and_the_latest_counts(hired: Office) -> None:
    """Who read a contract how, and when, is asked years later."""
    choose(hired, "generous")
    hired.clock.advance(days=1)
    choose(hired, "plain", "hana@example.com")
    with hired.store.read() as view:
        said = [(one.option, one.recorded_by, one.reason) for one in view.log("letter") if isinstance(one, Choice)]
    assert said == [("generous", LEA, "advice"), ("plain", "hana@example.com", "advice")]
    assert hired.occurrence("i9").due_on == START + timedelta(days=3)
    lines = [(one.actor, one.before, one.after) for one in hired.ledger() if one.action == "reading chosen"]
    assert lines == [(LEA, '"plain"', '"generous"'), ("hana@example.com", '"generous"', '"plain"')]


def test_choosing_back_restores_the_plan(hired: Office) -> None:
    plan = hired.service.overview("letter").plan
    choose(hired, "generous")
    choose(hired, "plain")
    assert hired.service.overview("letter").plan.fingerprint == plan.fingerprint


def test_a_preview_of_a_choice_is_what_choosing_does(hired: Office) -> None:
    before = hired.everything()
    shown = hired.service.preview_reading("letter", "grace", "generous", person=LEA)
    assert hired.everything() == before
    assert [(one.verb, one.subject.clause) for one in shown.changes] == [("moved", "i9")]
    hired.tell("change_of_control", START)
    with pytest.raises(PlanMoved, match="look at it again"):
        choose(hired, "generous", confirmed=shown.mark)


def test_only_the_contract_s_people_choose_and_only_what_it_offers(hired: Office) -> None:
    before = hired.everything()
    with pytest.raises(NeedsPerson, match='names nobody "stranger"'):
        choose(hired, "generous", "stranger")
    with pytest.raises(Refused, match=r'has no option "generos".*Did you mean "generous"'):
        choose(hired, "generos")
    with pytest.raises(Refused, match=r'no reading "grce".*Did you mean "grace"'):
        hired.service.choose("letter", "grce", "plain", person=LEA, choice_id="ch-1")
    assert hired.everything() == before
    choose(hired, "generous")
    with pytest.raises(Refused, match='Lea chose "generous" for grace already'):
        hired.service.choose("letter", "grace", "generous", person="Lea", choice_id="ch-2")


def test_who_chose_a_reading_approves_no_payment_of_it(hired: Office) -> None:
    """Whoever decides what the contract means would otherwise also release what follows."""
    hired.tell("change_of_control", START)
    choose(hired, "generous", "hana@example.com")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        hired.approve("lump_sum", "hana@example.com")


def test_terms_that_no_longer_offer_a_chosen_option_do_not_slip_in(hired: Office) -> None:
    """The choice would be lost without a word."""
    choose(hired, "generous")
    narrowed = OPEN.replace("generous", "wide")
    with pytest.raises(Refused, match='chose "generous" for grace, which these terms no longer offer'):
        hired.add(narrowed, change=True)
    choose(hired, "plain")
    hired.add(narrowed, change=True)
    assert hired.occurrence("i9").due_on == START + timedelta(days=3)


# --- what was known on a day ------------------------------------------------------------------------------------------


def test_what_was_known_on_a_day_is_replayed_event_by_event_reading_by_reading_and_text_by_text(office: Office) -> None:
    """A decision taken in March is judged by what stood in the records in March."""
    office.add(OPEN)
    report = office.tell("employment_started", START)
    believed = {office.clock.now().date(): office.service.overview("letter").plan.fingerprint}

    def later(days: int) -> None:
        office.clock.advance(days=days)

    def note() -> None:
        believed[office.clock.now().date()] = office.service.overview("letter").plan.fingerprint

    later(1)
    choose(office, "generous")
    note()
    later(2)
    exited = office.tell("change_of_control", START)
    note()
    later(5)
    office.service.correct(exited, Amends(occurred_on=START + timedelta(days=1)), actor="clerk")
    note()
    later(3)
    office.add(OPEN.replace("5 days after protected_exit", "8 days after protected_exit"), change=True)
    note()
    later(1)
    office.withdraw(exited)
    office.service.correct(report, Amends(occurred_on=START - timedelta(days=1)), actor="clerk")
    note()
    assert len(set(believed.values())) == 6
    for day, fingerprint in believed.items():
        assert office.service.known_on("letter", day).plan.fingerprint == fingerprint, day


def test_a_day_ends_where_the_contract_counts_its_days(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    assert [one.event for one in office.service.known_on("letter", START).reports] == ["employment_started"]
    with pytest.raises(Refused, match="nothing was known of letter on 2026-01-04; it was added on 2026-01-05"):
        office.service.known_on("letter", START - timedelta(days=1))


def test_what_was_known_is_judged_by_its_day_or_by_another(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    states = [
        next(one.state for one in office.service.known_on("letter", START, as_of).plan.occurrences)
        for as_of in (None, START + timedelta(days=9))
    ]
    assert states == ["scheduled", "missed"]


def test_every_text_of_the_terms_stays_readable(office: Office) -> None:
    office.add()
    office.clock.advance(days=1)
    office.add(LETTER.replace("A short letter", "A letter"), change=True, actor="bea")
    first, second = office.service.versions("letter")
    assert (first.number, first.kind, first.title, first.source) == (1, "added", "A short letter", LETTER)
    assert (second.number, second.kind, second.title, second.recorded_by) == (2, "changed", "A letter", "bea")
