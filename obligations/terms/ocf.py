"""Vesting terms in the Open Cap Format, as its schema names them; anything the schema does not know is refused."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from obligations.terms.errors import PhraseError
from obligations.terms.expressions import EventNamed
from obligations.terms.phrases import event_phrase
from schedules.allocation import Allocation

START_DAY = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH"
DAYS_OF_MONTH = {
    **{f"{number:02}": f"{number:02}" for number in range(1, 29)},
    **{f"{number}_OR_LAST_DAY_OF_MONTH": f"{number} or last day" for number in (29, 30, 31)},
    START_DAY: "vesting start day",
}
"""The format's days of the month, and what a `vesting_day` calls them."""
LARGEST_BYTES = 1_000_000


class OcfError(ValueError):
    """What the Open Cap Format cannot say, or what is not in it; the message says where and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Numeric = Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,10})?$")]


class Portion(_Part):
    """A share of the grant, or of what has not vested where `remainder` says so."""

    numerator: Numeric
    denominator: Numeric
    remainder: bool = False

    @property
    def share(self) -> Fraction:
        """The share as a fraction."""
        if not Fraction(self.denominator):
            raise OcfError("the denominator of a portion is not zero")
        return Fraction(self.numerator) / Fraction(self.denominator)


class Period(_Part):
    """So many days or months, one time or several; months say on which day of the month."""

    length: Annotated[int, Field(ge=0, le=100_000, strict=True)]
    type: Literal["DAYS", "MONTHS"]
    occurrences: Annotated[int, Field(ge=1, le=600, strict=True)]
    day_of_month: str | None = None
    cliff_installment: Annotated[int, Field(ge=0, strict=True)] | None = None

    @model_validator(mode="after")
    def _months_say_their_day(self) -> Period:
        if (self.type == "MONTHS") != (self.day_of_month is not None):
            raise ValueError("a period in MONTHS has a day_of_month, and one in DAYS has none")
        if self.day_of_month is not None and self.day_of_month not in DAYS_OF_MONTH:
            raise ValueError(f'"{self.day_of_month}" is no day_of_month of the format')
        return self


class OnStart(_Part):
    """Met on the day vesting starts."""

    type: Literal["VESTING_START_DATE"]


class OnDate(_Part):
    """Met on a day."""

    type: Literal["VESTING_SCHEDULE_ABSOLUTE"]
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Later(_Part):
    """Met a period after another condition."""

    type: Literal["VESTING_SCHEDULE_RELATIVE"]
    period: Period
    relative_to_condition_id: str


class OnEvent(_Part):
    """Met when somebody records that it happened."""

    type: Literal["VESTING_EVENT"]


class Condition(_Part):
    """One node of the graph: how it is met, what then vests, and what may come next, most important first."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    description: str | None = None
    portion: Portion | None = None
    quantity: Numeric | None = None
    trigger: Annotated[OnStart | OnDate | Later | OnEvent, Field(discriminator="type")]
    next_condition_ids: list[str]

    @model_validator(mode="after")
    def _says_how_much(self) -> Condition:
        if (self.portion is None) == (self.quantity is None):
            raise ValueError("a condition has either a portion or a quantity")
        return self


class VestingTerms(_Part):
    """Vesting terms: a graph of conditions, and how units are rounded."""

    id: Annotated[str, Field(min_length=1)]
    object_type: Literal["VESTING_TERMS"]
    name: str
    description: str
    allocation_type: str
    vesting_conditions: Annotated[list[Condition], Field(min_length=1, max_length=1_000)]
    comments: list[str] | None = None

    @property
    def allocation(self) -> Allocation:
        """The allocation type."""
        return Allocation[self.allocation_type]

    @model_validator(mode="after")
    def _is_a_graph(self) -> VestingTerms:
        if self.allocation_type not in Allocation.__members__:
            raise ValueError(f'"{self.allocation_type}" is no allocation_type of the format')
        known = [condition.id for condition in self.vesting_conditions]
        if twice := next((one for one in known if known.count(one) > 1), None):
            raise ValueError(f'two conditions have the id "{twice}"')
        for condition in self.vesting_conditions:
            named = list(condition.next_condition_ids)
            if isinstance(condition.trigger, Later):
                named.append(condition.trigger.relative_to_condition_id)
            if unknown := next((one for one in named if one not in known), None):
                raise ValueError(f'condition "{condition.id}" names "{unknown}", which is no condition here')
        return self

    def as_json(self) -> dict[str, Any]:
        """The object as the format writes it."""
        return self.model_dump(exclude_none=True, exclude_defaults=False)


def read_file(text: str) -> dict[str, VestingTerms]:
    """The vesting terms in a file of the format, by id; one object alone is taken too. Raises `OcfError`."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        raise OcfError("the file is larger than 1 MB; vesting terms are not")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OcfError(f"not readable as JSON: {error}") from None
    if not isinstance(data, dict):
        raise OcfError("a file of the Open Cap Format is an object; this is none")
    items = [data]
    if data.get("object_type") != "VESTING_TERMS":
        items = data.get("items", [])
        if data.get("file_type") != "OCF_VESTING_TERMS_FILE" or not isinstance(items, list) or not items:
            raise OcfError("this is neither an OCF_VESTING_TERMS_FILE with items nor one VESTING_TERMS object")
    found: dict[str, VestingTerms] = {}
    for number, item in enumerate(items):
        one = _validated(item, f"items[{number}]" if len(items) > 1 else "")
        if one.id in found:
            raise OcfError(f'two items have the id "{one.id}"')
        found[one.id] = one
    return found


def _validated(item: object, at: str) -> VestingTerms:
    try:
        return VestingTerms.model_validate(item)
    except ValidationError as error:
        detail = error.errors()[0]
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"]]
        where = (at + "".join(steps)).lstrip(".")
        said = str(detail.get("ctx", {}).get("error", detail["msg"]))
        raise OcfError(f"{where or 'vesting terms'}: {said[:1].lower()}{said[1:]}") from None


def identifier(text: str) -> str:
    """A contract's id for an id of the format.

    >>> identifier("Four Years/1")
    'four-years-1'
    """
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:80] or "vesting"


def slug(text: str) -> str:
    """A name of the language for an id of the format; words that begin a phrase are no names.

    >>> slug("100k sale-1"), slug("ipo"), slug("first")
    ('on_100k_sale_1', 'ipo', 'first_event')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:50]
    name = plain if re.match(r"[a-z]", plain) else f"on_{plain}".rstrip("_")
    try:
        return name if event_phrase(name) == EventNamed(name) else f"{name}_event"
    except PhraseError:
        return f"{name}_event"
