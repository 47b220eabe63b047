"""A terms file as a plain tree of text with places: YAML, less everything in it that guesses or surprises.

Every scalar stays text; the model types it. Aliases, tags, directives, duplicate keys, several documents and nesting
deeper than 32 are refused, each with its line and column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from obligations.terms.errors import Finding, Place, TermsError

DEEPEST = 32
LARGEST_BYTES = 1_000_000

Tree = str | list["Tree"] | dict[str, "Tree"]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The tree of a file and the place of every value and key in it."""

    tree: dict[str, Tree]
    name: str
    places: dict[Path, Place] = field(default_factory=dict)
    key_places: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Where the value at a path stands; the nearest enclosing value where the path leads nowhere."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place())

    def finding(self, message: str, path: Path, *, key: bool = False, offset: int = 0) -> Finding:
        """A finding at a path, `offset` columns into its text; `key` points at the key instead of the value."""
        path = self._as_written(path)
        place = self.key_places.get(path, self.place(path)) if key else self.place(path)
        clause = str(path[1]) if len(path) > 1 and path[0] == "clauses" else ""
        return Finding(message, Place(place.line, place.column + offset), clause, self.name)

    def _as_written(self, path: Path) -> Path:
        """The path as the file has it: where one thing stands instead of a list of one, without the list's index."""
        written: list[str | int] = []
        node: Tree | None = self.tree
        for step in path:
            if step == 0 and not isinstance(node, list):
                continue
            written.append(step)
            node = _child(node, step)
        return tuple(written)

    def offset(self, path: Path, word: str) -> int:
        """How many characters into the text at a path a word stands; 0 where it is not one line of text."""
        node: Tree | None = self.tree
        for step in self._as_written(path):
            node = _child(node, step)
        found = re.search(rf"\b{re.escape(word)}\b", node) if isinstance(node, str) and "\n" not in node else None
        return found.start() if found else 0


def _child(node: Tree | None, step: str | int) -> Tree | None:
    """What stands one step below, or None where nothing does."""
    if isinstance(node, dict):
        return node.get(str(step))
    return node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None


def read(text: str, name: str) -> Document:
    """The document in a YAML text; raises `TermsError` with line and column for everything refused.

    >>> read("a: 1\\na: 2", "x.yaml")
    Traceback (most recent call last):
    obligations.terms.errors.TermsError: x.yaml:2:1: the key "a" stands here a second time; keep one of the two
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        raise TermsError([Finding("the file is larger than 1 MB; a contract's terms are not", file=name)])
    try:
        builder = _Builder(name)
        for event in YAML(typ="rt", pure=True).parse(text):
            builder.take(event)
    except TermsError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place()
        raise TermsError(
            [Finding(f"not readable as YAML: {error.problem or error.context}{_hint(error)}", place, file=name)]
        ) from None
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = "a character stands here that no text file holds; type the line anew"
        raise TermsError([Finding(message, place, file=name)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        message = str(error).splitlines()[0] if str(error) else "the nesting is too deep"
        raise TermsError([Finding(f"not readable as YAML: {message}", file=name)]) from None
    if not isinstance(builder.root, dict):
        raise TermsError([Finding("a terms file is a mapping that begins with `terms: 1`", file=name)])
    return Document(builder.root, name, builder.places, builder.key_places)


def _hint(error: MarkedYAMLError) -> str:
    """What to do about the one slip that nearly everybody makes."""
    said = error.problem or ""
    if said != "mapping values are not allowed here" and not said.endswith("but got ':'"):
        return ""
    return '; a text that holds ": " stands in quotes, such as title: "Jane Doe: offer letter"'


class _Builder:
    """Takes parser events one by one and builds the tree, refusing what a contract must not contain."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Tree | None = None
        self.places: dict[Path, Place] = {}
        self.key_places: dict[Path, Place] = {}
        self._stack: list[tuple[Path, dict[str, Tree] | list[Tree], str | None]] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._refuse(event, "a second document starts here; one file states one contract")
                if event.version or event.tags:
                    self._refuse(event, "YAML directives (%) are not used in terms; remove the line")
            case AliasEvent():
                self._refuse(event, f"aliases (*{event.anchor}) are not used in terms; write the value out")
            case ScalarEvent() | MappingStartEvent() | SequenceStartEvent():
                if isinstance(event, ScalarEvent) and not _is_clean(text_of(event)):
                    self._refuse(event, "the text holds control characters or broken Unicode; type it anew")
                if event.anchor:
                    self._refuse(event, f"anchors (&{event.anchor}) are not used in terms; write the value out")
                if _tag_of(event):
                    self._refuse(event, f"tags ({_tag_of(event)}) are not used in terms; write plain text")
                self._value(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._stack.pop()
            case _:
                pass

    def _value(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if isinstance(event, ScalarEvent) and self._stack and self._awaits_key():
            self._key(event)
            return
        if self._stack and self._awaits_key():
            self._refuse(event, "a key is plain text, not a list or a mapping")
        value: Tree
        if isinstance(event, ScalarEvent):
            value = text_of(event)
        else:
            value = {} if isinstance(event, MappingStartEvent) else []
        path = self._put(value)
        self.places[path] = self._place(event)
        if isinstance(value, dict | list):
            if len(self._stack) >= DEEPEST:
                self._refuse(event, f"nested deeper than {DEEPEST} levels; no contract needs that")
            self._stack.append((path, value, None))

    def _awaits_key(self) -> bool:
        _, container, key = self._stack[-1]
        return isinstance(container, dict) and key is None

    def _key(self, event: ScalarEvent) -> None:
        path, container, _ = self._stack[-1]
        if event.value in container:
            self._refuse(event, f'the key "{event.value}" stands here a second time; keep one of the two')
        self.key_places[(*path, event.value)] = self._place(event)
        self._stack[-1] = (path, container, event.value)

    def _put(self, value: Tree) -> Path:
        if not self._stack:
            self.root = value
            return ()
        path, container, key = self._stack[-1]
        if isinstance(container, list):
            container.append(value)
            return (*path, len(container) - 1)
        assert key is not None, "a value in a mapping follows its key"
        container[key] = value
        self._stack[-1] = (path, container, None)
        return (*path, key)

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        quoted = isinstance(event, ScalarEvent) and event.style in ("'", '"')
        if not isinstance(mark, StringMark) and mark is None:
            return Place()
        return Place(mark.line + 1, mark.column + 1 + (1 if quoted else 0))

    def _refuse(self, event: Event, message: str) -> None:
        raise TermsError([Finding(message, self._place(event), file=self.name)])


def text_of(event: ScalarEvent) -> str:
    """The text of a scalar; the parser marks with a bell where a folded text had its line breaks."""
    text: str = event.value
    return text.replace("\a", "") if event.style == ">" else text


def _is_clean(text: str) -> bool:
    return not any((ord(char) < 32 and char not in "\n\t") or 0xD800 <= ord(char) <= 0xDFFF for char in text)


def _tag_of(event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> str:
    """The tag written in the file, or nothing where YAML would choose one itself."""
    tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
    text = str(tag) if tag is not None else ""
    return "" if text in ("", "None", "!") else text
