"""The command line: `obligations`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import typer

    from obligations.cli.commands import app

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    # The commands bring everything they need with them, and the daemon, which is one of them, needs little of it.
    if name == "app":
        from obligations.cli.commands import app

        return app
    raise AttributeError(name)


def main() -> None:
    """The `obligations` command."""
    if sys.argv[1:2] != ["run"] and hasattr(signal, "SIGPIPE"):
        # Who reads a pipe may leave early (`| head`); the daemon instead outlives whoever watches it.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for argument in sys.argv[1:]:
        if any(0xD800 <= ord(letter) <= 0xDFFF for letter in argument):
            fail_outside(f"{argument.encode(errors='surrogateescape')!r} is not UTF-8 text; type it anew")
    try:
        _command()
        sys.stdout.flush()
    except OSError as error:
        # Commands turn the errors of files they open into words; what is left is the output itself.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- lives until exit
        fail_outside(f"the output cannot be written: {error.strerror}")
    finally:
        if sys.argv[1:2] == ["run"]:
            _leave_what_cannot_be_written()


def _command() -> None:
    if sys.argv[1:] == ["run"]:
        # To look for rubbish among what is just being loaded takes a fifth of a start, and finds next to none.
        gc.disable()
        _do_without_colour()
        from obligations.cli.run import alone

        alone()
    else:
        from obligations.cli.commands import app

        if "--json" in sys.argv:
            _for_a_program(app)
        else:
            app()


def _do_without_colour() -> None:
    """Where they find rich and pygments, structlog loads them for its tracebacks and httpx for its command line, which
    the daemon never uses: a twentieth of its memory."""
    modules: dict[str, Any] = sys.modules
    modules["rich"] = modules["pygments"] = None  # to Python these are modules that are not there
    try:
        for name in ("httpx", "structlog"):
            import_module(name)
    finally:
        del modules["rich"], modules["pygments"]


def _for_a_program(app: typer.Typer) -> NoReturn:
    """A command line that is not understood is told to the program that wrote it like every other error."""
    from typer import Abort

    from obligations.cli.failures import Exit, tell_program

    try:
        code = app(standalone_mode=False)
    except Abort:
        tell_program("aborted", "the question was not answered; nothing was done", 1)
        sys.exit(1)
    except Exception as error:
        # Typer's own errors have no public name; this is what they have in common.
        if not hasattr(error, "format_message"):
            raise
        tell_program("usage", error.format_message(), Exit.USAGE)
        sys.exit(Exit.USAGE)
    sys.exit(code if isinstance(code, int) else 0)


def _leave_what_cannot_be_written() -> None:
    """Words that a full disk did not take are no reason for the daemon, which did its work, to end as a failure."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError):
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- lives until exit


def fail_outside(message: str) -> NoReturn:
    """End the process with one message where no command runs yet or any more."""
    if "--json" in sys.argv:
        from obligations.cli.failures import tell_program

        tell_program("usage", message, 2)
    else:
        print(f"obligations: {message}", file=sys.stderr)
    sys.exit(2)
