"""The syntax of the browser's scripts, as tree-sitter reads it."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Parser, Query


@cache
def reader(query: str) -> tuple[Parser, Query]:
    """A parser, and a query of the syntax for what is looked for."""
    language = Language(tree_sitter_javascript.language())
    return Parser(language), Query(language, query)
