"""A file is replaced whole or stays as it was, and what people said about it besides its text stays said."""

from __future__ import annotations

from pathlib import Path

import pytest

from obligations.whole_files import write_new, write_whole


def test_a_file_keeps_its_permissions_and_a_new_one_is_its_owner_s_alone(tmp_path: Path) -> None:
    """A file that a team shares would be closed to it, or one that nobody opened would stand open."""
    shared, new = tmp_path / "shared", tmp_path / "new"
    shared.write_text("before")
    shared.chmod(0o664)

    write_whole(shared, "after\n")
    write_whole(new, "after\n")

    assert (shared.read_bytes(), new.read_bytes()) == (b"after\n", b"after\n")
    assert [file.stat().st_mode & 0o777 for file in (shared, new)] == [0o664, 0o600]


def test_a_link_still_leads_to_the_file(tmp_path: Path) -> None:
    """The file people edit and the one the link led to would part ways."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("before")
    link.symlink_to(file)

    write_whole(link, "after")

    assert link.is_symlink()
    assert file.read_text() == "after"


def test_what_cannot_be_written_whole_changes_nothing(tmp_path: Path) -> None:
    """A terms file or a clock would be lost half-way, or its draft left lying about."""
    file = tmp_path / "file"
    file.write_text("before")

    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "after \udc80")

    assert [(one, one.read_text()) for one in tmp_path.iterdir()] == [(file, "before")]


def test_a_file_that_is_there_is_its_user_s_and_a_new_one_is_whole(tmp_path: Path) -> None:
    """Settings that somebody wrote would be lost, or half of the first ones be taken for theirs the next time."""
    theirs, new, half = tmp_path / "theirs", tmp_path / "new", tmp_path / "half"
    theirs.write_text("theirs")

    assert not write_new(theirs, "ours", 0o600)
    assert write_new(new, "ours", 0o600)
    with pytest.raises(UnicodeEncodeError):
        write_new(half, "ours \udc80", 0o600)

    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"theirs": "theirs", "new": "ours"}
    assert new.stat().st_mode & 0o777 == 0o600
