"""Records an event on the letter and dies, with no chance to clean up, at the n-th statement that writes."""

from __future__ import annotations

import os
import signal
import sys
from datetime import date
from itertools import count

from sqlalchemy import Engine, event

from obligations.domain.event import Report
from tests.service.office import CLERK, office_on

EXIT = date(2026, 3, 2)


def main(url: str, last: int) -> None:
    """Die after that many writing statements, and in any case before the commit."""
    with office_on(url, EXIT) as office:
        office.service.overview("letter")
        numbers = count(1)

        @event.listens_for(Engine, "after_cursor_execute")
        def _after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "COPY")) and next(numbers) >= last:
                os.kill(os.getpid(), signal.SIGKILL)

        @event.listens_for(Engine, "commit")
        def _commit(_connection: object) -> None:
            if next(numbers) > 1:
                os.kill(os.getpid(), signal.SIGKILL)

        office.service.record("letter", Report("ev-child", "change_of_control", EXIT), actor=CLERK)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
