"""The feature matrix of docs/engine.md: every kind of question, appearance, parameter, function and setting, with a reason
where it does not work. Written from the tables by which forms are checked, questions drawn and rules computed."""

from __future__ import annotations

from pathlib import Path

from app.engine.host import functions
from app.instruments import kinds
from app.instruments.files import LIST_SUFFIXES
from app.instruments.lint import FUNCTIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engine.md"
HEAD = "## What works"
Table = list[tuple[str, ...]]


def said(reason: str) -> str:
    """A reason in the language of the source."""
    return str(kinds.REASONS[reason]._args[0])


def types() -> Table:
    """(kind, yes | falls back | no, reason)"""
    asked = sorted(set(kinds.drawn()) - {"*"}, key=str.lower)
    found: Table = [(one, "yes", "") for one in asked]
    for one in ("select_one_from_file", "select_multiple_from_file"):
        found.append((one, "yes", f"{', '.join(LIST_SUFFIXES)} sent with the form, or a list of records"))
    found += [("or_other", "yes", "")]
    found += [(one, "yes", "") for one in sorted(kinds.UNSEEN - set(kinds.BLANK), key=str.lower)]
    found += [(one, "falls back", said(why)) for one, why in kinds.BLANK.items()]
    return [*found, *((one, "no", said(why)) for one, why in kinds.UNSUPPORTED.items())]


def appearances() -> Table:
    """(kind, appearance, yes | falls back, reason)"""
    found: Table = []
    for kind in [*kinds.drawn()]:
        for word, widget in kinds.drawn()[kind].items():
            if word:
                found.append((kind, word, "yes", "the plain question does so always" if widget == "plain" else ""))
        found += [(kind, word, "falls back", said(why)) for word, why in kinds.FALLS_BACK.get(kind, {}).items()]
    return [*found, ("*", "search()", "no", said("search"))]


def parameters() -> Table:
    """(kind, parameter, yes | falls back, reason)"""
    return [
        (kind, name, "falls back" if why else "yes", said(why) if why else "")
        for kind, names in kinds.PARAMETERS.items()
        for name, why in names.items()
    ]


def settings() -> Table:
    """(setting, yes | falls back, reason)"""
    return [(name, "falls back" if why else "yes", said(why) if why else "") for name, why in kinds.SETTINGS.items()]


def refused_functions() -> list[str]:
    """Functions that the engine computes and the check does not let pass."""
    return sorted(set(functions()) - set(FUNCTIONS))


def _table(head: tuple[str, ...], rows: Table, *, words: tuple[int, ...]) -> list[str]:
    """Rows of a page; the cells of `words` are what an author writes."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [f"`{cell}`" if place in words else cell for place, cell in enumerate(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _by_verdict(rows: Table) -> Table:
    """Rows that say the same of the same kind, as one: (kind, words, verdict, reason)."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for kind, word, verdict, why in rows:
        found.setdefault((kind, verdict, why), []).append(f"`{word}`")
    return [(f"`{kind}`", " ".join(words), verdict, why) for (kind, verdict, why), words in found.items()]


def section() -> str:
    """The section of the page, in Markdown."""
    refused = ", ".join(f"`{name}`" for name in refused_functions())
    lines = [
        HEAD,
        "",
        "Written by `flask instrument matrix --write` from the tables by which forms are checked, questions drawn and rules",
        "computed. `tests/form/test_matrix.py` compares it with them and, in a browser, the tables with what is drawn. *Falls",
        "back*: the plain question is asked, or nothing happens; the form can be published, and `flask instrument check` says so",
        "with sheet, row and column.",
        "",
        "### Kinds of questions",
        "",
        *_table(("kind", "works", ""), types(), words=(0,)),
        "",
        "### Appearances",
        "",
        "`*`: on every question; `#`: any number.",
        "",
        *_table(("kind", "appearance", "works", ""), _by_verdict(appearances()), words=()),
        "",
        "### Parameters",
        "",
        *_table(("kind", "parameter", "works", ""), _by_verdict(parameters()), words=()),
        "",
        "### Settings",
        "",
        *_table(("setting", "works", ""), settings(), words=(0,)),
        "",
        f"Functions: yes, each of the section “Functions”{f', but for {refused}: refused at publication' if refused else ''}.",
        "",
    ]
    return "\n".join(lines)


def page_with(text: str) -> str:
    """The page with its section written anew."""
    before, found, after = text.partition(f"\n{HEAD}\n")
    rest = after.partition("\n## ")[2] if found else ""
    return before.rstrip("\n") + "\n\n" + section() + (f"\n## {rest}" if rest else "")
