"""The letter's life, from the offer to the end of the cover, as it happened to happen."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from threading import Event

from config.zones import Zones
from obligations.clocks import monotonic
from obligations.demo.count import Count, count
from obligations.demo.house import House
from obligations.demo.letter import CONTRACT, LUMP_SUM_DUE_ON, SLACK, SYSTEMS
from obligations.demo.people import People
from obligations.demo.processes import Trouble
from obligations.demo.screen import Screen
from obligations.demo.watch import Watch
from obligations.domain.delivery import DeliveryState
from obligations.service import Service
from schedules.instants import instant, local_day

FIRST_ON, LAST_ON = date(2005, 4, 1), date(2007, 5, 1)
ZONE = Zones()["Asia/Shanghai"]
NOON = time(12)

# Business days in a real second: while nothing happens, while people come and go, and through the days that matter.
QUIET, BUSY, CLOSE = 60.0, 6.0, 2.0
# How long a machine may take for what takes a healthy one a second.
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.03
UNSENT = {DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.RETRYING}


def begins_at() -> datetime:
    """The business instant at which the demo begins."""
    return instant(FIRST_ON, NOON, ZONE)


def day_of(moment: datetime) -> date:
    """The contract's day at a business instant."""
    return local_day(moment, ZONE)


class Life:
    """Lives the letter in a house; `live` returns the count."""

    def __init__(self, house: House, service: Service, screen: Screen) -> None:
        self._house = house
        self._service = service
        self._screen = screen
        self._watch = Watch(house, screen, day_of)
        self._people = People(service, screen, lambda: day_of(house.clock.now))
        self._pause = Event()

    def live(self) -> Count:
        """Everything from the first day to the last, then the count of what went where."""
        self._offer()
        self._first_days()
        self._neglect()
        self._cliff()
        self._change_of_control()
        self._lump_sum()
        self._cover()
        return self._count()

    # --- the chapters -----------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        people = self._people
        self._tell("manager", "the letter is signed by the company; its terms are kept")
        people.command("contract", "add", str(self._house.contract_file), "--as", "manager@example.com")
        self._house.start_daemon()
        self._tell("the daemon", f"starts (process {self._house.daemon.pid if self._house.daemon else 0})")
        self._go(date(2005, 4, 4), BUSY)
        people.report("the manager", "offer_accepted", date(2005, 4, 4), "the offer is accepted")
        people.report("the manager", "employment_started", date(2005, 4, 11),
                      "plans on the first day of work", expected=True)  # fmt: skip
        people.report("the controller", "payroll_calendar", date(2005, 4, 4),
                      "says when pay periods end", value="14 days ending 2005-04-22")  # fmt: skip

    def _first_days(self) -> None:
        people = self._people
        self._go(date(2005, 4, 11), BUSY, time(8))
        people.report("the manager", "employment_started", date(2005, 4, 11), "it is the first day of work")
        self._approve_salary()
        self._go(date(2005, 4, 11), BUSY)
        people.done(
            "the manager", "confidentiality_agreement", "signed agreement", "the confidentiality agreement is signed"
        )
        people.done("counsel", "arbitration_agreement", "signed agreement", "the arbitration agreement is signed")
        self._go(date(2005, 4, 12), BUSY)
        people.report("the equity desk", "exercise_price", date(2005, 4, 11),
                      "records the exercise price", value="12.50")  # fmt: skip
        self._go(date(2005, 4, 13), BUSY)
        people.done("the head of HR", "i9", "form dated, documents seen", "Form I-9 is in, a day early")

    def _neglect(self) -> None:
        self._go(date(2005, 6, 1), QUIET)
        self._people.report("the head of HR", "company_neglect_notice_received", date(2005, 6, 1),
                            "a notice of neglect was received; 30 days to cure",
                            received_on=date(2005, 6, 1))  # fmt: skip
        self._go(date(2005, 6, 20), QUIET)
        self._people.report("the manager", "neglect_cured", date(2005, 6, 20), "the neglect is cured, in time")

    def _cliff(self) -> None:
        self._go(date(2006, 4, 8), QUIET)
        self._approve_salary()
        kill_at = instant(date(2006, 4, 8), NOON, ZONE) + timedelta(days=random.uniform(2, 4))
        self._house.clock.run(instant(date(2006, 4, 14), NOON, ZONE), CLOSE)
        self._until(lambda: self._house.clock.now >= kill_at, "the moment of the killing")
        self._house.kill_daemon()
        self._watch.look(all_of_it=True)
        self._tell("the daemon", "is killed with -9, at no moment in particular, and started again", trouble=True)
        self._house.start_daemon()
        self._until(lambda: self._house.clock.standing, "the week of the cliff to pass")
        self._settle()

    def _change_of_control(self) -> None:
        people = self._people
        for quarter in (date(2006, 7, 11), date(2006, 10, 11)):
            self._go(quarter - timedelta(days=1), QUIET)
            self._go(quarter, CLOSE)
        self._go(date(2006, 10, 16), BUSY)
        people.report("counsel", "change_of_control", date(2006, 10, 16), "a change of control was consummated")
        people.refused("counsel", "options_acceleration", "tries to approve what follows from it")
        people.approve("the general counsel", "options_acceleration", "approves the acceleration")
        self._approve_salary()
        self._settle()
        self._go(date(2006, 10, 17), BUSY)
        people.report("benefits", "health_carrier_allows_continuation", date(2006, 10, 17),
                      "the carrier allows the cover to continue", value="yes")  # fmt: skip
        self._settle()
        self._go(date(2006, 10, 18), BUSY)
        people.approve("the head of HR", "lump_sum", "approves the lump sum")

    def _lump_sum(self) -> None:
        # At half past nine the day's reminders are out and the instruction is half an hour away.
        self._go(date(2006, 10, 19), CLOSE, time(9, 30))
        self._people.approve("the controller", "lump_sum", "approves the lump sum")
        self._house.stop_daemon()
        self._house.start_daemon(kill_at="sent:1")
        self._tell("the daemon", "is stopped and started with a fault in it: it will die after the next"
                   " send, before it can write down the answer")  # fmt: skip
        self._house.clock.run(instant(date(2006, 10, 19), NOON, ZONE), CLOSE)
        self._until_killed()
        self._watch.look(all_of_it=True)
        self._tell("the daemon", "died by kill -9 with the answer in its hand; started again", trouble=True)
        self._house.start_daemon()
        self._until(lambda: self._house.clock.standing, "the day of the lump sum to pass")
        self._settle()
        self._go(LUMP_SUM_DUE_ON, BUSY)
        self._people.done("payroll", "lump_sum", "payment reference PR-20061021-0007, value date 2006-10-21",
                          "reports the lump sum paid")  # fmt: skip

    def _cover(self) -> None:
        self._go(date(2007, 4, 17), QUIET)
        self._tell("benefits", "the six months of cover are over")
        self._go(LAST_ON, QUIET / 4)
        self._house.stop_daemon()
        self._tell("the daemon", "is stopped with SIGTERM and leaves nothing undecided")

    def _approve_salary(self) -> None:
        # The daemon plans a year ahead; wait until it has, so that the year is approved in one go.
        horizon = self._house.clock.now + timedelta(days=340)
        self._until(lambda: self._planned_until(horizon), "the daemon to plan the coming year")
        self._people.approve("payroll", "salary", "approves the salary instructions of the year to come")

    def _planned_until(self, horizon: datetime) -> bool:
        waiting = self._service.deliveries(CONTRACT, {DeliveryState.PROPOSED})
        return any(one.push.clause == "salary" and one.push.send_at >= horizon for one in waiting)

    # --- time -------------------------------------------------------------------------------------------------------

    def _go(self, day: date, days_a_second: float, at: time = NOON) -> None:
        """Let time run to that hour of that day, and everything due by then be sent."""
        self._house.clock.run(instant(day, at, ZONE), days_a_second)
        self._until(lambda: self._house.clock.standing, f"{day} to come")
        self._settle()

    def _settle(self) -> None:
        self._until(self._nothing_due, "everything due to be sent")
        self._watch.look(all_of_it=True)

    def _nothing_due(self) -> bool:
        first = self._service.deliveries(CONTRACT, UNSENT, limit=1)
        return not first or first[0].push.send_at > self._house.clock.now

    def _until_killed(self) -> None:
        daemon, self._house.daemon = self._house.daemon, None
        assert daemon is not None
        self._until(lambda: daemon.code is not None, "the fault in the daemon to strike")
        if daemon.code != -9:
            raise Trouble(f"the daemon was to die by kill -9 and ended with {daemon.code}{daemon.last_words()}")

    def _until(self, ready: Callable[[], bool], what: str) -> None:
        """Watch until it is so; raises `Trouble` when something that should run has ended, or it takes too long."""
        patience_ends = monotonic() + PATIENCE_SECONDS
        while not ready():
            self._house.check()
            self._watch.look()
            self._screen.day(day_of(self._house.clock.now))
            if monotonic() > patience_ends:
                raise Trouble(self._impatience(what))
            self._pause.wait(LOOK_SECONDS)
        self._screen.day(day_of(self._house.clock.now))

    def _impatience(self, what: str) -> str:
        now = self._house.clock.now
        due = [one for one in self._service.deliveries(CONTRACT, UNSENT) if one.push.send_at <= now]
        first = ""
        if due:
            push = due[0].push
            first = f"; {len(due)} due, first {push.clause}/{push.index} {push.name}: {due[0].state} {due[0].reason}"
        words = self._house.daemon.last_words() if self._house.daemon else ""
        return f"waited {PATIENCE_SECONDS:g} s on {day_of(now)} for {what}{first.rstrip()}{words}"

    # --- the end ----------------------------------------------------------------------------------------------------

    def _count(self) -> Count:
        return count(
            (*SYSTEMS, SLACK),
            self._service.deliveries(CONTRACT),
            self._house.heard(),
            business_at=self._house.clock.business_at,
            day_of=day_of,
            ended_at=self._house.clock.now,
        )

    def _tell(self, who: str, what: str, *, trouble: bool = False) -> None:
        self._screen.happened(day_of(self._house.clock.now), who, what, trouble=trouble)
