"""Signing a request by the Standard Webhooks scheme, so that the receiver knows who sent it and that it is whole."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"
_MAKE_ONE = (
    "python3 -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
)


def key_of(secret: str) -> bytes:
    """The key bytes of a `whsec_` secret.

    Raises:
        ValueError: it is not one; the message says how to make one. The library itself would take two bytes, which
            anyone can guess.
    """
    if not secret.startswith(_PREFIX):
        raise ValueError(f"a signing secret starts with {_PREFIX}; make one with {_MAKE_ONE}")
    text = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {_PREFIX} is not base64; make a secret with {_MAKE_ONE}") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"the secret holds {len(key)} bytes and must hold 24 to 64; make one with {_MAKE_ONE}")
    return key


class Signer:
    """Signs for one receiver, with its secret and with those it replaces while the receiver changes over."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._webhooks = [Webhook(key_of(secret)) for secret in secrets]

    def headers(self, key: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three `webhook-` headers. The id is the same for every attempt; the time is this attempt's own.

        Raises:
            UnicodeDecodeError: the body is not UTF-8, which the scheme requires.
        """
        text = body.decode()
        at = at.astimezone(UTC)  # the library takes the wall time for UTC whatever its zone
        return {
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(webhook.sign(key, at, text) for webhook in self._webhooks),
        }
