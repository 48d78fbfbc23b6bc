"""How a file says that its rows are those of a demonstration: in a last column, which real files do not have.

A column, and neither a line above the headings nor a sheet beside them: a program reads the file as before, and what it says
stays with each row when rows are sorted, filtered, cut out or pasted below others. docs/export.md, "Demonstrations".
"""

from __future__ import annotations

from typing import Final

CODE: Final = "demonstration"  # its heading where headings are codes
LABELS: Final = {"ar": "تجربة", "fr": "Démonstration"}
SAID: Final = {"ar": "معطيات للتجربة", "fr": "données de démonstration"}
