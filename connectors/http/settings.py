"""Where instructions go, and what each receiver is shown."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.http.signing import key_of
from connectors.settings import Table, checked_url

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Ours, or the client's: a setting that changed them would break the signature, the framing or the key.
_TAKEN = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "obligations-fence",
        "obligations-late-seconds",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    )
)
_TAKEN_PREFIXES = ("webhook-", "ce-")


class Destination(Table):
    """One receiver: where it listens and how it knows us."""

    url: str = Field(repr=False)  # its query may hold a credential
    secret: SecretStr
    previous_secrets: tuple[SecretStr, ...] = Field((), max_length=10)
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    # Below half of the minute for which the engine leases a delivery, so that no other daemon takes it meanwhile.
    timeout_seconds: float = Field(15.0, gt=0, lt=30)
    dangerous_allow_http: bool = False

    @field_validator("secret")
    @classmethod
    def _strong(cls, secret: SecretStr) -> SecretStr:
        key_of(secret.get_secret_value())
        return secret

    @field_validator("previous_secrets")
    @classmethod
    def _all_strong(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            key_of(secret.get_secret_value())
        return secrets

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is not a header name")
            if name.lower() in _TAKEN or name.lower().startswith(_TAKEN_PREFIXES):
                raise ValueError(f"{name} is set by the connector itself; take it out")
            text = value.get_secret_value()
            if not (text.isascii() and text.isprintable() and text == text.strip()):
                raise ValueError(f"the value of {name} must be printable ASCII on one line, with no blanks around it")
        return headers

    @model_validator(mode="after")
    def _private(self) -> Self:
        try:
            checked_url(self.url, allow_http=self.dangerous_allow_http)
        except ValueError as error:
            raise ValueError(f"url {error}") from None
        return self


class HttpSettings(Table):
    """The connector's table: one entry for each system that is instructed."""

    destinations: dict[str, Destination] = Field(default_factory=dict)
