"""Keeping a programme's declared home."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.db import db
from app.panels.models import Home
from app.registry.models import Programme


def replace(programme: Programme, panels: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """The home that the programme has from now on; none leaves it the one made of what it has. The caller commits.

    panels  as in home.json, after declarations.read() has found nothing wrong with them
    """
    home = db.session.get(Home, programme.id)
    if not panels:
        if home is not None:
            db.session.delete(home)
        return
    if home is None:
        home = Home(programme_id=programme.id)
        db.session.add(home)
    home.panels, home.updated_at = list(panels), now
