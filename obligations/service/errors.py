"""What a use case refuses, in words for the person who asked."""

from __future__ import annotations


class Refused(ValueError):
    """The request cannot be carried out as it is; nothing was changed. The message says why and what to do."""


class NotFound(Refused):
    """There is nothing by that name; the message says what there is."""


class NeedsPerson(Refused):
    """A person with the right role has to act first, or somebody else has to."""


class PlanMoved(Refused):
    """The plan changed between showing a diff and confirming it; show it again."""
