"""Text at 80 columns: what fits stands on one line, what does not is indented under its head or cut with a sign."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

WIDTH = 80


def wrapped(head: str, text: str) -> Iterator[str]:
    """A head and its text, indented under it where it does not fit the line."""
    line = f"{head}  {text}"
    if len(line) <= WIDTH:
        yield line
        return
    yield head
    yield from textwrap.wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)


def command_text(command: str) -> Iterator[str]:
    """A command to copy, indented, on further lines where it does not fit one."""
    yield from textwrap.wrap(
        command, WIDTH, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False
    )


def to_read(message: str) -> str:
    """A message of one line at 80 columns, broken between words; a command in `backticks` stays whole, to be copied."""
    glued = re.sub(r"`[^`]*`", lambda found: found[0].replace(" ", "\0"), message)
    lines = textwrap.wrap(
        glued, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return "\n".join(lines).replace("\0", " ")


def cut(line: str) -> str:
    """The line at 80 columns, with a sign where something was left out."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
