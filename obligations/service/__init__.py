"""The use cases that every face calls."""

from obligations.service.errors import NeedsPerson, NotFound, PlanMoved, Refused
from obligations.service.events import Amends
from obligations.service.installation import Library
from obligations.service.previews import Preview
from obligations.service.readings import InUse
from obligations.service.service import Explanation, Finished, Overview, Service

__all__ = [
    "Amends",
    "Explanation",
    "Finished",
    "InUse",
    "Library",
    "NeedsPerson",
    "NotFound",
    "Overview",
    "PlanMoved",
    "Preview",
    "Refused",
    "Service",
]
