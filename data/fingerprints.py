"""Fingerprints: of a text, to know it again without showing it; of a file, to say what a result was computed from."""

import hashlib
from pathlib import Path

from .cleaning import clean
from .kinds import split_part


def text_fingerprint(text: str) -> str:
    """Give the SHA-256 of a text as the model would read it, in hexadecimal."""
    return clean_fingerprint(clean(text))


def clean_fingerprint(text: str) -> str:
    """Give the :func:`text_fingerprint` of a text that is clean already."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_fingerprint(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal; of a workbook or database as a whole, whatever part is named."""
    with split_part(str(path))[0].open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
