"""Calendars of an installation's own: one TOML file each, with a name, a version and the days that are closed."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.calendars import shipped
from schedules.calendars import BusinessCalendar

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Year = Annotated[int, Field(ge=1, le=9999)]


class NoCalendar(ValueError):
    """A calendar file cannot be used; the message names the file and what to write instead."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
    version: Annotated[str, Field(min_length=1, max_length=80)]
    weekend: list[Weekday] = ["saturday", "sunday"]
    holidays: list[date]
    open_days: list[date] = []
    years: tuple[Year, Year] | None = None

    @model_validator(mode="after")
    def _opens(self) -> _File:
        if set(self.weekend) >= set(WEEK):
            raise ValueError("no day of the week is left to work on; shorten `weekend`")
        for day in self.open_days:
            if WEEK[day.weekday()] not in self.weekend:
                raise ValueError(f"{day} in `open_days` is no weekend day; leave it out, or take it out of `holidays`")
        if self.years is not None and self.years[0] > self.years[1]:
            raise ValueError("`years` are the first and the last year, in this order")
        if self.years is None and not self.holidays:
            raise ValueError("without holidays, say by `years` for which years the file speaks")
        return self

    def calendar(self) -> BusinessCalendar:
        named = [day.year for day in self.holidays]
        return BusinessCalendar(
            name=self.name,
            version=self.version,
            holidays=frozenset(self.holidays),
            weekend=frozenset(WEEK.index(day) for day in self.weekend),
            opened=frozenset(self.open_days),
            years=self.years or (min(named), max(named)),
        )


def own_calendars(folder: Path) -> dict[str, BusinessCalendar]:
    """The calendar of every file `*.toml` in the folder, by its name; raises `NoCalendar` for one that is not right."""
    if not folder.is_dir():
        raise NoCalendar(f"there is no folder {folder}; make it, or leave the setting empty")
    found: dict[str, BusinessCalendar] = {}
    for path in sorted(folder.glob("*.toml")):
        calendar = _read(path)
        if calendar.name in shipped():
            raise NoCalendar(f"{path}: a calendar {calendar.name} ships already; give yours another name")
        if calendar.name in found:
            raise NoCalendar(f"{path}: another file here is called {calendar.name} too; give one another name")
        found[calendar.name] = calendar
    return found


def _read(path: Path) -> BusinessCalendar:
    try:
        return _File(**tomllib.loads(path.read_text(encoding="utf-8"))).calendar()
    except (OSError, UnicodeDecodeError) as error:
        raise NoCalendar(f"{path} cannot be read ({type(error).__name__}); check who may read it") from None
    except tomllib.TOMLDecodeError as error:
        raise NoCalendar(f"{path} is not readable as TOML: {error}") from None
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, fault['loc']))} {fault['msg'].removeprefix('Value error, ')}".strip()
            + (f", not {str(fault['input'])[:40]!r}" if fault["loc"] else "")
            for fault in error.errors(include_url=False, include_context=False)
        ]
        raise NoCalendar(f"{path}: {'; '.join(said)}") from None
