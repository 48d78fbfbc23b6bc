"""The comparison with another engine (`make compare-engines`, docs/conformance.md) stands on forms that work here, and its
report is of these forms."""

from __future__ import annotations

import pytest

from benchmarks.engines import compare


@pytest.fixture(scope="module")
def forms() -> list[compare.Form]:
    return compare.forms()


def test_twenty_forms_and_more_fill_without_a_failed_expression(forms: list[compare.Form]) -> None:
    compare.fill_here(forms)
    assert len(forms) >= 20
    for form in forms:
        assert [one for one in form.pictures["here"] if "error" in one] == [], form.name


def test_the_report_names_each_form_and_each_difference_that_is_meant(forms: list[compare.Form]) -> None:
    report = compare.REPORT.read_text("utf-8")
    for form in forms:
        assert f"| `{form.name}` | {form.title} | {len(form.steps)} |" in report
        for (path, what), why in form.explained.items():
            assert any(
                line.startswith(f"| `{form.name}` | `{path}` {what} |") and line.endswith(f"| {why} |")
                for line in report.splitlines()
            ), (form.name, path, what)
