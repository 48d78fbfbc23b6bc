"""Gives the variables and private members of a script short names.

tdewolff-minify can do it, the commonest the shortest. What packs smaller is that like places have like names: here a function's
first parameter is nearly always e, its second t, and what one module declares begins with the same letter. tree-sitter says where
scopes begin and what is declared in them; a name is free in a scope if nothing that is used in there, or deeper, has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tree_sitter import Node, QueryCursor

from app.core.script_names import pattern_names
from app.core.script_syntax import reader

# In the order in which they are common in scripts anyway.
_FIRST = "etnsiraocldupmfhgbvykwxjqzSETCADMRLNOIPBFUHVGWKYJXQZ_$"
_NEXT = _FIRST + "0123456789"
# A scope with more names than that is all modules together; it leaves the first letters to the functions in it.
_MANY = 100
_FOR_INNER = 20
# Words of the language that are as short as a name may become.
_RESERVED = frozenset(
    {
        "do",
        "if",
        "in",
        "of",
        "for",
        "get",
        "let",
        "new",
        "set",
        "try",
        "var",
        "case",
        "else",
        "enum",
        "eval",
        "null",
        "this",
        "true",
        "void",
        "with",
        "NaN",
    }
)
_FUNCTIONS = (
    "function_declaration", "generator_function_declaration", "function_expression", "generator_function", "arrow_function",
    "method_definition",
)  # fmt: skip
# What opens a scope. The body of a function or of catch sees what stands before it, and may not declare the same again.
_SCOPES = "\n".join(
    f"({kind}) @scope"
    for kind in (
        *_FUNCTIONS,
        "statement_block",
        "catch_clause",
        "for_statement",
        "for_in_statement",
        "switch_body",
        "class",
        "class_body",
    )
)
_QUERY = f"""
{_SCOPES}
(identifier) @plain
(shorthand_property_identifier) @shorthand
(shorthand_property_identifier_pattern) @shorthand
(private_property_identifier) @private
(field_definition property: (private_property_identifier) @member)
(method_definition name: (private_property_identifier) @member)

(lexical_declaration (variable_declarator name: (_) @let))
(for_in_statement kind: ["let" "const"] left: (_) @let)
(variable_declaration (variable_declarator name: (_) @var))
(for_in_statement kind: "var" left: (_) @var)
(formal_parameters (_) @let)
(arrow_function parameter: (identifier) @let)
(catch_clause parameter: (_) @let)
(function_declaration name: (identifier) @outside)
(generator_function_declaration name: (identifier) @outside)
(class_declaration name: (identifier) @let)
(function_expression name: (identifier) @let)
(generator_function name: (identifier) @let)
(class name: (identifier) @let)
"""


class _Scope:
    """A part of the script with names of its own; private members stand as #name among those of their class."""

    def __init__(self, kind: str, end: int, above: _Scope | None) -> None:
        self.kind = kind
        self.end = end
        self.above = above
        self.is_body = above is not None and kind == "statement_block" and above.kind in (*_FUNCTIONS, "catch_clause")
        self.own: dict[str, None] = {}  # in the order in which they are declared
        self.seen: set[tuple[_Scope, str]] = set()  # used in here or deeper, declared outside
        self.free: set[str] = set()  # used in here or deeper, declared nowhere
        self.short: dict[str, str] = {}

    def around(self) -> Iterator[_Scope]:
        """Itself and all that it stands in."""
        scope: _Scope | None = self
        while scope:
            yield scope
            scope = scope.above

    def name_all(self) -> None:
        """Those around it have their names."""
        taken = {scope.short[name] for scope, name in self.seen} | self.free | _RESERVED
        if self.is_body and self.above:
            taken.update(self.above.short.values())
        private = {name for scope in self.around() for name in scope.short.values() if name[0] == "#"}
        for sign, forbidden in (("", taken), ("#", private)):
            free = (
                name for name in map(sign.__add__, _letters(_FOR_INNER if len(self.own) > _MANY else 0)) if name not in forbidden
            )
            mine = (name for name in self.own if (name[0] == "#") == bool(sign))
            self.short.update(zip(mine, free, strict=False))


def _letters(skipped: int) -> Iterator[str]:
    yield from _FIRST[skipped:]
    for length in (1, 2, 3):
        for first, *others in product(_FIRST, *[_NEXT] * length):
            yield first + "".join(others)


def with_short_names(script: str) -> str:
    """The script, classic and in strict mode, with other names for all that it declares inside of functions."""
    parser, query = reader(_QUERY)
    source = script.encode()
    root = parser.parse(source).root_node
    if root.has_error:
        raise ValueError("the names of a script cannot be read")
    found = QueryCursor(query).captures(root)
    kinds = ("plain", "shorthand", "private")
    places = sorted((node.start_byte, node.end_byte, kind) for kind in kinds for node in found.get(kind, ()))
    scopes, stands_in = _scopes(found.get("scope", []), [start for start, _, _ in places], len(source))
    text = {start: source[start:end].decode() for start, end, _ in places}

    declared: list[tuple[int, _Scope]] = []
    for node in found.get("let", ()):
        declared += ((name.start_byte, stands_in[name.start_byte]) for name in pattern_names(node))
    for node in found.get("var", ()):
        for name in pattern_names(node):
            around = stands_in[name.start_byte].around()
            declared.append(
                (name.start_byte, next(one for one in around if one.is_body or one.kind in ("arrow_function", "program")))
            )
    for node in found.get("outside", ()):
        above = stands_in[node.start_byte].above
        assert above is not None
        stands_in[node.start_byte] = above
        declared.append((node.start_byte, above))
    for node in found.get("member", ()):
        around = stands_in[node.start_byte].around()
        declared.append((node.start_byte, next(one for one in around if one.kind == "class_body")))
    for start, scope in sorted(declared, key=lambda one: one[0]):
        scope.own[text[start]] = None

    meant: dict[int, _Scope] = {}
    for start, _, _ in places:
        word = text[start]
        passed: list[_Scope] = []
        for scope in stands_in[start].around():
            if word in scope.own and scope.kind != "program":
                meant[start] = scope
                for inner in passed:
                    inner.seen.add((scope, word))
                break
            passed.append(scope)
        else:
            for inner in passed:
                inner.free.add(word)
    for scope in scopes[1:]:
        scope.name_all()

    out, last = [], 0
    for start, end, kind in places:
        if start in meant:
            new = meant[start].short[text[start]]
            out += [source[last:start], (f"{text[start]}:{new}" if kind == "shorthand" else new).encode()]
            last = end
    return b"".join([*out, source[last:]]).decode()


def _scopes(nodes: list[Node], places: list[int], end: int) -> tuple[list[_Scope], dict[int, _Scope]]:
    """All scopes, each after the one around it, and the innermost one at each place."""

    def begin(node: Node) -> int:
        # The name of a method, if it is computed, sees no parameter.
        inner = node.child_by_field_name("parameters") if node.type == "method_definition" else None
        return (inner or node).start_byte

    waiting = sorted(((begin(node), -node.end_byte, node.type) for node in nodes), reverse=True)
    scope = _Scope("program", end, None)
    scopes = [scope]
    stands_in = {}
    for place in places:
        while waiting and waiting[-1][0] <= place:
            start, minus_end, kind = waiting.pop()
            while scope.end <= start and scope.above:
                scope = scope.above
            scope = _Scope(kind, -minus_end, scope)
            scopes.append(scope)
        while scope.end <= place and scope.above:
            scope = scope.above
        stands_in[place] = scope
    return scopes, stands_in
