"""A form's field for places by name."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from wtforms import Field

from app.registry import places


class PlacesField(Field):  # type: ignore[misc]
    """Several places, each in a field of its own that offers names; `data` is their codes."""

    ROOM = 3  # empty fields for more places

    data: list[str]
    typed: list[str]

    def process_data(self, value: Any) -> None:
        self.data, self.typed = list(value or []), []

    def process_formdata(self, valuelist: list[str]) -> None:
        # A picked place is one value; codes alone may stand in one field, with spaces between.
        self.typed = [one.strip() for one in valuelist if one.strip()]
        self.data = []
        unknown = []
        for text in self.typed:
            parts = re.split(r"[\s,;،]+", text) if re.fullmatch(r"[0-9.,;،\s]+", text) else [text]
            for part in parts:
                code = places.code_of(part)
                if code is None:
                    unknown.append(part[:60])
                else:
                    self.data.append(code)
        self.data = sorted(set(self.data))
        if unknown:
            raise ValueError(_("No single place has this name: %(name)s. Choose one from the list.", name=unknown[0]))

    def boxes(self, language: str) -> list[str]:
        """What each field shows: what was typed, else the places held, then empty ones."""
        held = self.typed or [f"{places.full_name(code, language)} · {code}" for code in self.data or []]
        return [*held, *[""] * self.ROOM]
