"""Which words of the browser's code reach the translators."""

from io import BytesIO

from app.core.catalogues import KEYWORDS, extract_script


def found(text: str) -> list[list[str | None]]:
    return [messages for _, _, messages, _ in extract_script(BytesIO(text.encode()), KEYWORDS, [], {})]


def test_words_inside_nested_templates_are_found() -> None:
    script = (
        'html`<ul>${rows.map((row) => html`<li title=${t("A row")}>'
        '${n("{n} day", "{n} days", row.count)}</li>`)}</ul> ${t("After")}`'
    )

    assert found(script) == [["A row"], ["{n} day", "{n} days", None], ["After"]]


def test_comments_methods_and_definitions_are_not_words() -> None:
    script = '// t("no")\nfunction t(text) {}\nthing.t("no");\nt("two " + "parts", { time: t("inner") });'

    assert found(script) == [["two parts", None], ["inner"]]
