"""A small file whose explanations would not end."""

from __future__ import annotations

import pytest

from obligations.terms.errors import TermsError
from tests.planning.told import terms

FIRST = """clauses:
  c0:
    cite: "1"
    who: company owes employee
    pay: 500.00
    when: claim
    by: 1 day after claim
"""


def chained(length: int) -> str:
    """Clauses of which each pays what the one before it pays, twice."""
    one = FIRST.partition("\n")[2]
    amounts = ((f"c{it}:", f"pay: amount of c{it - 1} + amount of c{it - 1}") for it in range(1, length))
    return FIRST + "".join(one.replace("c0:", name).replace("pay: 500.00", pay) for name, pay in amounts)


def test_amounts_that_double_from_clause_to_clause_are_refused() -> None:
    """Forty clauses would keep whoever plans them busy for ever."""
    with pytest.raises(TermsError, match="unfolds into more than 2,000 parts"):
        terms(chained(40))
    assert len(terms(chained(6)).clauses) == 6


DOUBLING = ("define:\n  d0: {any of: [notice, claim]}\n", "  d{}: {{all of: [d{}, d{}]}}\n")
WINDOWS = ("windows:\n  d0: started to ended\n", "  d{}: first day of d{} to last day of d{}\n")


@pytest.mark.parametrize(("head", "part"), [DOUBLING, WINDOWS])
def test_names_that_double_are_refused(head: str, part: str) -> None:
    """Nobody could be shown why a date is what it is, and whoever asked would wait for ever."""
    text = head + "".join(part.format(it, it - 1, it - 1) for it in range(1, 40)) + FIRST
    with pytest.raises(TermsError, match="unfolds into more than"):
        terms(text)


def test_a_long_chain_of_names_is_refused() -> None:
    """A file that names a thousand things one after the other would end in a trace of Python."""
    text = DOUBLING[0] + "".join(f"  d{it}: first d{it - 1}\n" for it in range(1, 400)) + FIRST
    with pytest.raises(TermsError, match="unfolds into more than"):
        terms(text)
