"""How a programme says what its home shows: panels declared as data, checked when they are loaded (docs/home.md)."""
