"""What a phone downloads once: one script with both languages in it, one style sheet, the shell page, and a worker for them.

Everything is made of the files of static/ and translations/ and made again when one of them changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import render_template

from app.core import catalogues, packing
from app.core.languages import LANGUAGES
from app.core.scripts import Bundle, content_hash
from app.core.shorten import shortened
from app.pwa import made

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
ENTRY = STATIC / "js/pages/app.js"
STYLES = ("tokens.css", "shell.css", "field.css", "form.css", "grid.css", "result.css")
# Scripts beside the first (static/js/form/second.js): for rarer questions, fetched by phones whose instruments need them; and
# for every phone what a day can begin without. Each brings its own texts.
PARTS = {"more": "js/form/more.js", "later": "js/pages/afterwards.js"}
# Libraries as published, that a part asks for by itself: reading barcodes where the browser cannot.
LIBRARIES = {"codes": "vendor/zxing/zxing.min.js"}
# A browser makes a document of its own of an SVG, twice at each start, on the thread that draws the page.
ICON = "/static/img/icon-192.png"


@dataclass(frozen=True)
class Asset:
    """One answer of the server, also packed; `kept_as`: the name under which its brotli is kept between starts."""

    body: bytes
    type: str
    kept_as: str = ""

    def packed(self, encoding: str) -> bytes:
        return self._brotli if encoding == "br" else self._gzip

    @cached_property
    def _gzip(self) -> bytes:
        return packing.packed(self.body, "gzip", packing.ONCE)

    @cached_property
    def _brotli(self) -> bytes:
        def make() -> bytes:
            return packing.packed(self.body, "br", packing.ONCE)

        return made.kept_bytes(f"{self.kept_as}.br", f"{self.sha256} {packing.EDITION}", make) if self.kept_as else make()

    @cached_property
    def hash(self) -> str:
        return content_hash(self.body)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Assets:
    """The files of one state of the tree: by address, those that the worker keeps on every phone, and on some."""

    def __init__(self) -> None:
        def named(name: str, kind: str, text: str, charset: str = "utf-8") -> str:
            asset = Asset(text.encode(charset, "backslashreplace"), f"text/{kind}; charset={charset}", f"app-{name}-{kind}")
            address = f"/field/{name}.{asset.hash}.{'js' if kind == 'javascript' else kind}"
            self.files[address] = asset
            return address

        self.files: dict[str, Asset] = {ICON: Asset((STATIC / "img/icon-192.png").read_bytes(), "image/png")}
        (script, *parts), languages = scripts(ENTRY, PARTS)
        shell = [named("app", "javascript", script), named("app", "css", style(STYLES))]
        others = [named(name, "javascript", text) for name, text in zip(PARTS, parts, strict=True)]
        others += [named(name, "css", style([f"{name}.css"])) for name in styled(PARTS)]
        others += [named(name, "javascript", (STATIC / path).read_text("utf-8")) for name, path in LIBRARIES.items()]
        others += [named(language, "javascript", text, "windows-1256") for language, text in languages.items()]
        worker = (STATIC / "sw.js").read_text("utf-8")
        self.version = content_hash(_json([*self.files, self.files[ICON].hash, content_hash(worker)]))
        page = render_template(
            "pwa/shell.html",
            script=shell[0],
            style=shell[1],
            more=" ".join(others),
            version=self.version,
            icon=ICON,
            made=_newest_day(),
        )
        self.files["/field/"] = Asset(page.encode(), "text/html; charset=utf-8")
        self.shell = ["/field/", *shell, ICON]
        self.more = others
        self.worker = Asset(self._worker(worker).encode(), "text/javascript; charset=utf-8")

    def pack(self) -> None:
        """All of it as brotli, before anybody asks: a second and a half of a processor for a new version, then kept."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda asset: asset.packed("br"), self.files.values()))

    def texts(self, language: str) -> str:
        """Address of the texts of a language."""
        return next(address for address in self.more if address.startswith(f"/field/{language}."))

    @cached_property
    def drain(self) -> Asset:
        """The worker that delivers while no page is open. It stands apart: no phone waits for it."""
        script = Bundle(STATIC / "js/sync/drain.js").script().encode()
        return Asset(script, "text/javascript; charset=utf-8", "app-drain-javascript")

    def _worker(self, source: str) -> str:
        shell, more = ({address: self.files[address].sha256 for address in kept} for kept in (self.shell, self.more))
        version = content_hash(self.version + self.files["/field/"].hash)
        head = f"const VERSION={_json(version)},SHELL={_json(shell)},MORE={_json(more)};\n"
        return shortened("text/javascript", f"{head}(()=>{{{source}}})()")


