"""How a clause bears on others: what its words about conditions, gates and other clauses must make sense of."""

from __future__ import annotations

from collections.abc import Iterator

from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.errors import did_you_mean
from obligations.terms.model import TermsFile
from obligations.terms.naming import names_in

Complaint = tuple[str, tuple[str | int, ...]]


ALONE = ("power", "vest", "accelerate", "postpone")
HELD = ("pay", "grant", "task")


def chain(file: TermsFile, clause_id: str) -> tuple[str, ...]:
    """A clause, the one it stands instead of, and so on; stops where it would circle or leaves the file."""
    found = [clause_id]
    while (following := file.clauses[found[-1]].instead_of) in file.clauses and following not in found:
        found.append(str(following))
    return tuple(found)


def demands(clause: Clause) -> int:
    """How much a clause asks for before it applies: details of its trigger, and conditions."""
    details = sum(len(one.having) for one in _events(clause.when))
    return details + sum(one is not None for one in (clause.if_, clause.unless, clause.if_each, clause.requires))


def _events(value: object) -> Iterator[e.EventNamed]:
    match value:
        case e.EventNamed():
            yield value
        case e.EventFirst(event=event) | e.EventDuring(event=event):
            yield from _events(event)
        case _:
            return


def inheriting(file: TermsFile) -> TermsFile:
    """The file with the triggers filled in that clauses have from what they stand instead of."""
    clauses = dict(file.clauses)
    for clause_id, clause in file.clauses.items():
        if clause.instead_of is not None and clause.when is None:
            when = next((file.clauses[one].when for one in chain(file, clause_id) if file.clauses[one].when), None)
            clauses[clause_id] = clause.model_copy(update={"when": when})
    return file.model_copy(update={"clauses": clauses})


def circling(file: TermsFile) -> Iterator[tuple[str, str]]:
    """Clauses that stand instead of none that there is, or of themselves in the end; each with what to say."""
    for clause_id, clause in file.clauses.items():
        if clause.instead_of is None:
            continue
        if clause.instead_of not in file.clauses:
            yield clause_id, f'there is no clause "{clause.instead_of}".{did_you_mean(clause.instead_of, file.clauses)}'
        elif file.clauses[chain(file, clause_id)[-1]].instead_of is not None:
            yield clause_id, "it would stand instead of itself; one of them must be the rule that is replaced"


def _involves(file: TermsFile, event: object, wanted: frozenset[str], seen: frozenset[str] = frozenset()) -> bool:
    """Whether each happening of an event phrase is, or rests on, one of the names; what comes round rests on none."""
    match event:
        case e.Choice(options=options):
            return all(_involves(file, option, wanted, seen) for _, option in options)
        case e.EventNever():
            return True
        case e.EventNamed(name=name):
            if name in wanted or name in seen:
                return name in wanted
            behind = [file.define.get(name), *(file.clauses[one].when for one in file.brings.get(name, ()))]
            return any(_involves(file, one, wanted, seen | {name}) for one in behind if one is not None)
        case e.EventFirst(event=inner) | e.EventDuring(event=inner):
            return _involves(file, inner, wanted, seen)
        case e.EventUnion(members=members):
            return all(_involves(file, one, wanted, seen) for one in members)
        case e.EventAll(members=members):
            return any(_involves(file, one, wanted, seen) for one in members)
        case _:
            return bool(wanted & _reach(file, event))


def _reach(file: TermsFile, event: object) -> frozenset[str]:
    """Every name that a phrase speaks of, through definitions, windows and the triggers of clauses."""
    found: set[str] = set()
    left = list(names_in(event))
    while left:
        # The outcome of a clause, as `cure missed`, is named by the clause.
        name = left.pop().partition(" ")[0]
        if name in found:
            continue
        found.add(name)
        for section in (file.define, file.windows, file.states):
            left += names_in(section.get(name))
        bringing = chain(file, name) if name in file.clauses else file.brings.get(name, ())
        left += [one for clause_id in bringing for one in (clause_id, *names_in(file.clauses[clause_id].when))]
    return frozenset(found)


def relations(file: TermsFile, clause: Clause) -> Iterator[Complaint]:
    """What keeps a clause's words about conditions and other clauses from being planned."""
    if clause.if_each is not None and clause.content in ("power", "accelerate", "postpone"):
        yield f"`if_each` is asked of each occurrence, and `{clause.content}` makes none; write `if`", ("if_each",)
    if clause.instead_of is not None:
        replaced = file.clauses[clause.instead_of]
        for one in (clause, replaced):
            if one.content in ALONE:
                yield f"`{one.content}` is neither replaced nor stands instead of another clause", ("instead_of",)
        if replaced.when is not None and not _involves(file, clause.when, _reach(file, replaced.when)):
            words = f"`when` has nothing of what sets {clause.instead_of} off, so that both would be owed"
            yield f"{words}; leave it out, or write `all of` with that event", ("when",)
    yield from _postponing(file, clause)
    gate = clause.requires
    if gate is not None and gate.unless is not None and gate.stays is None:
        yield "`unless` takes it back within some days: say how many with `stays`", ("requires", "unless")
    if gate is not None and gate.late == "forfeits" and clause.by is None and clause.exactly is None:
        yield "a late gate forfeits what has one day: add `by` or `exactly`, or leave out `late`", ("requires", "late")
    if clause.not_before is not None and clause.content in ("vest", "accelerate", "accrue", "postpone"):
        words = f"`not_before` moves a day to act on; what `{clause.content}` brings has its days from elsewhere"
        yield f"{words}, so leave it out", ("not_before",)


def _postponing(file: TermsFile, clause: Clause) -> Iterator[Complaint]:
    if clause.to is not None and clause.postpone is None:
        yield "`to` is the day that `postpone` holds something back to; write `by` or `exactly`", ("to",)
    if clause.postpone is None:
        return
    if clause.to is None:
        yield "`postpone` needs `to:`, the day it holds back to", ("postpone",)
    for number, name in enumerate(clause.postpone):
        if file.clauses[name].content not in HELD:
            yield f"`{file.clauses[name].content}` is not held back; only {', '.join(HELD)} is", ("postpone", number)
    for word in ("do", "remind", "by", "exactly", "not_before", "during", "series", "requires", "if_missed", "then"):
        if getattr(clause, word):
            yield f"what is held back is acted on by its own clause; leave out `{word}`", (word,)
