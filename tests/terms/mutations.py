"""Terms files with slips in them: a word moved, a line lost, a figure blown up, a part of one clause in another."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from config.calendars import Calendars
from config.shipped import find_template, template_ids
from config.zones import Zones
from obligations.domain.event import Report
from obligations.planning.plan import plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.lint import lint
from obligations.terms.loader import load
from obligations.terms.terms import Terms

FIGURES = ("0", "1", "31", "366", "1200", "99999", "99999999999999", "-1", "2.5", "1e9", "2024-02-29", "9999-12-31")
NOISE = (
    "",
    " ",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "#",
    "|",
    "&a",
    "*a",
    "!!int",
    "\t",
    "é",
    "\x00",
    "no",
)
CALENDARS, ZONES = Calendars(), Zones()


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one mutated file, and how many seconds of processor it took."""

    seed: int
    outcome: str
    seconds: float


def sources() -> tuple[tuple[str, str], ...]:
    """The shipped templates by name, which are what slips are made in."""
    return tuple((name, find_template(name)[0]) for name in template_ids())


def mutated(text: str, random: Random) -> str:
    """The text with one to five slips, most often one."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        text = random.choice(_SLIPS)(text, random)
    return text


def _word(text: str, random: Random) -> str:
    """One word in the place of another."""
    words = text.split(" ")
    words[random.randrange(len(words))] = random.choice(words)
    return " ".join(words)


def _figure(text: str, random: Random) -> str:
    places = [number for number, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    at = random.choice(places)
    return text[:at] + random.choice(FIGURES) + text[at + random.randint(1, 4) :]


def _lost_line(text: str, random: Random) -> str:
    lines = text.split("\n")
    start = random.randrange(len(lines))
    del lines[start : start + random.randint(1, 4)]
    return "\n".join(lines)


def _moved_lines(text: str, random: Random) -> str:
    """A few lines copied to another place, in the indentation of that place or in their own."""
    lines = text.split("\n")
    start, at = random.randrange(len(lines)), random.randrange(len(lines))
    block = lines[start : start + random.randint(1, 6)]
    if random.random() < 0.5:
        depth = len(lines[at]) - len(lines[at].lstrip())
        block = [" " * depth + line.lstrip() for line in block]
    return "\n".join([*lines[:at], *block, *lines[at:]])


def _value(text: str, random: Random) -> str:
    """What stands behind one key put behind another."""
    lines = text.split("\n")
    pairs = [number for number, line in enumerate(lines) if ": " in line]
    if len(pairs) < 2:
        return text
    one, other = random.sample(pairs, 2)
    lines[one] = lines[one].partition(": ")[0] + ": " + lines[other].partition(": ")[2]
    return "\n".join(lines)


def _like(text: str, random: Random) -> str:
    """What stands behind a key put behind the same key elsewhere: a slip that often still reads well."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    key = lines[at].partition(": ")[0].strip()
    others = [line for line in lines if line.strip().startswith(f"{key}: ")]
    if others:
        lines[at] = lines[at].partition(": ")[0] + ": " + random.choice(others).partition(": ")[2]
    return "\n".join(lines)


def _noise(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(NOISE) + text[at + random.randint(0, 3) :]


_SLIPS = (_word, _figure, _figure, _lost_line, _moved_lines, _value, _like, _like, _like, _like, _noise)


def run(seed: int, known: tuple[tuple[str, str], ...]) -> Ran:
    """Load a mutated file, look at it twice, and plan a story in it; whatever is not refused in words comes through."""
    random = Random(seed)
    name, text = random.choice(known)
    changed = mutated(text, random)
    began = time.process_time()
    outcome, said = _outcome(changed, name, random)
    assert said or outcome == "planned", f"seed {seed}: refused without words"
    return Ran(seed, outcome, time.process_time() - began)


def _outcome(text: str, name: str, random: Random) -> tuple[str, str]:
    try:
        terms = load(text, f"{name}.yaml", find_template)
        lint(terms)
        plan(terms, tuple(_story(terms, random)), as_of=_day(random), calendars=CALENDARS, zones=ZONES)
    except TermsError as error:
        placed = [one for one in error.findings if one.file and one.message and one.place.line >= 1]
        return "refused", str(error) if len(placed) == len(error.findings) else ""
    except PlanningError as error:
        return "story refused", str(error)
    return "planned", ""


def _story(terms: Terms, random: Random) -> Iterator[Report]:
    for number, (event, kind) in enumerate(terms.event_kinds().items()):
        for time_number in range(random.choice((0, 1, 1) if kind.once else (0, 0, 1, 2))):
            fields = {name: _text(one.type, one.options, random) for name, one in kind.fields.items()}
            given = {name: value for name, value in fields.items() if name == "value" or random.random() < 0.7}
            identity = f"{number}-{time_number}"
            yield Report(identity, event, _day(random), _day(random) if random.random() < 0.3 else None, given)


def _text(kind: str, options: list[str], random: Random) -> str:
    if options:
        return random.choice(options)
    said = {"date": "2026-03-31", "span": "30 days", "yes_or_no": "yes", "text": "a word"}
    if kind == "payroll_calendar":
        return random.choice(
            (
                "14 days ending 2026-01-09",
                "7 days ending 2026-01-02 paid 5 days later",
                "monthly paid 25",
            )
        )
    return said.get(kind, random.choice(("0", "100", "12345")))


def _day(random: Random) -> date:
    return date(2026, 1, 1) + timedelta(days=random.randrange(1500))


def most_bytes() -> int:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def campaign(seeds: range, progress: bool = False) -> tuple[list[Ran], int]:
    """Every seed's run, and by how many bytes the process grew while they ran."""
    known = sources()
    for name, text in known:
        load(text, name, find_template)
    before, began, ran = most_bytes(), time.monotonic(), []
    for number, seed in enumerate(seeds, 1):
        ran.append(run(seed, known))
        if progress and number % 500 == 0:
            sys.stderr.write(f"{number:,} files in {time.monotonic() - began:.0f} s\n")
    return ran, most_bytes() - before


def main() -> None:
    """A long campaign, with a table of what became of the files."""
    parser = argparse.ArgumentParser(description="Load and plan mutated terms files; any fault ends it with its seed.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--first-seed", type=int, default=0)
    given = parser.parse_args()
    ran, grown = campaign(range(given.first_seed, given.first_seed + given.files), progress=True)
    counts = Counter(one.outcome for one in ran)
    slowest = max(ran, key=lambda one: one.seconds)
    lines = [f"{outcome:15} {counts[outcome]:7,}" for outcome in sorted(counts)]
    lines.append(f"slowest         {slowest.seconds:7.3f} s of processor (seed {slowest.seed})")
    lines.append(f"grown by        {grown / 1e6:7.1f} MB")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(0 if slowest.seconds < 1 and grown < 50_000_000 else 1)


if __name__ == "__main__":
    main()
