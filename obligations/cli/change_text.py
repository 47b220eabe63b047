"""Changes of a plan as text for people: what is asked of who confirms one, and what came of it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from obligations.cli.lines import WIDTH, wrapped
from obligations.cli.occurrence_text import MANY, side, stands
from obligations.cli.question_text import questions
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.domain.occurrence import Occurrence, Power, State
from obligations.planning.diff import Change
from obligations.ports import StoredDelivery
from obligations.service import Finished, Preview


def changes_text(changes: Sequence[Change], touched: Sequence[StoredDelivery] = ()) -> Iterator[str]:
    """A diff, a line a change, with before and after; then what was sent already and goes to a person.

    Many alike of one series stand on one line, first to last.
    """
    if not changes:
        yield "Nothing changes."
    alike: dict[tuple[object, ...], list[Change]] = {}
    for number, change in enumerate(changes):
        one = change.subject
        series = isinstance(one, Occurrence) and one.of != 1
        key = (one.clause, change.verb, stands(change.before), stands(change.after)) if series else (number,)
        alike.setdefault(key, []).append(change)
    for group in alike.values():
        if len(group) < MANY:
            for change in group:
                yield from wrapped(
                    f"  {_verb(change):8} {_name(change)}", f"{side(change.before)} -> {side(change.after)}"
                )
        else:
            yield from _many(group)
    for delivery in touched:
        if delivery.state is DeliveryState.SENDING:
            yield from _on_its_way(delivery)
            continue
        yield from wrapped(
            "  sent already", f"{delivery.push.name} of {delivery.push.clause}: a person decides about it"
        )


def preview_text(preview: Preview) -> Iterator[str]:
    """What a person is asked to agree to: what changes, what was sent already, what has to be asked, and in short."""
    yield f"{preview.contract}: what changes"
    yield from changes_text(preview.changes, preview.touched)
    for delivery in preview.lapsed:
        name = f"{delivery.push.name} of {delivery.push.clause}/{delivery.push.index}"
        yield from wrapped("  approved before", f"{name}: what it says changes, so it is to be approved anew")
    yield from questions(preview.after, ())
    yield from _summary(preview)


def _summary(preview: Preview) -> Iterator[str]:
    """One line for who reads only that, such as `2 become missed, 1 payment is proposed`."""
    turned = Counter(
        stands(change.after)
        for change in preview.changes
        if change.after and stands(change.before) != stands(change.after)
    )
    parts = [f"{number} become{'s' if number == 1 else ''} {state}" for state, number in turned.items()]
    before = {push.key for push in preview.before.pushes}
    for_people = sum(1 for push in preview.after.pushes if push.money and push.approvals and push.key not in before)
    if for_people:
        parts.append(f"{for_people} payment{' is' if for_people == 1 else 's are'} proposed")
    if parts:
        yield ""
        yield from textwrap.wrap(f"In short: {', '.join(parts)}", WIDTH)


def finished_text(finished: Finished) -> Iterator[str]:
    """What reporting something done came to."""
    one = finished.occurrence
    late = ""
    if one.state in (State.MISSED, State.DONE_LATE):
        late = f": the last day was {one.due_on}, and it was done on {finished.done_on}"
        late += ", too late" if one.state is State.MISSED else ""
    yield from textwrap.wrap(f"{one.contract}/{one.clause}/{one.index}: {stands(one)}{late}", WIDTH)
    others = [change for change in finished.changes if change.subject.id != one.id]
    if others:
        yield from changes_text(others)
    for delivery in finished.on_its_way:
        yield from _on_its_way(delivery)
    for delivery in finished.stopped:
        if delivery.push.kind is PushKind.ACTION:
            name = f"  {delivery.push.name} of {delivery.push.clause}/{delivery.push.index}"
            yield from wrapped(name, "no longer goes")
    reminders = sum(1 for one in finished.stopped if one.push.kind is not PushKind.ACTION)
    if reminders:
        yield f"  {reminders} reminder{' no longer goes' if reminders == 1 else 's no longer go'}"


def _on_its_way(delivery: StoredDelivery) -> Iterator[str]:
    """It is too late for what is being sent; what came of it is soon known."""
    push = delivery.push
    reference = f"{push.contract}/{push.clause}/{push.index}"
    yield from wrapped(
        "  being sent", f"{push.name} of {push.clause}/{push.index}, at this moment: too late to keep it from arriving"
    )
    yield from wrapped("", f"  it is not sent again; see in a minute what came of it: obligations why {reference}")


def _many(group: Sequence[Change]) -> Iterator[str]:
    first, last = group[0], group[-1]
    numbers = [change.subject.index for change in group if isinstance(change.subject, Occurrence)]
    name = f"{first.subject.clause}/{min(numbers)}-{max(numbers)} ({len(group)})"
    days = [day for day in (_acts_on(first), _acts_on(last)) if day]
    span = f" {' to '.join(str(day) for day in dict.fromkeys(days))}" if days else ""
    yield from wrapped(f"  {_verb(first):8} {name}", f"{stands(first.before)} -> {stands(first.after)}{span}")


def _verb(change: Change) -> str:
    """The change in a word: an occurrence that had no day and has one now is dated, not moved."""
    before, after = change.before, change.after
    if isinstance(before, Occurrence) and isinstance(after, Occurrence) and before.acts_on is None and after.acts_on:
        return "dated"
    return change.verb


def _name(change: Change) -> str:
    one = change.subject
    part = f"/{one.index}" if isinstance(one, Occurrence) and one.of != 1 else ""
    return (one.name if isinstance(one, Power) else one.clause) + part


def _acts_on(change: Change) -> date | None:
    one = change.subject
    return one.arises_on if isinstance(one, Power) else one.acts_on
