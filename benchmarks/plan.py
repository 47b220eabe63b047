"""How fast plans are made: `make bench`. docs/performance.md says how to read the figures."""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.contracts import CALENDARS, ZONES, Case, letters, stories, synthetic, templates
from benchmarks.page import Page, markdown
from obligations.cli.run import GARBAGE_AFTER
from obligations.planning.as_json import plan_json
from obligations.planning.plan import Plan, plan
from obligations.planning.pushes import Sending

# The quickest run counts, since what else the machine does only ever adds time: so many runs, or what fits a budget.
RUNS = 15
BUDGET_SECONDS = 1.0
SIZES = (10, 100, 1_000, 10_000)


def planned(case: Case, sending: Sending | None = None) -> Plan:
    """The plan of a case, with its pushes where they are asked for."""
    return plan(case.terms, case.reports, as_of=case.as_of, calendars=CALENDARS, zones=ZONES, sending=sending)


def quickest(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest run; the first, which fills caches, is not counted."""
    work()
    times: list[float] = []
    while len(times) < RUNS and (len(times) < 2 or sum(times) < BUDGET_SECONDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def table(name: str, heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """Prints a table, and writes it to its place on the page."""
    made = markdown(heads, rows)
    print(made, "\n", flush=True)
    Page().put(name, made)


def one_by_one() -> Iterable[tuple[object, ...]]:
    """Each shipped template as it is signed, and with a change of control where it knows one."""
    for case in templates():
        made = planned(case, Sending())
        bare = quickest(lambda case=case: planned(case))
        sent = quickest(lambda case=case: planned(case, Sending()))
        read = quickest(lambda case=case: plan_json(planned(case, Sending())))
        figures = (
            f"{bare * 1e3:.2f}",
            f"{1 / bare:,.0f}",
            f"{sent * 1e3:.2f}",
            f"{1 / sent:,.0f}",
            f"{read * 1e3:.2f}",
        )
        yield (case.name, len(made.occurrences), len(made.pushes), *figures)


def told() -> Iterable[tuple[object, ...]]:
    """Each shipped template in the stories of its examples, and all of them together."""
    all_spent, all_told = 0.0, 0
    for name, cases in stories():
        spent = sum(quickest(lambda case=case: planned(case)) for case in cases)
        made = sum(len(planned(case).occurrences) for case in cases)
        all_spent, all_told = all_spent + spent, all_told + len(cases)
        yield name, len(cases), made // len(cases), f"{spent / len(cases) * 1e3:.2f}", f"{len(cases) / spent:,.0f}"
    yield "together", all_told, "", f"{all_spent / all_told * 1e3:.2f}", f"{all_told / all_spent:,.0f}"


def together() -> Iterable[tuple[object, ...]]:
    """Two hundred contracts with days and figures of their own on one template, one after another."""
    made = letters(200)
    for name, sending in (("occurrences", None), ("occurrences and pushes", Sending())):
        spent = quickest(lambda sending=sending: [planned(case, sending).replan_at for case in made])
        yield name, len(made), f"{len(made) / spent:,.0f}"


def anew() -> Iterable[tuple[object, ...]]:
    """Letters that were never planned: the first plan of each, and those after it, each over all of them once."""
    for count, sending in ((200, None), (1_000, None), (200, Sending()), (1_000, Sending())):
        made, rates = letters(count), []
        for _ in range(5):
            begun = time.process_time()
            for case in made:
                planned(case, sending)
            rates.append(f"{count / (time.process_time() - begun):,.0f}")
        yield f"{count:,}{', with pushes' if sending else ''}", *rates


def by_size() -> Iterable[tuple[object, ...]]:
    """What an occurrence costs in contracts of ten to ten thousand of them: linear where the figure stays."""
    for kind in synthetic():
        row: list[object] = [kind.name]
        for size in SIZES:
            case = kind.case(size)
            count = len(planned(case).occurrences)
            row.append(f"{quickest(lambda case=case: planned(case)) / count * 1e6:.1f}")
        yield tuple(row)


def by_horizon() -> Iterable[tuple[object, ...]]:
    """An accrual without an end, judged ever later: it costs what lies before the horizon and nothing beyond it."""
    (kind,) = [kind for kind in synthetic() if kind.name == "accrual every 14 days"]
    for years in (0, 1, 4, 16, 64):
        case = replace(kind.case(1_000), as_of=date(2005, 1, 3) + timedelta(days=365 * years))
        spent = quickest(lambda case=case: planned(case))
        yield f"{years + 1} year{'s' if years else ''}", len(planned(case).occurrences), f"{spent * 1e3:.2f}"


def main() -> None:
    """Every table, on this machine."""
    # As the daemon plans: what is here now stays, and what plans leave is looked for as seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    print(f"Python {platform.python_version()}, pydantic {version('pydantic')}, {platform.machine()}; one core\n")
    print("One contract\n")
    heads = ("contract", "occurrences", "pushes", "ms", "a second", "ms with pushes", "a second", "ms as JSON")
    table("one", heads, one_by_one())
    print("Every shipped template in the stories of its examples\n")
    table("stories", ("template", "stories", "occurrences", "ms", "a second"), told())
    print("Two hundred different contracts on one template\n")
    table("many", ("planned", "contracts", "a second"), together())
    print("Letters that were never planned before, plans a second of each in turn\n")
    table("first", ("letters", "first plan", "second", "third", "fourth", "fifth"), anew())
    print("Microseconds an occurrence\n")
    table("sizes", ("kind", *(f"{size:,}" for size in SIZES)), by_size())
    print("An accrual every 14 days without an end\n")
    table("horizon", ("to the horizon", "occurrences", "ms"), by_horizon())


if __name__ == "__main__":
    main()
