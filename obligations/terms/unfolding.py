"""How large an explanation grows in which every name is put into the words it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from obligations.terms.model import TermsFile
from obligations.terms.naming import names_in

Complaint = tuple[tuple[str | int, ...], str]
MOST = 2_000
DEEPEST = 50


def too_large(file: TermsFile) -> Iterator[Complaint]:
    """The first name whose explanation would have too many steps, as where each of forty names takes the one before it
    twice; with its place, and what to say of it."""
    sizes: dict[str, tuple[int, int]] = {}
    sections = {"define": file.define, "windows": file.windows, "states": file.states}
    spoken: dict[str, tuple[tuple[str | int, ...], list[object]]] = {
        name: ((section, name), [one]) for section, named in sections.items() for name, one in named.items()
    }
    spoken |= {name: (("facts", name), [fact.starts_as]) for name, fact in file.facts.items()}
    spoken |= {
        name: (("clauses", name), [it.pay, it.grant, it.when, it.by, it.exactly]) for name, it in file.clauses.items()
    }

    def size(name: str, depth: int) -> tuple[int, int]:
        """How many parts a name unfolds into, and how many levels deep."""
        # The outcome of a clause, as `cure missed`, and what it comes to, as `amount of cure`, are named by the clause.
        name = name.removeprefix("amount of ").partition(" ")[0]
        if name not in spoken or depth > DEEPEST:
            return 1, 1
        if name not in sizes:
            sizes[name] = 1, 1  # a name that needs itself is told of elsewhere
            below = [size(one, depth + 1) for part in spoken[name][1] for one in names_in(part)]
            sizes[name] = 1 + sum(parts for parts, _ in below), 1 + max((levels for _, levels in below), default=0)
        return sizes[name]

    for name, (place, _) in spoken.items():
        parts, levels = size(name, 0)
        if parts > MOST or levels > DEEPEST:
            words = f"{name.replace('_', ' ')} unfolds into more than {MOST:,} parts or {DEEPEST} levels"
            yield place, f"{words}, which nobody could follow; let it name fewer things that name others in their turn"
            return
