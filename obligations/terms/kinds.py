"""What kind of figure an amount comes to: money, units, hours or a plain number; and which do not fit together.

A bare figure such as `5000` is a `figure`: it becomes what it stands beside, or money where it stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obligations.domain.money import Money
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.model import TermsFile
from obligations.terms.parts import branches, parts
from obligations.terms.values import Value

FIGURE, NUMBER, MONEY = "figure", "number", "money"
SCALARS = frozenset({FIGURE, NUMBER})
KINDS = frozenset({FIGURE, NUMBER, MONEY, "units", "hours"})


class Unlike(ValueError):
    """Figures that do not fit together; the message says which and what to write."""


def kind_of(file: TermsFile, amount: object) -> str:
    """The kind of an amount, under any reading; raises `Unlike` where its parts do not fit together.

    Names are known by now. A fact that is no figure gives its own type, such as `yes_or_no`.
    """
    match amount:
        case e.Choice(options=options):
            return _alike([kind_of(file, option) for _, option in options], "one choice gives")
        case e.AmountLiteral(unit=unit):
            return unit if unit in KINDS else MONEY if unit else FIGURE
        case e.AmountNamed(name=name) | e.FactAt(name=name) | e.FactPeak(name=name) | e.FactMean(name=name):
            return (file.parameters.get(name) or file.facts[name]).type
        case e.FieldOf(field=field, event=event) if event not in file.events:
            return NUMBER if field == "balance" else MONEY
        case e.FieldOf(field=field, event=event):
            return file.events[event].fields[field].type
        case e.Elapsed():
            return NUMBER
        case e.TableAt(table=table, at=at):
            kind = _figure(file, at)
            return kind if file.tables[table].tiers else file.tables[table].of
        case e.Sum(added=added, taken=taken):
            return _alike([_figure(file, one) for one in (*added, *taken)], "only like figures add up; these are")
        case e.Extreme(members=members):
            return _alike([_figure(file, one) for one in members], "only like figures can be compared; these are")
        case e.Product(left=left, right=right):
            return _product(_figure(file, left), _figure(file, right))
        case e.Quotient(whole=whole, by=by):
            return _quotient(_figure(file, whole), _figure(file, by), by)
        case e.Percent(whole=whole) | e.Rounded(amount=whole) | e.ProRata(amount=whole):
            return _figure(file, whole)
        case _:
            raise TypeError(f"not an amount expression: {amount!r}")


def compared(file: TermsFile, one: e.Compared) -> None:
    """Refuse to compare figures of different kinds, with `Unlike`; words compare with `is`."""
    left = kind_of(file, one.left)
    if one.how == "is" and left not in KINDS:
        return
    _alike([_figure(file, one.left), _figure(file, one.right)], "only like figures can be compared; these are")


def currencies(parameters: Mapping[str, Value], currency: str, amount: object) -> tuple[str, ...]:
    """The currencies that the written figures and the parameters of an amount are in, each once."""
    return tuple(dict.fromkeys(_currencies(parameters, currency, amount)))


def is_text(file: TermsFile, one: e.Compared) -> bool:
    """Whether `is` compares words: its left side is a fact or a detail that is no figure."""
    match one.left:
        case e.AmountNamed(name=name):
            holder = file.parameters.get(name) or file.facts.get(name)
            return one.how == "is" and holder is not None and holder.type not in KINDS
        case e.FieldOf(field=field, event=event) if event in file.events:
            kind = file.events[event].fields.get(field)
            return one.how == "is" and kind is not None and kind.type not in KINDS
        case _:
            return False


def conditions(clause: Clause) -> Iterator[tuple[str, object]]:
    """The conditions of a clause, by the words they stand under."""
    for name, info in Clause.model_fields.items():
        value = getattr(clause, name)
        if isinstance(next(branches(value), None), _CONDITIONS):
            yield info.alias or name, value


_CONDITIONS = (e.IsTrue, e.Compared, e.TextIs, e.Happened, e.DayIs, e.Not, e.AllOf, e.AnyOf)


def _figure(file: TermsFile, amount: object) -> str:
    kind = kind_of(file, amount)
    if kind not in KINDS:
        name = getattr(amount, "name", None) or getattr(amount, "field", "this")
        raise Unlike(f'"{name}" is {kind}, and no figure to reckon with')
    return kind


def _alike(kinds: list[str], words: str) -> str:
    """The one kind of figures that stand side by side; a bare figure becomes like the others."""
    said = dict.fromkeys(kind for kind in kinds if kind != FIGURE)
    if len(said) > 1:
        raise Unlike(f"{words} {' and '.join(sorted(said))}")
    return next(iter(said), FIGURE)


def _product(left: str, right: str) -> str:
    if left not in SCALARS and right not in SCALARS:
        raise Unlike(f"{left} times {right} is nothing; one of the two is a plain number")
    if left in SCALARS and right in SCALARS:
        return NUMBER if left == right == NUMBER else FIGURE
    return right if left in SCALARS else left


def _quotient(whole: str, by: str, divisor: object) -> str:
    if isinstance(divisor, e.AmountLiteral) and not divisor.value:
        raise Unlike("nothing can be divided by 0")
    if by in SCALARS:
        return whole
    if whole in (by, FIGURE):
        return NUMBER
    raise Unlike(f"{whole} divided by {by} is nothing; divide by a plain number, or like by like")


def _currencies(parameters: Mapping[str, Value], currency: str, amount: object) -> Iterator[str]:
    for part in parts(amount):
        match part:
            case e.AmountLiteral(unit=unit) if unit and unit not in KINDS:
                yield unit
            case e.AmountNamed(name=name) | e.FactAt(name=name) if isinstance(value := parameters.get(name), Money):
                yield value.currency
            case _:
                pass
