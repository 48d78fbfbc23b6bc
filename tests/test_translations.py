"""Arabic and French are complete: every source string is translated, none is a guess, none has gone.

L1  the .po files hold exactly the strings of the sources
L2  no entry is empty or fuzzy; plural entries have every form of the language
L3  a translation keeps the placeholders of its source
L4  no text is asked for inside an f-string: with Python 3.11 nobody would find it there
"""

import ast
import re
from pathlib import Path

import pytest

from app.core import catalogues
from app.core.languages import LANGUAGES

APP = Path(__file__).resolve().parents[1] / "app"
GETTEXT = {"_", "gettext", "ngettext", "lazy_gettext"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def key(message):
    return message.id[0] if isinstance(message.id, list | tuple) else message.id


@pytest.fixture(scope="module")
def sources():
    return {key(message): message for message in catalogues.extracted() if message.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_exactly_the_strings_of_the_sources(language, sources):  # L1
    kept = {key(message) for message in catalogues.read(language) if message.id}
    assert not sources.keys() - kept, "not in the catalogue: run `python -m app.core.catalogues update` and translate"
    assert not kept - sources.keys(), "no longer in the sources: run `python -m app.core.catalogues update`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_translated(language):  # L2
    forms = catalogues.PLURALS[language][0]
    lacking = []
    for message in catalogues.read(language):
        if not message.id:
            continue
        if isinstance(message.id, list | tuple):
            whole = isinstance(message.string, list | tuple) and len(message.string) == forms and all(message.string)
        else:
            whole = bool(message.string)
        if not whole or message.fuzzy:
            lacking.append(key(message))
    assert not lacking


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_placeholders(language):  # L3
    wrong = []
    for message in catalogues.read(language):
        if not message.id:
            continue
        if isinstance(message.id, list | tuple):
            allowed = set().union(*(PLACEHOLDER.findall(text) for text in message.id))
            # "one" and "two" may be words: a number may be left out, never another name put in.
            if any(set(PLACEHOLDER.findall(text)) - allowed for text in message.string):
                wrong.append(key(message))
        elif set(PLACEHOLDER.findall(message.string)) != set(PLACEHOLDER.findall(message.id)):
            wrong.append(key(message))
    assert not wrong


def test_no_text_hides_in_an_f_string():  # L4
    hidden = [
        f"{path.relative_to(APP)}:{call.lineno}"
        for path in APP.rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in GETTEXT
    ]
    assert not hidden
