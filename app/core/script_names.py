"""Finds the names that a module gives to things, so that the bundler can give them shorter ones.

No scopes are worked out. A name gets one new name in its whole module, wherever it is a variable and not a property; which
variable it is stays as the language decides. What makes a property is read from the tokens, for code in this project's style.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from app.core.script_tokens import Token, script_tokens


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESERVED = _words("""
    break case catch class const continue debugger default delete do else export extends finally for function if import in
    instanceof new return super switch this throw try typeof var void while with yield let static async await of get set as
    from enum null true false undefined NaN Infinity arguments eval implements interface package private protected public
    constructor
""")
# Names of the browser and the language that code uses bare: never given to a variable, never taken from one inside a function.
GLOBAL = _words("""
    Array ArrayBuffer BigInt Blob Boolean BroadcastChannel CSS CompressionStream DOMException Date DecompressionStream
    Document Element Error Event EventTarget File FileReader FormData HTMLElement IDBDatabase IDBKeyRange Image Infinity
    IntersectionObserver Intl JSON Map Math MutationObserver NaN Node Number Object Promise Proxy Reflect RegExp Request
    ResizeObserver Response Set String Symbol SyntaxError TextDecoder TextEncoder TypeError RangeError URL URLSearchParams
    Uint8Array Uint32Array WeakMap WeakRef WeakSet Worker AbortController addEventListener alert atob btoa caches
    cancelAnimationFrame clearInterval clearTimeout confirm console createImageBitmap crypto customElements
    decodeURIComponent document encodeURIComponent fetch getComputedStyle globalThis history indexedDB innerHeight
    innerWidth isFinite isNaN localStorage location matchMedia navigator parseFloat parseInt performance print
    queueMicrotask removeEventListener reportError requestAnimationFrame requestIdleCallback screen scrollBy scrollTo
    scrollX scrollY self sessionStorage setInterval setTimeout structuredClone visualViewport window
""")
_BEFORE_BLOCK = {")", "else", "do", "try", "finally", "catch", "{", "}", ";", ""}
_BEFORE_METHOD = {"{", ",", "}", ";", "get", "set", "async", "static", "*"}


@dataclass
class Names:
    """The variables of a module's text."""

    text: str
    tokens: list[Token]
    places: dict[int, bool]  # index of a token that is a variable -> whether it is {name}, short for {name: name}
    top: set[str]  # declared outside functions
    inner: set[str]  # declared inside one, or as a parameter
    uses: Counter[str]
    private: dict[str, str]  # #name of a class -> a short one

    @property
    def free(self) -> set[str]:
        """Used, and declared nowhere here: imported or global."""
        return set(self.uses) - self.top - self.inner

    def renamed(self, names: dict[str, str], replaced: dict[int, str]) -> str:
        """The text with these names; `replaced` gives the new text of other tokens by index."""
        out: list[str] = []
        last = 0
        for i, token in enumerate(self.tokens):
            if i in replaced:
                new = replaced[i]
            elif token.kind == "word" and i and self.tokens[i - 1].text == "#":
                new = self.private[token.text]
            elif i in self.places and token.text in names:
                new = f"{token.text}:{names[token.text]}" if self.places[i] else names[token.text]
            else:
                continue
            out += [self.text[last : token.start], new]
            last = token.end
        return "".join([*out, self.text[last:]])


def find_names(text: str) -> Names:
    return _Reader(text).names()


