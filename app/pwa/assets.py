"""What a phone downloads once: one script with both languages in it, one style sheet, the shell page, and a worker for them.

Everything is made of the files of static/ and translations/ and made again when one of them changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import deflate
from flask import render_template

from app.core import catalogues
from app.core.languages import LANGUAGES
from app.core.scripts import bundle, content_hash, modules

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
ENTRY = STATIC / "js/pages/app.js"
STYLES = ("tokens.css", "shell.css", "field.css", "form.css")
ICON = "/static/img/icon.svg"


@dataclass(frozen=True)
class Asset:
    """One answer of the server, also as gzip."""

    body: bytes
    type: str

    @cached_property
    def packed(self) -> bytes:
        return bytes(deflate.gzip_compress(self.body, 12))

    @cached_property
    def hash(self) -> str:
        return content_hash(self.body)


class Assets:
    """The files of one state of the tree. `shell` maps the addresses that the worker keeps to their content."""

    def __init__(self) -> None:
        self.style = Asset(_style().encode(), "text/css; charset=utf-8")
        self.script = Asset(_script().encode(), "text/javascript; charset=utf-8")
        self.script_address = f"/field/app.{self.script.hash}.js"
        self.style_address = f"/field/app.{self.style.hash}.css"
        icon = Asset((STATIC / "img/icon.svg").read_bytes(), "image/svg+xml; charset=utf-8")
        worker = (STATIC / "sw.js").read_text("utf-8")
        self.version = content_hash(self.script.hash + self.style.hash + icon.hash + content_hash(worker))
        page = render_template(
            "pwa/shell.html", script=self.script_address, style=self.style_address, version=self.version, icon=ICON
        )
        self.page = Asset(page.encode(), "text/html; charset=utf-8")
        self.shell = {"/field/": self.page, self.script_address: self.script, self.style_address: self.style, ICON: icon}
        self.worker = Asset(self._worker(worker).encode(), "text/javascript; charset=utf-8")

    def _worker(self, source: str) -> str:
        kept = {address: hashlib.sha256(asset.body).hexdigest() for address, asset in self.shell.items()}
        version = content_hash(self.version + self.page.hash)
        return f"const VERSION = {json.dumps(version)};\nconst SHELL = {json.dumps(kept)};\n{source}"


def _style() -> str:
    text = "\n".join((STATIC / "css" / name).read_text("utf-8") for name in STYLES if (STATIC / "css" / name).exists())
    text = re.sub(r"/\*[\s\S]*?\*/", "", text)
    # Inside quotes nothing changes: a space there may be content.
    parts = re.split(r"(\"[^\"\n]*\"|'[^'\n]*')", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"\s+", " ", parts[i])
        parts[i] = re.sub(r" ?([{};,]) ?", r"\1", parts[i]).replace(";}", "}").replace(": ", ":")
    return "".join(parts).strip()


def _script() -> str:
    """The strings of both languages, then the modules: nothing to wait for before the first paint.

    A text that both languages have is a number in the script, its place in the two lists; its English stays behind.
    """
    files = {str(path.relative_to(ROOT)).replace("\\", "/") for path in modules(ENTRY)}
    arabic, french = (catalogues.for_browser(language, files) for language in LANGUAGES)
    pairs = {text: [arabic[text], french.get(text, "")] for text in arabic}
    whole = [text for text, pair in pairs.items() if all(pair) and all(forms[-1] for forms in pair)]
    coded = {text: str(number) for number, text in enumerate(whole)}
    script = bundle(ENTRY, texts=coded)
    # What the bundler did not see as t("…") is still asked for by its English.
    plain = {text: pair for text, pair in pairs.items() if text not in coded or json.dumps(text, ensure_ascii=False) in script}

    def packed(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    columns = [[pairs[text][i] for text in whole] for i in range(len(LANGUAGES))]
    return f"globalThis.daftarStrings={packed([*columns, plain])};\n{script}"


_current: tuple[object, Assets] | None = None


def _state_of_tree() -> object:
    paths = [
        *STATIC.glob("js/**/*.js"),
        *STATIC.glob("vendor/**/*.js"),
        *STATIC.glob("css/*.css"),
        STATIC / "sw.js",
        STATIC / "img/icon.svg",
    ]
    paths += [catalogues.po_path(language) for language in LANGUAGES] + [ROOT / "app/templates/pwa/shell.html"]
    return tuple((path, stat.st_mtime_ns, stat.st_size) for path in paths if (stat := path.stat() if path.exists() else None))


def current() -> Assets:
    """The assets as the tree is now. Looking at some hundred files costs a millisecond, and a phone asks once a version."""
    global _current
    state = _state_of_tree()
    if _current is None or _current[0] != state:
        _current = (state, Assets())
    return _current[1]
