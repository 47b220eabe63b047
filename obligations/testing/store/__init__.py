"""What every store must do. A store that passes may keep contracts for years.

    from obligations.testing.store import CHECKS, exercise_store

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_store(check, my_store):
        check(my_store)

or, all at once: `exercise_store(lambda: MyStore(...))`. Each check makes its own contracts under fresh ids, so they may
share a database, run in any order and run again; nothing else may be claiming from it meanwhile. What a check leaves
behind is never due.
"""

from __future__ import annotations

from collections.abc import Callable

from obligations.ports import Store
from obligations.testing.store import claiming, contracts, deliveries, holding, standing, transactions
from obligations.testing.store.stage import Check

CHECKS: tuple[Check, ...] = (
    *contracts.CHECKS,
    *deliveries.CHECKS,
    *claiming.CHECKS,
    *holding.CHECKS,
    *standing.CHECKS,
    *transactions.CHECKS,
)


def exercise_store(open_store: Callable[[], Store]) -> None:
    """Runs every check on a store of its own; raises one `ExceptionGroup` that holds all failures, named."""
    failures: list[Exception] = []
    for check in CHECKS:
        store = open_store()
        try:
            check(store)
        except Exception as error:  # noqa: BLE001 - all failures are collected and raised below
            error.add_note(f"in the check {check.__name__}: {check.__doc__}")
            failures.append(error)
        finally:
            store.close()
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(CHECKS)} checks of the store failed", failures)
