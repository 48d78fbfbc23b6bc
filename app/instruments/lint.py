"""What pyxform lets pass and the field would pay for. docs/instruments.md lists the checks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from app.instruments import kinds, mismatch, operands, patterns, support, tables
from app.instruments.files import LIST_SUFFIXES
from app.instruments.findings import Finding, error, warning
from app.instruments.headings import is_readable, language_code
from app.instruments.rows import Row, all_rows, canonical_type, command_of, list_of
from app.instruments.workbook import Sheet, Workbook
from app.instruments.xpath import Ast, Dependencies, Shape, leads_to

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


# Rules


AGGREGATES = frozenset(
    {"sum", "count", "count-non-empty", "max", "min", "join", "position", "indexed-repeat", "area", "distance", "checklist"}
    | {"weighted-checklist", "concat", "randomize"}
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
# Blank in, blank (or not a number) out.
PASSING = frozenset(
    {"number", "int", "round", "abs", "floor", "ceiling", "decimal-date-time", "decimal-time", "date", "date-time", "string"}
    | {"pow", "sqrt"}
)
NUMBERS = ("integer", "decimal", "range")
RULE_KEYS = ("relevant", "constraint", "required", "readonly", "calculation", "repeat_count", "first_load", "expect")


TEXT_KEYS = ("label", "hint", "guidance", "constraint_message", "required_message")


def check_package(
    package: dict[str, Any], workbook: Workbook, rows: Mapping[str, Row], columns: Mapping[str, frozenset[str]]
) -> list[Finding]:
    """What only the parsed rules show. `columns`: of each CSV list."""
    return _Rules(package, workbook, rows, columns).check()


def unique(findings: list[Finding]) -> list[Finding]:
    """The same thing said twice of one cell is said once."""
    seen: dict[str, Finding] = {}
    for one in findings:
        seen.setdefault(repr(one), one)
    return list(seen.values())


def _asked_elsewhere(condition: Any) -> Any:
    """A predicate without what it reads of the row it is asked of: the rest means the same as outside it."""
    if not isinstance(condition, list) or not condition:
        return condition
    if condition[0] == "path" and condition[1] == ".":
        return ["of_row"]
    return [_asked_elsewhere(one) for one in condition]


class _Rules:
    def __init__(
        self, package: dict[str, Any], workbook: Workbook, rows: Mapping[str, Row], columns: Mapping[str, frozenset[str]]
    ) -> None:
        self.package, self.workbook, self.rows = package, workbook, rows
        self.columns = {**columns, **mismatch.columns_of_choices(package)}
        self.nodes = package["nodes"]
        self.shape = Shape(
            [node.get("parent", -1) for node in self.nodes],
            [node["name"] for node in self.nodes],
            frozenset(node["i"] for node in self.nodes if node["kind"] == "repeat"),
        )
        self.operands = operands.Operands(package, self.shape)
        self.paths_of_questions = {
            "/" + "/".join(self.nodes[one]["name"] for one in reversed(self.shape.above(node["i"]))) for node in self.nodes[1:]
        }
        self.findings: list[Finding] = []

    def check(self) -> list[Finding]:
        for node in self.nodes:
            for key in RULE_KEYS:
                if key in node:
                    self.rule(node["i"], key, self.package["expressions"][node[key]]["ast"])
                    self.lists(node[key], self.place(node["i"], key))
            for trigger in node.get("triggers", []):
                tree = self.package["expressions"][trigger["expression"]]["ast"]
                self.rule(trigger["node"], "calculation", tree)
                self.lists(trigger["expression"], self.place(trigger["node"], "calculation"))
            self.texts(node)
            if "default" in node:
                self.findings += self.operands.in_default(node["default"], node["i"], self.place(node["i"], "default"))
            if tables.asks_for_table(node):
                self.table(node)
            if "choices" in node:
                tree = self.package["expressions"][node["choices"]["nodeset"]]["ast"]
                self.walk(tree, node["i"], self.place(node["i"], "choice_filter"), in_set=True)
                self.findings += mismatch.in_paths(tree, self.place(node["i"], "choice_filter"), self.columns)
        for rule in self.package["entities"]:
            for key, column in (("id", "entity_id"), ("create", "create_if"), ("update", "update_if"), ("label", "label")):
                if key in rule:
                    self.lists(rule[key], ("entities", 0, column))
        return self.findings

    def texts(self, node: dict[str, Any]) -> None:
        """References in what people read: outside a repeat they show its first row only."""
        for key in TEXT_KEYS:
            seen = {
                part["x"]
                for text in node.get(key, {}).values()
                if isinstance(text, list)
                for part in text
                if isinstance(part, dict)
            }
            for number in sorted(seen):
                self.walk(self.package["expressions"][number]["ast"], node["i"], self.place(node["i"], key), in_set=False)

    def table(self, node: dict[str, Any]) -> None:
        """Whoever asks for a table is told where cards come instead."""
        found = tables.hindrance(self.package, node)
        if found is None:
            return
        why, at = found
        place = self.place(node["i"], "appearance")
        if at is not None:
            self.findings.append(warning("grid_long", *place, name=node["name"], other=at["name"]))
        elif why == "too_wide":
            self.findings.append(warning("grid_wide", *place, name=node["name"], limit=tables.MOST_COLUMNS))
        elif why == "counted":
            self.findings.append(warning("grid_counted", *place, name=node["name"]))
        else:
            self.findings.append(warning("grid_nothing", *place, name=node["name"]))

    def lists(self, expression: int, at: Place) -> None:
        """A list that no question picks from and no row names is not in the XForm: instance() finds nothing."""
        for name in self.package["expressions"][expression].get("lists", []):
            if name not in self.package["lists"] and name not in self.package["datasets"]:
                self.findings.append(error("list_unread", *at, name=name))

    def place(self, node: int, key: str) -> Place:
        path = "/" + "/".join(self.nodes[one]["name"] for one in reversed(self.shape.above(node)))
        row = self.rows.get(path)
        if row is None and (counted := self.rows.get(path.removesuffix("_count"))):  # the converter's, beside the repeat
            return ("survey", counted.number, counted.column("repeat_count"))
        if row is None:
            return place_of_instance_name(self.workbook)
        return ("survey", row.number, row.column({"first_load": "default", "expect": "bind::ci:expect"}.get(key, key)))

    def rule(self, node: int, key: str, tree: Ast) -> None:
        at = self.place(node, key)
        self.walk(tree, node, at, in_set=False)
        self.findings += mismatch.in_paths(tree, at, self.columns)
        if key in ("relevant", "constraint", "required", "readonly", "expect"):
            self.findings += mismatch.in_condition(tree, node, at, self.shape, self.nodes)
        if key in ("calculation", "first_load"):
            self.findings += mismatch.in_result(tree, node, at, self.nodes) + self.operands.in_result(tree, node, at)
        if key == "constraint":
            self.blocked(tree, node, at)
        if key == "repeat_count":
            self.findings += [
                warning("rows_counted", *at, name=one["name"], type=one["type"])
                for one in self.operands.asked(tree, node)
                if not self.operands.counts(one) or operands.nature(one) in ("date", "time")
            ]

    def walk(self, tree: Ast, node: int, at: Place, in_set: bool) -> None:
        kind = tree[0]
        if kind == "path":
            self.outside(tree, node, at, in_set)
            if isinstance(tree[1], list):
                self.walk(tree[1], node, at, in_set=True)
            self.conditions([one for step in tree[2] for one in step[2]], node, at)
            return
        if kind == "filter":
            self.walk(tree[1], node, at, in_set=True)
            self.conditions(tree[2], node, at)
            return
        if kind == "fn":
            if tree[1] == "regex" and len(tree) == 4 and tree[3][0] == "str":
                self.pattern(tree[3][1], at)
            if tree[1] == "selected" and len(tree) == 4:
                code = ["str", f"{tree[3][1]:g}"] if tree[3][0] == "num" else tree[3]  # selected(${done}, 1)
                self.literal(tree[2], code, node, at, one_code=True)
            self.findings += mismatch.in_call(tree, node, at, self.shape, self.nodes) + self.operands.in_call(tree, node, at)
            for one in tree[2:3] if tree[1] in ("jr:choice-name", "jr:itext") else tree[2:]:  # these two read a quoted path
                self.walk(one, node, at, in_set=in_set or tree[1] in AGGREGATES)
            return
        if kind in COMPARISONS:
            self.literal(tree[1], tree[2], node, at)
            self.literal(tree[2], tree[1], node, at)
            self.findings += mismatch.in_comparison(tree, node, at, self.shape, self.nodes)
        if kind == "str" and tree[1].strip() in self.paths_of_questions:
            name = tree[1].strip().rpartition("/")[2]
            self.findings.append(warning("reference_quoted", *at, name=name))
        self.findings += self.operands.in_operator(tree, node, at)
        for one in tree[1:]:
            if isinstance(one, list) and one and isinstance(one[0], str):
                self.walk(one, node, at, in_set)

    def conditions(self, predicates: list[Ast], node: int, at: Place) -> None:
        for one in predicates:
            self.walk(_asked_elsewhere(one), node, at, in_set=False)

    def outside(self, path: Ast, node: int, at: Place, in_set: bool) -> None:
        """A question of a repeat, read as one value from outside it."""
        if in_set or any(step[2] for step in path[2]):
            return
        own = set(self.shape.above(node))
        for target, how in leads_to(path, node, self.shape).items():
            repeat = next((one for one in self.shape.above(target) if one in self.shape.repeats and one not in own), None)
            if repeat is not None and how in ("all", "same") and target != repeat:
                self.findings.append(
                    warning("outside_repeat", *at, name=self.nodes[target]["name"], repeat=self.nodes[repeat]["name"])
                )

    def pattern(self, text: str, at: Place) -> None:
        if not patterns.is_pattern(text):
            self.findings.append(error("regex_bad", *at, pattern=text))
        elif patterns.is_slow(text):
            # A remark: phones and server read it in one pass.
            self.findings.append(warning("regex_slow", *at, pattern=text))

    def literal(self, path: Ast, value: Ast, node: int, at: Place, one_code: bool = False) -> None:
        """A question compared with a constant that it can never hold."""
        if path[0] == "path" and value[0] == "num":
            self.number(path, value[1], node, at)
        if path[0] != "path" or value[0] != "str" or value[1] == "":
            return
        for target in leads_to(path, node, self.shape):
            found = self.nodes[target]
            kind = found.get("type", "")
            is_number = re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value[1])
            is_date = re.match(r"\d{4}-\d{2}-\d{2}", value[1])
            is_time = re.match(r"([01]\d|2[0-3]):[0-5]\d", value[1])
            mismatches = {
                **dict.fromkeys(NUMBERS, not is_number),
                "date": not is_date,
                "dateTime": not is_date,
                "time": not is_time,
            }
            if mismatches.get(kind):
                self.findings.append(warning("type_mismatch", *at, name=found["name"], type=kind, value=value[1]))
            elif kind in ("select_one", "select_multiple") and found.get("choices", {}).get("list") in self.package["lists"]:
                codes = [item["name"] for item in self.package["lists"][found["choices"]["list"]]]
                # A question of several choices is compared with all that are chosen.
                several = kind == "select_multiple" and not one_code
                if any(one not in codes for one in (value[1].split() if several else [value[1]])):
                    shown = ", ".join(codes[:12]) + ("…" if len(codes) > 12 else "")
                    self.findings.append(warning("choice_unknown", *at, name=found["name"], value=value[1], choices=shown))

    def number(self, path: Ast, value: float, node: int, at: Place) -> None:
        """A question whose answers are no numbers, compared with one."""
        for target in leads_to(path, node, self.shape):
            found = self.nodes[target]
            kind = found.get("type", "")
            is_year = kind in ("date", "dateTime") and 1900 <= value <= 2100  # a date is a number of days: all are larger
            if kind in mismatch.NEVER_NUMBERS or is_year:
                self.findings.append(warning("type_mismatch", *at, name=found["name"], type=kind, value=f"{value:g}"))
            elif kind == "select_one" and found.get("choices", {}).get("list") in self.package["lists"]:
                codes = [item["name"] for item in self.package["lists"][found["choices"]["list"]]]
                if not any(re.fullmatch(r"-?[\d.]+", code) for code in codes):
                    shown = ", ".join(codes[:12]) + ("…" if len(codes) > 12 else "")
                    self.findings.append(warning("choice_unknown", *at, name=found["name"], value=f"{value:g}", choices=shown))

    # A constraint that no answer meets while another one is blank.

    def blocked(self, tree: Ast, node: int, at: Place) -> None:
        for target, _ in self.paths(tree, node):
            is_asked = target != node and self.may_be_blank(target, node) and not self.hides(target, node)
            if is_asked and self.holds(tree, node, target) is False:
                self.findings.append(warning("constraint_blank", *at, name=self.nodes[target]["name"]))
                return

    def paths(self, tree: Any, node: int) -> list[tuple[int, Ast]]:
        if tree[0] == "path":
            return [(target, tree) for target in leads_to(tree, node, self.shape)]
        return [found for one in tree[1:] if isinstance(one, list) and one for found in self.paths(one, node)]

    def may_be_blank(self, target: int, node: int) -> bool:
        """Not asked for certain: optional, or hidden while the other one is not."""
        found = self.nodes[target]
        if found["kind"] not in ("question", "value"):
            return False
        hidden = any("relevant" in self.nodes[one] for one in self.shape.above(target) if one not in self.shape.above(node))
        if found["kind"] == "value":
            return hidden or "calculation" not in found
        return hidden or "required" not in found

    def hides(self, target: int, node: int) -> bool:
        """Whether a question is not asked while the target is blank."""
        return any(
            self.holds(self.package["expressions"][self.nodes[one]["relevant"]]["ast"], one, target) is False
            for one in self.shape.above(node)
            if "relevant" in self.nodes[one]
        )

    def is_blank(self, tree: Ast, node: int, target: int) -> bool:
        """Whether an operand is blank, or no number, when the target is blank; of two branches, whether it may be."""
        if tree[0] == "path":
            return target in leads_to(tree, node, self.shape)
        if tree[:2] == ["fn", "if"] and len(tree) == 5:
            holds = self.holds(tree[2], node, target)
            branches = tree[3:] if holds is None else [tree[3 if holds else 4]]
            return any(self.is_blank(one, node, target) for one in branches)
        if tree[0] in ("+", "-", "*", "div", "mod", "neg"):
            return any(self.is_blank(one, node, target) for one in tree[1:])
        return tree[0] == "fn" and tree[1] in PASSING and any(self.is_blank(one, node, target) for one in tree[2:3])

    def holds(self, tree: Ast, node: int, target: int) -> bool | None:
        """What a condition gives when the target is blank, whatever the answer is; None: that depends on the answer."""
        kind = tree[0]
        if kind in ("and", "or"):
            sides = [self.holds(one, node, target) for one in tree[1:]]
            decisive = kind == "or"
            if decisive in sides:
                return decisive
            return None if None in sides else not decisive
        if kind == "fn" and tree[1] == "not":
            inside = self.holds(tree[2], node, target)
            return None if inside is None else not inside
        if kind in COMPARISONS:
            for one, other in ((tree[1], tree[2]), (tree[2], tree[1])):
                if self.is_blank(one, node, target):
                    if kind not in ("=", "!="):
                        return False
                    if other[0] == "str":
                        return (other[1] == "") == (kind == "=")
                    if other[0] == "num" or (other[0] == "path" and node in leads_to(other, node, self.shape)):
                        return kind == "!="
        return None
