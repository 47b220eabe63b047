"""Files with slips in them are planned or refused in words: no traceback, quickly, and in little memory."""

from __future__ import annotations

from tests.terms.mutations import campaign

# Ten thousand of them run with `make soak`; here a share of them that takes some twenty seconds of one processor.
FILES = 200


def test_mutated_files_are_planned_or_refused_in_words() -> None:
    ran, grown = campaign(range(FILES))
    assert {one.outcome for one in ran} >= {"planned", "refused"}, "the slips reach every stage"
    slow = [one for one in ran if one.seconds >= 1]
    assert not slow
    assert grown < 50_000_000
