"""The grammar of expressions, and what they depend on (docs/package.md, "Expression")."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.instruments.xpath import XPathError, parse, rebase
from tests.instruments.forms import YES_NO, compiled, node, q, reads

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "odk-xpath.jsonl"


def child(*names: str) -> list[object]:
    return ["path", ".", [["child", name, []] for name in names]]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 - 2 - 3", ["-", ["-", ["num", 1], ["num", 2]], ["num", 3]]),
        ("1 + 2 * 3", ["+", ["num", 1], ["*", ["num", 2], ["num", 3]]]),
        ("a or b and c = d", ["or", child("a"), ["and", child("b"), ["=", child("c"), child("d")]]]),
        ("div div mod", ["div", child("div"), child("mod")]),
        ("* * *", ["*", child("*"), child("*")]),
        ("a-b - c", ["-", child("a-b"), child("c")]),
        ("-.5", ["neg", ["num", 0.5]]),
        ('"it\'s"', ["str", "it's"]),
        ("a/b", child("a", "b")),
        ("/", ["path", "/", []]),
        ("//a", ["path", "/", [["descendant-or-self", "node()", []], ["child", "a", []]]]),
        (
            ". >= ../b",
            [">=", ["path", ".", [["self", "node()", []]]], ["path", ".", [["parent", "node()", []], ["child", "b", []]]]],
        ),
        ("f(a, 1)[2]", ["filter", ["fn", "f", child("a"), ["num", 1]], [["num", 2]]]),
        ("jr:choice-name(a, 'b')", ["fn", "jr:choice-name", child("a"), ["str", "b"]]),
        ("a | b", ["|", child("a"), child("b")]),
        ("@id", ["path", ".", [["attribute", "id", []]]]),
        (
            "instance('c')/root/item[name = current()/../x]/y",
            [
                "path",
                ["fn", "instance", ["str", "c"]],
                [
                    ["child", "root", []],
                    [
                        "child",
                        "item",
                        [["=", child("name"), ["path", ["fn", "current"], [["parent", "node()", []], ["child", "x", []]]]]],
                    ],
                    ["child", "y", []],
                ],
            ],
        ),
    ],
)
def test_an_expression_becomes_its_tree(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "what", "position"),
    [
        ("1 +", "unfinished", 3),
        ("if(a, b", "unfinished", 7),
        ("a b", "unexpected", 2),
        ("$a", "variable", 0),
        ("a = 'x", "unclosed", 4),
        ("foo::a", "unexpected", 0),
        ("a ! b", "unexpected", 2),
        ("(" * 3000 + "1" + ")" * 3000, "too_deep", None),
        (" + ".join(["1"] * 5000), "too_deep", None),
        ("1" * 50_000, "too_long", None),
    ],
)
def test_an_error_says_what_and_where(text, what, position):
    with pytest.raises(XPathError) as caught:
        parse(text)
    assert caught.value.what == what
    if position is not None:
        assert caught.value.position == position


@pytest.mark.skipif(not VECTORS.exists(), reason="the recorded cases are not at hand")
def test_every_expression_of_the_public_suite_is_read():
    cases = [json.loads(line)["expr"] for line in VECTORS.read_text("utf-8").splitlines()]
    refused = []
    for text in cases:
        try:
            parse(text)
        except XPathError:
            refused.append(text)
    # Operators without a space after them are an error in XPath 1.0.
    assert refused == ["1 or1"]
    assert len(cases) > 600


def test_a_rule_reads_the_same_row_or_all_rows():
    found = compiled(
        [
            q("integer", "limit"),
            q("begin_repeat", "part"),
            q("text", "p_name"),
            q("integer", "p_age", constraint=". <= ${limit}"),
            q("note", "p_twice", relevant="${p_name} != '' and count(${part}[p_name = current()/../p_name]) > 1"),
            q("begin_repeat", "day"),
            q("select_one yes_no", "there"),
            q("end_repeat"),
            q("note", "p_away", relevant="count(${day}[there = 'no']) > 0"),
            q("end_repeat"),
            q("calculate", "ages", calculation="sum(${p_age})"),
            q("calculate", "people", calculation="count(${part})"),
        ],
        choices=YES_NO,
    )
    package = found.package
    assert not found.errors
    assert reads(package, "p_age", "constraint") == {"limit": "same", "p_age": "same"}
    assert reads(package, "p_twice", "relevant") == {"part": "same", "p_name": "all"}
    assert reads(package, "p_away", "relevant") == {"day": "same", "there": "same"}
    assert reads(package, "ages", "calculation") == {"part": "same", "p_age": "same"}
    assert reads(package, "people", "calculation") == {"part": "same"}


def test_a_choice_name_reads_the_question_and_its_list():
    found = compiled(
        [
            q("select_one_from_file cooperatives.csv", "coop"),
            q("calculate", "coop_name", calculation="jr:choice-name(${coop}, '${coop}')"),
            q("calculate", "when", calculation="today()"),
        ]
    )
    expression = found.package["expressions"][node(found.package, "coop_name")["calculation"]]
    assert reads(found.package, "coop_name", "calculation") == {"coop": "same"}
    assert expression["lists"] == ["cooperatives"]
    assert found.package["expressions"][node(found.package, "when")["calculation"]]["volatile"]


def test_conditions_of_entities_are_moved_to_their_scope():
    tree = parse("../../../p_person = '' and instance('c')/root/item[name = current()/../../../x] != ''")
    assert rebase(tree, 3) == parse("p_person = '' and instance('c')/root/item[name = current()/x] != ''")
