"""The processes the demo starts, each ended by its own id, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

START_SECONDS = 20.0
END_SECONDS = 10.0


class Trouble(RuntimeError):
    """The demo cannot go on; the message says what happened, where, and what to look at."""


class Child:
    """One process of this Python, with its errors in a file.

    It gets a process group of its own, so that Ctrl-C reaches the demo alone and the demo ends its children in order.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        speaks: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if speaks else subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended: an exit code, a signal as a negative number, None while it runs."""
        return self._process.poll()

    def first_line(self, seconds: float = START_SECONDS) -> str:
        """What it says first; raises `Trouble` when it says nothing in time."""
        stdout = self._process.stdout
        assert stdout is not None, "only a process that speaks has a first line"
        said: Queue[bytes] = Queue()
        Thread(target=lambda: said.put(stdout.readline()), daemon=True).start()
        try:
            line = said.get(timeout=seconds)
        except Empty:
            line = b""
        if not line:
            raise Trouble(f"{self.name} did not start within {seconds:g} s{self.last_words()}")
        return line.decode().strip()

    def wait(self, seconds: float = END_SECONDS) -> int:
        """How it ended; raises `Trouble` when it is still there after that time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{self.name} (process {self.pid}) did not end within {seconds:g} s") from None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """Ask it to end and wait for it; returns how it ended."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait(END_SECONDS * 3)

    def end(self) -> None:
        """Have it gone, asked or not, and its pipe closed. Never raises for what the process did."""
        if self.code is None:
            with suppress(OSError):
                self._process.terminate()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def last_words(self, lines: int = 5) -> str:
        """The end of what it wrote to its log, to be shown behind a sentence; empty when it wrote nothing."""
        with suppress(OSError):
            said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            if said:
                return "; its last words:\n" + "\n".join(f"  {line}" for line in said)
        return ""
