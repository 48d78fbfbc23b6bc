"""Faults of a field season, brought about on purpose: `make faults`, not `make test`. Numbers: docs/reliability.md."""
