"""The use cases that every face calls."""

from obligations.service.errors import NeedsPerson, NotFound, PlanMoved, Refused
from obligations.service.installation import Library
from obligations.service.service import Explanation, Finished, Overview, Preview, Service

__all__ = [
    "Explanation",
    "Finished",
    "Library",
    "NeedsPerson",
    "NotFound",
    "Overview",
    "PlanMoved",
    "Preview",
    "Refused",
    "Service",
]
