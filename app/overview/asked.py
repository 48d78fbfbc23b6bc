"""Answers that several panels of one page ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, has_request_context

Found = TypeVar("Found")


def once_a_page(key: tuple[Any, ...], find: Callable[[], Found]) -> Found:
    """`find()`, remembered for as long as the request; without one asked each time."""
    if not has_request_context():
        return find()
    answers: dict[Any, Any] = g.setdefault("asked_by_panels", {})
    if key not in answers:
        answers[key] = find()
    found: Found = answers[key]
    return found
