"""Everything that watches a daemon, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from obligations.engine.signs import Signs
from obligations.operations.heartbeat import Heartbeat, HttpPing
from obligations.operations.inspection import Inspection
from obligations.operations.listener import Listener
from obligations.operations.systemd import Supervisor
from obligations.ports import Standing


class Watch(Signs):
    """Passes the daemon's signs on, and serves those who ask while `open` lasts. A part that is not there is None."""

    def __init__(
        self,
        supervisor: Supervisor,
        listener: Listener | None,
        heartbeat: Heartbeat | None,
        ping: HttpPing | None,
        inspection: Inspection | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._listener = listener
        self._heartbeat = heartbeat
        self._ping = ping
        self._inspection = inspection

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen, let the heart beat and look through the file, while the block runs."""
        beside = {asyncio.create_task(one.run()) for one in (self._heartbeat, self._inspection) if one}
        if self._listener:
            await self._listener.open()
        try:
            yield
        finally:
            for one in beside:
                one.cancel()
            if beside:
                await asyncio.wait(beside)
            if self._ping:
                await self._ping.close()
            if self._listener:
                await self._listener.close()
            self._supervisor.close()

    def ticked(self) -> None:
        self._supervisor.ticked()

    def passed(self, standing: Standing) -> None:
        self._supervisor.passed(standing)
        if self._heartbeat:
            self._heartbeat.passed(standing)

    def failed(self) -> None:
        self._supervisor.failed()
        if self._heartbeat:
            self._heartbeat.failed()

    def stopping(self) -> None:
        self._supervisor.stopping()
