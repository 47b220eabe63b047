"""Figures that stay as they are while nobody states anything: what is reckoned of one day holds until the next news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obligations.terms import expressions as e

if TYPE_CHECKING:
    from obligations.planning.world import World


def is_steady(world: World, expression: Any) -> bool:
    """Whether a figure is the same, for one instance, on all days of an epoch of the world."""
    expression, _ = world.pick(expression)
    match expression:
        case e.AmountLiteral():
            return True
        case e.AmountNamed(name=name):
            fact = world.terms.file.facts.get(name)
            return fact is None or fact.starts_as is None or is_steady(world, fact.starts_as)
        case e.Sum(added=added, taken=taken):
            return all(is_steady(world, one) for one in (*added, *taken))
        case e.Product(left=one, right=other) | e.Quotient(whole=one, by=other):
            return is_steady(world, one) and is_steady(world, other)
        case e.Percent(whole=whole):
            return is_steady(world, whole)
        case _:
            return False
