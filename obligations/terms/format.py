"""One layout for every terms file: what it says, its comments and its order stay; spacing and line breaks are ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from obligations.terms.document import read, text_of
from obligations.terms.errors import Finding, Place, TermsError

WIDTH = 120
_NEEDS_QUOTES = re.compile(r"""^[-?:,\[\]{}#&*!|>'"%@`\s]|:(\s|$)|\s#|\s$|[\t\n]|^$""")
_FLOW_ONLY = re.compile(r"[,\[\]{}]")


def formatted(text: str, name: str) -> str:
    """The same file in the one layout; formatting it again changes nothing.

    Two spaces a level, one blank line at most, what is written in braces stays on one line while it fits into 120
    columns and is aligned with its neighbours. Quotes and comments stay. Raises `TermsError` for a text that is no
    readable terms file, which is then left alone.

    >>> print(formatted("terms:  1\\nparties:   # who\\n     {a:  the one,b: 'the other'}", "x.yaml"), end="")
    terms: 1
    parties: {a: the one, b: "the other"} # who
    """
    before = read(text, name)
    comments = list(_comments(text))
    laid_out = "".join(f"{line}\n" for line in _Layout(_tree(text), comments).lines())
    after = read(laid_out, name)
    kept = sorted(comment.text for comment in _comments(laid_out)) == sorted(comment.text for comment in comments)
    if after.tree != before.tree or not kept:
        message = "this file cannot be laid out anew without losing something; it stays as it is"
        raise TermsError([Finding(message, Place(), file=name)])
    return laid_out


# --- the text as nodes and comments ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """A value as it stands in the text: a scalar, or entries with their keys (empty ones in a list)."""

    line: int
    last: int
    scalar: str | None = None
    style: str = ""
    flow: bool = False
    entries: list[tuple[_Node | None, _Node]] = field(default_factory=list)
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class _Comment:
    line: int
    text: str
    alone: bool


def _events(text: str) -> Iterator[Event]:
    yield from YAML(typ="rt", pure=True).parse(text)


def _tree(text: str) -> _Node:
    stack: list[_Node] = []
    keys: list[_Node | None] = []
    root: _Node | None = None
    for event in _events(text):
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            node = stack.pop()
            keys.pop()
            if node.flow:
                node.last = event.end_mark.line
            continue
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            continue
        node = _node(event)
        if not stack:
            root = node
        elif not stack[-1].is_list and keys[-1] is None:
            keys[-1] = node
        else:
            stack[-1].entries.append((keys[-1], node))
            keys[-1] = None
        if node.scalar is None:
            stack.append(node)
            keys.append(None)
    assert root is not None, "a document that was read has a root"
    return root


def _node(event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> _Node:
    first, last = event.start_mark.line, event.end_mark.line
    if isinstance(event, ScalarEvent):
        return _Node(first, last, scalar=text_of(event), style=event.style or "")
    return _Node(first, last, flow=bool(event.flow_style), is_list=isinstance(event, SequenceStartEvent))


def _comments(text: str) -> Iterator[_Comment]:
    """Every comment with its line, and whether it stands there alone."""
    taken = [
        (event.start_mark.index, event.end_mark.index)
        for event in _events(text)
        if isinstance(event, ScalarEvent) and event.value
    ]
    index = number = line = 0
    for line, whole in enumerate(text.split("\n")):
        for match in re.finditer(r"(?:^|(?<=\s))#", whole):
            at = index + match.start()
            while number < len(taken) and taken[number][1] <= at:
                number += 1
            if number < len(taken) and taken[number][0] <= at:
                continue
            yield _Comment(line, whole[match.start() :].rstrip(), alone=not whole[: match.start()].strip())
            break
        index += len(whole) + 1


# --- the layout -----------------------------------------------------------------------------------------------------


class _Layout:
    def __init__(self, root: _Node, comments: list[_Comment]) -> None:
        self.root = root
        self.comments = comments
        self.next = 0
        self.out: list[str] = []
        self.last_line = 0

    def lines(self) -> list[str]:
        """Every line of the file, without line ends."""
        if self.root.scalar is None and not self.root.is_list:
            self._block(self.root, 0)
        self._before(10**9, 0)
        return self.out

    def _block(self, node: _Node, depth: int) -> None:
        aligned, width = self._neighbours(node, depth)
        for number, (key, value) in enumerate(node.entries):
            first = key or value
            self._before(first.line, depth, section=depth == 0 and number > 0 and self._is_section(node, number))
            self._entry(key, value, depth, width if number in aligned else 0)

    def _neighbours(self, node: _Node, depth: int) -> tuple[set[int], int]:
        """Which entries of a part of the file stand in braces below one another, and in which column they begin."""
        heads = {
            number: 2 * depth + len(_scalar(key, flow=False)) + 1
            for number, (key, value) in enumerate(node.entries)
            if depth == 1 and key is not None and self._aligns(value)
        }
        while heads:
            width = max(heads.values())
            fit = {
                number: head
                for number, head in heads.items()
                if width + 1 + len(_flow(node.entries[number][1])) <= WIDTH
            }
            if len(fit) == len(heads):
                return set(heads), width
            heads = fit
        return set(), 0

    def _is_section(self, node: _Node, number: int) -> bool:
        """Whether a blank line goes before a part of the file: where it or the part before it takes several lines."""
        return any(not self._one_line(value, 60) for _, value in node.entries[number - 1 : number + 1])

    def _entry(self, key: _Node | None, value: _Node, depth: int, width: int) -> None:
        indent = "  " * depth
        head = f"{indent}{_scalar(key, flow=False)}:" if key is not None else f"{indent}-"
        inline = self._one_line(value, WIDTH - max(len(head), width) - 1)
        if inline is not None and not self._holds_comments(value):
            line = f"{head.ljust(width)} {inline}" if inline else head
            self.out.append(line + self._beside(value.last))
        elif value.scalar is not None:
            self.out += self._text(head, value, depth)
        elif key is None:
            self._in_item(value, depth)
        else:
            self.out.append(head + self._beside((key or value).line))
            self._block(value, depth + 1)
        self.last_line = max(self.last_line, value.last)

    def _in_item(self, value: _Node, depth: int) -> None:
        """What a list holds: its first line beside the dash."""
        start = len(self.out)
        self._block(value, depth + 1)
        first = next(place for place in range(start, len(self.out)) if not self.out[place].lstrip().startswith("#"))
        self.out[first] = "  " * depth + "- " + self.out[first].lstrip()

    def _aligns(self, value: _Node) -> bool:
        return value.scalar is None and value.flow and not value.is_list and not self._holds_comments(value)

    def _one_line(self, value: _Node, room: int) -> str | None:
        """The value on one line, or None where it is written over several or does not fit."""
        if value.scalar is not None:
            if "\n" in value.scalar and value.style in ("|", ">"):
                return None
            said = _scalar(value, flow=False)
            # What has quotes, or gets them, is never broken: the spaces at a break would not come back.
            return said if len(said) <= room or " " not in said or said[:1] in ("'", '"') else None
        if not value.flow and value.entries:
            return None
        said = _flow(value)
        return said if len(said) <= room or not value.entries else None

    def _text(self, head: str, value: _Node, depth: int) -> list[str]:
        """A text over several lines: literal where it has lines of its own, else folded at the width."""
        assert value.scalar is not None
        indent = "  " * (depth + 1)
        beside = self._beside(value.line)
        if "\n" in value.scalar:
            body = value.scalar
            chomp = "" if body.endswith("\n") and not body.endswith("\n\n") else "+" if body.endswith("\n") else "-"
            body = body.removesuffix("\n")
            return [f"{head} |{chomp}{beside}", *((indent + line).rstrip() for line in body.split("\n"))]
        lines, words = [], _scalar(value, flow=False).split(" ")
        line = head
        for word in words:
            if len(line) + 1 + len(word) > WIDTH and line.strip():
                lines.append(line)
                line = indent + word
            else:
                line = f"{line} {word}"
        return [*lines, line + beside]

    # --- comments and blank lines ---------------------------------------------------------------------------------

    def _before(self, line: int, depth: int, *, section: bool = False) -> None:
        """Blank lines and comments that stand before a line of the source."""
        while self.next < len(self.comments) and self.comments[self.next].line < line:
            comment = self.comments[self.next]
            if self.out and (section or comment.line > self.last_line + 1):
                self._blank()
                section = False
            self.out.append("  " * depth + comment.text)
            self.last_line = comment.line
            self.next += 1
        if self.out and line < 10**9 and (line > self.last_line + 1 or section):
            self._blank()
        if line < 10**9:
            self.last_line = line

    def _blank(self) -> None:
        if self.out and self.out[-1]:
            self.out.append("")

    def _beside(self, line: int) -> str:
        """The comment that stands beside the code of a line, or nothing."""
        if self.next < len(self.comments):
            comment = self.comments[self.next]
            if comment.line <= line and not comment.alone:
                self.next += 1
                return f" {comment.text}"
        return ""

    def _holds_comments(self, value: _Node) -> bool:
        """Whether comments stand inside of something in braces, so that it needs lines of its own."""
        return any(value.line <= one.line < value.last for one in self.comments[self.next :])


def _flow(node: _Node) -> str:
    if node.scalar is not None:
        return _scalar(node, flow=True)
    parts = (f"{_scalar(key, flow=True)}: {_flow(value)}" if key else _flow(value) for key, value in node.entries)
    return f"[{', '.join(parts)}]" if node.is_list else "{" + ", ".join(parts) + "}"


def _scalar(node: _Node, *, flow: bool) -> str:
    """A text in the quotes it had, or in those it needs."""
    value = node.scalar or ""
    quoted = node.style in ("'", '"')
    if not quoted and not _NEEDS_QUOTES.search(value) and not (flow and _FLOW_ONLY.search(value)):
        return value
    if not quoted and not value and not node.style:
        return '""' if flow else ""
    if '"' in value and "'" not in value and "\n" not in value and "\t" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
