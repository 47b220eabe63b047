"""A clock a century ahead: an open series is brought on a year at a time, and comes to the same in the end."""

from __future__ import annotations

from datetime import date

from tests.service.office import LETTER, Office

HEAD = LETTER[: LETTER.index("windows:")].replace("events:", "events:\n  exit: {says: it ended}")
OPEN = f"""{HEAD}
states:
  employed: employment_started to exit
clauses:
  allowance:
    cite: "7"
    who: company owes employee
    says: the allowance twice a year
    pay: premium
    during: employed
    series: {{every: 6 months}}
    do: {{send: payroll, kind: premium_payment, lead: 2 days, approve: [finance]}}
    remind: {{payroll: [3 days before]}}
"""
YEARS = 40


def test_a_century_ahead_is_planned_a_year_at_a_time(desk: Office) -> None:
    """One transaction of all of it would take the memory, and the database, of the whole service with it."""
    desk.add(OPEN)
    desk.tell("employment_started", date(2026, 1, 5))
    rows = first = len(desk.deliveries())
    assert first
    desk.today(date(2026 + YEARS, 1, 5))
    passes, most = 0, 0
    while desk.store.to_replan(desk.clock.now()):
        passes += 1
        desk.service.bring_on("letter")
        now = len(desk.deliveries())
        most, rows = max(most, now - rows), now
        assert passes <= YEARS + 1, "each pass gets on by a year"
    assert passes >= YEARS * 0.9
    assert rows >= 4 * YEARS
    assert most <= 2 * first, "as much as one year, and what its ends share with the next"
    with desk.store.read() as view:
        stored = {one.id for one in view.occurrences("letter")}
    assert {one.id for one in desk.service.overview("letter").plan.occurrences} == stored
