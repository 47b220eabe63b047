"""From vesting terms of the Open Cap Format to a terms file: each condition becomes a step of one schedule."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from obligations.terms.format import formatted
from obligations.terms.ocf import (
    DAYS_OF_MONTH,
    Condition,
    Later,
    OcfError,
    OnDate,
    OnEvent,
    OnStart,
    VestingTerms,
    identifier,
    slug,
)

TAKEN = frozenset({"granted", "granted_units", "vesting_start", "done", "contract", "vesting"})


def terms_text(given: VestingTerms) -> str:
    """A terms file that says the same: a grant of units, the day vesting starts, and the graph as a schedule.

    Raises `OcfError` for what the language has no words for.
    """
    events = _events(given)
    name = identifier(given.id)
    head: dict[str, object] = {"id": name, "title": given.name[:400] or name, "currency": "USD"}
    if given.comments:
        head["says"] = "\n".join(given.comments)
    kinds: dict[str, object] = {"granted": {"says": "the units were granted", "once": "yes", "required": "yes"}}
    clause: dict[str, object] = {
        "cite": given.id,
        "who": "company owes holder",
        "says": given.description,
        "vest": "granted_units",
        "unit": "units",
        "when": "granted",
    }
    if any(isinstance(one.trigger, OnStart) for one in given.vesting_conditions):
        kinds["vesting_start"] = {"says": "the day from which vesting is counted", "once": "yes"}
        clause["starts"] = "vesting_start"
    for condition in given.vesting_conditions:
        if condition.id in events:
            kinds[events[condition.id]] = {"says": f"{condition.description or condition.id}"[:400]}
    clause["allocation"] = str(given.allocation)
    clause["schedule"] = [_step(one, events) for one in given.vesting_conditions]
    whole = {
        "terms": "1",
        "template": head,
        "parties": {"company": "the company", "holder": "whoever holds the units"},
        # The format ends months on their last day; whose midnight ends a day it leaves open.
        "counting": {"month_end": "clamp", "zone": "UTC"},
        "facts": {"granted_units": {"type": "units", "ask": "How many units are granted?", "each": "granted"}},
        "events": kinds,
        "clauses": {"vesting": clause},
    }
    return formatted(_yaml(whole), name)


def _events(given: VestingTerms) -> dict[str, str]:
    """A name for the event of every condition that waits for one."""
    names: dict[str, str] = {}
    for condition in given.vesting_conditions:
        if isinstance(condition.trigger, OnEvent):
            name = slug(condition.id)
            while name in TAKEN or name in names.values():
                name = f"{name}_event" if name in TAKEN else f"{name}_again"
            names[condition.id] = name
    return names


def _step(condition: Condition, events: dict[str, str]) -> dict[str, object]:
    times = condition.trigger.period.occurrences if isinstance(condition.trigger, Later) else 1
    step: dict[str, object] = {"name": condition.id, **_amount(condition, times)}
    match condition.trigger:
        case OnDate(date=day):
            step["exactly"] = day
        case OnEvent():
            step["on"] = events[condition.id]
        case Later(relative_to_condition_id=origin):
            step["from"] = origin
            step |= _period(condition)
        case OnStart():
            pass
    if condition.description:
        step["says"] = condition.description
    step["then"] = condition.next_condition_ids
    return step


def _amount(condition: Condition, times: int) -> dict[str, object]:
    """How much a condition gives over all its occurrences."""
    if condition.quantity is not None:
        return {"units": f"{Decimal(condition.quantity) * times:f}"}
    assert condition.portion is not None, "a condition has one of the two"
    share = condition.portion.share * times
    if not share:
        return {"units": "0"}
    if share > 1:
        raise OcfError(f'condition "{condition.id}" vests {share} of the grant, which is more than there is')
    if max(share.numerator, share.denominator) >= 10**15:
        raise OcfError(f'condition "{condition.id}" vests {share} of the grant; write a share in fewer digits')
    step: dict[str, object] = {"portion": f"{share.numerator}/{share.denominator}"}
    return {**step, "of": "remainder"} if condition.portion.remainder else step


def _period(condition: Condition) -> dict[str, object]:
    assert isinstance(condition.trigger, Later), "only these have a period"
    period = condition.trigger.period
    unit = "month" if period.type == "MONTHS" else "day"
    span = f"{period.length} {unit}{'' if period.length == 1 else 's'}"
    if period.occurrences == 1:
        said: dict[str, object] = {"after": span}
    elif not period.length:
        raise OcfError(f'condition "{condition.id}" occurs {period.occurrences} times at once; give it a length')
    else:
        said = {"every": span, "times": str(period.occurrences)}
    cliff = period.cliff_installment or 0
    if cliff > period.occurrences:
        words = f'condition "{condition.id}" has its cliff at {cliff} of {period.occurrences} occurrences'
        raise OcfError(f"{words}; nothing would vest")
    if cliff >= 2:
        said["cliff"] = str(cliff)
    if period.day_of_month is not None:
        said["vesting_day"] = DAYS_OF_MONTH[period.day_of_month]
    return said


def _yaml(value: object, depth: int = 0) -> str:
    """Plain data as YAML that a person edits: a line for each key, steps in braces, texts quoted where they must be."""
    if isinstance(value, dict) and depth < 3:
        lines = []
        for key, part in value.items():
            flat = not isinstance(part, dict | list) or (isinstance(part, dict) and depth == 2)
            indent = "  " * depth
            text = _flow(part) if flat else "\n" + _yaml(part, depth + 1)
            lines.append(f"{indent}{key}:{' ' if flat else ''}{text}")
        return "\n".join(lines) + ("\n" if depth == 0 else "")
    if isinstance(value, list):
        return "\n".join(f"{'  ' * depth}- {_flow(part)}" for part in value)
    return "  " * depth + _flow(value)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = str(value)
    return text if re.fullmatch(r"[A-Za-z0-9/][A-Za-z0-9 ./_%-]*(?<! )", text) else json.dumps(text, ensure_ascii=False)
