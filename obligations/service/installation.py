"""What planning needs beside the contract itself: templates, calendars, time zones, and how the house sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from obligations.planning.pushes import Sending
from obligations.terms.loader import Templates
from schedules.calendars import BusinessCalendar


@dataclass(frozen=True, slots=True)
class Library:
    """The shared, unchanging inputs of every plan of this installation."""

    templates: Templates
    calendars: Mapping[str, BusinessCalendar]
    zones: Mapping[str, tzinfo]
    sending: Sending = Sending()  # noqa: RUF009 -- frozen
    tenant: str = ""
    destinations: frozenset[str] = frozenset()  # the systems this installation is set up to instruct
    edition: str = ""  # names the calendars and zones, so that other ones are noticed; empty: nobody asks
