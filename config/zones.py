"""Time zones by name, from the pinned zone data rather than the machine's own."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from importlib.metadata import version


class Zones(Mapping[str, tzinfo]):
    """Every IANA zone by its name.

    >>> Zones()["Asia/Shanghai"].key
    'Asia/Shanghai'
    """

    def __init__(self) -> None:
        # An empty search path leaves only the package, so that every machine has the same rules.
        zoneinfo.reset_tzpath(to=())

    @property
    def edition(self) -> str:
        """Which zone data this is; other data may move instants."""
        return f"tzdata {version('tzdata')}"

    def __getitem__(self, name: str) -> tzinfo:
        return zoneinfo.ZoneInfo(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(zoneinfo.available_timezones()))

    def __len__(self) -> int:
        return len(zoneinfo.available_timezones())
