"""Small forms for the tests, written as rows."""

from __future__ import annotations

from typing import Any

from app.instruments import convert
from app.instruments.compiler import Compiled, Rows, compile_answer
from app.instruments.workbook import MAX_BYTES

AR, FR = "label::العربية (ar)", "label::Français (fr)"
SETTINGS = {"form_title": "Essai", "form_id": "essai", "version": "1", "default_language": "العربية (ar)"}
FIRST_ROW = 3  # of a table's data, when the table stands first in the file


def q(type: str, name: str = "", **cells: str) -> dict[str, str]:
    """A row of the survey sheet; what people read has both languages."""
    label = {} if type.startswith(("end", "calculate")) else {AR: f"سؤال {name}", FR: f"Question {name}"}
    return {"type": type, "name": name, **label, **cells}


def choices(list_name: str, *codes: str) -> list[dict[str, str]]:
    return [{"list_name": list_name, "name": code, AR: f"جواب {code}", FR: f"Réponse {code}"} for code in codes]


YES_NO = choices("yes_no", "yes", "no")


def markdown(survey: list[dict[str, str]], **sheets: list[dict[str, str]]) -> str:
    lines = []
    for name, rows in {"survey": survey, "settings": [SETTINGS], **sheets}.items():
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines += [f"| {name} |", "| | " + " | ".join(columns) + " |"]
        lines += ["| | " + " | ".join(row.get(key, "").replace("|", r"\|") for key in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def compiled(survey: list[dict[str, str]], lists: dict[str, Rows] | None = None, **sheets: list[dict[str, str]]) -> Compiled:
    """The form compiled in this process: what the limits of a process of its own protect from is tested elsewhere."""
    return compile_answer(convert.answer("essai.md", markdown(survey, **sheets).encode(), MAX_BYTES), lists or {})


def node(package: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in package["nodes"] if one["name"] == name)


def reads(package: dict[str, Any], name: str, key: str) -> dict[str, str]:
    """What the rule of a question depends on: {"name": "same" | "all"}."""
    names = [one["name"] for one in package["nodes"]]
    return {names[at]: how for at, how in package["expressions"][node(package, name)[key]]["deps"]}
