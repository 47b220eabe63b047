"""Caps: how much a clause may come to, over a year or the whole contract, or how much may stand in a balance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import model_validator

from obligations.terms import expressions as e
from obligations.terms.fields import Name, Strict
from obligations.terms.formulas import Amount

if TYPE_CHECKING:
    from obligations.terms.clause import Clause
    from obligations.terms.model import TermsFile

Complaint = tuple[str, tuple[str | int, ...]]


class Cap(Strict):
    """How much all instances of a clause may come to together: `at` so much `per` year, or a `balance` of what accrues.

    A balance falls by what is taken: `less` names the detail of the event that takes it.
    """

    at: Amount | None = None
    per: Name | None = None
    balance: Amount | None = None
    less: Amount | None = None

    @model_validator(mode="after")
    def _one_cap(self) -> Cap:
        if (self.at is None) == (self.balance is None):
            raise ValueError("a cap is either `at` an amount `per` year, or a `balance`")
        if (self.at is None) != (self.per is None):
            raise ValueError("a cap `at` an amount says `per:` what: year, contract, or a year of the file")
        if self.less is not None and (self.balance is None or not isinstance(self.less, e.FieldOf)):
            raise ValueError("`less` is what takes from a balance, as `FIELD of EVENT`")
        return self


def capped(clause: Clause, file: TermsFile) -> Iterator[Complaint]:
    """What keeps a clause's cap from being planned."""
    cap = clause.cap
    if clause.before_withholding is not None and clause.pay is None:
        yield "`before_withholding` belongs to `pay`", ("before_withholding",)
    if cap is None:
        return
    if cap.balance is not None and clause.accrue is None:
        yield "a cap on a balance belongs to `accrue`", ("cap",)
    if cap.at is not None and clause.pay is None and clause.accrue is None:
        yield "a cap belongs to `pay` or `accrue`", ("cap",)
    known = ("year", "contract", *file.years)
    if cap.per is not None and cap.per not in known:
        yield f'there is no year "{cap.per}"; a cap is per {", ".join(known)}', ("cap", "per")
    if isinstance(cap.less, e.FieldOf) and cap.less.event not in file.events:
        yield f'there is no event "{cap.less.event}" that takes from the balance', ("cap", "less")
