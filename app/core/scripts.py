"""Makes one classic script of ES modules: what a phone downloads, and what the server's engine loads.

The modules stand in one scope, each after those it imports, under names that nothing else there has (script_names.py finds
them); what nobody names is left out, and tdewolff-minify shortens the whole. The source modules stay the truth for tests and
tsc. The rules a module must keep: docs/decisions/0003-browser-code.md.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.core.script_names import Names, Variable, names_of
from app.core.script_short import with_short_names
from app.core.script_tokens import Token, script_tokens
from app.core.shorten import shortened


class ScriptError(Exception):
    """A module breaks a rule of the bundler; the message says which file and line, and what to write instead."""


_NAME = r"[A-Za-z_$][\w$]*"
_NAMES = re.compile(r"\s*\{([^{}]*)\}\s*")
_SOURCE = re.compile(r"""from\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*;?""")
_SPECIFIER = re.compile(rf"({_NAME})(?:\s+as\s+({_NAME}))?")
_DECLARED = re.compile(rf"\s+(?:async\s+)?(function\s*\*?|class|const)\s+({_NAME})")
# tdewolff-minify writes Math.trunc(x) as x|0, Math.sqrt(x) as x**.5, isNaN(x) as x!=x and undefined as 0[0]: other numbers, or
# slower. It knows them by name, so each stands under another.
_HIDDEN = ("Math", "isNaN", "undefined")
# It also joins declarations and puts one that takes an array or object apart before the others, whatever they call: not
# across another statement.
_APART = "0;"
_FOLDERS = ("vendor", "core", "engine", "store", "keys", "sync", "form", "pages")
# A constant up to this length is shorter than its name, declared and repeated.
_SHORT_LITERAL = 5
_NUMBERED = re.compile(r"\$\d*$")
_LICENSE_COMMENT = re.compile(r"/\*[*!][\s*]*@license[\s\S]*?\*/")
_LICENSE = re.compile(r"@license\s*\*?\s*([^*]*(?:\*(?!/)[^*]*)*)\*/")


@dataclass
class _Import:
    names: list[tuple[str, str]]  # (name as exported there, name here)
    source: str
    line: int


@dataclass
class _Module:
    """One parsed file."""

    text: str
    tokens: list[Token]
    cuts: list[tuple[int, int]]  # spans of `text` that go: import and export
    imports: list[_Import]
    exports: dict[str, str]  # exported name -> local name
    licenses: list[str]
    names: Names

    def with_edits(self, edits: list[tuple[int, int, str]]) -> str:
        """The text with other words at these places, and without import and export; lines keep their numbers.

        Of two places that overlap, the longer one counts.
        """
        out, last = [], 0
        edits = [*edits, *(() if self.licenses else self._guards())]
        gone = [(start, end, "\n" * self.text.count("\n", start, end)) for start, end in self.cuts]
        for start, end, new in sorted([*gone, *edits], key=lambda edit: (edit[0], -edit[1])):
            if start >= last:
                out += [self.text[last:start], new]
                last = end
        return "".join([*out, self.text[last:]])

    def _guards(self) -> Iterator[tuple[int, int, str]]:
        """What the minifier must not see as it stands, and what it leaves to us: const, and line breaks in html`…`."""
        markup: list[bool] = []  # of the template literals around
        last = ""
        for token, after in zip(self.tokens, [*self.tokens[1:], None], strict=True):
            text = token.text
            if token.kind == "template":
                if text[0] == "`":
                    markup.append(last in ("html", "svg"))
                if markup[-1] and "\n" in text:
                    yield token.start, token.end, re.sub(r"\s*\n\s*", " ", text)
                if text.endswith("`") and len(text) > (text[0] == "`"):
                    markup.pop()
            elif text in _HIDDEN and last not in (".", "?."):
                yield token.start, token.end, f"{text}$"
            elif text in ("const", "let") and last not in (".", "?."):
                # tsc knows what is constant.
                apart = after and after.text in ("[", "{") and last != "("
                yield token.start, token.end, f"{_APART}let" if apart else "let"
            last = text


def _joined(tokens: list[Token]) -> Iterator[int]:
    """Where a declaration goes on with “, [a] = …” or “, {a} = …”: the order would not stay (see _APART)."""
    declarations: list[int] = []  # depths of those that have not ended
    for token, after in pairwise(tokens):
        while declarations and (token.depth < declarations[-1] or (token.depth == declarations[-1] and token.text == ";")):
            declarations.pop()
        if token.text in ("const", "let", "var"):
            declarations.append(token.depth)
        elif token.text == "," and declarations and declarations[-1] == token.depth and after.text in ("[", "{"):
            yield token.start


def _left_out(tokens: list[Token]) -> Iterator[int]:
    """Where `void (a && b())` stands: tdewolff-minify takes it for a value that nobody wants, and drops the call with it."""
    opened: list[Token] = []  # the “void” before each parenthesis that has not closed
    for token, after in pairwise(tokens):
        while opened and token.depth <= opened[-1].depth and token.text == ")":
            opened.pop()
        if (token.text, after.text) == ("void", "("):
            opened.append(token)
        elif opened and token.depth == opened[-1].depth + 1 and token.text == after.text and token.text in ("&", "|", "?"):
            yield opened[-1].start


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
    for at in () if licenses else _joined(tokens):
        raise ScriptError(f"{where(at)}: what takes an array or object apart needs a declaration of its own")
    for at in () if licenses else _left_out(tokens):
        raise ScriptError(f"{where(at)}: “void (… && …)” would be left out, calls and all; write “… && void …”")
    variables = Names() if licenses else names_of(text)
    if variables.broken is not None:
        # The minifier says it better, if it sees it too.
        shortened("text/javascript", _Module(text, tokens, cuts, imports, exports, licenses, Names()).with_edits([]))
        raise ScriptError(f"{where(variables.broken)}: this syntax is not known to the bundler")
    for name, at, *_ in variables.variables:
        if _NUMBERED.search(name):
            raise ScriptError(f"{where(at)}: “{name}” looks like a name that the bundler gives")
    return _Module(text, tokens, cuts, imports, exports, licenses, variables)


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
    """The modules that `entry` needs, each after those it imports, those of one folder together."""
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
    return {path: done[path] for path in _by_folder(done)}


def _by_folder(modules: Mapping[Path, _Module]) -> Iterator[Path]:
    """Like beside like packs smaller, and one may choose where two modules know nothing of each other."""
    ranks = {
        path: min((_FOLDERS.index(part) for part in Path(_short(path)).parts if part in _FOLDERS), default=len(_FOLDERS))
        for path in modules
    }
    missing = {path: {(path.parent / wanted.source).resolve() for wanted in modules[path].imports} for path in modules}
    while missing:
        path = min((path for path, needed in missing.items() if not needed), key=lambda path: ranks[path])
        del missing[path]
        for needed in missing.values():
            needed.discard(path)
        yield path


Symbol = tuple[Path, str]  # a module and a name that it exports


class Bundle:
    """The modules that `entry` imports and itself, as one minified classic script.

    texts    codes that stand for texts of t() and n(), whose catalogue has the same codes
    shared   the bundle of a script that has run before: its modules are taken from there instead of repeated
    Raises ScriptError, with file and line, for what docs/decisions/0003-browser-code.md forbids.
    """

    def __init__(self, entry: Path, texts: Mapping[str, str] | None = None, shared: Bundle | None = None) -> None:
        self.entry = entry.resolve()
        self.modules = _ordered(entry)
        self.texts = texts or {}
        self.own = [path for path in self.modules if not shared or path not in shared.modules]
        self.imported = {path: self._imported(path) for path in self.modules}
        self.numbers = {path: number for number, path in enumerate(self.modules)}
        self.wanted = dict.fromkeys(symbol for path in self.own for symbol in self.imported[path].values())
        # What another script must lend, in the order in which both name it.
        self.borrowed = [symbol for symbol in self.wanted if symbol[0] not in self.own]

    def _imported(self, path: Path) -> dict[str, Symbol]:
        """What each imported name stands for: where it is declared, however often it was handed on."""
        found = {}
        for wanted in self.modules[path].imports:
            source = (path.parent / wanted.source).resolve()
            for name, local in wanted.names:
                if name not in self.modules[source].exports:
                    raise ScriptError(f"{_short(path)}:{wanted.line}: {_short(source)} exports no “{name}”")
                found[local] = (source, name)
        return found

    def _declared(self, symbol: Symbol) -> tuple[Path, str]:
        """The module that declares it, and its name there."""
        path, name = symbol
        local = self.modules[path].exports[name]
        return self._declared(self.imported[path][local]) if local in self.imported[path] else (path, local)

    def _name(self, path: Path, local: str) -> str:
        """What a declaration is called in the script."""
        return f"{local}${self.numbers[path]}"

    def _id(self, symbol: Symbol) -> str:
        return self._name(*self._declared(symbol))

    def _vendored_name(self, path: Path) -> str:
        """Stands for a vendored module while the rest is minified: that one stays as it was published."""
        return f"vendored${self.numbers[path]}"

    def _vendored(self, path: Path, returned: list[Symbol]) -> str:
        module = self.modules[path]
        body = re.sub(r"//# sourceMappingURL=\S*", "", _LICENSE_COMMENT.sub("", module.with_edits([]))).strip()
        inside = ",".join(module.exports[name] for _, name in returned)
        return f"(({','.join(self.imported[path])})=>{{{body}\nreturn[{inside}]}})"

    def _coded(self, path: Path) -> list[tuple[int, int, str]]:
        """The texts of t("…") and n("…", "…") by their short codes."""
        edits: list[tuple[int, int, str]] = []
        calls = {local: name for local, (_, name) in self.imported[path].items() if name in ("t", "n")} if self.texts else {}
        tokens = self.modules[path].tokens
        for i, token in enumerate(tokens[:-4]):
            if token.text not in calls or tokens[i + 1].text != "(" or tokens[i + 2].kind != "string":
                continue
            text = ast.literal_eval(tokens[i + 2].text)
            if text not in self.texts or tokens[i + 3].text not in (",", ")") or (i and tokens[i - 1].text in (".", "?.")):
                continue
            edits.append((tokens[i + 2].start, tokens[i + 2].end, f'"{self.texts[text]}"'))
            if calls[token.text] == "n" and tokens[i + 4].kind == "string":
                edits.append((tokens[i + 4].start, tokens[i + 4].end, '""'))
        return edits

    def texts_in_words(self) -> set[str]:
        """Texts that stand elsewhere than in t("…") and n("…", "…"), and so keep their words in the script."""
        found = set()
        for path in self.own:
            coded = {start for start, _, _ in self._coded(path)}
            tokens = (token for token in self.modules[path].tokens if token.kind == "string" and token.start not in coded)
            found |= {token.text[1:-1].replace('\\"', '"') for token in tokens}
        return found & self.texts.keys()

    def script(self, global_name: str | None = None, lends: Mapping[str, list[Symbol]] | None = None, borrows: str = "") -> str:
        """The script.

        global_name   the exports of `entry` become properties of that global; without it only side effects remain
        lends         globals, and what stands in each for the bundle that borrows it
        borrows       the global where what this bundle borrows stands
        """
        lent = {symbol for symbols in (lends or {}).values() for symbol in symbols}
        results = [(self.entry, name) for name in self.modules[self.entry].exports] if global_name else []
        hidden = ",".join(f"{name}$={name}" for name in _HIDDEN)
        out = [f"globalThis.{global_name}=" if global_name else "", f'(()=>{{"use strict";let {hidden};\n']
        if self.borrowed:
            out.append(f"{_APART}let[{','.join(map(self._id, self.borrowed))}]=globalThis.{borrows};\n")
        vendored = {}
        scope = _Scope(self, {self._declared(symbol) for symbol in [*lent, *results]})
        for path in self.own:
            # What is lent must stand there before the entry runs.
            for name, symbols in (lends or {}).items() if path == self.entry else ():
                out.append(f"globalThis.{name}=[{','.join(map(self._id, symbols))}];\n")
            if self.modules[path].licenses:
                given = [
                    (path, name) for name in self.modules[path].exports if (path, name) in self.wanted or (path, name) in lent
                ]
                vendored[self._vendored_name(path)] = self._vendored(path, given)
                taken = ",".join(map(self._id, self.imported[path].values()))
                out.append(f"{_APART}let[{','.join(map(self._id, given))}]={self._vendored_name(path)}({taken});\n")
            else:
                out.append(f"{self.modules[path].with_edits([*self._coded(path), *scope.edits(path)])}\n;")
        if global_name:
            out.append(f"return{{{','.join(f'{name}:{self._id((path, name))}' for path, name in results)}}}")
        script = self._minified("".join([*out, "})();\n"]))
        for name, function in vendored.items():
            script = script.replace(name, function)
        licenses = dict.fromkeys(text for path in self.own for text in self.modules[path].licenses)
        return "".join(f"/*! {text} */\n" for text in licenses) + script

    def _minified(self, script: str) -> str:
        try:
            # Joined by now, they need nothing between them.
            short = with_short_names(shortened("text/javascript", script, "keep"))
            return re.sub(rf"(?<=[;{{}}]){_APART}(?=let[\[{{])", "", short)
        except ValueError as error:
            # Which module it was: each alone, with the lines of its file.
            for path in self.own:
                try:
                    shortened("text/javascript", f"(()=>{{{self.modules[path].with_edits([])}\n}})()")
                except ValueError as found:
                    raise ScriptError(f"{_short(path)}: {found}") from error
            raise


class _Scope:
    """How the own modules of a bundle stand in one scope: which names change, and what is left out.

    kept   declarations that others use: (module, name there)
    """

    def __init__(self, bundle: Bundle, kept: set[tuple[Path, str]]) -> None:
        self.bundle = bundle
        self.kept = kept
        self.modules = {path: bundle.modules[path] for path in bundle.own if not bundle.modules[path].licenses}
        self.variables = {path: list(self._outside_of_import_and_export(module)) for path, module in self.modules.items()}
        self.named = {path: Counter(one.name for one in variables) for path, variables in self.variables.items()}
        # Declaration -> importing modules, each with its own name for it.
        self.importers: dict[tuple[Path, str], list[tuple[Path, str]]] = {}
        for path in bundle.own:
            for local, symbol in bundle.imported[path].items():
                self.importers.setdefault(bundle._declared(symbol), []).append((path, local))
        self.literals = {
            (path, name): declared.literal
            for path, module in self.modules.items()
            for name, declared in module.names.declared.items()
            if declared.literal and declared.alone and self._is_better_written_out(path, name, declared.literal)
        }
        self.gone = self._unnamed()

    @staticmethod
    def _outside_of_import_and_export(module: _Module) -> Iterator[Variable]:
        return (one for one in module.names.variables if not any(start <= one.start < end for start, end in module.cuts))

    def _is_better_written_out(self, path: Path, name: str, literal: str) -> bool:
        places = [(path, name), *self.importers.get((path, name), ())]
        if (path, name) in self.kept or any(at not in self.modules for at, _ in places):
            return False
        # One declaration, nothing of the same name inside a function: each place means this constant.
        if any(self.modules[at].names.bound[local] != (at == path) for at, local in places):
            return False
        return len(literal) <= _SHORT_LITERAL or sum(self.named[at][local] for at, local in places) == 2

    def _unnamed(self) -> dict[Path, set[str]]:
        """What nobody names, without what only such things name."""
        gone: dict[Path, set[str]] = {path: {name for at, name in self.literals if at == path} for path in self.modules}
        while True:
            before = sum(map(len, gone.values()))
            for path, module in self.modules.items():
                for name, declared in module.names.declared.items():
                    if name in gone[path] or not declared.idle or not declared.alone or (path, name) in self.kept:
                        continue
                    importers = self.importers.get((path, name), ())
                    if any(at not in self.modules or self.named[at][local] for at, local in importers):
                        continue
                    inside = Counter(one.name for one in self.variables[path] if declared.start <= one.start < declared.end)
                    if self.named[path][name] == inside[name]:
                        gone[path].add(name)
                        self.named[path].subtract(inside)
            if sum(map(len, gone.values())) == before:
                return gone

    def edits(self, path: Path) -> Iterator[tuple[int, int, str]]:
        bundle, module = self.bundle, self.modules[path]
        meant = {name: (path, name) for name in module.names.declared}
        meant |= {local: bundle._declared(symbol) for local, symbol in bundle.imported[path].items()}
        new = {local: f"({self.literals[one]})" if one in self.literals else bundle._name(*one) for local, one in meant.items()}
        for name in self.gone[path]:
            declared = module.names.declared[name]
            yield declared.start, declared.end, "\n" * module.text.count("\n", declared.start, declared.end)
        for one in self.variables[path]:
            if one.name in new:
                yield one.start, one.end, f"{one.name}:{new[one.name]}" if one.shorthand else new[one.name]


def bundle(entry: Path, global_name: str | None = None) -> str:
    """The modules that `entry` imports and itself as one script; their exports become properties of `global_name`."""
    return Bundle(entry).script(global_name)


def content_hash(content: str | bytes) -> str:
    """Twelve hexadecimal digits that name this content in an address."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:12]
