"""Makes one classic script of ES modules: what a phone downloads, and what the server's engine loads.

A module stands after those it imports, all of them in one function, with comments and spaces gone and short names for its
variables. The source modules stay the truth for tests and tsc. The rules a module must keep, and why there is no other
bundler: docs/decisions/0003-browser-code.md.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.script_names import GLOBAL, Names, find_names, short_names
from app.core.script_tokens import Token, script_tokens


class ScriptError(Exception):
    """A module breaks a rule of the bundler; the message says which file and line, and what to write instead."""


_NAME = r"[A-Za-z_$][\w$]*"
_NAMES = re.compile(r"\s*\{([^{}]*)\}\s*")
_SOURCE = re.compile(r"""from\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*;?""")
_SPECIFIER = re.compile(rf"({_NAME})(?:\s+as\s+({_NAME}))?")
_DECLARED = re.compile(rf"\s+(?:async\s+)?(function\s*\*?|class|const)\s+({_NAME})")
_LICENSE = re.compile(r"@license\s*\*?\s*([^*]*(?:\*(?!/)[^*]*)*)\*/")


@dataclass
class _Import:
    names: list[tuple[str, str]]  # (name as exported there, name here)
    source: str
    line: int


@dataclass
class _Module:
    """One parsed file: its text without import and export, minified."""

    body: str
    names: Names | None  # None: vendored, stays in a function of its own with the names it came with
    imports: list[_Import]
    exports: dict[str, str]  # exported name -> local name
    licenses: list[str]


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
    """`text` without comments, needless signs and white space, and the spans in `cuts`.

    Ours, because rjsmin takes the inner literal of html`${rows.map((row) => html`…`)}` for code.
    """
    out: list[str] = []
    before: Token | None = None
    cut = False
    waiting = iter([*cuts, (len(text) + 1, len(text) + 1)])
    start, stop = next(waiting)
    markup: list[bool] = []  # of the template literals around: whether white space may shrink as in HTML
    heads: list[str] = []  # the word before each open bracket
    head = ""  # the one before the bracket that closed last
    for i, token in enumerate(tokens):
        while token.start >= stop:
            start, stop = next(waiting)
        if token.start >= start:
            cut = True
            continue
        value = token.text
        if token.kind == "template":
            if value[0] == "`":
                markup.append(before is not None and before.text in ("html", "svg"))
            if markup[-1]:
                value = re.sub(r"\s*\n\s*", " ", value)
            if value.endswith("`") and len(token.text) > (token.text[0] == "`"):
                markup.pop()
        elif value in ("(", "[", "{"):
            heads.append(before.text if before else "")
        elif value in (")", "]", "}"):
            head = heads.pop()
        following = tokens[i + 1].text[0] if i + 1 < len(tokens) else ""
        if before and value == "," and following in (")", "]", "}") and before.text not in (",", "["):
            continue
        if before and value == ";" and following == "}" and not (before.text == ")" and head in ("for", "while", "if")):
            continue
        if before:
            # Where an import or export went, the line break keeps two statements apart that only it separated.
            out.append(_separator(before, token, "\n" if cut else text[before.end : token.start]))
        out.append(value)
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
    body = _minified(text, tokens, cuts)
    return _Module(body, None if licenses else find_names(body), imports, exports, licenses)


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


Symbol = tuple[Path, str]  # a name at the top of a module


class _Bundle:
    """The modules of one script, side by side in one function: what one declares at its top, others name directly."""

    def __init__(self, entry: Path, texts: Mapping[str, str]) -> None:
        self.entry = entry.resolve()
        self.modules = _ordered(entry)
        self.texts = texts
        self.imported = {path: self._imported(path, module) for path, module in self.modules.items()}
        self.names = self._top_names()

    def _imported(self, path: Path, module: _Module) -> dict[str, Symbol]:
        """What each imported name stands for."""
        found = {}
        for wanted in module.imports:
            source = (path.parent / wanted.source).resolve()
            for name, local in wanted.names:
                if name not in self.modules[source].exports:
                    raise ScriptError(f"{_short(path)}:{wanted.line}: {_short(source)} exports no “{name}”")
                found[local] = self._symbol(source, name)
        return found

    def _symbol(self, path: Path, exported: str) -> Symbol:
        module = self.modules[path]
        local = module.exports[exported]
        for wanted in module.imports:
            for name, here in wanted.names:
                if here == local and module.names:
                    return self._symbol((path.parent / wanted.source).resolve(), name)
        return path, local if module.names else exported

    def _top_names(self) -> dict[Symbol, str]:
        """Short names for all that stands at the top of modules, the most used first."""
        uses: Counter[Symbol] = Counter()
        free: set[str] = set()
        for path, module in self.modules.items():
            imported = self.imported[path]
            if module.names is None:
                uses.update(imported.values())
                continue
            free |= module.names.free - set(imported)
            for name, count in module.names.uses.items():
                if name in imported:
                    uses[imported[name]] += count
                elif name in module.names.top:
                    uses[path, name] += count
        # Names of one letter are for the inside of functions.
        return dict(zip((symbol for symbol, _ in uses.most_common()), short_names(free, least=2), strict=False))

    def _plain(self, path: Path, module: _Module, names: Names) -> str:
        new = {local: self.names[symbol] for local, symbol in self.imported[path].items() if symbol in self.names}
        new |= {name: self.names[path, name] for name in names.top if (path, name) in self.names}
        own = [name for name, _ in names.uses.most_common() if name in names.inner and name not in new and name not in GLOBAL]
        taken = {*new.values(), *names.free, *(names.inner & GLOBAL)}
        new |= dict(zip(own, short_names(taken), strict=False))
        return names.renamed(new, self._coded(path, names)) + ";\n"

    def _coded(self, path: Path, names: Names) -> dict[int, str]:
        """The texts of t("…") and n("…", "…") by their short codes."""
        found: dict[int, str] = {}
        words = {local for local, (_, name) in self.imported[path].items() if name in ("t", "n")} if self.texts else set()
        tokens = names.tokens
        for i, token in enumerate(tokens[:-4]):
            if token.text not in words or i not in names.places or tokens[i + 1].text != "(" or tokens[i + 2].kind != "string":
                continue
            text = ast.literal_eval(tokens[i + 2].text)
            if text not in self.texts or tokens[i + 3].text not in (",", ")"):
                continue
            found[i + 2] = f'"{self.texts[text]}"'
            if self.imported[path][token.text][1] == "n" and tokens[i + 4].kind == "string":
                found[i + 4] = '""'
        return found

    def _vendored(self, path: Path, module: _Module) -> str:
        given = {name: symbol for symbol, name in self.names.items() if symbol[0] == path}
        exports = ",".join(f"{symbol[1]}:{name}" for name, symbol in given.items())
        results = ",".join(f"{name}:{module.exports[name]}" for _, name in given.values())
        takes = [(local, self.names[symbol]) for local, symbol in self.imported[path].items()]
        parameters, arguments = (",".join(pair[i] for pair in takes) for i in (0, 1))
        return f"const{{{exports}}}=(({parameters})=>{{{module.body}\n;return{{{results}}}}})({arguments});\n"

    def script(self, global_name: str | None) -> str:
        licenses = dict.fromkeys(text for module in self.modules.values() for text in module.licenses)
        out = [f"/*! {text} */\n" for text in licenses]
        out.append(f"globalThis.{global_name}=" if global_name else "")
        out.append('(()=>{"use strict";\n')
        for path, module in self.modules.items():
            out.append(self._plain(path, module, module.names) if module.names else self._vendored(path, module))
        if global_name:
            # An export that nothing in the bundle names was given no short name.
            pairs = ((name, self._symbol(self.entry, name)) for name in self.modules[self.entry].exports)
            out.append(f"return{{{','.join(f'{name}:{self.names.get(symbol, symbol[1])}' for name, symbol in pairs)}}}")
        out.append("})();\n")
        return "".join(out)


def bundle(entry: Path, global_name: str | None = None, texts: Mapping[str, str] | None = None) -> str:
    """The modules that `entry` imports and itself, as one minified classic script.

    global_name   the exports of `entry` become properties of that global; without it only side effects remain
    texts         codes that stand for texts of t() and n(), whose catalogue has the same codes
    Raises ScriptError, with file and line, for what docs/decisions/0003-browser-code.md forbids.
    """
    return _Bundle(entry, texts or {}).script(global_name)


def content_hash(content: str | bytes) -> str:
    """Twelve hexadecimal digits that name this content in an address."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:12]
