"""Fingerprints of what a result was computed from."""

import hashlib
from pathlib import Path


def fingerprint(path: Path) -> str:
    """Give the first 16 hexadecimal digits of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
