"""How a clause bears on others: what its words about conditions, gates and other clauses must make sense of."""

from __future__ import annotations

from collections.abc import Iterator

from obligations.terms.model import Clause

Complaint = tuple[str, tuple[str | int, ...]]


def relations(clause: Clause) -> Iterator[Complaint]:
    """What keeps a clause's words about conditions and other clauses from being planned."""
    if clause.if_each is not None and clause.content in ("power", "accelerate"):
        yield f"`if_each` is asked of each occurrence, and `{clause.content}` makes none; write `if`", ("if_each",)
    gate = clause.requires
    if gate is not None and gate.unless is not None and gate.stays is None:
        yield "`unless` takes it back within some days: say how many with `stays`", ("requires", "unless")
    if gate is not None and gate.late == "forfeits" and clause.by is None and clause.exactly is None:
        yield "a late gate forfeits what has one day: add `by` or `exactly`, or leave out `late`", ("requires", "late")
    if clause.not_before is not None and clause.content in ("vest", "accelerate", "accrue"):
        words = f"`not_before` moves a day to act on; what `{clause.content}` brings has its days from elsewhere"
        yield f"{words}, so leave it out", ("not_before",)
