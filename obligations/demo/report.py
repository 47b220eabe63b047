"""The end of the demo: the letter's figures, the table, what is wrong, and what to try next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from obligations.demo.count import Count, Row
from obligations.demo.letter import CONTRACT
from obligations.demo.screen import WIDTH

_COLUMNS = ("pushed", "received", "effects", "duplicates", "lost", "doubled", "early", "wrong")
FAULTS_SHOWN = 20


def figures(result: Count) -> Iterator[str]:
    """What the letter says, and what the systems were told."""
    yield f"{'clause':8}{'what the letter says':44}{'said':>12}  {'arrived':>12}"
    for figure, shown, right in result.figures:
        said = f"{figure.total:,}" if figure.total is not None else "told"
        yield f"{figure.cite:8}{figure.says:44}{said:>12}  {shown or 'nothing':>12}{'' if right else '  !'}"


def table(result: Count) -> Iterator[str]:
    """What was pushed, and what became of it at each receiver."""
    yield f"{'receiver':12}" + "".join(f"{head:>{len(head) + 2}}" for head in _COLUMNS)
    for row in result.rows.values():
        yield _row(row)
    yield _row(result.total)
    collapsed = result.total.collapsed
    if collapsed:
        yield ""
        yield from textwrap.wrap(
            f"{collapsed} stale {'reminder' if collapsed == 1 else 'reminders'} collapsed into a later one of the same"
            " duty while time ran fast or the daemon was dead; none of them counts as lost.", WIDTH,
        )  # fmt: skip


def _row(row: Row) -> str:
    return f"{row.lane.replace('_', ' '):12}" + "".join(f"{getattr(row, name):{len(name) + 2}}" for name in _COLUMNS)


def verdict(result: Count) -> Iterator[str]:
    """The sentence to take home, or what is wrong, one line each."""
    total = result.total
    if not result.faults:
        yield from textwrap.wrap(
            f"{total.pushed} pushes, {total.effects} effects: nothing lost, nothing doubled, nothing early, nothing"
            f" wrong, through two deaths of the daemon. {_repeats(total.duplicates)}", WIDTH,
        )  # fmt: skip
        return
    yield f"{len(result.faults)} {'thing is' if len(result.faults) == 1 else 'things are'} not as they should be:"
    for fault in result.faults[:FAULTS_SHOWN]:
        yield from textwrap.wrap(fault, WIDTH, initial_indent="  ", subsequent_indent="    ")
    if len(result.faults) > FAULTS_SHOWN:
        yield f"  and {len(result.faults) - FAULTS_SHOWN} more"


def _repeats(number: int) -> str:
    if not number:
        return "No key came twice."
    times = "One instruction" if number == 1 else f"{number} pushes"
    return f"{times} came twice under the same key and had {'its' if number == 1 else 'their'} effect once."


def next_steps(kept: Path | None) -> Iterator[str]:
    """Commands to try: with the demo's own database where it was kept."""
    yield "What to do next"
    if kept is None:
        yield "  keep this world and ask it questions:"
        yield "    .venv/bin/python -m obligations.demo --keep /tmp/letter"
    else:
        yield f"  export OBLIGATIONS_CONFIG={kept / 'obligations.toml'}"
        yield f"  .venv/bin/obligations contract show {CONTRACT}"
        yield f"  .venv/bin/obligations why {CONTRACT}/lump_sum"
        yield f"  .venv/bin/obligations deliveries --contract {CONTRACT} --state delivered"
        yield f"  What each receiver wrote down: {kept}/*.jsonl. Time stands still there."
    yield "  begin with a letter of your own:"
    yield "    .venv/bin/obligations init"
