"""Files that are really on the disk: what is written, and the name it stands under."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """A file's bytes, or the names in a folder, to stable storage."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
