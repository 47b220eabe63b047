"""Reading a connector's table of the configuration file: what is wrong is said by key, and no value is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError


class Table(BaseModel):
    """A table of settings: unknown keys are refused, and an error never shows the value, which may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_T = TypeVar("_T", bound=Table)


def read_settings(model: type[_T], settings: Mapping[str, Any], table: str) -> _T:
    """The validated settings.

    Raises:
        ValueError: one line for each fault, naming the key in full and what to do. It has no cause attached, so that a
            traceback cannot show a secret either.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        faults = [
            f"{'.'.join((table, *map(str, fault['loc'])))}: {_said(fault['type'], fault['msg'])}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    raise ValueError("\n".join(faults))


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting; remove it, or see the README of the connector for the right name"
    if kind == "missing":
        return "is missing; add it (the README of the connector shows an example)"
    return message.removeprefix("Value error, ")


def checked_url(url: str, *, allow_http: bool = False) -> str:
    """The URL, when requests that carry secrets may go there: https, or http to this machine or where allowed.

    Raises:
        ValueError: says what is wrong with it, without repeating it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL; write it like https://payroll.example.com/instructions") from None
    if parts.scheme not in ("https", "http") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("is not a URL; write it like https://payroll.example.com/instructions")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; take them out and send them as a header")
    if parts.fragment:
        raise ValueError("has a part after '#', which is never sent; take it out")
    if parts.scheme == "http" and not is_loopback(host) and not allow_http:
        raise ValueError(
            "is http, which anyone on the way can read and change; use https, "
            "or set dangerous_allow_http = true for a network you trust entirely"
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether the name is this machine's own: localhost, 127.x.x.x or ::1."""
    octets = host.split(".")
    return host in ("localhost", "::1") or (
        len(octets) == 4 and octets[0] == "127" and all(octet.isdecimal() for octet in octets)
    )
