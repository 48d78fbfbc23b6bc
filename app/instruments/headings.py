"""How authors and their tools write headings, and the names of languages in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.instruments.workbook import Sheet

_TEXTS = ("label", "caption", "hint", "guidance_hint", "constraint_message", "required_message")
_MEDIA = ("media", "image", "big-image", "audio", "video")
_BY_LANGUAGE = re.compile(rf"({'|'.join((*_TEXTS, *_MEDIA)).replace('_', '[_ ]')})\s*:.*", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"(bind|body|control|instance|attribute)\s*:\s*", re.IGNORECASE)


def doubled(column: str) -> str:
    """`label:Français` -> `label::Français`: forms of earlier years have single colons in all their headings."""
    if _BY_LANGUAGE.fullmatch(column):
        return re.sub(r"\s*:\s*", "::", column)
    return _ATTRIBUTE.sub(r"\1::", column) if _ATTRIBUTE.match(column) else column


# Names that authors give the two languages of the phone where they leave the code out.
_NAMES_OF_LANGUAGES = {
    **dict.fromkeys(("ar", "arabic", "arabe", "arab", "العربية", "عربية", "عربي"), "ar"),
    **dict.fromkeys(("fr", "french", "français", "francais", "الفرنسية", "فرنسية"), "fr"),
}


def language_code(name: str) -> str:
    """`العربية (ar)`, `Arabic (AR-ma)` -> `ar`, `French` -> `fr`; any other language without a code is its own name."""
    match = re.search(r"\(([\w-]+)\)\s*$", name)
    found = match.group(1) if match else _NAMES_OF_LANGUAGES.get(name.strip().casefold(), name)
    plain = re.split("[-_]", found.lower())[0]
    return plain if plain in ("ar", "fr") else found


_OF_LANGUAGE = re.compile(
    rf"(?:{'|'.join((*_TEXTS, *_MEDIA[1:])).replace('_', '[_ ]')}|media\s*::[^:]+)\s*::\s*([^:]+?)\s*", re.IGNORECASE
)


def name_languages(sheets: list[Sheet]) -> None:
    """One name a language in all headings, the first: `French (fr)` here and `Français (fr)` there would be two languages."""
    names: dict[str, str] = {}
    for sheet in sheets:
        renamed = {}
        for column in sheet.columns:
            match = _OF_LANGUAGE.fullmatch(column)
            if match:
                name = names.setdefault(language_code(match[1]), match[1])
                wanted = column[: match.start(1)] + name
                if name != match[1] and wanted not in sheet.columns:
                    renamed[column] = wanted
        if renamed:
            sheet.columns = [renamed.get(column, column) for column in sheet.columns]
            sheet.rows = [
                (number, {renamed.get(column, column): text for column, text in cells.items()}) for number, cells in sheet.rows
            ]
    for _, cells in (row for sheet in sheets if sheet.name.lower() == "settings" for row in sheet.rows):
        for column, text in cells.items():
            if column.lower().replace(" ", "_") == "default_language":
                cells[column] = names.get(language_code(text), text)


_READABLE = re.compile(r"[^\W\d][\w.-]*")


def is_readable(column: str) -> bool:
    """Whether a column of the choices can be read: by the converter, or by a formula as the name of an element."""
    plain = re.sub(r"\s+", "_", column.partition("::")[0].strip().lower())
    return plain in (*_TEXTS, *_MEDIA, "list_name") or _READABLE.fullmatch(column) is not None
