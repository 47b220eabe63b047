"""When a notice counts as received: a rule for each channel it may be sent through."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from obligations.terms import expressions as e
from obligations.terms.errors import PhraseError, did_you_mean
from obligations.terms.phrases import day_phrase

# The name by which rules call the notice in hand; no event of a file can be called so.
SENT = "the sending"
_ARRIVES = ("receipt", "delivery")


def receipt_rule(text: str) -> e.DayExpr:
    """The day a notice counts as received: `on receipt`, `on delivery`, or counted `after sending`.

    >>> receipt_rule("on delivery").receipt
    True
    >>> receipt_rule("2 business days after mailing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    obligations.terms.errors.PhraseError: "2 business days after mailing": a notice counts from `sending`, ...
    """
    lead = re.match(r"\s*on\s+(?=\w+\s*$)", text)
    # `receipt` begins another phrase, so it goes by a word of the same length.
    told = re.sub(r"\breceipt\b(?!\s+of\b)", "arrival", text[lead.end() :] if lead else text)
    try:
        return cast(e.DayExpr, _of_the_notice(day_phrase(told), text))
    except PhraseError as error:
        raise PhraseError(str(error), error.offset + (lead.end() if lead else 0)) from None


def _of_the_notice(value: Any, text: str) -> Any:
    """The expression with its names read as the sending or the arrival of the notice in hand."""
    match value:
        case e.DayOf(name="sending", receipt=False):
            return e.DayOf(SENT)
        case e.DayOf(name="arrival" | "delivery", receipt=False):
            return e.DayOf(SENT, receipt=True)
        case e.DayOf(name=name):
            known = ("sending", *_ARRIVES)
            words = f'"{text}": a notice counts from `sending`, `receipt` or `delivery`, not from "{name}"'
            raise PhraseError(f"{words}.{did_you_mean(name, known)}", max(0, text.find(name)))
        case _ if is_dataclass(value) and type(value).__module__ == e.__name__:
            parts = {part.name: _of_the_notice(getattr(value, part.name), text) for part in fields(value)}
            return replace(cast(Any, value), **parts)
        case _:
            return value
