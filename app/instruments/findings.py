# ruff: noqa: E501  (one line a message reads best)
"""What the check of a workbook says: where it is wrong, what is wrong, what mends it, in the reader's language.

docs/instruments.md lists every code; a test compares the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from app.instruments.rows import all_rows
from app.instruments.workbook import Workbook

# code: what is wrong, what to do. %(name)s are details of the finding.
MESSAGES: dict[str, tuple[LazyString, LazyString]] = {
    # The file
    "file_too_large": (_("The file is larger than %(limit)s MB."), _("Remove pictures and unused sheets; a form needs a few hundred kilobytes.")),
    "file_empty": (_("The file is empty."), _("Choose the file again, after saving it in the spreadsheet.")),
    "file_kind": (_("Files of the kind “%(kind)s” cannot be read."), _("Save the form as .xlsx, or as .md or .csv tables.")),
    "file_corrupt": (_("The file is damaged: it cannot be opened as a spreadsheet."), _("Open it in the spreadsheet, save it under another name as .xlsx, and send that one.")),
    "file_not_xlsx": (_("The file ends in .xlsx but holds no spreadsheet."), _("Save the form from the spreadsheet as “Excel workbook (.xlsx)”.")),
    "file_old_excel": (_("The file is in the old Excel format (.xls)."), _("Save it as “Excel workbook (.xlsx)”.")),
    "file_encrypted": (_("The file is protected by a password."), _("Remove the password in the spreadsheet, save, and send it again.")),
    "file_macros": (_("The file holds macros, which are never accepted."), _("Save it as “Excel workbook (.xlsx)”, without macros.")),
    "file_bomb": (_("Unpacked, the file would be far too large."), _("Copy the sheets survey, choices, settings and entities into a new workbook.")),
    "file_entities": (_("The file holds definitions (DOCTYPE) that a spreadsheet does not need."), _("Save it again from the spreadsheet.")),
    "file_not_utf8": (_("The text of the file is not UTF-8."), _("Save it with the encoding UTF-8.")),
    "too_many_cells": (_("The workbook has more than %(limit)s cells."), _("Delete empty columns and rows beyond the form, and lists that belong in CSV files.")),
    "cell_too_long": (_("A cell holds more than %(limit)s characters."), _("Shorten the text, or split it into several rows.")),
    "too_heavy": (_("Reading the workbook took too long or too much memory."), _("Split the form, or move long lists to CSV files.")),
    "no_tables": (_("The file holds no tables of a form."), _("Begin each table with its sheet's name (survey, choices, settings) in the first column.")),
    "no_survey": (_("The sheet “survey” is missing."), _("Name the sheet with the questions survey.")),
    # The sheets
    "sheet_near": (
        _("The sheet “%(other)s” is not read; a form has a sheet “%(name)s”."),
        _("Name it %(name)s; if it is something else, begin its name with “_”."),
    ),
    "column_missing": (_("The column “%(name)s” is missing."), _("Add the column; its first row holds exactly this word.")),
    "required_unanswered": (
        _("Nobody answers “%(name)s”: it cannot be required."),
        _("Delete “required” in this row; it does nothing here, and stops people in other tools."),
    ),
    "cell_failed": (
        _("A formula of the spreadsheet failed in this cell: %(text)s"),
        _("Correct the formula, or write its result in the cell."),
    ),
    "column_twice": (_("The column “%(name)s” stands twice."), _("Delete one of the two.")),
    "setting_missing": (_("The setting “%(name)s” is missing."), _("Add it to the sheet “settings”.")),
    "setting_bad": (_("“%(value)s” cannot be the %(name)s."), _("Use only letters a-z, digits, “-”, “_” and “.”, beginning with a letter or digit, at most 64 characters.")),
    "setting_by_language": (
        _("The setting “%(name)s” cannot be given by language."),
        _("Write one form_title; titles by language go to the columns attribute::ci:title-ar and attribute::ci:title-fr."),
    ),
    "namespace_missing": (
        _("The column “%(name)s” has the prefix “%(value)s”, which the form does not declare."),
        _("Add it to the setting “namespaces”: %(wanted)s"),
    ),
    "name_missing": (_("This row has no name."), _("Give it a name of letters a-z, digits and _, beginning with a letter.")),
    "name_bad": (_("“%(name)s” cannot be a name."), _("Use letters a-z, digits and _, beginning with a letter.")),
    "name_export": (_("The name “%(name)s” holds signs that spreadsheets and databases refuse in column names."), _("Use letters a-z, digits and _.")),
    "name_long": (_("The name “%(name)s” is longer than 64 characters."), _("Choose a shorter name: it becomes a column of the exports.")),
    "name_reserved": (_("The name “%(name)s” is used by every export for a column of its own."), _("Choose another name.")),
    "name_twice": (_("The name “%(name)s” already stands in row %(first)s."), _("Give each question its own name.")),
    "name_case": (_("“%(name)s” and “%(other)s” (row %(first)s) differ only in capitals: some spreadsheets and databases take them for one."), _("Choose clearly different names.")),
    "group_open": (_("“%(name)s” begins in this row and does not end."), _("Add a row end_group or end_repeat after its last question.")),
    "group_end": (_("This row ends a group or repeat that was not begun."), _("Delete the row, or add the row that begins it.")),
    "group_empty": (_("The group “%(name)s” holds no question."), _("Add a question to it or delete it.")),
    "row_skipped": (_("This row has no type and no name: it is left out."), _("Fill them if it is a question; a comment may stay.")),
    "type_missing": (_("This row has no type."), _("Write the kind of question in the column “type”.")),
    "type_unknown": (_("“%(type)s” is not a kind of question."), _("Correct the word: text, integer, decimal, date, select_one list, note, calculate…%(near)s")),
    "type_unsupported": (_("Questions of the kind “%(type)s” are not supported."), _("Use another kind. %(reason)s")),
    "type_blank": (_("Nobody answers “%(type)s” here."), _("The form can be published all the same. %(reason)s")),
    "appearance_falls_back": (_("The appearance “%(name)s” is not drawn here for the kind “%(type)s”: the plain question is asked."), _("The form can be published all the same. %(reason)s")),
    "appearance_unknown": (_("“%(name)s” is not an appearance of the kind “%(type)s”: the plain question is asked."), _("Correct the word, or delete it.%(near)s")),
    "grid_long": (_("The repeat “%(name)s” is not drawn as a table: “%(other)s” does not fit into a cell. Its rows are cards."), _("Cells take text, integer, decimal, date and lists of at most six choices: move the question out of the repeat, or delete “grid”.")),
    "grid_wide": (_("The repeat “%(name)s” is not drawn as a table: it has more than %(limit)s columns. Its rows are cards."), _("Ask fewer questions in it, or delete “grid”.")),
    "grid_counted": (_("The repeat “%(name)s” is not drawn as a table: the number of its rows is fixed by repeat_count. Its rows are cards."), _("Empty repeat_count, or delete “grid”.")),
    "grid_nothing": (_("The repeat “%(name)s” is not drawn as a table: no question is left for its columns. Its rows are cards."), _("Add short questions beside the name, or delete “grid”.")),
    "parameter_ignored": (_("The parameter “%(name)s” does nothing for the kind “%(type)s”."), _("The form can be published all the same. %(reason)s")),
    "parameter_unknown": (_("“%(name)s” is not a parameter of the kind “%(type)s”."), _("Correct the word, or delete it.%(near)s")),
    "parameter_value": (_("The parameter “%(name)s” cannot be “%(value)s”."), _("Write for example: %(wanted)s")),
    "parameter_alone": (_("The parameter “%(name)s” needs others beside it."), _("Write for example: %(wanted)s")),
    "setting_ignored": (_("The setting “%(name)s” does nothing here."), _("The form can be published all the same. %(reason)s")),
    "list_missing": (_("There is no list “%(name)s”."), _("Add its CSV file, correct its name, or, if it is a list of records, declare it in the sheet “entities”.")),
    "list_unread": (_("The form does not read the list “%(name)s”: this rule would always find it empty."), _("Correct the name, or add a row of the type csv-external with the name of the list.")),
    "list_unnamed": (_("This question does not name its list of choices."), _("Write it after the kind: select_one yes_no.")),
    "list_unknown": (_("The list “%(name)s” is not in the sheet “choices”."), _("Add its choices there, or correct the name in the column “type”.%(near)s")),
    "list_kind": (_("The file “%(name)s” is not a list."), _("Save the list as .csv, .geojson or .xml.")),
    "list_twice": (_("“%(name)s” is the name of two lists: one in the sheet “choices”, one in a file."), _("Give one of them another name.")),
    "list_tree": (_("The list “%(name)s” is no table: no choices can be read from it."), _("Write it as <root><item><name>…</name><label>…</label></item>…</root>, or as CSV.")),
    "list_columns": (_("The list “%(name)s” has no column “%(wanted)s”."), _("Add the column to the file, or name the right ones in the parameters (value=… label=…).")),
    "list_code_twice": (_("The code “%(value)s” stands twice in the list “%(name)s”."), _("Give each row of the list its own code.")),
    "media_missing": (_("The file “%(name)s” that the form shows did not come with it."), _("Send it together with the form: phones cannot fetch it later.")),
    "choice_twice": (_("The choice “%(name)s” already stands in row %(first)s for the same list."), _("Give each choice of a list its own code.")),
    "choice_column": (
        _("The column “%(name)s” of the choices is not read: no rule could name it."),
        _("If a choice_filter needs it, name it with letters a-z, digits and _, without spaces; a column of notes may stay."),
    ),
    "choice_name": (_("A choice of the list “%(list)s” has no code."), _("Fill the column “name”.")),
    "choice_space": (_("The code “%(name)s” holds a space."), _("Codes of choices have no spaces: several choices are stored separated by spaces.")),
    "label_missing": (_("The label in %(language)s is missing."), _("Fill the column “%(wanted)s”.")),
    "question_unlabelled": (
        _("The question “%(name)s” has neither a label nor a hint: nobody would know what it asks."),
        _("Fill its label in each language; if nobody is to see it, make it a calculation or hidden."),
    ),
    "text_missing": (_("The text in %(language)s is missing; another language has it."), _("Fill the column “%(wanted)s”.")),
    "languages_none": (_("The texts name no language."), _("Name the columns label::العربية (ar) and label::Français (fr).")),
    "language_missing": (_("Nothing is written in %(language)s."), _("Add the columns label, hint and messages in this language.")),
    # The rules
    "expression_unexpected": (_("The rule cannot be read at “%(found)s”: %(text)s"), _("Check operators, commas and brackets before that point.%(instead)s")),
    "expression_unfinished": (_("The rule ends too early: %(text)s"), _("Something is missing at its end: a value or a closing bracket.")),
    "expression_unclosed": (_("A quotation mark is not closed: %(text)s"), _("Close it with the same mark it begins with.")),
    "expression_variable": (_("“%(found)s” is not a reference: %(text)s"), _("Write references to questions as ${name}.")),
    "expression_too_long": (_("The rule is too long."), _("Split it over several calculations.")),
    "expression_too_deep": (_("The rule has too many brackets inside each other, or too many terms in a row."), _("Split it over several calculations.")),
    "question_unknown": (_("There is no question named “%(name)s”."), _("Correct the name, or add the question.%(near)s")),
    "function_unknown": (_("There is no function “%(name)s”."), _("Correct its name.%(near)s")),
    "function_arity": (_("The function “%(name)s” is given %(given)s values; it takes %(wanted)s."), _("Check the commas and brackets.")),
    "trigger_cycle": (_("These answers set each other: %(path)s"), _("Take away one of the triggers: the phone stops after a thousand rounds.")),
    "trigger_unseen": (
        _("Nobody answers “%(name)s”: it cannot set off this calculation."),
        _("Name a question that is asked, or take the trigger away: the calculation follows what it reads by itself."),
    ),
    "cycle": (_("These rules wait for each other: %(path)s"), _("Break the circle: one of them must not read the next.")),
    "constraint_blank": (_("The constraint compares with “%(name)s”, which may be blank: then no answer is accepted."), _("Write: ${%(name)s} = '' or …")),
    "expect_silent": (_("What is expected of “%(name)s” has no message in “%(language)s”."), _("Fill the column bind::ci:expect-message-%(language)s: the person must know what to check.")),
    "regex_bad": (_("The pattern “%(pattern)s” cannot be read."), _("Check its brackets and marks. Back references, looking behind and thousands of rounds are not read.")),
    "regex_slow": (_("The pattern “%(pattern)s” may take for ever on some answers in other tools; here it is read in one pass."), _("Do not repeat a group that is itself repeated: (a+)+ is a+.")),
    "outside_repeat": (_("“%(name)s” is asked once a row of “%(repeat)s”, but this rule stands outside it: it reads all rows at once."), _("Use sum, count, join, max, min or indexed-repeat, or move the rule into the repeat.")),
    "type_mismatch": (_("“%(name)s” is a %(type)s, compared here with “%(value)s”."), _("Compare it with a value of its kind.")),
    "kinds_differ": (
        _("“%(name)s” is a %(type)s and “%(other)s” a %(kind)s: comparing them says nothing."),
        _("Compare questions of one kind, or turn one into the other's kind in a calculation."),
    ),
    "word_counted": (_("“%(value)s” is no number: nothing can be calculated with it."), _("Write a number, or join texts with concat().")),
    "answer_counted": (
        _("“%(name)s” is a %(type)s: nothing can be calculated with its answers."),
        _("Ask for an integer, a decimal or a date; a text of digits has the appearance numbers. Texts are joined with concat()."),
    ),
    "number_read": (_("%(function)s() reads a number; “%(name)s” is a %(type)s."), _("Give it an integer, a decimal or a calculation.")),
    "rows_counted": (
        _("The number of rows is read from “%(name)s”, a %(type)s."),
        _("Read it from an integer, a decimal or a calculation."),
    ),
    "date_read": (_("%(function)s() reads a date; “%(name)s” is a %(type)s."), _("Give it a date or a dateTime.")),
    "time_read": (_("%(function)s() reads a time of day; “%(name)s” is a %(type)s."), _("Give it a time or a dateTime.")),
    "place_read": (_("%(function)s() reads places; “%(name)s” is a %(type)s."), _("Give it a geopoint, a geotrace or a geoshape.")),
    "truth_compared": (
        _("%(name)s() is true or false: comparing it with “%(value)s” asks only whether it is true."),
        _("Write %(name)s(…) alone, or not(%(name)s(…))."),
    ),
    "count_compared": (_("%(name)s() gives a number, which is never “%(value)s”."), _("Compare it with a number.")),
    "default_none": (
        _("“%(value)s” cannot be the answer of “%(name)s”, a %(type)s."),
        _("Write it as the phone keeps it: 12, 3.5, 2026-11-21, 14:30."),
    ),
    "choice_unknown": (_("“%(value)s” is not a choice of “%(name)s”."), _("Correct the code; the choices are: %(choices)s")),
    "condition_bare": (
        _("“%(name)s” alone is no condition: it holds whatever was answered."),
        _("Compare it with a value: ${%(name)s} = 'yes', or ${%(name)s} != ''."),
    ),
    "several_chosen": (
        _("Several answers of “%(name)s” may be chosen: comparing with “%(value)s” holds only while it is the only one."),
        _("Write selected(${%(name)s}, '%(value)s')."),
    ),
    "days_counted": (
        _("The result is a number of days; this question holds a %(type)s."),
        _("Write date(…) or date-time(…) around it: here it becomes a %(type)s by itself, other tools keep the number."),
    ),
    "select_asked": (
        _("%(function)s() reads answers of a list of choices; “%(name)s” is a %(type)s."),
        _("Compare it with = or <."),
    ),
    "rows_asked": (
        _("%(name)s() reads questions or rows, and is given a value."),
        _("Give it a question: sum(${price}). Several values are added with +."),
    ),
    "choice_name_quoted": (
        _("The second value of jr:choice-name() is the question itself, in quotation marks; here it would be its answer."),
        _("Write jr:choice-name(${%(name)s}, '${%(name)s}')."),
    ),
    "list_column_unknown": (
        _("The list “%(name)s” has no column “%(value)s”."),
        _("Correct the name of the column.%(near)s"),
    ),
    "calculation_none": (_("This calculation is empty."), _("Fill the column “calculation”.")),
    "token_unknown": (_("The text holds {{%(name)s}}, which no programme fills."), _("The tokens are listed in docs/instruments.md.")),
    # Records, references, parameters: what the converter refuses, in our words
    "entity_undeclared": (_("The list “%(name)s” is not declared in the sheet “entities”."), _("Add a row for it there, or correct the name before “#”.")),
    "entity_none": (_("The form saves to a list of records, but has no sheet “entities”."), _("Add the sheet with the columns list_name and label.")),
    "entity_property_twice": (_("The property “%(name)s” is already saved by row %(first)s."), _("Save each property from one question only.")),
    "entity_group": (_("Groups and repeats cannot be saved as a property."), _("Move the save_to to a question.")),
    "entity_label": (_("New records of “%(name)s” have no label."), _("Fill “label” with the question that names the record.")),
    "entity_update": (_("Records of “%(name)s” are created or updated, but nothing says when to update."), _("Fill “update_if”.")),
    "entity_id": (_("Records of “%(name)s” are updated, but nothing says which."), _("Fill “entity_id” with the question that picks the record.")),
    "entity_prefix": (_("The form writes several lists: this save_to does not say which."), _("Write list#property.")),
    "entity_scope": (_("This list is saved from places that do not belong together: %(text)s"), _("Save all properties of a list from the same repeat, or all from outside repeats.")),
    "entity_property": (_("This cannot be the name of a list or of a property."), _("Use letters, digits and _, beginning with a letter; not name, label, nor two underscores first.")),
    "reference_twice": (_("Two questions are named “%(name)s”: the reference may mean either."), _("Rename one of them.")),
    "reference_open": (
        _("A reference to a question cannot be read: %(text)s"),
        _("Write ${name}: the name of the question between braces, without spaces."),
    ),
    "reference_quoted": (
        _("${%(name)s} stands in quotation marks: the rule reads these letters, not the answer."),
        _("Take the quotation marks away."),
    ),
    "reference_bad": (_("This cell must hold references to questions."), _("Write ${name}, with a comma between several.")),
    "repeat_twice": (_("The repeat “%(name)s” has the name of another question, group or repeat."), _("Give each repeat a name that stands nowhere else.")),
    "parameter_bad": (_("The parameter “%(name)s” does not fit the range."), _("start, end and step are numbers; step divides the range.")),
    "parameters_bad": (
        _("The parameters of this question cannot be read."),
        _("Write name=value, with a space between several."),
    ),
    "filter_alone": (
        _("A choice_filter does not go with “%(name)s”."),
        _("For or_other: add the choice “other” to the list, and a text question that asks for it. For table-list: use field-list."),
    ),
    "table_lists": (
        _("The questions of this table pick from two lists: “%(name)s” and “%(other)s”."),
        _("Give the table one list, or the group the appearance field-list."),
    ),
    "columns_missing": (_("In %(language)s these columns are missing: %(columns)s."), _("Add them, or delete them in the other languages.")),
    # What pyxform says and we have no better words for
    "converter": (_("The form could not be converted: %(text)s"), _("The converter's own words are quoted; correct what they name.")),
    "converter_says": (_("The converter says: %(text)s"), _("Correct what it names if you can; the form can be published all the same.")),
}  # fmt: skip


@dataclass
class Finding:
    """One thing that is wrong ("error": nothing can be published) or looks wrong ("warning")."""

    level: str
    code: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return str(MESSAGES[self.code][0]) % self._shown()

    @property
    def mend(self) -> str:
        return str(MESSAGES[self.code][1]) % self._shown()

    def _shown(self) -> dict[str, str]:
        near = self.details.get("near")
        instead = self.details.get("instead")
        return {key: str(value) for key, value in self.details.items()} | {
            "near": " " + str(_("Nearest: %(name)s.")) % {"name": near} if near else "",
            "instead": " " + str(_("Rules write “%(name)s” there.")) % {"name": instead} if instead else "",
        }


def error(code: str, sheet: str = "", row: int = 0, column: str = "", **details: Any) -> Finding:
    return Finding("error", code, sheet, row, column, details)


def warning(code: str, sheet: str = "", row: int = 0, column: str = "", **details: Any) -> Finding:
    return Finding("warning", code, sheet, row, column, details)


# pyxform's sentences that we can say ourselves: pattern, code, names of its groups.
_KNOWN: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), code, names)
    for pattern, code, names in (
        (r"There has been a problem trying to replace \$\{\s*([^}]+?)\s*\} with the XPath", "question_unknown", ("name",)),
        (r"Could not find the name '([^']+)'", "question_unknown", ("name",)),
        (r"Parameters must be in the form", "parameters_bad", ()),
        (r"Unknown question type '([^']+)'", "type_unknown", ("type",)),
        (r"List name not in choices sheet: (\S+)", "list_unknown", ("name",)),
        (r"Duplicate column header: (.+)", "column_twice", ("name",)),
        (r"add an entities sheet and", "entity_none", ()),
        (r"entity list name '([^']+)' was not found", "entity_undeclared", ("name",)),
        (r"save_to property '([^']+)' is already assigned by row '(\d+)'", "entity_property_twice", ("name", "first")),
        (r"Groups and repeats can't be saved", "entity_group", ()),
        (r"entity list name '([^']+)' does not have a label", "entity_label", ("name",)),
        (r"entity list name '([^']+)' does not have an 'update_if'", "entity_update", ("name",)),
        (r"entity list name '([^']+)' does not have an 'entity_id'", "entity_id", ("name",)),
        (r"must be prefixed with the entity", "entity_prefix", ()),
        (r"(container scope.*|no valid containers.*)", "entity_scope", ("text",)),
        (r"Names used here must not", "entity_property", ()),
        (r"names must be unique anywhere in the 'survey'. The name\s+'([^']+)'", "reference_twice", ("name",)),
        (r"There are multiple survey elements named '([^']+)'", "reference_twice", ("name",)),
        (r"(?:must start with '\$\{|must have a comma between)", "reference_bad", ()),
        (r"'name' value '([^']+)' is invalid. Repeat names must", "repeat_twice", ("name",)),
        (r"'range' question type, the parameters? '([^']+)'", "parameter_bad", ("name",)),
        (r"same instance id will be generated.*?Instance name: '([^']+)'", "list_twice", ("name",)),
        (r"Missing calculation", "calculation_none", ()),
        (r"question \$\{([^}]+)\} is not user-visible .* for question \$\{([^}]+)\}", "trigger_unseen", ("name", "other")),
        (r"Choice filter not supported (?:with|for) (or_other|table-list)", "filter_alone", ("name",)),
        (r"list names don't match: (\S+) vs\. (\S+)", "table_lists", ("name", "other")),
        (r"different names for the same column were found: '([^']+)', '([^']+)'", "column_twice", ("other", "name")),
        (r"element named '([^']+)' has no label or hint", "question_unlabelled", ("name",)),
    )
)
_ROW = re.compile(r"\[row ?: ?(\d+)\]")
_SHEET = re.compile(
    r"'(survey|choices|settings|entities|external_choices)' sheet|\b(survey|choices|settings|entities) sheet"
    r"|sheet: '(survey|choices|settings|entities)'",
    re.IGNORECASE,
)
_COLUMN = re.compile(r"'(\w+)' value|column '([^']+)'")


def _placed(text: str, workbook: Workbook) -> tuple[str, int, str]:
    found = _SHEET.search(text)
    sheet = next(one for one in found.groups() if one).lower() if found else "survey"
    row = _ROW.search(text)
    number = 0
    if row and sheet in workbook.sheets:
        rows = workbook.sheets[sheet].rows
        at = int(row.group(1)) - 2  # pyxform counts from the header; our rows know their own number
        number = rows[at][0] if 0 <= at < len(rows) else 0
    column = _COLUMN.search(text)
    return sheet if found or row else "", number, (column.group(1) or column.group(2)) if column else ""


def _row_of(name: str, workbook: Workbook) -> int:
    """The first row of the survey with this name; 0: none has it as it is said."""
    survey = workbook.sheets.get("survey")
    return next((row.number for row in all_rows(survey) if row.name == name), 0) if survey else 0


def _header_row(name: str, workbook: Workbook) -> int:
    return workbook.sheets[name].header_row if name in workbook.sheets else 0


# What we have said already, better placed, or what is otherwise here: "other" is said in both languages, photos are made small.
_SAID = re.compile(
    r"has no label|case-insensitive match|should have a label|valid machine-readable codes|Row without name, text, or label"
    r"|no longer supported on most devices|uses or_other and translations|Use the max-pixels parameter"
    r"|When looking for a sheet named"
)
_MISSING_COLUMNS = re.compile(r"Language '([^']+)' is missing the (\w+) (?:columns ([^.]+)|(\w+) column)\.")


def from_pyxform(text: str, workbook: Workbook) -> Finding:
    """pyxform's refusal in our words where we have them, else its own."""
    sheet, row, column = _placed(text, workbook)
    for pattern, code, names in _KNOWN:
        if match := pattern.search(text):
            details = dict(zip(names, match.groups(), strict=False))
            if code == "question_unlabelled":  # named without its place
                row, column = _row_of(details["name"], workbook), "label"
            elif code == "trigger_unseen":
                row, column = _row_of(details["other"], workbook), "trigger"
            elif code == "column_twice":
                row, column = _header_row(sheet, workbook), details["name"]
            column = {"filter_alone": "choice_filter", "table_lists": "type"}.get(code, column)
            return error(code, sheet or "survey", row, column, **details)
    return error("converter", sheet, row, column, text=_ROW.sub("", text).strip())


def from_pyxform_warnings(texts: list[str], workbook: Workbook) -> list[Finding]:
    """Its warnings, one finding each; those the lint makes itself are left out."""
    found = []
    for text in (line for one in texts if not _SAID.search(one) for line in one.split("\n") if line.strip()):
        sheet, row, column = _placed(text, workbook)
        if match := _MISSING_COLUMNS.search(text):
            columns = match.group(3) or match.group(4)
            found.append(
                warning(
                    "columns_missing",
                    match.group(2),
                    _header_row(match.group(2), workbook),
                    "",
                    language=match.group(1),
                    columns=columns,
                )
            )
        else:
            found.append(warning("converter_says", sheet, row, column, text=_ROW.sub("", text).strip()))
    return found
