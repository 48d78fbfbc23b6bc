"""Which words of a module are variables, and what it declares for all of itself: what it takes to put modules into one scope.

tree-sitter reads the module; property names, labels and private names are no variables to it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from tree_sitter import Node, QueryCursor

from app.core.script_syntax import reader

_VARIABLES = """
(identifier) @plain
(shorthand_property_identifier) @shorthand
(shorthand_property_identifier_pattern) @shorthand

(shorthand_property_identifier_pattern) @bound
(variable_declarator name: (identifier) @bound)
(function_declaration name: (identifier) @bound)
(generator_function_declaration name: (identifier) @bound)
(function_expression name: (identifier) @bound)
(generator_function name: (identifier) @bound)
(class_declaration name: (identifier) @bound)
(class name: (identifier) @bound)
(formal_parameters (identifier) @bound)
(arrow_function parameter: (identifier) @bound)
(catch_clause parameter: (identifier) @bound)
(for_in_statement left: (identifier) @bound)
(array_pattern (identifier) @bound)
(rest_pattern (identifier) @bound)
(pair_pattern value: (identifier) @bound)
(assignment_pattern left: (identifier) @bound)
(assignment_expression left: (identifier) @bound)
(augmented_assignment_expression left: (identifier) @bound)
(update_expression argument: (identifier) @bound)
"""
_FUNCTIONS = ("function_declaration", "generator_function_declaration")
# Can be left out without anybody noticing.
_IDLE = ("arrow_function", "function_expression", "number", "string", "regex")
_PRODUCT = re.compile(r"-?[\d_]+(?: \* [\d_]+)*")


class Variable(NamedTuple):
    """A place where a variable is named; `shorthand`: as in { name }, which is also the name of a property."""

    name: str
    start: int
    end: int
    shorthand: bool


@dataclass(frozen=True)
class Declared:
    """A name that the whole module sees, and its declaration: from `start` to `end`, of this name only where `alone`."""

    start: int
    end: int
    alone: bool = False
    idle: bool = False  # runs nothing when the module begins
    literal: str = ""  # what a constant is, if that is a number or a string


@dataclass
class Names:
    """What a module names. `broken`: where its syntax is not understood."""

    variables: list[Variable] = field(default_factory=list)
    declared: dict[str, Declared] = field(default_factory=dict)
    bound: Counter[str] = field(default_factory=Counter)  # how often a name is declared or assigned, at any depth
    broken: int | None = None


def names_of(text: str) -> Names:
    """Positions count characters of `text`."""
    parser, query = reader(_VARIABLES)
    source = text.encode()
    at = _characters(text)
    root = parser.parse(source).root_node
    names = Names()
    if root.has_error:
        names.broken = at(_first_error(root).start_byte)
        return names
    found = QueryCursor(query).captures(root)
    names.bound.update(source[node.start_byte : node.end_byte].decode() for node in found.get("bound", ()))
    for kind in ("plain", "shorthand"):
        for node in found.get(kind, ()):
            start, end = node.byte_range
            names.variables.append(Variable(source[start:end].decode(), at(start), at(end), kind == "shorthand"))
    for statement in root.named_children:
        declaration = statement.child_by_field_name("declaration") if statement.type == "export_statement" else statement
        if declaration is not None:
            for identifier, declared in _declared(declaration, at):
                names.declared[source[identifier.start_byte : identifier.end_byte].decode()] = declared
    return names


class _characters:
    """From places in bytes to places in characters."""

    def __init__(self, text: str) -> None:
        self.table: list[int] | None = None
        if not text.isascii():
            sizes = [len(character.encode()) for character in text]
            self.table = [0] * (sum(sizes) + 1)
            for index, end in enumerate(accumulate(sizes), 1):
                self.table[end] = index

    def __call__(self, byte: int) -> int:
        return self.table[byte] if self.table else byte


def _first_error(node: Node) -> Node:
    while node.type != "ERROR" and not node.is_missing:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    return node


def _declared(node: Node, at: _characters) -> Iterator[tuple[Node, Declared]]:
    """The names of a declaration."""
    start, end = at(node.start_byte), at(node.end_byte)
    if node.type in (*_FUNCTIONS, "class_declaration"):
        name = node.child_by_field_name("name")
        assert name is not None
        yield name, Declared(start, end, alone=True, idle=node.type in _FUNCTIONS)
    elif node.type in ("lexical_declaration", "variable_declaration"):
        declarators = [child for child in node.named_children if child.type == "variable_declarator"]
        for declarator in declarators:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            assert name is not None
            if name.type != "identifier":
                yield from ((inner, Declared(start, end)) for inner in pattern_names(name))
                continue
            literal = _literal(value) if value is not None and node.children[0].type == "const" else ""
            idle = value is None or value.type in _IDLE or bool(literal)
            yield name, Declared(start, end, alone=len(declarators) == 1, idle=idle, literal=literal)


def pattern_names(node: Node) -> Iterator[Node]:
    """The names in { a, b: [c] }."""
    if node.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield node
    elif node.type == "pair_pattern":
        yield from pattern_names(_part(node, "value"))
    elif node.type in ("assignment_pattern", "object_assignment_pattern"):
        yield from pattern_names(_part(node, "left"))
    else:
        for child in node.named_children:
            yield from pattern_names(child)


def _part(node: Node, name: str) -> Node:
    part = node.child_by_field_name(name)
    assert part is not None
    return part


def _literal(value: Node) -> str:
    text = (value.text or b"").decode()
    if value.type in ("number", "string"):
        return text
    if _PRODUCT.fullmatch(text):
        product = math.prod(int(factor) for factor in text.split(" * "))
        return str(product) if abs(product) < 2**53 else ""
    return ""
