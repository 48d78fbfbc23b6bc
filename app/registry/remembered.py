"""What the store counted of a programme's records, kept until one of them changes.

Counting tens of thousands of records by what they say reads every one of them, and a home does it for several panels, for each
of its readers, mostly of records that nobody has touched since. Each process keeps its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.registry.models import Entity

MOST_ROWS = 200_000  # of all answers together
KEPT_ITSELF = 100  # rows that a question and an answer without any weigh

# {(database, programme, question with its values): (last change of a record, answer)}, the longest unasked first
_kept: OrderedDict[tuple[str, ...], tuple[int, list[Any]]] = OrderedDict()
_lock = threading.Lock()


def rows_of(programme_id: str, query: sa.Select[Any]) -> list[Any]:
    """The rows of a query that reads nothing but records of this programme. What a reader may see is part of the query."""
    compiled = query.compile(dialect=db.engine.dialect)
    key = (str(db.engine.url), programme_id, str(compiled), repr(sorted(compiled.params.items())))
    # Read before the rows: a change between the two makes them newer than said, and they are read again.
    last = int(db.session.scalar(sa.select(sa.func.max(Entity.seq)).where(Entity.programme_id == programme_id)) or 0)
    with _lock:
        found = _kept.get(key)
        if found is not None and found[0] == last:
            _kept.move_to_end(key)
            return found[1]
    rows = [tuple(row) for row in db.session.execute(query)]
    with _lock:
        _kept[key] = (last, rows)
        _kept.move_to_end(key)
        while sum(len(one) + KEPT_ITSELF for _last, one in _kept.values()) > MOST_ROWS:
            _kept.popitem(last=False)
    return rows
