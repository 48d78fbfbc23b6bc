"""XPath 1.0 as XForms use it: text -> the tree of docs/package.md, and what an expression depends on.

Written by hand: `*` and the operator names mean one thing after an operand and another elsewhere, which a table-driven grammar
cannot say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Ast = list[Any]

AXES = frozenset(
    {"child", "parent", "self", "descendant-or-self", "descendant", "ancestor", "ancestor-or-self", "attribute"}
    | {"following-sibling", "preceding-sibling", "following", "preceding"}
)
NODE_TYPES = frozenset({"node", "text", "comment", "processing-instruction"})
# Lowest first; each level is left-associative.
LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
LEVEL_OF = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}
WORD_OPERATORS = frozenset({"or", "and", "div", "mod"})
ANY_NODE = "node()"
MAX_LENGTH = 40_000
MAX_DEPTH = 150  # of brackets; what follows walks the tree by recursion, here and on the phone
MAX_CHAIN = 400  # of operators in a row: a left-leaning tree

_NAME = r"[^\W\d][\w\-.\u00b7]*"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
    | (?P<symbol>::|//|\.\.|!=|<=|>=|[()\[\].@,/|+\-=<>*])
    )""",
    re.VERBOSE,
)


class XPathError(ValueError):
    """What is wrong, by name, and where in the text (0 is its first character)."""

    def __init__(self, what: str, position: int, found: str = "") -> None:
        super().__init__(f"{what} at {position}: {found}")
        self.what = what  # "unexpected" | "unfinished" | "unclosed" | "variable" | "too_long" | "too_deep"
        self.position = position
        self.found = found


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # "number" | "string" | "name" | "symbol" | "end"
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """The words of an expression; ends with one of kind "end"."""
    if len(text) > MAX_LENGTH:
        raise XPathError("too_long", MAX_LENGTH)
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            kind = {"$": "variable", "'": "unclosed", '"': "unclosed"}.get(text[start], "unexpected")
            raise XPathError(kind, start, text[start : start + 12])
        kind = str(match.lastgroup)
        found.append(Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    found.append(Token("end", "", end))
    return found


def parse(text: str) -> Ast:
    """The tree of an expression."""
    parser = _Parser(tokens(text))
    tree = parser.expression()
    if parser.now.kind != "end":
        raise XPathError("unexpected", parser.now.position, parser.now.text)
    if _height(tree) > MAX_CHAIN:
        raise XPathError("too_deep", parser.now.position)
    return tree


def _height(tree: Ast) -> int:
    height, level = 0, [tree]
    while level:
        height += 1
        level = [part for one in level for part in one if isinstance(part, list)]
    return height


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.words[self.at]

    def ahead(self, count: int = 1) -> Token:
        return self.words[min(self.at + count, len(self.words) - 1)]

    def words_from_here(self) -> str:
        return "".join(word.text for word in self.words[self.at : self.at + 12])

    def is_symbol(self, *symbols: str) -> bool:
        return self.now.kind == "symbol" and self.now.text in symbols

    def take(self) -> Token:
        word = self.now
        if word.kind == "end":
            raise XPathError("unfinished", word.position)
        self.at += 1
        return word

    def expect(self, symbol: str) -> None:
        if not self.is_symbol(symbol):
            raise XPathError("unexpected" if self.now.kind != "end" else "unfinished", self.now.position, self.now.text)
        self.at += 1

    def level(self) -> int:
        """Which level's operator stands here, -1 for none; only asked after an operand, where `*` and `div` are operators."""
        word = self.now
        level = LEVEL_OF.get(word.text, -1)
        return level if word.kind == ("name" if word.text in WORD_OPERATORS else "symbol") else -1

    def expression(self, lowest: int = 0) -> Ast:
        """An expression of operators that bind at least as `lowest` does."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise XPathError("too_deep", self.now.position)
        tree = self.unary()
        while (level := self.level()) >= lowest:
            operator = self.take().text
            tree = [operator, tree, self.expression(level + 1)]
        self.depth -= 1
        return tree

    def unary(self) -> Ast:
        signs = 0
        while self.is_symbol("-"):
            self.at += 1
            signs += 1
        tree = self.path()
        while self.is_symbol("|"):
            self.at += 1
            tree = ["|", tree, self.path()]
        for _ in range(signs):
            tree = ["neg", tree]
        return tree

    def path(self) -> Ast:
        if self.is_symbol("/"):
            self.at += 1
            return ["path", "/", self.steps() if self.starts_step() else []]
        if self.is_symbol("//"):
            self.at += 1
            return ["path", "/", [["descendant-or-self", ANY_NODE, []], *self.steps()]]
        if self.starts_primary():
            tree = self.primary()
            if tree[0] in ("num", "str") and self.is_symbol("/", "//"):  # two answers with nothing between them
                raise XPathError("unexpected", self.now.position, self.words_from_here())
            if conditions := self.predicates():
                tree = ["filter", tree, conditions]
            if self.is_symbol("/"):
                self.at += 1
                return ["path", tree, self.steps()]
            if self.is_symbol("//"):
                self.at += 1
                return ["path", tree, [["descendant-or-self", ANY_NODE, []], *self.steps()]]
            return tree
        return ["path", ".", self.steps()]

    def starts_primary(self) -> bool:
        if self.now.kind in ("number", "string") or self.is_symbol("("):
            return True
        return self.now.kind == "name" and self.ahead().text == "(" and self.now.text not in NODE_TYPES

    def starts_step(self) -> bool:
        return self.now.kind == "name" or self.is_symbol(".", "..", "@", "*")

    def primary(self) -> Ast:
        word = self.take()
        if word.kind == "number":
            return ["num", float(word.text) if "." in word.text else int(word.text)]
        if word.kind == "string":
            return ["str", word.text[1:-1]]
        if word.text == "(":
            tree = self.expression()
            self.expect(")")
            return tree
        self.expect("(")
        arguments: list[Ast] = []
        if not self.is_symbol(")"):
            arguments.append(self.expression())
            while self.is_symbol(","):
                self.at += 1
                arguments.append(self.expression())
        self.expect(")")
        return ["fn", word.text, *arguments]

    def steps(self) -> list[Ast]:
        found = [self.step()]
        while self.is_symbol("/", "//"):
            if self.take().text == "//":
                found.append(["descendant-or-self", ANY_NODE, []])
            found.append(self.step())
        return found

    def step(self) -> Ast:
        if self.is_symbol("."):
            self.at += 1
            return ["self", ANY_NODE, self.predicates()]
        if self.is_symbol(".."):
            self.at += 1
            return ["parent", ANY_NODE, self.predicates()]
        axis = "child"
        if self.is_symbol("@"):
            self.at += 1
            axis = "attribute"
        elif self.now.kind == "name" and self.ahead().text == "::":
            if self.now.text not in AXES:
                raise XPathError("unexpected", self.now.position, self.now.text)
            axis = self.take().text
            self.at += 1
        if self.is_symbol("*"):
            self.at += 1
            return [axis, "*", self.predicates()]
        if self.now.kind != "name":
            raise XPathError("unexpected" if self.now.kind != "end" else "unfinished", self.now.position, self.now.text)
        test = self.take().text
        if test in NODE_TYPES and self.is_symbol("("):
            self.at += 1
            self.expect(")")
            test += "()"
        return [axis, test, self.predicates()]

    def predicates(self) -> list[Ast]:
        found: list[Ast] = []
        while self.is_symbol("["):
            self.at += 1
            found.append(self.expression())
            self.expect("]")
        return found


# What an expression depends on.


@dataclass(frozen=True)
class Shape:
    """The tree of a form as dependencies need it: parents, names, which nodes are repeats."""

    parents: list[int]  # -1 for the root
    names: list[str]
    repeats: frozenset[int]

    @cached_property
    def children(self) -> dict[int, dict[str, list[int]]]:
        """Of each node, its children by name."""
        found: dict[int, dict[str, list[int]]] = {}
        for node, parent in enumerate(self.parents):
            found.setdefault(parent, {}).setdefault(self.names[node], []).append(node)
        return found

    def above(self, node: int) -> list[int]:
        """The node and all it stands in, outermost last."""
        found = []
        while node != -1:
            found.append(node)
            node = self.parents[node]
        return found


@dataclass
class Dependencies:
    nodes: dict[int, str]  # index -> "same" | "all"
    lists: list[str]
    volatile: bool
    functions: list[tuple[str, int]]  # name, number of arguments
    unknown: list[str]  # paths that lead to no question


VOLATILE = frozenset({"now", "today", "random", "uuid"})

# A place is a node and the deepest node above it (or itself) known to be of the evaluating node's own instance;
# DOCUMENT stands above the root. None instead of a set of places: nodes of a list, or no nodes at all.
DOCUMENT = -1
Place = tuple[int, int]
Places = frozenset[Place] | None


def dependencies(tree: Ast, context: int, shape: Shape, choices: dict[int, str] | None = None) -> Dependencies:
    """What the expression of node `context` reads. `choices`: the list behind each select, for jr:choice-name."""
    return _Reader(context, shape, choices or {}).read(tree)


def leads_to(tree: Ast, context: int, shape: Shape) -> dict[int, str]:
    """The nodes a path ends at (not those it passes), each "same" or "all" as in dependencies()."""
    reader = _Reader(context, shape, {})
    places = reader.visit(tree, frozenset({(context, context)}))
    return {node: reader.found.nodes[node] for node, _ in places or () if node in reader.found.nodes}


class _Reader:
    def __init__(self, context: int, shape: Shape, choices: dict[int, str]) -> None:
        self.context, self.shape, self.choices = context, shape, choices
        self.own = set(shape.above(context))
        self.found = Dependencies({}, [], False, [], [])

    def read(self, tree: Ast) -> Dependencies:
        self.visit(tree, frozenset({(self.context, self.context)}))
        return self.found

    def note(self, place: Place) -> None:
        node, anchor = place
        if node == DOCUMENT:
            return
        # A repeat stands for its rows, which belong to what it stands in.
        above = self.shape.above(node)[1:] if node in self.shape.repeats else self.shape.above(node)
        common = next((one for one in above if one in self.own and one in self.shape.repeats), None)
        near = common is None or common in (self.shape.above(anchor) if anchor != DOCUMENT else [])
        if self.found.nodes.get(node) != "all":
            self.found.nodes[node] = "same" if near else "all"

    def visit(self, tree: Ast, context: Places) -> Places:
        """Notes what `tree` reads; gives the places it leads to."""
        kind = tree[0]
        if kind in ("num", "str"):
            return None
        if kind == "path":
            return self.path(tree, context)
        if kind == "filter":
            places = self.visit(tree[1], context)
            for condition in tree[2]:
                self.visit(condition, places)
            return places
        if kind == "fn":
            return self.function(tree[1], tree[2:], context)
        results = [self.visit(one, context) for one in tree[1:]]
        if kind == "|" and None not in results:
            return frozenset().union(*(one for one in results if one is not None))
        return None

    def function(self, name: str, arguments: list[Ast], context: Places) -> Places:
        self.found.functions.append((name, len(arguments)))
        if name in VOLATILE or (name == "randomize" and len(arguments) == 1):
            self.found.volatile = True
        if name == "current":
            return frozenset({(self.context, self.context)})
        if name in ("instance", "pulldata") and arguments and arguments[0][0] == "str":
            self.read_list(arguments[0][1])
        if name == "jr:choice-name" and len(arguments) == 2 and arguments[1][0] == "str":
            try:
                places = self.visit(parse(arguments[1][1]), context)
            except XPathError:
                self.found.unknown.append(arguments[1][1].strip())
            else:
                for node, _ in places or ():
                    if node in self.choices:
                        self.read_list(self.choices[node])
        first = None
        for position, argument in enumerate(arguments):
            places = self.visit(argument, context)
            first = places if position == 0 else first
        return first if name in ("randomize", "once") else None

    def read_list(self, name: str) -> None:
        if name not in self.found.lists:
            self.found.lists.append(name)

    def path(self, tree: Ast, context: Places) -> Places:
        start, steps = tree[1], tree[2]
        places: Places
        if start == "/":
            places = frozenset({(DOCUMENT, DOCUMENT)})
        elif start == ".":
            places = context
        else:
            places = self.visit(start, context)
        for axis, test, conditions in steps:
            if places is not None:
                before = places
                places = frozenset(one for place in before for one in self.step(place, axis, test))
                if not places and axis != "attribute":
                    self.found.unknown.append(test)
                    places = None
            for condition in conditions:
                self.visit(condition, places)
        for place in places or ():
            self.note(place)
        return places

    def step(self, place: Place, axis: str, test: str) -> list[Place]:
        if axis == "self":
            found = [place]
        elif axis == "child":
            return self.down(place, test)
        elif axis == "parent":
            found = self.up(place)
        elif axis in ("ancestor", "ancestor-or-self"):
            found = [place] if axis == "ancestor-or-self" else []
            while above := self.up(place):
                place = above[0]
                found.append(place)
        elif axis in ("descendant", "descendant-or-self"):
            found = [place] if axis == "descendant-or-self" else []
            waiting = self.down(place, "*")
            while waiting:
                one = waiting.pop()
                found.append(one)
                waiting += self.down(one, "*")
        elif axis in ("following-sibling", "preceding-sibling"):
            # Other rows of the same repeat, or neighbours: never known to be the own instance.
            found = [(node, anchor) for up in self.up(place) for node, anchor in self.down((up[0], up[1]), "*")]
        else:  # following, preceding, attribute: of no use in a form
            return []
        return [one for one in found if test in (ANY_NODE, "*") or (one[0] != DOCUMENT and self.shape.names[one[0]] == test)]

    def up(self, place: Place) -> list[Place]:
        node, anchor = place
        if node == DOCUMENT:
            return []
        parent = self.shape.parents[node]
        return [(parent, parent if anchor == node else anchor)]

    def down(self, place: Place, test: str) -> list[Place]:
        node, anchor = place
        below = self.shape.children.get(node, {})
        found = []
        for name in below if test in ("*", ANY_NODE) else (test,):
            for child in below.get(name, ()):
                if child in self.shape.repeats:
                    # Every row of it: what is read depends on how many there are.
                    self.note((child, anchor))
                    found.append((child, anchor))
                else:
                    found.append((child, child if anchor == node else anchor))
        return found


def names_read(instance: str, tree: Any) -> set[str]:
    """The names that paths into a secondary instance pass and end at."""
    if not isinstance(tree, list):
        return set()
    found = {name for one in tree for name in names_read(instance, one)}
    if tree and tree[0] == "path" and len(tree) == 3 and tree[1] == ["fn", "instance", ["str", instance]]:
        found |= _names(tree[2])
    return found


def _names(tree: Any) -> set[str]:
    """The names of all steps in a tree, predicates included."""
    if not isinstance(tree, list):
        return set()
    is_step = len(tree) == 3 and isinstance(tree[0], str) and tree[0] in AXES
    return {name for one in tree for name in _names(one)} | ({tree[1]} if is_step else set())


def rebase(tree: Ast, levels: int) -> Ast:
    """The same expression from a node `levels` higher: pyxform writes entity conditions from inside meta/entity."""
    return _rebase(tree, levels, True)


def _rebase(tree: Any, levels: int, at_context: bool) -> Any:
    kind = tree[0]
    if kind in ("num", "str"):
        return tree
    if kind == "fn":
        return ["fn", tree[1], *(_rebase(one, levels, at_context) for one in tree[2:])]
    if kind == "filter":
        return ["filter", _rebase(tree[1], levels, at_context), [_rebase(one, levels, False) for one in tree[2]]]
    if kind == "path":
        start, steps = tree[1], tree[2]
        from_context = (start == "." and at_context) or start == ["fn", "current"]
        if from_context:
            dropped = 0
            while dropped < levels and steps and steps[0][:2] == ["parent", ANY_NODE]:
                steps, dropped = steps[1:], dropped + 1
            if dropped < levels:
                raise XPathError("unexpected", 0, "..")
            steps = steps or [["self", ANY_NODE, []]]
        elif start not in ("/", "."):
            start = _rebase(start, levels, at_context)
        return [
            "path",
            start,
            [[axis, test, [_rebase(one, levels, False) for one in conditions]] for axis, test, conditions in steps],
        ]
    return [kind, *(_rebase(one, levels, at_context) for one in tree[1:])]
