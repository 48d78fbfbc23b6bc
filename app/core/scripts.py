"""Makes one classic script of ES modules: what a phone downloads, and what the server's engine loads.

Each module becomes one function whose result holds its exports; a module stands after those it imports. The source
modules stay the truth for tests and tsc. The rules a module must keep, and why there is no other bundler:
docs/decisions/0003-browser-code.md.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class ScriptError(Exception):
    """A module breaks a rule of the bundler; the message says which file and line, and what to write instead."""


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
_NAME = r"[A-Za-z_$][\w$]*"
_NAMES = re.compile(r"\s*\{([^{}]*)\}\s*")
_SOURCE = re.compile(r"""from\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*;?""")
_SPECIFIER = re.compile(rf"({_NAME})(?:\s+as\s+({_NAME}))?")
_DECLARED = re.compile(rf"\s+(?:async\s+)?(function\s*\*?|class|const)\s+({_NAME})")
_LICENSE = re.compile(r"@license\s*\*?\s*([^*]*(?:\*(?!/)[^*]*)*)\*/")
# After one of these a slash begins a regular expression, not a division.
_BEFORE_REGEX = {"return", "typeof", "case", "in", "of", "delete", "void", "instanceof", "new", "do", "else", "yield", "await"}


@dataclass
class _Import:
    names: list[tuple[str, str]]  # (name as exported there, name here)
    source: str
    line: int


@dataclass
class _Module:
    """One parsed file: its text without import and export, minified."""

    body: str
    imports: list[_Import]
    exports: dict[str, str]  # exported name -> local name
    licenses: list[str]


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


def _separator(before: Token, after: Token, gap: str) -> str:
    """The white space that must stay between two tokens: a line break may end a statement, a space part two words."""
    last, first = before.text[-1], after.text[0]
    opens = before.kind == "template" and last == "{"
    closes = after.kind == "template" and first == "}"
    if opens or closes or not gap:
        return ""
    if "\n" in gap and not (before.kind == "mark" and last in "{([,;:?=&|<>!~^%*") and first not in "})],;:?.=&|<>%*^":
        return "\n"
    words = (before.kind in ("word", "number", "regex")) and after.kind in ("word", "number")
    risky = last + first in ("++", "--", "//", "->", "<!") or (before.kind == "number" and first == ".")
    return " " if words or risky else ""


def _minified(text: str, tokens: list[Token], cuts: list[tuple[int, int]]) -> str:
    """`text` without comments, needless white space and the spans in `cuts`.

    Ours, because rjsmin takes the inner literal of html`${rows.map((row) => html`…`)}` for code.
    """
    out: list[str] = []
    before: Token | None = None
    cut = False
    waiting = iter([*cuts, (len(text) + 1, len(text) + 1)])
    start, stop = next(waiting)
    for token in tokens:
        while token.start >= stop:
            start, stop = next(waiting)
        if token.start >= start:
            cut = True
            continue
        if before:
            # Where an import or export went, the line break keeps two statements apart that only it separated.
            out.append(_separator(before, token, "\n" if cut else text[before.end : token.start]))
        out.append(token.text)
        before, cut = token, False
    return "".join(out)


def _parse(text: str, where: Callable[[int], str]) -> _Module:
    imports: list[_Import] = []
    exports: dict[str, str] = {}
    cuts: list[tuple[int, int]] = []  # spans of `text` that go
    skip_until = 0
    before = ""
    single = -1  # start of an `export const` whose end is still to come

    def export(name: str, local: str, at: int) -> None:
        if name in exports:
            raise ScriptError(f"{where(at)}: “{name}” is exported twice")
        exports[name] = local

    def specifiers(listed: str, at: int) -> list[tuple[str, str]]:
        pairs = []
        for part in re.sub(r"//[^\n]*|/\*[\s\S]*?\*/", "", listed).split(","):
            if part.strip():
                found = _SPECIFIER.fullmatch(part.strip())
                if not found or "default" in found.groups():
                    raise ScriptError(
                        f"{where(at)}: “{part.strip()}” is not a name; only named imports and exports can be bundled"
                    )
                pairs.append((found[1], found[2] or found[1]))
        return pairs

    tokens = list(script_tokens(text))
    for kind, value, at, depth in tokens:
        if at < skip_until:
            continue
        if kind == "word" and value == "import" and before not in (".", "?."):
            rest = text[at + 6 :]
            if re.match(r"\s*\.", rest):
                raise ScriptError(f"{where(at)}: import.meta has no meaning in one script")
            if re.match(r"\s*\(", rest):
                raise ScriptError(f"{where(at)}: import() is dynamic; import at the top of the file instead")
            if depth == 0:
                names = _NAMES.match(text, at + 6)
                source = _SOURCE.match(text, names.end()) if names else None
                if not names or not source:
                    raise ScriptError(f"{where(at)}: write it as import {{ name }} from “./file.js”")
                imports.append(_Import(specifiers(names[1], at), source[1] or source[2], text.count("\n", 0, at) + 1))
                cuts.append((at, source.end()))
                skip_until = source.end()
        elif kind == "word" and value == "export" and depth == 0 and before not in (".", "?."):
            declared = _DECLARED.match(text, at + 6)
            names = _NAMES.match(text, at + 6)
            if declared:
                export(declared[2], declared[2], at)
                cuts.append((at, at + 6))
                single = at if declared[1] == "const" else -1
                skip_until = declared.end()
            elif names and not _SOURCE.match(text, names.end()):
                for local, name in specifiers(names[1], at):
                    export(name, local, at)
                end = names.end() + (text[names.end() : names.end() + 1] == ";")
                cuts.append((at, end))
                skip_until = end
            else:
                raise ScriptError(
                    f"{where(at)}: only “export function”, “export class”, “export const name” and “export {{ names }}” can be"
                    " bundled (no default, let, var, star, destructuring or re-export)"
                )
        elif single >= 0 and depth == 0 and kind == "mark" and value in ",;":
            if value == ",":
                raise ScriptError(f"{where(single)}: one name for each “export const”")
            single = -1
        before = value

    licenses = [" ".join(found.replace("*", " ").split()) for found in _LICENSE.findall(text)]
    return _Module(_minified(text, tokens, cuts), imports, exports, licenses)


_parsed: dict[tuple[str, str], _Module] = {}


def _module(path: Path, name: str) -> _Module:
    text = path.read_text("utf-8")
    key = (name, hashlib.sha256(text.encode()).hexdigest())
    if key not in _parsed:

        def where(at: int) -> str:
            return f"{name}:{text.count(chr(10), 0, at) + 1}"

        try:
            _parsed[key] = _parse(text, where)
        except ValueError as error:
            raise ScriptError(f"{name}: {error}") from error
    return _parsed[key]


def _short(path: Path) -> str:
    return os.path.relpath(path, Path(__file__).resolve().parents[2])


def _ordered(entry: Path) -> dict[Path, _Module]:
    """The modules that `entry` needs, each after those it imports."""
    done: dict[Path, _Module] = {}
    under_way: list[Path] = []

    def visit(path: Path, asked_by: str) -> None:
        if path in done:
            return
        if path in under_way:
            round_trip = " → ".join(_short(step) for step in [*under_way[under_way.index(path) :], path])
            raise ScriptError(f"modules import each other in a circle: {round_trip}")
        if not path.is_file():
            raise ScriptError(f"{asked_by}: there is no file {_short(path)}")
        under_way.append(path)
        module = _module(path, _short(path))
        for wanted in module.imports:
            here = f"{_short(path)}:{wanted.line}"
            if not wanted.source.startswith("."):
                raise ScriptError(f"{here}: “{wanted.source}” is not a relative path; vendored files are imported by theirs")
            visit((path.parent / wanted.source).resolve(), here)
        under_way.pop()
        done[path] = module

    visit(entry.resolve(), "bundle")
    return done


def modules(entry: Path) -> list[Path]:
    """The files that `entry` needs and itself, each after those it imports."""
    return list(_ordered(entry))


def bundle(entry: Path, global_name: str | None = None) -> str:
    """The modules that `entry` imports and itself, as one minified classic script.

    global_name   the exports of `entry` become properties of that global; without it only side effects remain
    Raises ScriptError, with file and line, for what docs/decisions/0003-browser-code.md forbids.
    """
    ordered = _ordered(entry)
    numbers = {path: f"$m{number}" for number, path in enumerate(ordered)}
    used: dict[Path, set[str]] = {path: set() for path in ordered}
    for path, module in ordered.items():
        for wanted in module.imports:
            used[(path.parent / wanted.source).resolve()].update(name for name, _ in wanted.names)
    if global_name:
        used[entry.resolve()].update(ordered[entry.resolve()].exports)
    licenses = dict.fromkeys(text for module in ordered.values() for text in module.licenses)
    out = [f"/*! {text} */\n" for text in licenses]
    out.append(f"globalThis.{global_name}=" if global_name else "")
    out.append('(()=>{"use strict";\n')
    for path, module in ordered.items():
        out.append(f"const {numbers[path]}=(()=>{{")
        for wanted in module.imports:
            source = (path.parent / wanted.source).resolve()
            for name, _ in wanted.names:
                if name not in ordered[source].exports:
                    raise ScriptError(f"{_short(path)}:{wanted.line}: {_short(source)} exports no “{name}”")
            names = ",".join(name if name == local else f"{name}:{local}" for name, local in wanted.names)
            out.append(f"const{{{names}}}={numbers[source]};")
        exported = ",".join(
            name if name == local else f"{name}:{local}" for name, local in module.exports.items() if name in used[path]
        )
        out.append(f"{module.body}\n;return{{{exported}}}}})();\n")
    out.append(f"return {numbers[entry.resolve()]}}})();\n" if global_name else "})();\n")
    return "".join(out)


def content_hash(content: str | bytes) -> str:
    """Twelve hexadecimal digits that name this content in an address."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:12]
