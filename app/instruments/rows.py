"""What the survey sheet says of each node: its row, its type in XLSForm's own word, its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.instruments.workbook import Sheet

# The column a rule comes from, by XLSForm's names for it; the first is the one we write.
COLUMNS = {
    "relevant": ("relevant", "relevance", "bind::relevant"),
    "calculation": ("calculation", "calculate", "bind::calculate"),
    "constraint": ("constraint", "bind::constraint"),
    "required": ("required", "bind::required"),
    "readonly": ("read_only", "readonly", "bind::readonly"),
    "repeat_count": ("repeat_count", "jr:count", "count"),
    "choice_filter": ("choice_filter",),
    "default": ("default",),
    "save_to": ("save_to",),
    "parameters": ("parameters",),
    "trigger": ("trigger",),
    "type": ("type", "command"),
    "name": ("name", "value", "tag"),
}
TYPES = {
    "int": "integer",
    "string": "text",
    "photo": "image",
    "location": "geopoint",
    "gps": "geopoint",
    "date time": "dateTime",
    "datetime": "dateTime",
    "trigger": "acknowledge",
    "device id": "deviceid",
    "imei": "deviceid",
    "phone number": "phonenumber",
    "start time": "start",
    "end time": "end",
    "percentage": "integer",
    "picture": "image",
    "number of days in last month": "integer",
    "number of days in last six months": "integer",
    "number of days in last year": "integer",
    "sim id": "simserial",
    "subscriber id": "subscriberid",
    **{f"uri:{one}": one for one in ("deviceid", "username", "email", "phonenumber", "simserial", "subscriberid")},
}
_SELECT = re.compile(
    r"^(?:add )?(select_one|select one|select1|select_multiple|select multiple|select all that apply|rank)"
    r"(?:[ _](?:from[ _]file|external|from)| prompt(?: (?:from|using))?| using)?(?= |$)"
)

# The last three are those of another tool and refused by name: they are told apart so that nothing else is said of their rows.
_BEGIN = re.compile(r"^begin[ _](group|repeat|looped group|loop|lgroup|score|rank|kobomatrix)\b", re.IGNORECASE)
_END = re.compile(r"^end[ _](group|repeat|looped group|loop|lgroup|score|rank|kobomatrix)\b", re.IGNORECASE)
# With the two names that repeats once had.
_REPEATS = r"[ _](repeat|loop|looped group|lgroup)\b"


@dataclass
class Row:
    """One row of the survey sheet."""

    sheet: Sheet
    number: int
    cells: dict[str, str]

    def cell(self, key: str) -> str:
        name = self.column_name(key)
        return self.cells.get(name, "") if name else ""

    def column_name(self, key: str) -> str | None:
        wanted = COLUMNS.get(key, (key,))
        for column in self.sheet.columns:
            plain = column.strip().lower().replace(" ", "_")
            if plain in wanted or plain.split("::")[0] == key:
                return column
        return None

    def column(self, key: str) -> str:
        """What the reader sees above the column: its letter in a spreadsheet, else its header."""
        name = self.column_name(key)
        if name is None:
            return key
        letter = self.sheet.letters[self.sheet.columns.index(name)]
        return letter if letter == name else f"{letter} ({name})"

    @property
    def type(self) -> str:
        return self.cell("type").strip()

    @property
    def name(self) -> str:
        return self.cell("name").strip()

    @property
    def save_to(self) -> str:
        return self.cell("save_to").strip()

    @property
    def is_container(self) -> bool:
        return _BEGIN.match(self.type) is not None

    @property
    def is_end(self) -> bool:
        return _END.match(self.type) is not None

    @property
    def ends_repeat(self) -> bool:
        return re.match(f"end{_REPEATS}", self.type, re.IGNORECASE) is not None

    @property
    def is_repeat(self) -> bool:
        return re.match(f"begin{_REPEATS}", self.type, re.IGNORECASE) is not None


def all_rows(sheet: Sheet) -> list[Row]:
    return [Row(sheet, number, cells) for number, cells in sheet.rows]


def survey_rows(sheet: Sheet, root: str) -> dict[str, Row]:
    """The row of each node by its path: `/data/grp_id/coop_name_ar`."""
    found: dict[str, Row] = {}
    above = [f"/{root}"]
    for row in all_rows(sheet):
        if row.is_end:
            if len(above) > 1:
                above.pop()
            continue
        if not row.name:
            continue
        path = f"{above[-1]}/{row.name}"
        found.setdefault(path, row)
        if row.is_container:
            above.append(path)
    return found


def canonical_type(text: str) -> str:
    """XLSForm has several words for most types: the one of docs/package.md."""
    words = " ".join(text.split())
    match = _SELECT.match(words.lower())
    if match:
        return {"rank": "rank"}.get(
            match.group(1), "select_multiple" if "mult" in match.group(1) or "all" in match.group(1) else "select_one"
        )
    words = re.sub(r"^(add|get|q) ", "", words).removesuffix(" prompt")
    return TYPES.get(words.lower(), words)


def command_of(text: str) -> str:
    """What a type says before the name of a list: the converter reads it in small letters only, but for dateTime."""
    words = " ".join(text.split())
    match = _SELECT.match(words.lower())
    return words[: match.end()] if match else words


def list_of(type_text: str) -> str:
    """`select_one_from_file regions.csv` -> `regions.csv`."""
    text = " ".join(type_text.split())
    match = _SELECT.match(text.lower())
    return next(iter(text[match.end() :].split()), "") if match else ""


def parameters(text: str) -> dict[str, str]:
    """`max-pixels=1600, quality=low` -> {"max-pixels": "1600", "quality": "low"}."""
    return dict(re.findall(r"([\w-]+)\s*=\s*([^\s,;]+)", text))
