"""Whether a regular expression may take for ever: the same text can be read in so many ways that an engine that tries one after
another does not end. Phones and server read a pattern in one pass (static/js/engine/xpath/regex.js); other tools do not.

A pattern is made into an automaton over a few characters that stand for all. It is slow when, going round a repetition, one
text leads back to the same state in two ways: (a+)+, (a|a)*, (a*)*, ([a-z]+[0-9]?)+. A repetition whose rounds are kept apart
by a sign is not: ([a-z]+-)*.
"""

from __future__ import annotations

import re
import warnings
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from app.engine.host import evaluate_case

MOST_STATES = 90
MOST_COPIES = 3  # of a part that is repeated a counted number of times
MANY = 50  # counted rounds that are as good as endless
MOST_WORK = 300_000  # pairs of moves looked at

CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def is_pattern(text: str) -> bool:
    """Whether the engine reads it: what it does not read would hold for every answer."""
    asked = {"document": {"name": "data", "children": []}, "context": "/", "ast": ["fn", "regex", ["str", "a"], ["str", text]]}
    return "error" not in evaluate_case(asked | {"now": 0, "offset": 0, "language": "fr"})


def is_slow(text: str) -> bool:
    """Whether the pattern may take for ever on some text. A pattern too large to judge is not said to be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(text)
        alphabet = _alphabet(text)
        return any(_is_ambiguous(body, alphabet) for body in _loops(tree))
    except (re.error, RecursionError, OverflowError):
        return False


def _is_ambiguous(body: Any, alphabet: list[str]) -> bool:
    """Whether one repetition of `body` can be gone round in two ways. Each is looked at alone: none leads back into another."""
    automaton = _Automaton(alphabet)
    try:
        automaton.repeat(0, op.MAXREPEAT, body, automaton.state())
        return automaton.is_ambiguous()
    except _TooLarge:
        return False


def _loops(items: Any) -> list[Any]:
    """What is repeated without a limit, outermost only."""
    found = []
    for kind, value in items:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            found += [value[2]] if value[1] is op.MAXREPEAT or value[1] - value[0] > MANY else _loops(value[2])
        elif kind is op.SUBPATTERN:
            found += _loops(value[-1])
        elif kind is op.BRANCH:
            found += [one for branch in value[1] for one in _loops(branch)]
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            found += _loops(value[1])
    return found


class _TooLarge(Exception):
    """More than is worth looking at."""


def _alphabet(text: str) -> list[str]:
    """Characters that stand for all: those of the pattern, their neighbours, and one of each common sort."""
    own = {chr(code) for char in text for code in (ord(char) - 1, ord(char), ord(char) + 1) if 31 < code < 0x10FFFF}
    return sorted(own | set("aZ5_ -.é٣ش\n"))[:120]


class _Automaton:
    """States with edges over sets of characters and edges over nothing."""

    def __init__(self, alphabet: list[str]) -> None:
        self.alphabet = alphabet
        self.edges: list[list[tuple[frozenset[str], int]]] = []
        self.silent: list[list[int]] = []
        self.has_empty_rounds = False  # a repetition that may go round without reading, of several things: (a*)*, (a?b?)*

    def state(self) -> int:
        if len(self.edges) >= 4 * MOST_STATES:
            raise _TooLarge
        self.edges.append([])
        self.silent.append([])
        return len(self.edges) - 1

    def read(self, start: int, chars: frozenset[str]) -> int:
        end = self.state()
        self.edges[start].append((chars, end))
        return end

    def sequence(self, items: Any, start: int) -> int:
        """Adds the parts in turn; gives the state after the last."""
        for kind, value in items:
            start = self.part(kind, value, start)
        return start

    def part(self, kind: Any, value: Any, start: int) -> int:
        everything = frozenset(self.alphabet)
        if kind is op.LITERAL:
            return self.read(start, frozenset(chr(value)))
        if kind is op.NOT_LITERAL:
            return self.read(start, everything - {chr(value)})
        if kind is op.ANY:
            return self.read(start, everything - {"\n"})
        if kind is op.IN:
            return self.read(start, self.members(value))
        if kind is op.SUBPATTERN:
            return self.sequence(value[-1], start)
        if kind is op.BRANCH:
            end = self.state()
            for branch in value[1]:
                self.silent[self.sequence(branch, self.apart(start))].append(end)
            return end
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, body = value
            return self.repeat(least, most, body, start)
        return start  # positions, looking ahead: they read nothing

    def apart(self, start: int) -> int:
        begin = self.state()
        self.silent[start].append(begin)
        return begin

    def repeat(self, least: int, most: int, body: Any, start: int) -> int:
        for _ in range(min(least, MOST_COPIES)):
            start = self.sequence(body, start)
        if most is op.MAXREPEAT or most - least > MANY:
            self.has_empty_rounds |= body.getwidth()[0] == 0 and (_repeats(body) or _has_optional_parts(body))
            # One more state to come back to: a round is a way from it to itself.
            home = self.apart(start)
            self.silent[self.sequence(body, self.apart(home))].append(home)
            return self.apart(home)
        end = self.state()
        self.silent[start].append(end)
        for _ in range(min(most - least, MOST_COPIES)):
            start = self.sequence(body, self.apart(start))
            self.silent[start].append(end)
        return end

    def members(self, items: Any) -> frozenset[str]:
        found: set[str] = set()
        negated = False
        for kind, value in items:
            if kind is op.NEGATE:
                negated = True
            elif kind is op.LITERAL:
                found.add(chr(value))
            elif kind is op.RANGE:
                found |= {one for one in self.alphabet if value[0] <= ord(one) <= value[1]}
            elif kind is op.CATEGORY:
                found |= {one for one in self.alphabet if re.match(CATEGORIES[value], one)}
        return frozenset(self.alphabet) - found if negated else frozenset(found)

    # Two ways round

    def moves(self) -> list[list[tuple[frozenset[str], int, bool]]]:
        """For each state that reads: (characters, next state that reads, whether several silent ways lead there)."""
        reached = {state: self.ways(state) for state in range(len(self.edges))}
        return [
            [(chars, to, many) for chars, after in edges for to, many in reached[after].items()] if edges else []
            for edges in self.edges
        ]

    def ways(self, start: int) -> dict[int, bool]:
        """States that read and can be reached in silence, and whether in more than one way."""
        visits: dict[int, int] = {}
        waiting = [(start, frozenset({start}))]
        while waiting:
            state, passed = waiting.pop()
            visits[state] = visits.get(state, 0) + 1
            if visits[state] <= 2:  # two ways are as telling as many
                waiting += [(to, passed | {to}) for to in self.silent[state] if to not in passed]
        return {state: count > 1 for state, count in visits.items() if self.edges[state]}

    def is_ambiguous(self) -> bool:
        if self.has_empty_rounds:
            return True
        moves = self.moves()
        used = [state for state, some in enumerate(moves) if some or self.edges[state]]
        if len(used) > MOST_STATES:
            return False
        below = {state: {to for _, to, _ in moves[state]} for state in used}
        reach = _closure(below)
        # Two silent ways inside one round.
        if any(many and state in reach.get(to, ()) for state in used for _, to, many in moves[state]):
            return True
        # Two different states reached by the same text from one, and back to it by the same text.
        pairs: dict[tuple[int, int], set[tuple[int, int]]] = {}
        waiting = [(state, state) for state in used if state in reach[state]]
        work = 0
        while waiting:
            pair = waiting.pop()
            if pair in pairs:
                continue
            work += len(moves[pair[0]]) * len(moves[pair[1]])
            if work > MOST_WORK:
                raise _TooLarge
            pairs[pair] = {(a, b) for (x, a, _), (y, b, _) in product(moves[pair[0]], moves[pair[1]]) if not x.isdisjoint(y)}
            waiting += pairs[pair]
        return _returns_split(pairs)


def _has_optional_parts(body: Any) -> bool:
    """Whether two parts, each of which may be left out, follow each other."""
    parts = [(kind, value) for kind, value in body if kind is not op.AT]
    if len(parts) != 1:
        return len(parts) > 1
    kind, value = parts[0]
    if kind is op.SUBPATTERN:
        return _has_optional_parts(value[-1])
    return kind is op.BRANCH and any(one.getwidth()[0] == 0 and _has_optional_parts(one) for one in value[1])


def _repeats(items: Any) -> bool:
    """Whether a part is repeated without a limit."""
    for kind, value in items:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT) and (value[1] is op.MAXREPEAT or _repeats(value[2])):
            return True
        if kind is op.SUBPATTERN and _repeats(value[-1]):
            return True
        if kind is op.BRANCH and any(_repeats(one) for one in value[1]):
            return True
    return False


def _closure(below: dict[int, set[int]]) -> dict[int, set[int]]:
    found = {}
    for start in below:
        seen: set[int] = set()
        waiting = list(below[start])
        while waiting:
            state = waiting.pop()
            if state not in seen:
                seen.add(state)
                waiting += below.get(state, ())
        found[start] = seen
    return found


def _returns_split(pairs: dict[tuple[int, int], set[tuple[int, int]]]) -> bool:
    """Whether some (q, q) leads to a pair of two different states that leads back to (q, q)."""
    back: dict[tuple[int, int], set[tuple[int, int]]] = {pair: set() for pair in pairs}
    for pair, after in pairs.items():
        for one in after:
            back[one].add(pair)
    for start in pairs:
        if start[0] != start[1]:
            continue
        ahead, behind = _seen(start, pairs), _seen(start, back)
        if any(a != b for a, b in ahead & behind):
            return True
    return False


def _seen(start: tuple[int, int], after: dict[tuple[int, int], set[tuple[int, int]]]) -> set[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    waiting = [start]
    while waiting:
        pair = waiting.pop()
        for one in after[pair]:
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen
