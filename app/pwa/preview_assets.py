"""What a form on trial is shown with: the phone's modules on a store in memory (static/js/pages/preview.js).

The page brings its script, style and texts in itself: on a slow network one answer to wait for instead of two. What a form may
do without comes after it, as on a phone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from markupsafe import Markup

from app.core.languages import LANGUAGES
from app.pwa.assets import LIBRARIES, PARTS, STATIC, STYLES, Asset, scripts, state_of_tree, style, styled

ENTRY = STATIC / "js/pages/preview.js"
BROUGHT_LATER = PARTS | {"later": "js/form/later.js"}
# What is true of a phone and not of a trial is said otherwise; preview.js has these texts for the catalogues.
INSTEAD = {
    "Saved on the phone": "On trial: nothing is kept",
    "waits to be sent": "nothing is sent",
    "Form kept": "Form on trial",
    "Finishing keeps the form on this phone until it is received. Afterwards it can only change if the office returns it.": (
        "Finishing shows what would be sent."
    ),
    "Back to today": "What would be sent",
    "Leave, the draft is kept": "Leave the trial form",
}


@dataclass(frozen=True)
class Inline:
    """A text within a page, and what the page's policy must say to let it in."""

    text: Markup
    source: str


class Preview:
    """The files of one state of the tree; `files`: by the name under which a page asks for them later."""

    def __init__(self) -> None:
        (script, *parts), languages = scripts(ENTRY, BROUGHT_LATER, INSTEAD)
        self.files: dict[str, Asset] = {}
        later = [self._named(name, "javascript", text) for name, text in zip(BROUGHT_LATER, parts, strict=True)]
        later += [self._named(name, "css", style([f"{name}.css"])) for name in styled(BROUGHT_LATER)]
        later += [self._named(name, "javascript", (STATIC / path).read_text("utf-8")) for name, path in LIBRARIES.items()]
        texts = {language: self._named(language, "javascript", text) for language, text in languages.items()}
        self.style = _inline(style([*STYLES, "preview.css"]), "style")
        self.script = {language: _inline(f"{languages[language]}\n{script}", "script") for language in LANGUAGES}
        self.later = {language: [*later, *(name for other, name in texts.items() if other != language)] for language in LANGUAGES}

    def _named(self, name: str, kind: str, text: str) -> str:
        asset = Asset(text.encode(), f"text/{kind}; charset=utf-8", f"preview-{name}-{kind}")
        address = f"{name}.{asset.hash}.{'js' if kind == 'javascript' else kind}"
        self.files[address] = asset
        return address


def _inline(text: str, element: str) -> Inline:
    """Raises ValueError for a text that would end its element, or hide its end."""
    if re.search(rf"</?{element}", text, re.IGNORECASE):
        raise ValueError(f"<{element}> within a {element}")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inline(Markup(text), f"'sha256-{digest}'")  # noqa: S704 - our own files


_current: tuple[object, Preview] | None = None


def current() -> Preview:
    """The files as the tree is now. Phones never ask for them."""
    global _current
    state = state_of_tree()
    if _current is None or _current[0] != state:
        _current = (state, Preview())
    return _current[1]
