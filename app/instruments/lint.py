"""What pyxform lets pass and the field would pay for, as the sheets show it; rules.py checks what only parsed rules show.

docs/instruments.md lists the checks.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

from app.instruments import kinds, support
from app.instruments.files import LIST_SUFFIXES
from app.instruments.findings import Finding, error, warning
from app.instruments.headings import is_readable, language_code
from app.instruments.rows import Row, all_rows, canonical_type, command_of, list_of
from app.instruments.workbook import Sheet, Workbook
from app.instruments.xpath import Dependencies

Place = tuple[str, int, str]  # sheet, row, column as the reader sees them

# name:fewest-most arguments; "+": any number more.
_ARITIES = """
abs:1 acos:1 area:1 asin:1 atan:1 atan2:2 base64-decode:1 boolean:1 boolean-from-string:1 ceiling:1 checklist:2+ coalesce:2+
concat:0+ contains:2 cos:1 count:1 count-non-empty:1 count-selected:1 current:0 date:1 date-time:1 decimal-date-time:1
decimal-time:1 digest:2-3 distance:1+ ends-with:2 exp:1 exp10:1 false:0 floor:1 format-date:2 format-date-time:2 geofence:2
if:3 indexed-repeat:3-7 instance:1 int:1 join:2+ jr:choice-name:2 jr:itext:1 last:0 local-name:0-1 log:1 log10:1 max:1+ min:1+
name:0-1 normalize-space:0-1 not:1 now:0 number:0-1 once:1 pi:0 position:0-1 pow:2 pulldata:4 random:0 randomize:1-2 regex:2
round:1-2 selected:2 selected-at:2 sin:1 sqrt:1 starts-with:2 string:0-1 string-length:0-1 substr:2-3 substring:2-3
substring-after:2 substring-before:2 sum:1 tan:1 today:0 translate:3 true:0 uuid:0-1 weighted-checklist:4+
"""


def _arities() -> dict[str, tuple[int, int | None]]:
    found: dict[str, tuple[int, int | None]] = {}
    for name, fewest, more in re.findall(r"([\w:-]+):(\d+)(\+|-\d+)?", _ARITIES):
        found[name] = (int(fewest), None if more == "+" else int(more[1:] or fewest) if more else int(fewest))
    return found


FUNCTIONS = _arities()
# After the first arguments, two and two.
IN_PAIRS = frozenset({"indexed-repeat", "weighted-checklist"})


def plain_version(text: str) -> str:
    """`3 (2024-05-02 09:11:12)`, as another tool writes it -> `3-2024-05-02-09-11-12`: it stands in addresses and file names."""
    return re.sub(r"[^\w.]+", "-", text, flags=re.ASCII).strip("-")


def readable(text: str) -> str:
    """An expression with the names of questions for their paths, cut to a line."""
    text = re.sub(r"(?:/\w+)+/(\w+)", r"${\1}", re.sub(r"\s+", " ", text)).strip()
    return text if len(text) <= 120 else text[:117] + "…"


def rows_of(workbook: Workbook, sheet: str) -> list[tuple[int, dict[str, str]]]:
    return workbook.sheets[sheet].rows if sheet in workbook.sheets else []


def where_list_stands(workbook: Workbook, name: str) -> Place:
    """The first question that reads a list."""
    for row in all_rows(workbook.sheets["survey"]):
        if list_of(row.type).rpartition(".")[0] == name or list_of(row.type) == name:
            return ("survey", row.number, row.column("type"))
        if row.type in ("xml-external", "csv-external") and row.name == name:
            return ("survey", row.number, row.column("name"))
        for column, cell in row.cells.items():
            if re.search(rf"""(?:instance|pulldata)\(\s*['"]{re.escape(name)}['"]""", cell):
                return ("survey", row.number, row.column(column))
    return ("survey", 0, "")


def where_written(workbook: Workbook, sheet: str, number: int, text: str) -> Place | None:
    """The cell of a sheet (of its row `number`, unless 0) that holds exactly this text."""
    for at, cells in rows_of(workbook, sheet):
        for column, cell in cells.items():
            if cell.strip() == text and number in (0, at):
                return (sheet, at, Row(workbook.sheets[sheet], at, cells).column(column))
    return None


def _near(name: str, names: Any) -> dict[str, Any]:
    found = [one for one in names if one.lower() == name.lower()] or difflib.get_close_matches(name, list(names), 1, 0.7)
    return {"near": found[0]} if found else {}


# How spreadsheets and programming languages write what XPath writes otherwise; the words that stand where it is met.
_INSTEAD = {"&": "and", "&&": "and", "||": "or", "%": "mod", "!": "not(…)", "==": "=", "<>": "!=", ";": ",", "＝": "=", "،": ","}


def instead_of(text: str, position: int) -> dict[str, Any]:
    """{"instead": "mod"} where a rule cannot be read because of another language's operator."""
    before, after = text[:position].rstrip(), text[position:]
    if before.endswith("/") and after[:1].isdigit():
        return {"instead": "div"}
    if after[:1] == "," and before[-1:].isdigit() and after[1:2].isdigit():
        return {"instead": "."}
    word = re.match(r"\w+", after)
    if word and word[0].lower() in ("and", "or", "mod", "div"):
        return {"instead": word[0].lower()}
    signs = re.search(r"[=<>&|]*$", before)
    met = (signs[0] if signs else "") + (re.match(r"[=<>&|%!;＝،]*", after) or [""])[0]
    return {"instead": _INSTEAD[met]} if met in _INSTEAD else {}


def check_expression(found: Dependencies, sheet: str, row: int, column: str) -> list[Finding]:
    """Names and functions of one expression."""
    at = (sheet, row, column)
    findings = []
    for name in dict.fromkeys(found.unknown):
        near: dict[str, Any] = {"near": f"{name}()"} if name in FUNCTIONS else {}
        findings.append(error("question_unknown", *at, name=name, **near))
    for name, given in dict.fromkeys(found.functions):
        if name not in FUNCTIONS:
            findings.append(error("function_unknown", *at, name=name, **_near(name, FUNCTIONS)))
            continue
        fewest, most = FUNCTIONS[name]
        if name in IN_PAIRS and fewest <= given <= (most or given) and (given - fewest) % 2:
            wanted = ", ".join(str(one) for one in range(fewest, (most or fewest + 4) + 1, 2)) + ("" if most else "…")
            findings.append(error("function_arity", *at, name=name, given=given, wanted=wanted))
        elif given < fewest or (most is not None and given > most):
            wanted = str(fewest) if fewest == most else f"{fewest}…" if most is None else f"{fewest}–{most}"
            findings.append(error("function_arity", *at, name=name, given=given, wanted=wanted))
    return findings


def check_dataset(name: str, rows: list[dict[str, str]], at: Place, columns: list[str]) -> list[Finding]:
    """A list that questions pick from needs the columns they pick by, the first of codes that differ.

    One without rows is for a programme to fill: nothing is picked from it until then.
    """
    if not rows:
        return []
    given = {key for row in rows for key in row}
    findings = [error("list_columns", *at, name=name, wanted=column) for column in columns if column not in given]
    seen = set()
    for row in rows if columns else []:
        code = row.get(columns[0], "")
        if code in seen:
            findings.append(error("list_code_twice", *at, name=name, value=code))
            break
        seen.add(code)
    return findings


RESERVED = frozenset({"meta", "instanceid", "instancename", "key", "parent_key"})
TOKENS = (
    "responsible_org",
    "programme_name",
    "recipients",
    "retention",
    "contact_person",
    "contact_details",
    "cndp_kind",
    "cndp_number",
)
LANGUAGES = {"ar": "العربية (ar)", "fr": "Français (fr)"}
_NAME = re.compile(r"[^\W\d][\w.-]*")
_EXPORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE = re.compile(r"\$\{(?:last-saved#)?([^\W\d][\w.-]*)\}")
_UNREADABLE = re.compile(r"\$\{(?!(?:last-saved#)?[^\W\d][\w.-]*\}).{0,20}")
_TOKEN = re.compile(r"\{\{\s*([^}]*?)\s*\}\}")


def check_workbook(workbook: Workbook) -> list[Finding]:
    """What can be said before conversion, in better words than the converter's."""
    survey = workbook.sheets["survey"]
    findings = [*_check_columns(survey), *_check_settings(workbook), *_check_prefixes(workbook)]
    if any(one.level == "error" and one.code == "column_missing" for one in findings):
        return findings
    rows = all_rows(survey)
    names = {row.name for row in rows if row.name and not row.is_end}
    findings += _check_structure(rows)
    findings += _check_types(workbook, rows)
    findings += _check_languages(workbook)
    findings += support.check(workbook, rows)
    findings += _check_labels(survey, [row for row in rows if not row.is_end and not support.is_unseen(row.type)])
    for row in rows:
        findings += _check_references(row, names)
    for sheet in ("choices", "entities", "settings"):
        for number, cells in rows_of(workbook, sheet):
            findings += _check_references(Row(workbook.sheets[sheet], number, cells), names)
    findings += _check_choices(workbook, rows)
    return findings + _check_cells(workbook) + _check_sheets(workbook)


def _check_sheets(workbook: Workbook) -> list[Finding]:
    """A sheet that is not read because its name is nearly that of one that is."""
    findings = []
    others = {name.lower(): name for name in workbook.sheet_names if name.lower() not in workbook.sheets and name[:1] != "_"}
    for wanted in ("choices", "settings", "entities"):
        near = [] if wanted in workbook.sheets else difflib.get_close_matches(wanted, others, 1, 0.75)
        findings += [warning("sheet_near", others[one], name=wanted, other=others[one]) for one in near]
    return findings


_FAILED = re.compile(r"#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NULL!|NUM!)")


def _check_cells(workbook: Workbook) -> list[Finding]:
    """Formulas of the spreadsheet that failed: phones would show what they left."""
    return [
        warning("cell_failed", name, number, Row(sheet, number, cells).column(column), text=cell)
        for name, sheet in workbook.sheets.items()
        for number, cells in sheet.rows
        for column, cell in cells.items()
        if _FAILED.fullmatch(cell)
    ]


def _check_columns(survey: Sheet) -> list[Finding]:
    findings = []
    plain = [re.sub(r"\s+", "_", column.split("::")[0].strip().lower()) + column.partition("::")[2] for column in survey.columns]
    for wanted, others in (("type", ("command",)), ("name", ("value", "tag"))):
        if not {wanted, *others} & set(plain):
            findings.append(error("column_missing", "survey", survey.header_row, "", name=wanted))
    for at, column in enumerate(plain):
        if column and column in plain[:at]:
            findings.append(error("column_twice", "survey", survey.header_row, survey.letters[at], name=survey.columns[at]))
    return findings


def place_of_instance_name(workbook: Workbook) -> Place:
    row = _settings_row(workbook)
    return ("settings", row.number, row.column("instance_name")) if row else ("settings", 0, "instance_name")


def _settings_row(workbook: Workbook) -> Row | None:
    rows = rows_of(workbook, "settings")
    return Row(workbook.sheets["settings"], *rows[0]) if rows else None


def _check_settings(workbook: Workbook) -> list[Finding]:
    row = _settings_row(workbook)
    number = row.number if row else 0
    findings = []
    for name, others in (("form_id", ("id_string", "set_form_id")), ("version", ())):
        value = next((found for key in (name, *others) if row and (found := row.cell(key))), "")
        if not value:
            findings.append(error("setting_missing", "settings", number, name, name=name))
        elif not _ID.fullmatch(plain_version(value) if name == "version" else value):
            findings.append(error("setting_bad", "settings", number, name, name=name, value=value))
    if "settings" in workbook.sheets:
        sheet = workbook.sheets["settings"]
        for at, column in enumerate(sheet.columns):
            # pyxform breaks on it instead of saying so.
            if re.match(r"(form_)?title\s*::", column.strip().lower()):
                findings.append(error("setting_by_language", "settings", sheet.header_row, sheet.letters[at], name=column))
    return findings


_PREFIXED = re.compile(r"(?:bind|body|instance|attribute|control)\s*::\s*([\w-]+):", re.IGNORECASE)
# What the converter declares in every XForm.
_PREFIXES = frozenset({"jr", "orx", "odk", "h", "ev", "xsd", "entities", "xml"})
_NAMESPACES = {"ci": "urn:cooperative-instruments:1"}


def _check_prefixes(workbook: Workbook) -> list[Finding]:
    """A prefix nobody declares makes an XForm that nobody can read."""
    settings = _settings_row(workbook)
    declared = set(re.findall(r"([\w-]+)\s*=", settings.cell("namespaces"))) if settings else set()
    findings = []
    for name in ("survey", "settings"):
        sheet = workbook.sheets.get(name)
        for column, letter in zip(sheet.columns, sheet.letters, strict=True) if sheet else ():
            match = _PREFIXED.match(column)
            if sheet and match and match.group(1) not in declared | _PREFIXES:
                prefix = match.group(1)
                wanted = f'{prefix}="{_NAMESPACES.get(prefix, "…")}"'
                findings.append(
                    error("namespace_missing", name, sheet.header_row, letter, name=column, value=prefix, wanted=wanted)
                )
    return findings


def _check_structure(rows: list[Row]) -> list[Finding]:
    """Names, and groups that begin and end."""
    findings = []
    open_rows: list[Row] = []
    seen: list[dict[str, Row]] = [{}]
    folded: list[dict[str, Row]] = [{}]
    anywhere: dict[str, Row] = {}
    for row in rows:
        at = ("survey", row.number, row.column("name"))
        if row.is_end:
            if not open_rows or open_rows[-1].is_repeat != row.ends_repeat:
                findings.append(error("group_end", "survey", row.number, row.column("type")))
            if open_rows:
                begun = open_rows.pop()
                if not seen[-1]:
                    findings.append(warning("group_empty", "survey", begun.number, begun.column("name"), name=begun.name))
                seen.pop()
                folded.pop()
            continue
        if not row.type:
            says = row.name or any(re.match(r"label\s*(::|$)", column, re.IGNORECASE) for column in row.cells)
            found = error("type_missing", *at[:2], row.column("type")) if says else warning("row_skipped", *at[:2])
            findings.append(found)
            continue
        name = row.name
        if not name:
            if row.type != "audit":  # its name is always the same
                findings.append(error("name_missing", *at))
        else:
            first = seen[-1].get(name) or anywhere.get(name)
            if name in seen[-1]:
                findings.append(error("name_twice", *at, name=name, first=seen[-1][name].number))
            elif first:
                findings.append(warning("name_twice", *at, name=name, first=first.number))
            elif name.lower() in folded[-1]:
                other = folded[-1][name.lower()]
                findings.append(warning("name_case", *at, name=name, other=other.name, first=other.number))
            seen[-1].setdefault(name, row)
            folded[-1].setdefault(name.lower(), row)
            anywhere.setdefault(name, row)
            findings += _check_name(name, at)
        if row.is_container:
            open_rows.append(row)
            seen.append({})
            folded.append({})
    findings += [error("group_open", "survey", row.number, row.column("type"), name=row.name) for row in open_rows]
    return findings


def _check_name(name: str, at: Place) -> list[Finding]:
    if not _NAME.fullmatch(name) or name.lower().startswith("xml"):
        return [error("name_bad", *at, name=name)]
    if name.lower() in RESERVED:
        return [error("name_reserved", *at, name=name)]
    if len(name) > 64:
        return [warning("name_long", *at, name=name)]
    if not _EXPORT_NAME.fullmatch(name):
        return [warning("name_export", *at, name=name)]
    return []


def _check_types(workbook: Workbook, rows: list[Row]) -> list[Finding]:
    findings = []
    lists = {Row(workbook.sheets["choices"], *one).cell("list_name") for one in rows_of(workbook, "choices")}
    for row in rows:
        at = ("survey", row.number, row.column("type"))
        kind = canonical_type(row.type)
        plain = support.plain_type(row.type)
        if re.match(r"(score__row|rank__level)\b", row.type):  # of a group that is refused by name
            continue
        if not row.type:
            continue
        command = command_of(row.type).replace("dateTime", "datetime")
        if command != command.lower() and plain not in kinds.UNSUPPORTED:
            findings.append(error("type_unknown", *at, type=row.type, near=command.lower()))
            continue
        if row.is_end or (row.is_container and plain not in kinds.UNSUPPORTED):
            continue
        if plain in kinds.UNSUPPORTED:
            findings.append(error("type_unsupported", *at, type=plain, reason=kinds.REASONS[kinds.UNSUPPORTED[plain]]))
        elif plain in kinds.BLANK:
            findings.append(warning("type_blank", *at, type=kind, reason=kinds.REASONS[kinds.BLANK[plain]]))
        elif kind not in kinds.supported():
            findings.append(error("type_unknown", *at, type=row.type, **_near(kind, kinds.supported())))
        elif "search(" in row.cell("appearance"):
            at = ("survey", row.number, row.column("appearance"))
            findings.append(error("type_unsupported", *at, type="search()", reason=kinds.REASONS["search"]))
        elif kind in ("select_one", "select_multiple", "rank"):
            name = list_of(row.type)
            if not name:
                findings.append(error("list_unnamed", *at))
            elif "." in name and "${" not in name:
                if not name.endswith(LIST_SUFFIXES):
                    findings.append(error("list_kind", *at, name=name))
            elif not name.startswith("${") and name not in lists:
                findings.append(error("list_unknown", *at, name=name, **_near(name, lists)))
        elif kind in ("note", "calculate", "hidden") and row.cell("required").lower() not in ("", "no", "false", "false()"):
            findings.append(warning("required_unanswered", "survey", row.number, row.column("required"), name=row.name))
        if kind == "calculate" and not (row.cell("calculation") or row.cell("default")):
            findings.append(error("calculation_none", "survey", row.number, row.column("calculation")))
    return findings


def _check_languages(workbook: Workbook) -> list[Finding]:
    survey, choices = workbook.sheets["survey"], workbook.sheets.get("choices")
    found = _languages_of(survey)
    if not found:
        return [warning("languages_none", "survey", survey.header_row)]
    return [
        warning("language_missing", "survey", survey.header_row, language=name.split(" (")[0])
        for code, name in LANGUAGES.items()
        if code not in found
    ] + (_check_languages_of_choices(choices, found) if choices else [])


def _languages_of(sheet: Sheet) -> dict[str, str]:
    """The languages of a sheet's labels by their codes."""
    labels = [re.fullmatch(r"label\s*::\s*(.+)", column, re.IGNORECASE) for column in sheet.columns]
    return {language_code(match[1]): match[1] for match in labels if match}


def _check_languages_of_choices(choices: Sheet, spoken: dict[str, str]) -> list[Finding]:
    """Choices whose words are not in each language of the questions; numbers need none."""
    found = _languages_of(choices)
    if not found:
        words = (Row(choices, number, cells).cell("label") for number, cells in choices.rows)
        has_words = any(char.isalpha() for word in words for char in word)
        return [warning("languages_none", "choices", choices.header_row)] if has_words else []
    return [
        warning("columns_missing", "choices", choices.header_row, language=name, columns="label")
        for code, name in spoken.items()
        if code not in found
    ]


def _check_labels(sheet: Sheet, rows: list[Row]) -> list[Finding]:
    columns = [column for column in sheet.columns if re.match(r"label\s*(::|$)", column, re.IGNORECASE)]
    findings = []
    for row in rows:
        if not row.type and sheet.name.lower() == "survey":
            continue
        given = [column for column in columns if row.cells.get(column)]
        media = any(re.match(r"(media|image|audio|video)\b", column, re.IGNORECASE) for column in row.cells)
        for column in columns:
            if column not in given and (given or not (media or row.is_container)):
                language = column.partition("::")[2] or column
                at = (sheet.name.lower(), row.number, row.column(column))
                findings.append(warning("label_missing", *at, language=language.split(" (")[0], wanted=column))
        findings += _check_texts(sheet, row)
        for column, text in row.cells.items():
            findings += [
                warning("token_unknown", sheet.name.lower(), row.number, row.column(column), name=token)
                for token in _TOKEN.findall(text)
                if token not in TOKENS
            ]
    return findings


_SPOKEN = re.compile(r"\s*(hint|guidance[ _]hint|constraint[ _]message|required[ _]message)\s*::\s*(.+)", re.IGNORECASE)


def _check_texts(sheet: Sheet, row: Row) -> list[Finding]:
    """A hint or a message that one language has and another lacks."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for column in sheet.columns:
        if match := _SPOKEN.fullmatch(column):
            kinds.setdefault(match.group(1).lower().replace(" ", "_"), []).append((match.group(2), column))
    return [
        warning(
            "text_missing", sheet.name.lower(), row.number, row.column(column), language=language.split(" (")[0], wanted=column
        )
        for columns in kinds.values()
        if any(row.cells.get(column) for _, column in columns)
        for language, column in columns
        if not row.cells.get(column)
    ]


# Columns whose references the converter reads, by sheet: elsewhere an author may write what she likes.
_REFERRING = {
    "survey": "label caption hint guidance_hint constraint_message required_message relevant relevance calculation calculate "
    "constraint required read_only readonly repeat_count count jr:count choice_filter default trigger parameters type "
    "bind body control instance",
    "choices": "label caption",
    "settings": "instance_name",
    "entities": "label entity_id create_if update_if",
}


def _check_references(row: Row, names: set[str]) -> list[Finding]:
    findings = []
    sheet = row.sheet.name.lower()
    referring = _REFERRING.get(sheet, _REFERRING["survey"]).split()  # the only sheet of a file may have any name
    for column, text in row.cells.items():
        if "${" not in text or column.partition("::")[0].strip().lower().replace(" ", "_") not in referring:
            continue
        at = (sheet, row.number, row.column(column))
        findings += [error("reference_open", *at, text=found) for found in _UNREADABLE.findall(text)[:1]]
        for name in dict.fromkeys(_REFERENCE.findall(text)):
            if name not in names:
                findings.append(error("question_unknown", *at, name=name, **_near(name, names)))
    return findings


def _check_choices(workbook: Workbook, rows: list[Row]) -> list[Finding]:
    if "choices" not in workbook.sheets:
        return []
    sheet = workbook.sheets["choices"]
    settings = _settings_row(workbook)
    may_repeat = settings is not None and settings.cell("allow_choice_duplicates").lower() in ("yes", "true", "true()")
    multiple = {list_of(row.type) for row in rows if canonical_type(row.type) in ("select_multiple", "rank")}
    seen: dict[tuple[str, str], int] = {}
    # A tool's own columns, `$kuid`, say nothing to anybody.
    findings = [
        warning("choice_column", "choices", sheet.header_row, letter, name=column)
        for letter, column in zip(sheet.letters, sheet.columns, strict=True)
        if column and not column.startswith("$") and not is_readable(column)
    ]
    labelled = []
    for number, cells in sheet.rows:
        row = Row(sheet, number, cells)
        where, name = row.cell("list_name"), row.name
        at = ("choices", number, row.column("name"))
        if not where:
            continue
        labelled.append(row)
        if not name:
            findings.append(error("choice_name", *at, list=where))
        elif (where, name) in seen and not may_repeat:
            findings.append(error("choice_twice", *at, name=name, first=seen[where, name]))
        elif " " in name and where in multiple:
            findings.append(error("choice_space", *at, name=name))
        seen.setdefault((where, name), number)
    return findings + _check_labels(sheet, labelled)


def unique(findings: list[Finding]) -> list[Finding]:
    """The same thing said twice of one cell is said once."""
    seen: dict[str, Finding] = {}
    for one in findings:
        seen.setdefault(repr(one), one)
    return list(seen.values())
