"""One catalogue for server and browser: English source strings, complete in Arabic and French.

    python -m app.core.catalogues           compile translations/*/LC_MESSAGES/messages.po
    python -m app.core.catalogues update    read the source strings again into the .po files

In Python and templates `_`, `gettext`, `lazy_gettext`, `ngettext` mark strings; in static/js `t` and `n`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.core.languages import LANGUAGES
from app.core.script_tokens import script_tokens

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "translations"
PLURALS = {
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"),
    "fr": (2, "(n > 1)"),
}
METHODS = [
    ("app/**.py", "python"),
    ("app/templates/**.html", "jinja2"),
    ("static/js/**.js", "app.core.catalogues:extract_script"),
]
KEYWORDS: dict[str, Any] = {
    "_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2), "t": None, "n": (1, 2),
}  # fmt: skip


def po_path(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def extract_script(
    file: BinaryIO, keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, list[str | None], list[str]]]:
    """The calls of t() and n() in a module of static/js, as Babel's extractors give them.

    Babel's own does not see into html`…${t("…")}…`, where most words of a page stand.
    """
    text = file.read().decode()
    tokens = list(script_tokens(text))
    for i, token in enumerate(tokens[:-1]):
        called = token.kind == "word" and token.text in keywords and tokens[i + 1].text == "("
        if not called or (i and tokens[i - 1].text in (".", "?.", "function")):
            continue
        arguments: list[str | None] = [""]  # None: not a plain string
        for inner in tokens[i + 2 :]:
            if inner.depth == token.depth:
                break
            if inner.depth > token.depth + 1:
                continue
            if inner.text == ",":
                arguments.append("")
            elif inner.kind == "string" and arguments[-1] is not None:
                arguments[-1] += ast.literal_eval(inner.text)
            elif inner.text != "+":
                arguments[-1] = None
        yield text.count("\n", 0, token.start) + 1, token.text, [one or None for one in arguments], []


def extracted() -> Catalog:
    """Every source string of the tree, with the files it stands in."""
    catalog = Catalog(project="Daftar", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        ROOT, METHODS, {"**.py": {"encoding": "utf-8"}}, KEYWORDS, directory_filter=lambda path: "vendor" not in Path(path).parts
    )
    for filename, line, message, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
        catalog.add(message, None, [(filename.replace("\\", "/"), line)], auto_comments=comments, context=context)
    return catalog


def read(language: str) -> Catalog:
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    template = extracted()
    for language in LANGUAGES:
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = read(language) if path.exists() else Catalog(locale=language, fuzzy=False)
        # A string that is gone is dropped; a near match is not a translation.
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        count, rule = PLURALS[language]
        vars(catalog).update(_num_plurals=count, _plural_expr=rule)
        buffer = BytesIO()
        write_po(buffer, catalog, width=110, omit_header=False, sort_output=True)
        # Dates and line numbers would make every update a conflict.
        text = re.sub(
            r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team)[^\n]*\n',
            "",
            buffer.getvalue().decode(),
        )
        text = re.sub(r"^(#: .*)$", lambda line: _files_only(line.group(1)), text, flags=re.M)
        path.write_text(_merge_locations(text), "utf-8")


def _files_only(line: str) -> str:
    return "#: " + " ".join(dict.fromkeys(re.sub(r":\d+", "", place) for place in line[3:].split()))


def _merge_locations(text: str) -> str:
    """One `#:` line an entry, each file once."""
    out: list[str] = []
    for line in text.split("\n"):
        if line.startswith("#: ") and out and out[-1].startswith("#: "):
            out[-1] = "#: " + " ".join(dict.fromkeys((out[-1][3:] + " " + line[3:]).split()))
        else:
            out.append(line)
    return "\n".join(out)


def compile_all() -> None:
    for language in LANGUAGES:
        if po_path(language).exists():
            with po_path(language).with_suffix(".mo").open("wb") as file:
                write_mo(file, read(language))


def for_browser(language: str, files: Collection[str] | None = None) -> dict[str, str | list[str]]:
    """Translations of the strings of static/js, or of `files`: {msgid: text}, plural forms as a list in CLDR's order."""
    found: dict[str, str | list[str]] = {}
    for message in read(language):
        if message.id and any(path in files if files else path.startswith("static/js") for path, _ in message.locations):
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found[key] = list(message.string) if isinstance(message.string, tuple | list) else message.string or ""
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    compile_all()
