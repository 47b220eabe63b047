"""The day a notice counts as received: as it was, or as the document deems it by the channel it was sent through."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.values import Happening, Instance, NotYet
from obligations.terms.notices import SENT
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def received(world: World, name: str, notice: Happening) -> Reasoned[date] | NotYet:
    """The day a notice that a phrase calls by a name counts as received, or what must be said first."""
    kind = world.kinds.get(notice.event)
    if kind is None or not kind.notice or name == SENT:
        return _arrived(name, notice)
    channel = notice.fields.get("channel")
    if channel is None:
        return NotYet(missing=(f"{notice.event}.channel",))
    rule = world.terms.file.notices.get(channel)
    if rule is None:
        # Only a later amendment knows the channel.
        return NotYet(judgment=(f"when {notice.event} by {channel} counts as received before the terms knew it",))
    here = Instance("", replace(notice, why=_sent(notice, channel)), frozenset({SENT}))
    day = world.day(rule, here)
    if isinstance(day, NotYet):
        return day
    inputs = [day.why]
    if notice.received_on is not None and notice.received_on != day.value:
        inputs.append(Derivation("arrived, as reported, on another day", notice.received_on.isoformat(), kind="fact"))
    words = f"receipt of {name}, deemed by its channel {channel.replace('_', ' ')}"
    return Reasoned(day.value, Derivation(words, day.value.isoformat(), tuple(inputs), kind="event"))


def _sent(notice: Happening, channel: str) -> Derivation:
    words = f"sent by {channel.replace('_', ' ')}"
    return Derivation(words, notice.occurred_on.isoformat(), (notice.why,), kind="event")


def _arrived(name: str, notice: Happening) -> Reasoned[date] | NotYet:
    """The day it was received in fact."""
    if notice.received_on is None:
        return NotYet(missing=(f"{notice.event}.received_on",))
    called = "the notice" if name == SENT else name
    words = f"receipt of {called}" if notice.received_on != notice.occurred_on else f"{called}, received that day"
    why = Derivation(words, notice.received_on.isoformat(), (notice.why,), kind="event")
    return Reasoned(notice.received_on, why)
