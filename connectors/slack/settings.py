"""How the connector reaches Slack."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from connectors.settings import Table, checked_url


class SlackSettings(Table):
    """The connector's table."""

    token: SecretStr
    base_url: str = "https://slack.com/api/"
    proxy: SecretStr | None = None
    timeout_seconds: float = Field(10.0, gt=0, le=14)

    @field_validator("token")
    @classmethod
    def _of_a_bot(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if not text.startswith("xoxb-") or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(
                "is not a bot token: copy the one that starts with xoxb- from the app's page 'OAuth & Permissions' "
                "(a token that starts with xoxp- is a person's, xapp- is for sockets)"
            )
        return token

    @field_validator("base_url")
    @classmethod
    def _private(cls, url: str) -> str:
        return checked_url(url)
