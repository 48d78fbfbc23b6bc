"""Reads the browser's code into tokens, nested template literals included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>//[^\n]*|/\*[\s\S]*?\*/)
    | (?P<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')
    | (?P<word>[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)
    | (?P<number>\.?\d[\w.]*)
    | (?P<dots>\.\.\.|\?\.)
    | (?P<mark>[\s\S])
    """,
    re.X,
)
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?P<end>`|\$\{)")
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
# After one of these a slash begins a regular expression, not a division.
_BEFORE_REGEX = {"return", "typeof", "case", "in", "of", "delete", "void", "instanceof", "new", "do", "else", "yield", "await"}


class Token(NamedTuple):
    kind: str  # string word number dots mark regex template
    text: str
    start: int
    depth: int  # of brackets around it

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def script_tokens(text: str) -> Iterator[Token]:
    """What is neither white space nor comment. A template literal gives its literal parts, with their ` ${ or }."""
    at, depth, before = 0, 0, ""
    # Brace depths at which a "}" takes a template literal up again.
    templates: list[int] = []
    while at < len(text):
        char = text[at]
        if char == "`" or (char == "}" and templates and templates[-1] == depth):
            if char == "}":
                templates.pop()
            found = _TEMPLATE.match(text, at + 1)
            if not found:
                raise ValueError("a template literal has no end")
            if found["end"] == "${":
                templates.append(depth)
                before = "("
            else:
                before = "`"
            yield Token("template", text[at : found.end()], at, depth)
            at = found.end()
            continue
        if (
            char == "/"
            and text[at + 1 : at + 2] not in ("/", "*")
            and (before in _BEFORE_REGEX or before in "(,=:[!&|?{;+-*%<>~^")
        ):
            regex = _REGEX.match(text, at)
            if regex:
                before = "regex"
                yield Token("regex", regex.group(), at, depth)
                at = regex.end()
                continue
        token = _TOKEN.match(text, at)
        assert token is not None
        kind, value = str(token.lastgroup), token.group()
        if kind in ("space", "comment"):
            at = token.end()
            continue
        if kind == "mark" and value in "\"'":
            raise ValueError("a string has no end")
        if kind == "mark" and value in ")]}":
            depth -= 1
        yield Token(kind, value, at, depth)
        if kind == "mark" and value in "([{":
            depth += 1
        before = value if kind in ("word", "mark") else kind
        at = token.end()
