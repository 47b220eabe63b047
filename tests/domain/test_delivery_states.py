"""The states of a delivery, as the code has them and as the page tells them."""

from __future__ import annotations

from pathlib import Path

from obligations.domain.delivery import ARROWS, DeliveryState

PAGE = Path(__file__).parents[2] / "docs" / "delivery-states.md"


def test_the_page_tells_every_state_and_every_arrow() -> None:
    """An operator who reads the page would otherwise wait for a change that cannot come, or miss one that can."""
    rows = [line.split("|")[1:-1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][
        1:
    ]
    told = {state.strip(): {word.strip() for word in arrows.split(",")} for state, _, arrows in rows}
    assert told == {
        str(state): {str(one) for one in targets} or {"nowhere: it is final"} for state, targets in ARROWS.items()
    }


def test_every_state_has_its_arrows() -> None:
    """A state without an entry would let the store change it to anything."""
    assert set(ARROWS) == set(DeliveryState)
