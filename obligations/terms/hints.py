"""What to write instead of words that documents use and phrases do not have."""

from __future__ import annotations

import re

_HINTS = tuple(
    (re.compile(seen, re.IGNORECASE), words)
    for seen, words in (
        (
            r"^(within|no later than|not later than|by|on or before) ",
            "write only the day itself, such as `10 days after ...`; that it is the last one says the clause's `by`",
        ),
        (
            r"\d(\.5| 1/2) months?\b",
            "no half months; the 15th of the third month after is `15 days after month end of 2 months after ...`",
        ),
        (
            r"\b(first|next) business days?\b",
            "write `business day on or after ...`, or `1 business day after ...` where that day itself does not count",
        ),
        (
            r"\b(\d+(st|nd|rd|th)|first|second|third|fourth|fifth) anniversary\b",
            "write `2 years after ...` for the second anniversary, `anniversary of ... after ...` for the next one",
        ),
        (
            r"\b\d+(st|nd|rd|th) (day )?of the month\b",
            "for the 15th of the next month write `14 days after first day of the month after ...`",
        ),
        (
            r"\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|thirty|sixty|ninety)\b",
            "write numbers in figures",
        ),
        (
            r"\b(banking|working|trading) days?\b",
            "write `business days`; whose they are says `calendar` under `counting`",
        ),
        (r"\b(prior to|preceding)\b", "write `before`"),
        (
            r"\b(at|no|not) (least|less than|fewer than)\b",
            "let a reading choose whether both ends are left out: `30 days` or `30 clear days`",
        ),
        (r"^\w+ \d+ following\b", "write `after`, or `on or after` where that day itself counts"),
    )
)


def hint(phrase: str) -> str:
    """What to write instead; empty where nothing is known to be meant.

    >>> hint("90 days prior to started")
    'write `before`'
    """
    return next((words for seen, words in _HINTS if seen.search(phrase)), "")
