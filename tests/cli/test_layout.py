"""`obligations fmt`: the same file in one layout, or the file as it was."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_a_file_is_laid_out_once(terminal: Terminal) -> None:
    file = terminal.write("x.yaml", b"terms:  1\r\nparties:   # who\r\n     {a:  the one,b: 'the other'}\r\n")
    checked = terminal.run("fmt", "--check", file)
    assert checked.code == 1
    assert "+terms: 1" in checked.out
    assert file.read_bytes().startswith(b"terms:  1")
    done = terminal.run("fmt", file)
    assert (done.code, done.out) == (0, f"{file}: laid out anew\n")
    assert file.read_text() == 'terms: 1\nparties: {a: the one, b: "the other"} # who\n'
    again = terminal.run("fmt", file, "--check")
    assert (again.code, again.out) == (0, "")


def test_a_file_that_cannot_be_read_stays_as_it_is(terminal: Terminal) -> None:
    file = terminal.write("x.yaml", b"a: 1\na: 2\n")
    said = terminal.run("fmt", file)
    assert said.code == 1
    assert "x.yaml:2:1" in said.err
    assert file.read_bytes() == b"a: 1\na: 2\n"
