"""Programme packs: a programme as a folder of data, read strictly and loaded whole or not at all (docs/programmes.md)."""
