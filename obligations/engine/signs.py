"""The signs of life a daemon gives, for whoever watches over it: nobody, unless somebody is named."""

from __future__ import annotations

from obligations.ports import Standing


class Signs:
    """What happens at each sign: nothing. Called on the event loop; must neither block nor raise."""

    def ticked(self) -> None:
        """The work loop came round; the first time, the daemon is ready."""

    def passed(self, standing: Standing) -> None:
        """A whole pass: the work loop came round since the last one, and the store was written and read."""

    def failed(self) -> None:
        """A pass that should have been made was not: the store could not be written or read."""

    def stopping(self) -> None:
        """Nothing more is claimed; what is out is waited for."""