def style(names: Sequence[str]) -> str:
    """Style sheets of static/css as one."""
    return shortened("text/css", "\n".join((STATIC / "css" / name).read_text("utf-8") for name in names))


def styled(parts: Iterable[str]) -> list[str]:
    """The parts that bring a style sheet."""
    return [name for name in parts if (STATIC / "css" / f"{name}.css").exists()]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _strings(paths: Collection[Path]) -> dict[str, list[Any]]:
    """{English: [Arabic, French]} of what these modules say."""
    files = {path.relative_to(ROOT).as_posix() for path in paths}
    arabic, french = (catalogues.for_browser(language, files) for language in LANGUAGES)
    return {text: [arabic[text], french.get(text, "")] for text in arabic}


def scripts(entry: Path, parts: Mapping[str, str], instead: Mapping[str, str] | None = None) -> tuple[list[str], dict[str, str]]:
    """As _made_of() gives them, now or at an earlier start."""
    digest = made.digest_of(path for path, _, _ in state_of_tree())
    found, languages = made.kept(entry.stem, digest, lambda: _made_of(entry, parts, instead or {}))
    return found, languages


def _made_of(entry: Path, parts: Mapping[str, str], instead: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The script of `entry`, then those of the parts; and by language a script with the texts of the first one.

    parts    by name, their entries below static/
    instead  {English: English}: texts that are said in the place of others

    A text that both languages have is a number in the scripts, its place in the list of each language; its English stays behind.
    What the bundler did not see as t("…") is still asked for by its English and stands in the first script.
    """
    main = Bundle(entry)
    bundles = [main, *(Bundle(STATIC / path, shared=main) for path in parts.values())]
    found = [_strings(bundle.own) for bundle in bundles]
    pairs = {text: pair for strings in found for text, pair in strings.items()}
    pairs |= {text: pairs[other] for text, other in instead.items()}
    whole = [text for text, pair in pairs.items() if all(pair) and all(forms[-1] for forms in pair)]

    def home(text: str) -> int:
        """The script that brings it: the first, if several say it."""
        places = [i for i, strings in enumerate(found) if text in strings]
        return places[0] if len(places) == 1 else 0

    # Like beside like packs smaller; what parts bring by themselves stands last and leaves no hole in the lists.
    whole.sort(key=lambda text: (home(text), str(pairs[text][1])))
    codes = {text: str(i) for i, text in enumerate(whole)}
    for bundle in bundles:
        bundle.texts = codes
    said = {text for bundle in bundles for text in bundle.texts_in_words()}
    plain = {text: pair for text, pair in pairs.items() if text not in codes or text in said}
    lent = {f"daftar_{name}": part.borrowed for name, part in zip(parts, bundles[1:], strict=True)}
    scripts = [f"globalThis.daftarStrings={_json(plain)};\n{main.script(lends=lent)}"]
    for at, (name, part) in enumerate(zip(parts, bundles[1:], strict=True), 1):
        own = {codes[text]: pairs[text] for text in whole if home(text) == at}
        scripts.append(f"Object.assign(daftarStrings,{_json(own)});\n{part.script(borrows=f'daftar_{name}')}")
    # Served in windows-1256, an eighth smaller: Arabic and French letters are one byte each.
    first = [text for text in whole if home(text) == 0]
    languages = {
        language: f"(globalThis.daftarTexts??={{}}).{language}={_json([pairs[text][k] for text in first])};"
        for k, language in enumerate(LANGUAGES)
    }
    return scripts, languages


_current: tuple[object, Assets] | None = None


def _newest_day() -> str:
    """The day of the newest file, as YYYY-MM-DD: no phone that has the page may have an earlier date."""
    newest = max(changed for _, changed, _ in state_of_tree()) / 1e9
    return datetime.fromtimestamp(newest, UTC).date().isoformat()


def state_of_tree() -> tuple[tuple[Path, int, int], ...]:
    """What the files are made of, to know when they are made of something else."""
    paths = [
        *STATIC.glob("js/**/*.js"),
        *STATIC.glob("vendor/**/*.js"),
        *STATIC.glob("css/*.css"),
        STATIC / "sw.js",
        STATIC / "img/icon-192.png",
    ]
    paths += [catalogues.po_path(language) for language in LANGUAGES] + [ROOT / "app/templates/pwa/shell.html"]
    return tuple((path, stat.st_mtime_ns, stat.st_size) for path in paths if (stat := path.stat() if path.exists() else None))


def current() -> Assets:
    """The assets as the tree is now. Looking at some hundred files costs a millisecond, and a phone asks once a version."""
    global _current
    state = state_of_tree()
    if _current is None or _current[0] != state:
        _current = (state, Assets())
    return _current[1]
