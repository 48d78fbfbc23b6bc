"""Each mistake in a form gets its own answer, at its row and column. docs/instruments.md lists the codes."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from app.instruments.findings import MESSAGES, from_pyxform
from app.instruments.patterns import is_slow
from tests.instruments.forms import AR, FIRST_ROW, FR, SETTINGS, YES_NO, choices, compiled, q

AGE = q("integer", "age")
OK = q("select_one yes_no", "ok")


def found(survey, code, **sheets):
    """The findings of a form that have this code, as (level, sheet, row from 0 of the data, column, details)."""
    sheets.setdefault("choices", YES_NO)
    result = compiled(survey, **sheets)
    every = result.errors + result.warnings
    assert code in {one.code for one in every}, every
    return [one for one in every if one.code == code]


def row(index: int) -> int:
    return FIRST_ROW + index


# code: the survey, where (row index of the survey, column), what else the finding knows
SURVEYS = {
    "question_unknown": ([AGE, q("text", "b", relevant="${agee} > 3")], (1, "relevant"), {"name": "agee", "near": "age"}),
    "function_unknown": ([q("text", "b", constraint="lenght(.) > 3")], (0, "constraint"), {"name": "lenght"}),
    "function_arity": ([q("calculate", "c", calculation="if(1, 2)")], (0, "calculation"), {"given": 2, "wanted": "3"}),
    "expression_unfinished": ([q("text", "b", constraint=". > ")], (0, "constraint"), {}),
    "expression_unexpected": ([q("text", "b", constraint=". > 3 3")], (0, "constraint"), {"found": "3"}),
    "expression_unclosed": ([q("text", "b", constraint=". > 'x")], (0, "constraint"), {}),
    "name_twice": ([AGE, q("text", "age")], (1, "name"), {"first": FIRST_ROW}),
    "name_case": ([AGE, q("text", "Age")], (1, "name"), {"other": "age"}),
    "name_missing": ([AGE, q("text")], (1, "name"), {}),
    "name_bad": ([q("text", "2ans")], (0, "name"), {}),
    "name_export": ([q("text", "âge-w")], (0, "name"), {}),
    "name_long": ([q("text", "x" * 65)], (0, "name"), {}),
    "name_reserved": ([q("text", "KEY")], (0, "name"), {}),
    "type_missing": ([q("", "a")], (0, "type"), {}),
    "type_unknown": ([q("Integer", "a")], (0, "type"), {"near": "integer"}),
    "type_unsupported": ([q("osm", "a")], (0, "type"), {}),
    "list_unknown": ([q("select_one yes_noo", "a")], (0, "type"), {"near": "yes_no"}),
    "list_missing": ([q("select_one_from_file souks.csv", "a")], (0, "type"), {"name": "souks"}),
    "list_unread": (
        [AGE, q("calculate", "c", calculation="instance('cooperatives')/root/item[name = ${age}]/label")],
        (1, "calculation"),
        {"name": "cooperatives"},
    ),
    "list_kind": ([q("select_one_from_file souks.txt", "a")], (0, "type"), {}),
    "group_open": ([AGE, q("begin_group", "g"), q("text", "a")], (1, "type"), {"name": "g"}),
    "group_end": ([AGE, q("end_group")], (1, "type"), {}),
    "group_empty": ([AGE, q("begin_group", "g"), q("end_group")], (1, "name"), {}),
    "calculation_none": ([AGE, q("calculate", "c")], (1, "calculation"), {}),
    "parameter_value": ([q("image", "a", parameters="max-pixels=big")], (0, "parameters"), {"wanted": "max-pixels=1600"}),
    "parameter_alone": (
        [q("select_one yes_no", "a", parameters="seed=3")],
        (0, "parameters"),
        {"wanted": "randomize=true seed=42"},
    ),
    "parameter_unknown": ([q("text", "a", parameters="row=3")], (0, "parameters"), {"near": "rows"}),
    "trigger_unseen": (
        [q("calculate", "c", calculation="1"), q("date", "b", trigger="${c}", calculation="today()")],
        (1, "trigger"),
        {"name": "c"},
    ),
    "filter_alone": (
        [q("select_one yes_no or_other", "a", choice_filter="name != 'no'")],
        (0, "choice_filter"),
        {"name": "or_other"},
    ),
    "table_lists": (
        [
            q("begin_group", "g", appearance="table-list"),
            q("select_one yes_no", "a"),
            q("select_one other", "b"),
            q("end_group"),
        ],
        (2, "type"),
        {"name": "yes_no", "other": "other"},
    ),
    "reference_quoted": ([AGE, q("text", "b", relevant="'${age}' = '3'")], (1, "relevant"), {"name": "age"}),
    "required_unanswered": ([AGE, q("note", "n", required="TRUE")], (1, "required"), {"name": "n"}),
    "rows_counted": (
        [q("date", "d"), q("begin_repeat", "r", repeat_count="${d}"), AGE, q("end_repeat")],
        (1, "repeat_count"),
        {"type": "date"},
    ),
    "list_unnamed": ([q("select_one", "a")], (0, "type"), {}),
    "reference_open": ([AGE, q("text", "b", relevant="${ age } > 3")], (1, "relevant"), {"text": "${ age } > 3"}),
    "label_missing": ([q("integer", "a") | {FR: ""}, AGE], (0, FR), {"language": "Français"}),
    "regex_bad": ([q("text", "a", constraint="regex(., '[0-9')")], (0, "constraint"), {}),
    "regex_slow": ([q("text", "a", constraint="regex(., '^([a-z]+)+$')")], (0, "constraint"), {}),
    "condition_bare": (
        [q("calculate", "c", calculation="1 > 2"), q("text", "b", relevant="not(${c})")],
        (1, "relevant"),
        {"name": "c"},
    ),
    "several_chosen": (
        [q("select_multiple yes_no", "m"), q("text", "b", relevant="${m} = 'yes'")],
        (1, "relevant"),
        {"name": "m", "value": "yes"},
    ),
    "days_counted": ([q("date", "due", default="if(1 > 2, today(), today() + 30)")], (0, "default"), {"type": "date"}),
    "select_asked": ([AGE, q("text", "b", relevant="selected(${age}, '3')")], (1, "relevant"), {"type": "integer"}),
    "rows_asked": ([AGE, q("calculate", "c", calculation="sum(${age} * 2)")], (1, "calculation"), {"name": "sum"}),
    "choice_name_quoted": (
        [OK, q("calculate", "c", calculation="jr:choice-name(${ok}, ${ok})")],
        (1, "calculation"),
        {"name": "ok"},
    ),
    "list_column_unknown": (
        [OK, q("calculate", "c", calculation="instance('yes_no')/root/item[name = ${ok}]/lable")],
        (1, "calculation"),
        {"name": "yes_no", "value": "lable", "near": "label"},
    ),
    "text_missing": (
        [AGE | {"hint::العربية (ar)": "بالسنوات", "hint::Français (fr)": ""}],
        (0, "hint::Français (fr)"),
        {"language": "Français"},
    ),
    "constraint_blank": ([AGE, q("integer", "b", constraint=". >= 0 and . <= ${age}")], (1, "constraint"), {"name": "age"}),
    "type_mismatch": ([AGE, q("text", "b", relevant="${age} = 'ten'")], (1, "relevant"), {"type": "integer"}),
    "choice_unknown": ([OK, q("text", "b", relevant="${ok} = 'oui'")], (1, "relevant"), {"choices": "yes, no"}),
    "token_unknown": (
        [q("note", "n") | {AR: "باسم {{responsible_org}}", FR: "Au nom de {{organisme}}"}],
        (0, FR),
        {"name": "organisme"},
    ),
    "outside_repeat": (
        [q("begin_repeat", "r"), AGE, q("end_repeat"), q("note", "n", relevant="${age} > 3")],
        (3, "relevant"),
        {"name": "age", "repeat": "r"},
    ),
    "reference_twice": (
        [q("begin_group", "g"), AGE, q("end_group"), AGE, q("note", "n", relevant="${age} > 3")],
        (4, "relevant"),
        {"name": "age"},
    ),
    "cycle": (
        [
            q("calculate", "a", calculation="${b} + 1"),
            AGE,
            q("calculate", "b", calculation="${c}"),
            q("calculate", "c", calculation="${a}"),
        ],
        (0, "calculation"),
        {"path": "a → b → c → a"},
    ),
    "trigger_cycle": (
        [
            q("decimal", "ht", calculation="${ttc} div 1.2", trigger="${ttc}"),
            AGE,
            q("decimal", "ttc", calculation="${ht} * 1.2", trigger="${ht}"),
        ],
        (0, "trigger"),
        {"path": "ht → ttc → ht"},
    ),
}


@pytest.mark.parametrize("code", SURVEYS)
def test_a_mistake_is_named_at_its_place(code):  # BI-06
    survey, (index, column), details = SURVEYS[code]
    finding = found(survey, code, choices=YES_NO + choices("other", "yes"))[0]
    assert (finding.sheet, finding.row) == ("survey", row(index))
    assert finding.column == column
    assert details.items() <= finding.details.items()


BLOCKING = {
    "question_unknown",
    "function_unknown",
    "function_arity",
    "name_twice",
    "cycle",
    "list_missing",
    "list_unread",
    "type_unknown",
    "regex_bad",
}


@pytest.mark.parametrize("code", sorted(BLOCKING))
def test_what_would_break_in_the_field_is_never_published(code):
    survey, _, _ = SURVEYS[code]
    assert not compiled(survey, choices=YES_NO).package


def test_a_cycle_through_a_number_of_rows_is_placed_at_the_repeat():
    survey = [q("begin_repeat", "r", repeat_count="${n} + 1"), q("integer", "k"), q("end_repeat"), AGE,
              q("calculate", "n", calculation="count(${k})")]  # fmt: skip
    finding = found(survey, "cycle")[0]
    assert (finding.row, finding.column) == (row(0), "repeat_count")
    assert set(finding.details["path"].split(" → ")) <= {"r", "k", "n"}


@pytest.mark.parametrize("code", ["begin_loop over yes_no", "begin_score", "begin_rank", "begin_kobomatrix"])
def test_groups_of_other_tools_are_refused_by_name_and_nothing_else_is_said_of_their_rows(code):
    word = code.split()[0].removeprefix("begin_")
    inside = {"score": "score__row", "rank": "rank__level"}.get(word, "text")
    result = compiled([q(code, "g"), q(inside, "a"), q(f"end_{word}"), AGE], choices=YES_NO)
    assert [(one.code, one.row) for one in result.errors] == [("type_unsupported", row(0))]


@pytest.mark.parametrize(
    ("pattern", "read"),
    [(r"^\p{L}+$", True), (r"^[\p{L}\p{M} ]+$", True), (r"(?<n>a)", True), (r"^\+?212[5-7]\d{8}$", True), (r"(\w)\1", False),
     (r"(?<!a)b", False), (r"(?i)abc", False), (r"[0-9", False), (r"\d{1,2000}", False)],
)  # fmt: skip
def test_a_pattern_is_refused_exactly_where_the_engine_does_not_read_it(pattern, read):
    """One that the engine did not read would hold for every answer."""
    findings = compiled([q("text", "a", constraint=f"regex(., '{pattern}')")]).errors
    assert [one.code for one in findings] == ([] if read else ["regex_bad"])


def test_a_warning_without_words_is_remarked_in_each_language():
    said = {"bind::ci:expect": ". < 9", "bind::ci:expect-message-ar": "كثير"}
    settings = [SETTINGS | {"namespaces": 'ci="urn:cooperative-instruments:1"'}]
    [finding] = found([q("integer", "a") | said], "expect_silent", settings=settings)
    assert (finding.sheet, finding.row, finding.details) == ("survey", FIRST_ROW, {"name": "a", "language": "fr"})


def test_mistakes_of_the_other_sheets_are_named_there():
    assert found([AGE], "setting_missing", settings=[{"form_id": "essai"}])[0].details == {"name": "version"}
    assert (
        found([AGE], "setting_bad", settings=[SETTINGS | {"form_id": "mon formulaire"}])[0].details["value"] == "mon formulaire"
    )
    by_language = SETTINGS | {"form_title::Français (fr)": "Visite"}
    assert found([AGE], "setting_by_language", settings=[by_language])[0].details == {"name": "form_title::Français (fr)"}
    twice = found([OK], "choice_twice", choices=YES_NO + choices("yes_no", "yes"))[0]
    assert (twice.sheet, twice.details) == ("choices", {"name": "yes", "first": twice.row - 2})
    spaced = found([q("select_multiple l", "a")], "choice_space", choices=choices("l", "a b", "c"))[0]
    assert (spaced.sheet, spaced.details["name"]) == ("choices", "a b")
    assert (
        found([OK], "choice_name", choices=[*YES_NO, {"list_name": "yes_no", AR: "ربما", FR: "Peut-être"}])[0].sheet == "choices"
    )
    entities = [{"list_name": "cooperatives", "label": "${nom}"}]
    saved = [q("text", "nom", save_to="groups#nom")]
    undeclared = found(saved, "entity_undeclared", entities=entities)[0]
    assert (undeclared.sheet, undeclared.row, undeclared.details) == ("survey", row(0), {"name": "groups"})
    assert found(saved, "entity_none")[0].code == "entity_none"
    condition = [{"list_name": "cooperatives", "label": "${nom}", "create_if": "${numm} = ''"}]
    assert found([q("text", "nom", save_to="nom")], "question_unknown", entities=condition)[0].sheet == "entities"


def test_a_form_without_one_of_the_languages_is_remarked_on():
    only_french = {"type": "integer", "name": "age", FR: "Âge"}
    assert found([only_french], "language_missing")[0].details == {"language": "العربية"}
    assert found([{"type": "integer", "name": "age", "label": "Âge"}], "languages_none", choices=[])[0].level == "warning"


def test_a_prefix_that_the_form_does_not_declare_is_named():
    marked = [q("text", "a", **{"bind::ci:role": "subject"})]
    finding = found(marked, "namespace_missing")[0]
    assert (finding.level, finding.sheet, finding.column) == ("error", "survey", "bind::ci:role")
    assert finding.details["wanted"] == 'ci="urn:cooperative-instruments:1"'
    assert not compiled([q("text", "a", **{"bind::jr:preload": "uid"})]).errors


def test_last_saved_names_a_question_of_the_form():
    assert found([q("text", "a", default="${last-saved#aa}")], "question_unknown")[0].details["name"] == "aa"
    survey = [
        q("text", "a", default="${last-saved#a}"),
        q("text", "b"),
        q("calculate", "c", calculation="${last-saved#b} = ${b}"),
    ]
    package = compiled(survey).package
    assert package["datasets"]["__last-saved"] == {"kind": "last-saved", "names": ["a", "b", "data"]}


def test_a_column_that_stands_twice_or_is_missing_is_named():
    assert found([{"type": "text", "nom": "a", AR: "a", FR: "a"}], "column_missing")[0].details == {"name": "name"}
    assert found([q("text", "a", Name="b")], "column_twice")[0].column == "Name"


@pytest.mark.parametrize(
    "constraint",
    [
        ". >= 0 and (${age} = '' or . <= ${age})",
        "not(${age} != '') or . <= ${age}",
        ". <= coalesce(${age}, 100)",
        ". <= if(${age} = '', 100, ${age})",
        ". = 'x' or ${age} > 3",
        "string-length(.) < 5",
    ],
)
def test_a_constraint_that_holds_while_the_other_answer_is_blank_is_not_remarked_on(constraint):
    assert "constraint_blank" not in {one.code for one in compiled([AGE, q("text", "b", constraint=constraint)]).warnings}


def test_a_constraint_may_lean_on_a_required_question():
    survey = [AGE | {"required": "yes"}, q("integer", "b", constraint=". <= ${age}")]
    assert "constraint_blank" not in {one.code for one in compiled(survey).warnings}
    hidden = [OK, AGE | {"required": "yes", "relevant": "${ok} = 'yes'"}, q("integer", "b", constraint=". <= ${age}")]
    assert "constraint_blank" in {one.code for one in compiled(hidden, choices=YES_NO).warnings}


def test_arguments_that_go_two_and_two_are_counted():
    survey = [
        q("begin_repeat", "r"),
        q("integer", "n"),
        q("end_repeat"),
        q("calculate", "c", calculation="indexed-repeat(${n}, ${r}, 1, ${r})"),
    ]
    assert found(survey, "function_arity")[0].details == {"name": "indexed-repeat", "given": 4, "wanted": "3, 5, 7"}
    weighted = [q("calculate", "c", calculation="weighted-checklist(1, 2, 1, 2, 3)")]
    assert found(weighted, "function_arity")[0].details["wanted"] == "4, 6, 8…"


def test_a_reference_out_of_its_repeat_is_seen_in_texts_and_triggers_too():
    survey = [q("begin_repeat", "r"), AGE, q("end_repeat"), q("note", "n") | {AR: "العمر ${age}", FR: "Âge ${age}"}]
    assert [(one.row, one.details["name"]) for one in found(survey, "outside_repeat")] == [(row(3), "age")]
    inside = [q("begin_repeat", "r"), AGE, q("note", "n") | {AR: "العمر ${age}", FR: "Âge ${age}"}, q("end_repeat")]
    assert not compiled(inside).warnings
    triggered = [q("begin_repeat", "r"), AGE, q("end_repeat"), OK, q("calculate", "c", trigger="${ok}", calculation="${age} + 1")]
    assert found(triggered, "outside_repeat")[0].row == row(4)


def test_columns_of_a_csv_list_are_known():
    lists = {"souks": [{"name": "1", "label": "سوق", "label_fr": "Souk", "province": "B"}]}
    survey = [q("select_one_from_file souks.csv", "s", choice_filter="provnce = 'B'")]
    finding = next(one for one in compiled(survey, lists).warnings if one.code == "list_column_unknown")
    assert (finding.row, finding.column, finding.details["near"]) == (row(0), "choice_filter", "province")
    pulled = [survey[0] | {"choice_filter": ""}, q("calculate", "c", calculation="pulldata('souks', 'day', 'name', ${s})")]
    assert [one.details["value"] for one in compiled(pulled, lists).warnings if one.code == "list_column_unknown"] == ["day"]
    right = [q("select_one_from_file souks.csv", "s", choice_filter="province = 'B' and label_fr != ''")]
    assert not compiled(right, lists).warnings


def test_a_number_is_not_compared_with_what_is_never_one():
    place = [q("geopoint", "g"), q("text", "b", relevant="${g} > 3")]
    assert found(place, "type_mismatch")[0].details == {"name": "g", "type": "geopoint", "value": "3"}
    assert found([OK, q("text", "b", relevant="${ok} = 1")], "choice_unknown")[0].details["value"] == "1"
    coded = choices("level", "1", "2")
    numbered = [q("select_one level", "l"), q("text", "b", relevant="${l} > 1")]
    assert not compiled(numbered, choices=coded).warnings


# code: what the second question asks of the first, the words that name it
NEVER_WORKS = {
    "kinds_differ": [
        ("integer", "${a} = ${d}"),
        ("date", "${a} > ${n}"),
        ("text", "${a} < ${d}"),
        ("geopoint", "${a} >= ${n}"),
        ("select_one yes_no", "${a} = ${n}"),
        ("image", "${a} = ${d}"),
    ],
    "answer_counted": [
        ("text", "${a} * 2 > 1"),
        ("select_one yes_no", "${a} + 1 = 2"),
        ("text", "today() - ${a} > 18"),
        ("geopoint", "-${a} < 0"),
    ],
    "word_counted": [("integer", "${a} + 'dh' = 2")],
    "number_read": [("text", "round(${a}, 1) = 2"), ("image", "max(${a}) > 1"), ("select_multiple yes_no", "int(${a}) = 1")],
    "date_read": [("text", "format-date(${a}, '%Y') = '2026'"), ("time", "decimal-date-time(${a}) > 1")],
    "time_read": [("integer", "decimal-time(${a}) > 0.5")],
    "place_read": [("integer", "area(${a}) > 10"), ("date", "distance(${a}) > 10")],
    "truth_compared": [("select_multiple yes_no", "selected(${a}, 'yes') = 'false'")],
    "count_compared": [("text", "string-length(${a}) > 'dix'")],
    "condition_bare": [("acknowledge", "${a} = true()")],
    "type_mismatch": [("text", "${a} > 5"), ("date", "${a} > 2020"), ("time", "${a} < '25:00'")],
}


@pytest.mark.parametrize("code", NEVER_WORKS)
def test_what_no_answer_makes_work_is_remarked_on_at_its_place(code):
    for kind, relevant in NEVER_WORKS[code]:
        survey = [q(kind, "a"), q("integer", "n"), q("date", "d"), q("text", "b", relevant=relevant)]
        [finding] = found(survey, code)
        assert (finding.level, finding.row, finding.column) == ("warning", row(3), "relevant")


@pytest.mark.parametrize(
    ("kind", "relevant"),
    [
        ("text", "${a} = '12' and string-length(${a}) > 2"),
        ("date", "today() - ${a} > 18 and ${a} < '2026-01-01' and ${a} > 20000"),
        ("time", "${a} < '12:30' and ${a} > '23:59:00.000+01:00'"),
        ("select_multiple level", "selected(${a}, 1)"),
        ("select_one level", "${a} * 2 > 3 and ${a} > ${n}"),
        ("decimal", "${a} > ${n} and ${a} = ${n}"),
        ("date", "${a} <= ${d}"),
        ("calculate", "${a} * 2 > 3 and round(${a}, 1) = 2 and ${a} = ${d}"),
        ("select_multiple level", "selected(${a}, '1') = 'true'"),
        ("geopoint", "distance(${a}, '33 -5') > 3 and ${a} != ''"),
        ("date", "format-date(${a}, '%Y') - 1 > 2000"),
    ],
)
def test_what_some_answer_makes_work_is_not_remarked_on(kind, relevant):
    first = q(kind, "a", calculation="1") if kind == "calculate" else q(kind, "a")
    survey = [first, q("integer", "n"), q("date", "d"), q("text", "b", relevant=relevant)]
    assert not compiled(survey, choices=choices("level", "1", "2")).warnings


def test_a_text_of_digits_counts():
    survey = [q("text", "a", appearance="numbers"), q("text", "b", relevant="${a} * 2 > 3 and ${a} > 1")]
    assert not compiled(survey).warnings


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("integer", "dix", "default_none"),
        ("date", "2026", "default_none"),
        ("time", "midi", "default_none"),
        ("select_one yes_no", "oui", "choice_unknown"),
        ("integer", "12", ""),
        ("date", "2026-11-26", ""),
        ("time", "10:30", ""),
        ("select_multiple yes_no", "yes no", ""),
        ("text", "oui", ""),
        ("geopoint", "33.5 -5.1 0 0", ""),
    ],
)
def test_a_default_that_is_no_answer_is_remarked_on(kind, value, code):
    findings = compiled([q(kind, "a", default=value)], choices=YES_NO).warnings
    assert [(one.code, one.row, one.column) for one in findings] == ([(code, row(0), "default")] if code else [])


def test_a_calculation_that_is_no_answer_is_remarked_on():
    survey = [AGE, q("integer", "n", calculation="if(${age} > 3, 'beaucoup', 1)")]
    assert found(survey, "default_none")[0].column == "calculation"


def test_a_running_total_is_no_cycle():
    survey = [
        q("begin_repeat", "r"),
        q("integer", "n"),
        q("calculate", "t", calculation="${n} + coalesce(indexed-repeat(${t}, ${r}, position(..) - 1), 0)"),
        q("end_repeat"),
    ]
    assert not compiled(survey).errors


def test_a_group_that_its_own_question_shows_is_a_cycle():
    survey = [q("begin_group", "g", relevant="${a} = 'x'"), q("text", "a"), q("end_group")]
    assert found(survey, "cycle")[0].details["path"] == "g → g"


def test_calculations_stand_after_what_they_read():
    survey = [
        q("calculate", "c", calculation="${b} * 2"),
        q("note", "n", relevant="${c} > 3"),
        q("calculate", "b", calculation="count(${r})"),
        q("begin_group", "g", relevant="${c} > 1"),
        AGE,
        q("begin_repeat", "r", repeat_count="${rows}"),
        q("text", "x"),
        q("end_repeat"),
        q("end_group"),
        q("integer", "rows"),
    ]
    survey[3]["relevant"] = "${rows} > 1"
    package = compiled(survey).package
    order = [package["nodes"][at]["name"] for at in package["order"]]
    assert order.index("g") < order.index("r") < order.index("b") < order.index("c") < order.index("n")


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        ("^[0-9]{15}$", False),
        (r"^\+212[5-8][0-9]{8}$", False),
        (r"^[^@ ]+@[^@ ]+\.[^@ ]+$", False),
        ("^([0-9]{2}-)*[0-9]+$", False),
        ("(a+)+", True),
        ("^(a|b+)*$", True),
        (r"^(\(a+\))?$", False),
        ("([a-z]+[0-9]?)+", True),
        ("(x(y*)z)+", False),
        (r"[(a+)+]", False),
        ("(a|a)*", True),
        ("(a|ab)*", False),
        ("(a*)*", True),
        ("(.*)+x", True),
        ("([a-z]+-)*[a-z]+", False),
        (r"^([A-Za-z]+\s?)+$", True),
        (r"^(\d{1,3},)*\d{3}$", False),
        ("(a{1,2})+b", True),
        (r"^[a-zA-Z]+(([' -][a-zA-Z ])?[a-zA-Z]*)*$", True),
        ("^(?:[01]\\d|2[0-3]):[0-5]\\d$", False),
        ("(?=.*a)(?=.*b).+", False),
        ("(" * 60 + "a+" + ")*" * 60, True),
        ("(a?b?c?d?e?f?g?)*" * 10, True),
        ("(a?)*", False),
        ("(" + "|".join(f"w{i}" for i in range(300)) + ")+", False),
        ("[", False),
    ],
)
def test_patterns_that_may_never_end_are_known(pattern, slow):  # BI-06
    assert is_slow(pattern) is slow


def test_what_the_converter_says_is_kept_where_we_have_no_words():
    result = compiled([q("range", "a", parameters="start=0 end=10 step=0"), AGE])
    assert [one.code for one in result.errors] == ["parameter_bad"]
    other = from_pyxform("[row : 2] On the 'survey' sheet, the 'parameters' value is invalid. Something new.", result.workbook)
    assert (other.code, other.sheet, other.row, other.column) == ("converter", "survey", row(0), "parameters")
    assert "Something new" in other.details["text"]


def test_a_question_that_says_nothing_is_shown_where_it_stands():
    result = compiled([AGE, {"type": "integer", "name": "mute"}])
    assert [(one.code, one.sheet, one.row, one.details["name"]) for one in result.errors] == [
        ("question_unlabelled", "survey", row(1), "mute")
    ]


@pytest.mark.sqlite_only
def test_every_message_can_be_shown_in_both_languages(app):
    from app.instruments.findings import Finding

    names = "limit kind name value first other type list language wanted near given path pattern found text repeat function"
    details = dict.fromkeys([*names.split(), "choices", "columns", "reason"], "x")
    shown = {}
    for language in ("ar", "fr"):
        with app.test_request_context(), force_locale(language):
            shown[language] = {
                code: (Finding("error", code, details=details).message, Finding("error", code, details=details).mend)
                for code in MESSAGES
            }
    for code, texts in shown["ar"].items():
        assert texts != shown["fr"][code], code
        assert all("%(" not in text for text in texts), code


def test_a_list_that_a_row_names_is_read():
    rule = q("calculate", "c", calculation="instance('cooperatives')/root/item[name = ${age}]/label")
    assert not compiled([q("csv-external", "cooperatives"), AGE, rule]).errors


# What another language writes, the word that rules write there.
OTHER_LANGUAGES = {
    "${age} > 3 & ${age} < 9": "and",
    "${age} > 3 || ${age} < 9": "or",
    "${age} == 3": "=",
    "${age} <> 3": "!=",
    "!(${age} = 3)": "not(…)",
    "${age} > 3 AND ${age} < 9": "and",
    "${age} % 2 = 0": "mod",
    "${age} / 2 = 1": "div",
    "${age} > 3,5": ".",
    "if(${age} > 3; 1; 2) = 1": ",",
}


@pytest.mark.parametrize("rule", OTHER_LANGUAGES)
def test_the_operator_of_another_language_is_answered_with_that_of_rules(rule):
    assert found([AGE, q("text", "b", relevant=rule)], "expression_unexpected")[0].details["instead"] == OTHER_LANGUAGES[rule]


@pytest.mark.parametrize(
    ("rule", "code", "near"),
    [("If(${age} > 3, 1, 2) = 1", "function_unknown", "if"), ("today > ${age}", "question_unknown", "today()")],
)
def test_a_function_in_capitals_or_without_brackets_is_recognised(rule, code, near):
    assert found([AGE, q("text", "b", relevant=rule)], code)[0].details["near"] == near


def test_a_comment_between_the_questions_is_left_out_and_said():
    survey = [AGE, {"type": "", "name": "", "remarks": "ask the team"}, q("text", "b")]
    result = compiled(survey)
    assert [(one.level, one.code, one.row) for one in result.errors + result.warnings] == [("warning", "row_skipped", row(1))]


def test_columns_of_notes_beside_the_choices_are_left_out_and_said():
    """Their headings are no names of elements: the XForm with them could not be read."""
    noted = [one | {"prix (dh)": "3", "note::fr": "x", "2020": "y", "$kuid": "ab12"} for one in YES_NO]
    result = compiled([OK], choices=noted)
    assert not result.errors
    assert [(one.code, one.sheet, one.column) for one in result.warnings] == [
        ("choice_column", "choices", column) for column in ("prix (dh)", "note::fr", "2020")
    ]
    kept = compiled([q("select_one yes_no", "a", choice_filter="prix = '3'")], choices=[one | {"prix": "3"} for one in YES_NO])
    assert not kept.errors + kept.warnings


def test_headings_are_read_in_capitals_and_with_the_single_colons_of_earlier_years():
    listed = [{"List Name": "yes_no", "Name": "yes", "Label:Arabic": "نعم", "Label:French": "Oui"}]
    survey = [{"Type": "select_one yes_no", "Name": "a", "Label:Arabic": "س", "Label:French": "Q", "bind:relevant": "1 > 2"}]
    settings = [{"Form ID": "essai", "Version": "1", "Default Language": "Arabic"}]
    result = compiled(survey, choices=listed, settings=settings)
    assert not result.errors + result.warnings
    assert result.package["languages"] == ["ar", "fr"]
    assert "relevant" in result.package["nodes"][1]


@pytest.mark.parametrize("kind", ["lgroup", "looped group"])
def test_the_earlier_names_of_a_repeat_are_repeats(kind):
    result = compiled([q(f"begin {kind}", "r"), AGE, q(f"end {kind}")])
    assert not result.errors
    assert [one["kind"] for one in result.package["nodes"] if one["name"] == "r"] == ["repeat"]


def test_choices_that_name_no_language_are_remarked_on_unless_they_are_numbers():
    plain = [{"list_name": "yes_no", "name": "yes", "label": "Oui"}]
    assert [one.sheet for one in found([OK], "languages_none", choices=plain)] == ["choices"]
    numbers = [{"list_name": "yes_no", "name": str(one), "label": str(one)} for one in range(3)]
    assert not compiled([OK], choices=numbers).warnings
    one = [{"list_name": "yes_no", "name": "yes", AR: "نعم"}]
    assert [(one.sheet, one.details) for one in found([OK], "columns_missing", choices=one)] == [
        ("choices", {"language": "Français (fr)", "columns": "label"})
    ]


def test_a_rule_of_a_number_of_rows_of_a_predicate_or_of_the_title_is_placed_where_it_was_written():
    counted = [q("begin_repeat", "r", repeat_count="if(regex(${nom}, '(x+)+'), cout(${nom}), 1)"), AGE, q("end_repeat")]
    unknown = found([q("text", "nom"), *counted], "function_unknown")
    assert [(one.row, one.column) for one in unknown] == [(row(1), "repeat_count")]
    counted[0]["repeat_count"] = "if(regex(${nom}, '(x+)+'), 2, 1)"
    assert [(one.row, one.column) for one in found([q("text", "nom"), *counted], "regex_slow")] == [(row(1), "repeat_count")]
    titled = [SETTINGS | {"instance_name": "concatt(${age}, 1)"}]
    title = found([AGE], "function_unknown", settings=titled)[0]
    assert (title.sheet, title.column) == ("settings", "instance_name")
    assert title.row > 0
    filtered = [q("begin_repeat", "r"), AGE, q("end_repeat"), q("select_one yes_no", "a", choice_filter="w = ${age}")]
    weighed = [one | {"w": "1"} for one in YES_NO]
    out = found(filtered, "outside_repeat", choices=weighed)
    assert [(one.row, one.column, one.details["name"]) for one in out] == [(row(3), "choice_filter", "age")]
    own = [*filtered[:2], filtered[3], filtered[2]]
    assert not compiled(own, choices=weighed).warnings


def test_words_of_choices_and_of_the_title_name_questions_that_are_there():
    named = [one | {FR: "Oui ${agee}"} for one in YES_NO]
    finding = found([AGE, OK], "question_unknown", choices=named)[0]
    assert (finding.sheet, finding.column, finding.details["near"]) == ("choices", FR, "age")


@pytest.mark.parametrize(
    ("other", "rule", "blocks"),
    [
        ({}, ". <= ${age}", True),
        ({"relevant": "${age} != ''"}, ". <= ${age}", False),
        ({"relevant": "${age} > 0"}, ". <= ${age}", False),
        ({"relevant": "${age} = ''"}, ". <= ${age}", True),
        ({}, ". <= if(${age} = '', 9, ${age})", False),
        ({}, ". <= if(${ok} = 'yes', ${age}, 9)", True),
        ({}, ". = ${age}", True),
        ({}, ". != ${age}", False),
    ],
)
def test_a_constraint_blocks_where_the_question_is_asked_while_the_other_is_blank(other, rule, blocks):
    result = compiled([OK, AGE, q("integer", "b", constraint=rule, **other)], choices=YES_NO)
    assert [one.code for one in result.warnings] == ["constraint_blank"] * blocks


def test_a_language_named_in_two_ways_is_one():
    """As two, the labels of the one would be those that the other lacks."""
    listed = [{"list_name": "yes_no", "name": "yes", "label::Arabe": "نعم", "label::French(FR)": "Oui"}]
    result = compiled(
        [q("select_one yes_no", "a", **{"hint::fr": "Conseil", "hint::Arabic (ar-MA)": "تلميح"})],
        choices=listed,
        settings=[SETTINGS | {"default_language": "fr"}],
    )
    assert not result.errors + result.warnings
    assert result.package["languages"] == ["fr", "ar"]
    asked = result.package["nodes"][1]
    assert (asked["label"], asked["hint"]) == ({"ar": "سؤال a", "fr": "Question a"}, {"ar": "تلميح", "fr": "Conseil"})
    assert result.package["lists"]["yes_no"][0]["label"] == {"ar": "نعم", "fr": "Oui"}


def test_a_sheet_with_nearly_the_right_name_is_named():
    """Its choices would be missed without a word where no question picks from them by name."""
    remarks = compiled([AGE], Choice=YES_NO).warnings
    assert [(one.code, one.sheet, one.details) for one in remarks] == [
        ("sheet_near", "Choice", {"name": "choices", "other": "Choice"})
    ]
    assert not compiled([AGE], _choices=YES_NO, notes=YES_NO).warnings


def test_two_headings_of_one_column_are_placed_at_the_second():
    finding = found([q("text", "a", relevant="1 > 2", relevance="")], "column_twice")[0]
    assert (finding.sheet, finding.row, finding.column) == ("survey", FIRST_ROW - 1, "relevance")


@pytest.mark.parametrize("rule", ["${age} = 'x' ${age}", "3 ${age}", "'x'/age = 1"])
def test_two_values_with_nothing_between_them_are_no_rule(rule):
    assert found([AGE, q("text", "b", relevant=rule)], "expression_unexpected")[0].column == "relevant"


@pytest.mark.parametrize("rule", ["jr:choice-name(${ok}, '${ok}')", "jr:itext('/data/ok:label')", "concat('/data', ${ok})"])
def test_a_path_that_is_read_as_such_may_be_quoted(rule):
    assert not compiled([OK, q("calculate", "c", calculation=rule)], choices=YES_NO).warnings
