"""A first contract on a shipped template: its people to fill in, its figures and readings to change."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.shipped import find_template
from obligations.terms.format import formatted
from obligations.terms.loader import load

if TYPE_CHECKING:
    from obligations.terms.model import TermsFile

# What `init` starts from where nobody says otherwise, and what its contract is called in every document.
USUAL, USUAL_CONTRACT = "offer-letter", "first-offer"
# The letter of that template is of long ago; a first contract is not.
_DATED = {("offer-letter", "offered_on"): "2026-11-02"}
_WIDTH = 110


def first_contract(template: str) -> str:
    """The text of a contract on a shipped template, in order as it stands.

    Everybody who plays a role has a line, and so has every date. Figures and readings stand there as comments with what
    the template says, so that a user sees what can be said and changes what differs. Raises `LookupError` naming the
    templates there are.
    """
    text, name = find_template(template)
    terms = load(text, name, find_template)
    return formatted("\n".join(_lines(template, terms.title, terms.file)) + "\n", "contract.yaml")


def _lines(template: str, title: str, file: TermsFile) -> Iterator[str]:
    yield f"# One contract on the template {template}. What you leave out keeps what the template says; a line that"
    yield "# begins with # shows it: take the # and the blank after it away to say something else."
    yield "terms: 1"
    yield "contract:"
    yield f"  id: {USUAL_CONTRACT if template == USUAL else f'first-{template}'}"
    yield f"  title: {title}"
    yield f"  template: {template}"
    yield "people:"
    for role, words in file.roles.items():
        yield from (f"  # {line}" for line in _about(words))
        yield f"  {role}: {{name: {role.replace('_', ' ')}, email: {role.replace('_', '-')}@example.com}}"
    said = {name: _DATED.get((template, name), one.default) for name, one in file.parameters.items()}
    open_ = {name for name, one in file.parameters.items() if one.type == "date" or one.default is None}
    if open_:
        yield ""
        yield "parameters:"
        for name in (name for name in said if name in open_):
            yield from (f"  # {line}" for line in _about(file.parameters[name].says))
            yield f"  {name}: {said[name] or ''}".rstrip()
    closed = [name for name in said if name not in open_]
    if closed and not open_:
        yield "# parameters:"
    for name in closed:
        yield from (f"#     {line}" for line in _about(file.parameters[name].says))
        yield f"#   {name}: {said[name]}"
    if file.readings:
        yield "# readings:"
    for name, reading in file.readings.items():
        yield from (f"#     {line}" for line in (*_about(reading.why), *_about(f"one of: {'; '.join(reading.names)}")))
        yield f"#   {name}: {reading.use}"


def _about(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH)
