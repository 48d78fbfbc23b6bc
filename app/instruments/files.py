"""Files that come with a form: the lists it reads (CSV, GeoJSON, XML) and what its labels show (pictures, sound, film).

Phones fetch each by the hash of its content, as they fetch a CSV list: `{"columns": […], "rows": [[…], …]}`. A file of a label is
a list of one row (its type and its bytes in base64), an XML list that is more than a table a list of one row with its tree.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # only the type: the parser is defusedxml's

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

Rows = list[dict[str, str]]
Tree = dict[str, Any]  # {"name": "root", "children": ["text", Tree, …]}
List = Rows | Tree

LIST_SUFFIXES = (".csv", ".geojson", ".xml")
MAX_LIST_BYTES = 5 * 1024 * 1024
MAX_LIST_ROWS = 50_000
MAX_DEPTH = 50
MAX_NAME = 58  # "media/" before it: Dataset.name
# What a browser shows, by ending, with how its bytes begin.
MEDIA: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    ".webp": ("image/webp", (b"RIFF",)),
    ".svg": ("image/svg+xml", ()),
    ".mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    ".m4a": ("audio/mp4", ()),
    ".ogg": ("audio/ogg", (b"OggS",)),
    ".oga": ("audio/ogg", (b"OggS",)),
    ".wav": ("audio/wav", (b"RIFF",)),
    ".mp4": ("video/mp4", ()),
    ".webm": ("video/webm", (b"\x1a\x45\xdf\xa3",)),
}
MAX_MEDIA_BYTES = 3 * 1024 * 1024  # of one: phones fetch it over slow networks
MAX_ALL_MEDIA_BYTES = 12 * 1024 * 1024
SUFFIXES = (*LIST_SUFFIXES, *MEDIA)
_BOX = re.compile(rb"^.{4}ftyp", re.DOTALL)  # of .mp4 and .m4a
# What a drawing does not need and could do something with.
_ACTIVE = re.compile(rb"<!DOCTYPE|<!ENTITY|<\s*script|<\s*foreignObject|\son\w+\s*=|javascript:", re.IGNORECASE)


class Unusable(ValueError):
    """A file that cannot be used; its text says why, for programmers. The page says it in words (problems.FILE_UNREADABLE)."""


class TooLong(Unusable):
    """A list of more rows than phones take."""

    def __init__(self, rows: int) -> None:
        super().__init__("rows")
        self.rows = rows


def suffix_of(filename: str) -> str:
    return "." + filename.rpartition(".")[2].lower()


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces: the same content has the same bytes, and so the same address."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def dataset_content(found: List) -> str:
    """A list as phones fetch it."""
    if isinstance(found, dict):
        return canonical_json({"columns": ["xml"], "rows": [[canonical_json(found)]]})
    columns = list(dict.fromkeys(key for row in found for key in row)) if found else ["name", "label"]
    return canonical_json({"columns": columns, "rows": [[row.get(column, "") or "" for column in columns] for row in found]})


def read_csv(content: bytes) -> Rows:
    """Rows of a CSV list, all as text. Spreadsheets set to French write `;` between cells."""
    text = content.decode("utf-8-sig")
    header = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    delimiter = next((one for one in ",;\t" if one in header), ",")
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="", delimiter=delimiter)
    return [{key: cell for key, cell in row.items() if key is not None} for row in rows]


def read_list(filename: str, content: bytes) -> List:
    """What a list holds, or Unusable; TooLong where a phone could not hold it."""
    if len(content) > MAX_LIST_BYTES:
        raise Unusable("size")
    try:
        kind = suffix_of(filename)
        found = read_csv(content) if kind == ".csv" else read_geojson(content) if kind == ".geojson" else read_xml(content)
    except (csv.Error, ValueError, TypeError, AttributeError, RecursionError, ParseError, DefusedXmlException) as error:
        raise Unusable(str(error)) from None
    if len(found) > MAX_LIST_ROWS:
        raise TooLong(len(found))
    if not found:
        raise Unusable("rows")
    return found


def read_geojson(content: bytes) -> Rows:
    """A row a feature: its id, its properties, and its geometry as XForms writes it."""
    whole = json.loads(content)
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list):
        raise Unusable("features")
    rows = []
    for feature in features:
        geometry = feature.get("geometry") or {}
        properties = feature.get("properties") or {}
        row = {str(key): _cell(value) for key, value in properties.items()}
        if "id" in feature:
            row["id"] = _cell(feature["id"])
        rows.append({"geometry": _geometry(geometry)} | row)
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical_json(value)


def _geometry(geometry: Mapping[str, Any]) -> str:
    kind, places = geometry.get("type"), geometry.get("coordinates") or []
    if kind == "Point":
        return _point(places)
    line = places if kind == "LineString" else places[0] if kind == "Polygon" and places else []
    return ";".join(_point(one) for one in line)


def _point(place: Any) -> str:
    longitude, latitude, *height = place
    return " ".join(f"{one:.9g}" for one in (latitude, longitude, *(height[:1] or [0]), 0))


def read_xml(content: bytes) -> List:
    """Rows where it is a table (root/item, text in each), else its tree."""
    root: Element = fromstring(content, forbid_dtd=True)
    if _name(root) == "root" and len(root) and all(_name(item) == "item" and _is_flat(item) for item in root):
        return [{_name(cell): cell.text or "" for cell in item} for item in root]
    return tree_of(root)


def _is_flat(item: Element) -> bool:
    names = [_name(cell) for cell in item]
    return not item.attrib and len(set(names)) == len(names) and not any(len(cell) or cell.attrib for cell in item)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def tree_of(element: Element, depth: int = 0) -> Tree:
    """Elements with their texts in order; blanks between elements are left out."""
    if depth > MAX_DEPTH:
        raise Unusable("depth")
    children: list[Any] = []
    for text, child in [(element.text, None), *((child.tail, child) for child in element)]:
        if child is not None:
            children.append(tree_of(child, depth + 1))
        if text and text.strip():
            children.append(text)
    found: Tree = {"name": _name(element), "children": children}
    if element.attrib:
        found["attributes"] = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    return found


def read_media(filename: str, content: bytes) -> str:
    """A file of a label as phones fetch it, or Unusable: not of a kind that browsers show, too large, something else inside."""
    kind = MEDIA.get(suffix_of(filename))
    if kind is None or len(filename) > MAX_NAME or not re.fullmatch(r"[^/\\\x00-\x1f]+", filename):
        raise Unusable("name")
    if not content or len(content) > MAX_MEDIA_BYTES:
        raise Unusable("size")
    mime, beginnings = kind
    begins = content.startswith(beginnings) if beginnings else _BOX.match(content) if mime.endswith("/mp4") else True
    if not begins:
        raise Unusable("content")
    if mime == "image/svg+xml":
        try:
            root = fromstring(content, forbid_dtd=True)
        except (ParseError, ValueError, DefusedXmlException) as error:
            raise Unusable(str(error)) from None
        if _name(root) != "svg" or _ACTIVE.search(content):
            raise Unusable("active")
    return canonical_json({"columns": ["type", "data"], "rows": [[mime, base64.b64encode(content).decode()]]})


def files_beside(form: Path, more: Iterable[Path] = ()) -> tuple[dict[str, List], dict[str, str]]:
    """(lists by name, contents of files of labels by file name) that lie beside a form, in `media` or in `<form>-media`.

    `more` are files given by hand, which go before those. Raises Unusable with the name of the file.
    """
    folders = [form.parent, form.parent / "media", form.parent / f"{form.stem}-media"]
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path != form]
    lists: dict[str, List] = {}
    media: dict[str, str] = {}
    for path in [*found, *more]:
        try:
            if suffix_of(path.name) in LIST_SUFFIXES:
                lists[path.stem] = read_list(path.name, path.read_bytes())
            elif suffix_of(path.name) in MEDIA:
                media[path.name] = read_media(path.name, path.read_bytes())
        except Unusable as error:
            raise Unusable(path.name) from error
    return lists, media
