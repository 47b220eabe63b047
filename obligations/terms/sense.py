"""What a clause must make of its words: figures of the right type, times that can come, reminders that can go.

`check` has seen by now that every name is known; here each clause is asked whether a plan could be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from obligations.domain.money import Money, NotMoney
from obligations.terms import expressions as e
from obligations.terms import kinds
from obligations.terms.caps import capped
from obligations.terms.clause import Clause
from obligations.terms.document import Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.model import TermsFile
from obligations.terms.pace import pace
from obligations.terms.parts import branches, parts
from obligations.terms.payroll import payroll_names
from obligations.terms.policies import counts_business_days, needs_calendar, policies
from obligations.terms.relations import relations
from obligations.terms.unless import meant
from obligations.terms.vesting_sense import vesting

if TYPE_CHECKING:
    from obligations.terms.terms import Terms

PRORATIONS = ("period days", "year days")
UNCOUNTED = "counts by business days, but nothing says whose: state `calendar` under `counting`, or by a reading"
OWN_DAY = "`its day` is that of each occurrence: it stands in `if_each`, or in `pay` beside a series of days"
FIGURES = {"pay": ("money",), "grant": ("units", "hours"), "vest": ("units",), "accrue": ("hours", "units")}


def sense(terms: Terms) -> Iterator[Finding]:
    """Everything that could not be planned although every name in it is known, in file order."""
    judge = _Judge(terms)
    yield from policies(terms)
    yield from judge.sections()
    yield from judge.own_days()
    yield from judge.facts()
    for name, clause in terms.clauses.items():
        for message, word in judge.clause(clause):
            path: Path = ("clauses", name, *word)
            yield terms.document.finding(message, path)


Complaint = tuple[str, tuple[str | int, ...]]


class _Judge:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.file: TermsFile = terms.file
        self.counts_business_days = counts_business_days(terms.file)
        self.has_salary = any(one.is_salary for one in terms.clauses.values())

    def sections(self) -> Iterator[Finding]:
        """Days outside the clauses that could not be counted."""
        for section in ("windows", "states", "define", "notices"):
            for name, expression in getattr(self.file, section).items():
                if not self.counts_business_days and self._needs_calendar(expression):
                    yield self.terms.document.finding(UNCOUNTED, (section, name))

    def own_days(self) -> Iterator[Finding]:
        """`its day` outside the clauses, where no occurrence asks."""
        for section in ("windows", "states", "define", "notices", "facts", "years", "compare", "signed"):
            if any(isinstance(part, e.OwnDay) for part in parts(getattr(self.file, section))):
                yield self.terms.document.finding(OWN_DAY, (section,))

    def facts(self) -> Iterator[Finding]:
        """Facts that start as something of another kind."""
        for name, fact in self.file.facts.items():
            for branch in branches(fact.starts_as):
                try:
                    kind = kinds.kind_of(self.file, branch)
                except kinds.Unlike as error:
                    yield self.terms.document.finding(str(error), ("facts", name, "is"))
                    continue
                if kind not in (fact.type, kinds.FIGURE):
                    words = f"{name} is {_a(fact.type)}, and this is {_a(kind)}"
                    yield self.terms.document.finding(words, ("facts", name, "is"))

    def clause(self, clause: Clause) -> Iterator[Complaint]:
        """What keeps a clause from being planned."""
        yield from self._own_days(clause)
        yield from self._who(clause)
        yield from self._figures(clause)
        yield from self._trigger(clause)
        yield from vesting(self.file, clause)
        yield from self._series(clause)
        yield from self._missed(clause)
        yield from relations(self.file, clause)
        yield from self._final_pay(clause)
        yield from self._period_ends(clause)
        yield from self._sending(clause)
        yield from self._approvals(clause)
        yield from self._business_days(clause)
        yield from capped(clause, self.file)

    def _who(self, clause: Clause) -> Iterator[Complaint]:
        known = {*self.file.parties, *self.file.roles, "both parties"}
        if clause.who in (clause.debtor, ""):
            return
        for party in (clause.debtor, clause.creditor):
            if party and party not in known:
                yield f'there is no party "{party}".{did_you_mean(party, known)}', ("who",)

    def _own_days(self, clause: Clause) -> Iterator[Complaint]:
        in_series = clause.series is not None and clause.during is None
        allowed = {"if_each", "pay"} if in_series else {"if_each"}
        for word, info in type(clause).model_fields.items():
            if word not in allowed and any(isinstance(part, e.OwnDay) for part in parts(getattr(clause, word))):
                yield OWN_DAY, (info.alias or word,)

    def _figures(self, clause: Clause) -> Iterator[Complaint]:
        for word, types in FIGURES.items():
            for branch in branches(getattr(clause, word)):
                try:
                    kind = kinds.kind_of(self.file, branch)
                except kinds.Unlike as error:
                    yield str(error), (word,)
                    continue
                if kind == kinds.FIGURE and kinds.MONEY not in types:
                    meant_so = " or ".join(f"`1000 {one}`" for one in types)
                    yield f"`{word}` takes {' or '.join(types)}; say of a bare figure what it is: {meant_so}", (word,)
                elif kind not in types and kind != kinds.FIGURE:
                    yield f"`{word}` takes {' or '.join(types)}; this is {_a(kind)}", (word,)
                else:
                    yield from self._written(branch, word)
        for word, condition in kinds.conditions(clause):
            for part in parts(meant(condition, self.file)):
                yield from ((message, (word,)) for message in self._condition(part))

    def _condition(self, part: object) -> Iterator[str]:
        """What keeps one part of a condition from being tested."""
        if isinstance(part, e.IsTrue) and part.name in {*self.file.parameters, *self.file.facts}:
            if kinds.kind_of(self.file, e.AmountNamed(part.name)) != "yes_or_no":
                yield f'"{part.name}" is not a question of yes or no; compare it with `below`'
        elif isinstance(part, e.Compared):
            try:
                kinds.compared(self.file, part)
            except kinds.Unlike as error:
                yield str(error)
            yield from self._one_currency(part)

    def _one_currency(self, amount: object) -> Iterator[str]:
        found = kinds.currencies(self.terms.parameters, self.terms.currency, amount)
        if len(found) > 1:
            yield f"{' and '.join(found)} do not add up or compare; state both in one currency"

    def _written(self, amount: object, word: str) -> Iterator[Complaint]:
        """Figures written in an amount: exact in their currency, and all of them in one."""
        yield from ((message, (word,)) for message in self._one_currency(amount))
        shares = [one for one in parts(amount) if isinstance(one, e.ProRata)]
        if any("paydays" in branches(one.by) for one in shares) and not payroll_names(self.file):
            yield "paydays are counted, but no fact or parameter is a payroll calendar; add one", (word,)
        alone = [amount] if isinstance(amount, e.AmountLiteral) else []
        stated = [one for one in parts(amount) if isinstance(one, e.AmountLiteral) and one.unit]
        for one in dict.fromkeys([*alone, *stated]):
            if one.unit in kinds.KINDS:
                continue
            try:
                Money.of(one.value, one.unit or self.terms.currency)
            except NotMoney as error:
                yield str(error), (word,)

    def _approvals(self, clause: Clause) -> Iterator[Complaint]:
        for send in clause.do:
            if clause.pay is not None and not send.approve:
                yield "money moves only when somebody agreed: name the roles under `approve:`", ("do",)
            for role in sorted({role for role in send.approve if send.approve.count(role) > 1}):
                yield f"{role} is asked twice, but one person's yes would count for both; name different roles", ("do",)

    def _trigger(self, clause: Clause) -> Iterator[Complaint]:
        if clause.when is not None:
            return
        for word in ("accelerate", "power", "vest"):
            if getattr(clause, word) is not None:
                yield f"`{word}` needs `when:`, the event that sets it off", (word,)
        if clause.then is not None:
            yield "`then` needs `when:`, the event it follows from", ("then",)
        if clause.series is not None and clause.during is None and clause.series.first is None:
            yield "the series has no first day: add `first:` to it, or `when:` beside it", ("series",)

    def _series(self, clause: Clause) -> Iterator[Complaint]:
        series = clause.series
        if series is None:
            if clause.accrue is not None:
                yield "`accrue` needs `series:`, the periods it accrues by", ("accrue",)
            return
        yield from pace(clause, series)

    def _missed(self, clause: Clause) -> Iterator[Complaint]:
        if clause.if_missed is None:
            return
        last_day = clause.by or clause.exactly
        if last_day is None or any(isinstance(part, e.PayPeriodEnd) for part in parts(last_day)):
            yield "`if_missed` needs a last day that can be missed: add `by:`", ("if_missed",)

    def _period_ends(self, clause: Clause) -> Iterator[Complaint]:
        words = "`end of pay period` stands alone, as the day that final pay is due by"
        for word in ("by", "exactly"):
            for branch in branches(getattr(clause, word)):
                nested = any(isinstance(part, e.PayPeriodEnd) for part in parts(branch))
                if nested and not isinstance(branch, e.PayPeriodEnd):
                    yield words, (word,)
        elsewhere: dict[str, object] = {
            "during": clause.during,
            "soft_by": clause.soft_by,
            "not_before": clause.not_before,
        }
        elsewhere["series"] = (clause.series.first, clause.series.over) if clause.series else None
        elsewhere["power"] = clause.power.until if clause.power else None
        elsewhere["then"] = clause.then.on if clause.then else None
        elsewhere["if_missed"] = getattr(clause.if_missed, "until", None) or getattr(clause.if_missed, "on", None)
        for word, value in elsewhere.items():
            if any(isinstance(part, e.PayPeriodEnd) for part in parts(value)):
                yield words, (word,)

    def _final_pay(self, clause: Clause) -> Iterator[Complaint]:
        to_period_end = any(isinstance(part, e.PayPeriodEnd) for part in parts(clause.by or clause.exactly))
        if clause.series is not None or (clause.per is None and not to_period_end):
            return
        if clause.pay is None or clause.when is None or clause.per is None:
            yield (
                "`end of pay period` and `per` are for pay that an event sets off: add `pay`, `when` and `per`",
                ("by",),
            )
        elif not self.has_salary:
            yield "pro rata pay needs a clause that pays a salary by periods", ("pay",)
        if clause.by is None and clause.exactly is None:
            yield "final pay is due on a day: add `by: end of pay period`, or another day under by or exactly", ("per",)
        for per in branches(clause.per):
            if per not in PRORATIONS:
                yield f'there is no proration by "{per}".{did_you_mean(str(per), PRORATIONS)}', ("per",)

    def _sending(self, clause: Clause) -> Iterator[Complaint]:
        points = {"due": True, "trigger": clause.when is not None, "start": clause.during is not None}
        points["end"] = points["start"]
        needs = {"trigger": "`when:`", "start": "`during:`", "end": "`during:`"}
        for number, send in enumerate(clause.do):
            if not points[send.at]:
                yield f"this would never go: `at: {send.at}` needs {needs[send.at]}", ("do", number, "at")
        for role, moments in clause.remind.items():
            for number, moment in enumerate(moments):
                for offset in branches(moment):
                    if isinstance(offset, e.Offset) and not points[offset.point]:
                        words = f"this reminder would never go: it counts from the {offset.point}, which needs"
                        yield f"{words} {needs[offset.point]}", ("remind", role, number)

    def _business_days(self, clause: Clause) -> Iterator[Complaint]:
        if self.counts_business_days:
            return
        for word, info in type(clause).model_fields.items():
            if self._needs_calendar(getattr(clause, word)):
                yield UNCOUNTED, (info.alias or word,)

    def _needs_calendar(self, value: object) -> bool:
        return any(needs_calendar(part, self.terms) for part in parts(value))


def _a(kind: str) -> str:
    return "a number" if kind == kinds.NUMBER else kind
