"""From vesting clauses to vesting terms of the Open Cap Format, or the reason why the format cannot say them.

The format knows the schedule of a grant. The grant itself, the day vesting starts, accelerations and the end of
service are transactions of a security there, so a clause is exported without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from obligations.terms import expressions as e
from obligations.terms.clause import VestingStep
from obligations.terms.ocf import DAYS_OF_MONTH, START_DAY, OcfError, VestingTerms, identifier
from obligations.terms.terms import Terms
from schedules.allocation import Allocation
from schedules.spans import Span, Unit
from schedules.vesting import SAME_DAY

START = "vesting-start"
_DAYS = {**{ours: theirs for theirs, ours in DAYS_OF_MONTH.items()}, "first of month": "01"}
_DAYS["last of month"] = "31_OR_LAST_DAY_OF_MONTH"


def ocf_file(terms: Terms, clause: str | None = None) -> dict[str, Any]:
    """A file of the format with the vesting terms of one clause, or of all; raises `OcfError`."""
    wanted = [name for name, one in terms.clauses.items() if one.vest is not None and clause in (None, name)]
    if not wanted:
        raise OcfError(f'"{clause}" is no clause that vests' if clause else "no clause of these terms vests anything")
    items = [_Export(terms, name, alone=len(wanted) == 1).object() for name in wanted]
    return {"file_type": "OCF_VESTING_TERMS_FILE", "items": [item.as_json() for item in items]}


class _Export:
    """One clause on its way into the format."""

    def __init__(self, terms: Terms, name: str, *, alone: bool) -> None:
        self.terms, self.name, self.clause = terms, name, terms.clauses[name]
        self.alone = alone
        self.conditions: list[dict[str, Any]] = []
        self.taken = {step.name for step in self.clause.schedule if step.name} | {START}

    def object(self) -> VestingTerms:
        """The vesting terms."""
        clause, terms = self.clause, self.terms
        if clause.suspended is not None:
            self._refuse("the format has no words for what suspends vesting (`suspended`)")
        if any(step.then is not None for step in clause.schedule):
            self._graph()
        else:
            self._chain()
        head = terms.file.template or terms.file.contract
        says = head.says.splitlines() if head is not None and head.says else None
        name = terms.contract if self.alone else f"{terms.contract}-{self.name}"
        if len(clause.cite) == 1 and identifier(clause.cite[0]) == terms.contract:
            name = clause.cite[0]  # as the format had it
        allocation = self._pick(clause.allocation) or Allocation.CUMULATIVE_ROUNDING
        made = {
            "id": name,
            "object_type": "VESTING_TERMS",
            "name": terms.title,
            "description": clause.says or f"{self.name.replace('_', ' ')} of {terms.title}",
            "allocation_type": Allocation(allocation).name,
            "vesting_conditions": self.conditions,
        }
        return VestingTerms.model_validate({**made, **({"comments": says} if says else {})})

    def _refuse(self, why: str, step: VestingStep | None = None) -> None:
        where = self.name if step is None else f"{self.name}, step {self.clause.schedule.index(step) + 1}"
        raise OcfError(f"{where}: {why}")

    def _pick(self, value: Any) -> Any:
        while isinstance(value, e.Choice):
            value = dict(value.options)[self.terms.readings[value.reading]]
        return value

    # --- steps that stand by themselves -----------------------------------------------------------------------------

    def _chain(self) -> None:
        """A list of steps as one path, each counting from the start; the format takes one path only, so their days
        must follow each other."""
        steps = self.clause.schedule
        for step in steps:
            if step.on is not None or step.exactly is not None:
                words = "steps on an event or a day stand by themselves here, but the format takes one path: say what"
                self._refuse(f"{words} comes `then`", step)
        names = [step.name or self._name(f"step-{number}") for number, step in enumerate(steps, 1)]
        self._add(START, "", {"quantity": "0"}, {"type": "VESTING_START_DATE"}, [])
        ends: dict[str, tuple[Unit, int]] = {START: (Unit.DAY, 0)}
        reached: tuple[Unit, int] | None = None
        for step, name in zip(steps, names, strict=True):
            origin = step.from_ or START
            begins = self._beyond(ends[origin], step.after, 1, step)
            ends[name] = self._beyond(begins, step.every, step.times, step)
            first = self._beyond(begins, step.every, step.cliff, step)
            if reached is not None and reached[1] and (reached[0] is not first[0] or first[1] < reached[1]):
                self._refuse("it begins before the step above it ends, but the format takes one path", step)
            reached = ends[name]
            before = next((known for known, end in ends.items() if end == begins and known != name), None)
            if step.every is not None and step.after is not None:
                if before is None:
                    before = self._helper(name, origin, step)
                self._period(step, name, before, step.every, step.times)
            else:
                self._period(step, name, origin, step.every or step.after or Span(0, Unit.DAY), step.times)

    def _beyond(self, end: tuple[Unit, int], span: Span | None, times: int, step: VestingStep) -> tuple[Unit, int]:
        """How far from the start a span leads, in months or days."""
        if span is None:
            return end
        unit, length = self._length(span, step)
        if end[1] and end[0] is not unit:
            self._refuse("it counts days from a month, or months from a day, which are in no order", step)
        return unit, end[1] + length * times

    def _helper(self, name: str, origin: str, step: VestingStep) -> str:
        """A condition that gives nothing and leads on: where a step begins that no other step ends at."""
        helper = self._name(f"{name}-begins")
        assert step.after is not None, "only those count from elsewhere"
        trigger = self._later(step, origin, step.after, 1)
        self._follow(helper)
        self._add(helper, "", {"quantity": "0"}, trigger, [])
        return helper

    def _period(self, step: VestingStep, name: str, origin: str, span: Span, times: int) -> None:
        self._follow(name)
        self._add(name, step.says, self._amount(step), self._later(step, origin, span, times), [])

    def _follow(self, name: str) -> None:
        self.conditions[-1]["next_condition_ids"] = [name]

    # --- a graph ----------------------------------------------------------------------------------------------------

    def _graph(self) -> None:
        """Each step as one condition, with what may come next."""
        steps: Sequence[VestingStep] = self.clause.schedule
        start = next((step for step in steps if self._is_start(step)), None)
        for step in steps:
            if not step.name:
                self._refuse("a step of a path needs a `name`, which the format calls its id", step)
            self._add(step.name or "", step.says, self._amount(step), self._trigger(step, start), step.then or [])

    @staticmethod
    def _is_start(step: VestingStep) -> bool:
        return not (step.from_ or step.exactly or step.on or step.after or step.every)

    def _trigger(self, step: VestingStep, start: VestingStep | None) -> dict[str, Any]:
        if self._is_start(step):
            return {"type": "VESTING_START_DATE"}
        if step.after is not None and step.every is not None:
            self._refuse("the format has one period: count `every` from a step of its own that begins there", step)
        if step.on is not None or step.exactly is not None:
            if step.after is not None or step.every is not None:
                self._refuse("what counts from an event or a day needs a step of its own for it, and `from`", step)
            if step.on is not None:
                event = self._pick(step.on)
                if not isinstance(event, e.EventNamed) or event.having:
                    self._refuse("the format's events are plain names; define one for this", step)
                return {"type": "VESTING_EVENT"}
            day = self._pick(step.exactly)
            if not isinstance(day, e.DayLiteral):
                self._refuse("the format has only days of the calendar; write a date", step)
            return {"type": "VESTING_SCHEDULE_ABSOLUTE", "date": day.day.isoformat()}
        origin = step.from_ or (start.name if start is not None else None)
        if origin is None:
            self._refuse("it counts from the start of vesting, for which the format needs a step: add one", step)
        return self._later(step, str(origin), step.every or step.after, step.times)

    # --- parts of a condition ---------------------------------------------------------------------------------------

    def _name(self, wanted: str) -> str:
        while wanted in self.taken:
            wanted += "-"
        self.taken.add(wanted)
        return wanted

    def _add(self, name: str, says: str, amount: dict[str, Any], trigger: dict[str, Any], then: list[str]) -> None:
        said = {"description": says} if says else {}
        self.conditions.append({"id": name, **said, **amount, "trigger": trigger, "next_condition_ids": list(then)})

    def _amount(self, step: VestingStep) -> dict[str, Any]:
        if step.units is not None:
            each = Fraction(step.units) / step.times
            scaled = each * 10**10
            if scaled.denominator != 1:
                self._refuse(f"{step.units} units in {step.times} parts have more digits than the format", step)
            return {"quantity": f"{(Decimal(scaled.numerator) / 10**10).normalize():f}"}
        share = (step.portion or Fraction(0)) / step.times
        portion: dict[str, Any] = {"numerator": str(share.numerator), "denominator": str(share.denominator)}
        return {"portion": {**portion, "remainder": step.of == "remainder"}}

    def _later(self, step: VestingStep, origin: str, span: Span | None, times: int) -> dict[str, Any]:
        unit, length = self._length(span or Span(0, Unit.DAY), step)
        period: dict[str, Any] = {"length": length, "type": "MONTHS" if unit is Unit.MONTH else "DAYS"}
        period["occurrences"] = times
        rule = self._pick(step.vesting_day if step.vesting_day is not None else self.clause.vesting_day) or SAME_DAY
        if unit is Unit.MONTH:
            period["day_of_month"] = START_DAY if rule == SAME_DAY else _DAYS[rule]
            if rule == SAME_DAY and not self._counts_from_start(step):
                self._refuse("the format has no word for the day of the event it counts from; say `vesting_day`", step)
        elif rule != SAME_DAY:
            self._refuse(f"days have no day of the month in the format, so `vesting_day: {rule}` has no place", step)
        if step.cliff > 1 and times > 1:
            period["cliff_installment"] = step.cliff
        return {"type": "VESTING_SCHEDULE_RELATIVE", "period": period, "relative_to_condition_id": origin}

    def _counts_from_start(self, step: VestingStep) -> bool:
        named = {one.name: one for one in self.clause.schedule}
        while step.from_ is not None:
            step = named[step.from_]
        return step.on is None and step.exactly is None

    def _length(self, span: Span, step: VestingStep) -> tuple[Unit, int]:
        if span.then is not None or span.clear or span.unit is Unit.BUSINESS_DAY:
            self._refuse(f"the format counts plain days or months, not {span.words()}", step)
        if span.unit.months:
            return Unit.MONTH, span.count * span.unit.months
        return Unit.DAY, span.count * (7 if span.unit is Unit.WEEK else 1)