def short_names(taken: Collection[str], least: int = 1) -> Iterator[str]:
    """a, b, … then two signs, leaving out what is taken."""
    letters = string.ascii_letters + "_$"
    for size in range(least, 4):
        for number in range(len(letters) * 64 ** (size - 1)):
            number, first = divmod(number, len(letters))
            name = letters[first]
            for _ in range(size - 1):
                number, next_sign = divmod(number, 64)
                name += (letters + string.digits)[next_sign]
            if name not in taken and name not in RESERVED and name not in GLOBAL:
                yield name


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(script_tokens(text))
        self.words = [token.text for token in self.tokens] + ["", "", ""]
        self.inside: list[int | None] = []  # index of the bracket around each token
        self.closing: dict[int, int] = {}
        self.kinds: dict[int, str] = {}  # of an opening brace: block, object, class, template
        self.ternary: set[int] = set()  # colons of a ? b : c
        self.labels: set[int] = set()  # colons of case and default
        self._brackets()
        self.opening = {close: start for start, close in self.closing.items()}

    def _brackets(self) -> None:
        stack: list[int] = []
        classes: list[int] = []  # depths at which a class body is still to come
        questions: dict[int | None, list[int]] = {}
        cases: dict[int | None, int] = {}
        words = self.words
        for i, token in enumerate(self.tokens):
            around = stack[-1] if stack else None
            self.inside.append(around)
            value, before = token.text, words[i - 1] if i else ""
            if token.kind == "template":
                if value[0] == "}":
                    self.closing[stack.pop()] = i
                if value.endswith("${"):
                    stack.append(i)
                    self.kinds[i] = "template"
            elif token.kind == "word" and before not in (".", "?."):
                if value == "class":
                    classes.append(len(stack))
                elif value in ("case", "default"):
                    cases[around] = cases.get(around, 0) + 1
            elif token.kind != "mark":
                continue
            elif value in "([{":
                if value == "{" and classes and classes[-1] == len(stack):
                    self.kinds[i] = "class"
                    classes.pop()
                elif value == "{":
                    arrow = before == ">" and words[i - 2] == "="
                    block = before in _BEFORE_BLOCK or arrow or (before == ":" and i - 1 in self.labels)
                    self.kinds[i] = "block" if block else "object"
                stack.append(i)
            elif value in ")]}":
                self.closing[stack.pop()] = i
            elif value == "?":
                twice = (words[i + 1] == "?" and self.tokens[i + 1].start == token.end) or (
                    before == "?" and self.tokens[i - 1].end == token.start
                )
                if not twice:
                    questions.setdefault(around, []).append(i)
            elif value == ":":
                if questions.get(around):
                    questions[around].pop()
                    self.ternary.add(i)
                elif cases.get(around):
                    cases[around] -= 1
                    self.labels.add(i)

    def _kind_around(self, i: int) -> str:
        around = self.inside[i]
        return self.kinds.get(around, "") if around is not None else ""

    def _is_method(self, i: int) -> bool:
        """Whether `name(` at i begins a method: brackets, then a body."""
        return self.words[i + 1] == "(" and self.words[self.closing[i + 1] + 1] == "{" and self.words[i - 1] in _BEFORE_METHOD

    def _places(self) -> dict[int, bool]:
        found: dict[int, bool] = {}
        for i, token in enumerate(self.tokens):
            if token.kind != "word" or token.text in RESERVED:
                continue
            before, after, kind = self.words[i - 1] if i else "", self.words[i + 1], self._kind_around(i)
            if before in (".", "?.", "#"):
                continue
            if kind == "object" and after == ":" and i + 1 not in self.ternary:
                continue
            if kind in ("object", "class") and self._is_method(i):
                continue
            if kind == "class" and (after in ("=", ";") or before in ("get", "set", "static")):
                continue
            found[i] = kind == "object" and before in ("{", ",") and after in (",", "}", "=")
        return found

    def names(self) -> Names:
        places = self._places()
        top: set[str] = set()
        inner: set[str] = set()

        def pattern(start: int, into: set[str]) -> None:
            """What the parameters or the pattern in this bracket declare."""
            for i in range(start, self.closing[start]):
                if i in places and self.words[i - 1] in ("(", ",", ".", "...", "[", ":", "{") and self.words[i + 1] in ",)=]}":
                    into.add(self.words[i])

        for i, token in enumerate(self.tokens):
            value, after = token.text, self.words[i + 1]
            if token.kind == "word":
                into = inner if token.depth else top
                if value in ("const", "let", "var"):
                    if after in ("[", "{"):
                        pattern(i + 1, into)
                    else:
                        into.add(after)
                elif value == "class" and after not in ("{", "extends"):
                    into.add(after)
                elif value == "function":
                    at = i + 1 + (after == "*")
                    if self.words[at] != "(":
                        into.add(self.words[at])
                        at += 1
                    pattern(at, inner)
                elif after == "(" and (value in ("catch", "constructor") or (i not in places and self._is_method(i))):
                    pattern(i + 1, inner)
                elif i in places and after == "=" and self.words[i + 2] == ">":
                    inner.add(value)
            elif value == ")" and after == "=" and self.words[i + 2] == ">":
                pattern(self.opening[i], inner)
        uses = Counter(self.words[i] for i in places)
        is_name = re.compile(r"[A-Za-z_$][\w$]*").fullmatch
        declared = {name for name in top | inner if is_name(name) and name not in RESERVED}
        hidden = Counter(word for i, word in enumerate(self.words) if i and self.words[i - 1] == "#" and word)
        private = dict(zip((name for name, _ in hidden.most_common()), short_names(()), strict=False))
        return Names(self.text, self.tokens, places, top & declared, inner & declared, uses, private)
