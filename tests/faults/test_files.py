"""Files made to do harm, or broken by accident: refused in words, at once, in little memory."""

from __future__ import annotations

import pytest

from config.shipped import find_template
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.memory import new_memory
from tests.service.office import LETTER

# Ten anchors of nine each: a thousand million leaves once they are written out, in three hundred bytes.
BOMB = "terms: 1\nlol0: &lol0 x\n" + "".join(
    f"lol{n}: &lol{n} [{', '.join([f'*lol{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
AMOUNT, DAY = "125000.00", "5 days after protected_exit"
WRONG = {
    "a bomb of aliases": BOMB,
    "nesting without end": "terms: " + "[" * 600 + "]" * 600,
    "a key twice": LETTER.replace("terms: 1", "terms: 1\nterms: 1"),
    "a tag that makes an object": LETTER.replace("A short letter", "!!python/object:os.system x"),
    "a NUL in a name": LETTER.replace("name: Mei", "name: Mei\x00"),
    "half a character in a name": LETTER.replace("name: Mei", "name: Mei\ud800"),
    "a day there is not": LETTER.replace(DAY, "2024-02-30"),
    "the year 0": LETTER.replace(DAY, "0000-01-01"),
    "the year 10000": LETTER.replace(DAY, "10000-01-01"),
    "a negative amount": LETTER.replace(AMOUNT, "-1"),
    "no number": LETTER.replace(AMOUNT, "NaN"),
    "without end": LETTER.replace(AMOUNT, "Infinity"),
    "an amount beyond all pay": LETTER.replace(AMOUNT, "1000000000000000000"),
    "an amount with an exponent": LETTER.replace(AMOUNT, "1e30"),
    "a part of a cent": LETTER.replace(AMOUNT, "0.001"),
    "a part of a yen": LETTER.replace("currency: USD", "currency: JPY").replace(AMOUNT, "125000.50"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_harm_is_refused_with_its_place(wrong: str) -> None:
    """A traceback tells nobody which line to mend, and a file that fills the memory stops everybody's dates."""
    with new_memory() as held, pytest.raises(TermsError) as refused:
        load(WRONG[wrong], "contract.yaml", find_template)
    assert all(one.message and one.place.line >= 1 for one in refused.value.findings)
    assert held.most_bytes < 50_000_000
