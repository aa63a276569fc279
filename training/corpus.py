"""Unlabelled posts for pretraining, cleaned, with the texts that scores are measured on kept out."""

import hashlib
import json
import logging
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..data.cleaning import clean
from ..data.errors import InputError
from ..data.fingerprints import text_fingerprint

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusText:
    """One cleaned text of a corpus: ``kind`` is post, comment, dialogue or sms."""

    text: str
    kind: str
    source: str
    weak_label: str | None


def open_lines(path: Path) -> IO[str]:
    """Open a text file, ``.xz`` or plain."""
    return lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")


def read_corpus(path: Path, held_out: frozenset[str] = frozenset()) -> Iterator[CorpusText]:
    """Read ``{"text", "kind", "source", "weak_label"}`` lines, ``.xz`` or plain, and clean the texts.

    :param held_out: Fingerprints of texts that are measured on: these are refused, whatever file they stand in.
    :raises InputError: If a tenth of the corpus is held out, which is a mistaken path and not a chance repetition.
    """
    refused = row = 0
    with open_lines(path) as lines:
        for line in lines:
            row += 1
            record = json.loads(line)
            text = clean(record["text"])
            if held_out and hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() in held_out:
                refused += 1
            elif text:
                yield CorpusText(text, record.get("kind", "post"), record.get("source", ""), record.get("weak_label"))
    if refused:
        log.warning("%s: refused %d of %d texts that are measured on", path.name, refused, row)
    if refused > row / 10:
        raise InputError(f"{path}: {refused} of {row} texts are in a test set; pretrain on a corpus without them")


def held_out_fingerprints(paths: list[Path]) -> frozenset[str]:
    """Collect the fingerprints of every text in JSONL files that are measured on (``.xz`` or plain).

    Of files with a ``split`` column, only the validation and test rows are held out.
    """
    fingerprints = set()
    for path in paths:
        with open_lines(path) as lines:
            for line in lines:
                record = json.loads(line)
                if record.get("split", "test") != "train":
                    fingerprints.add(text_fingerprint(record["text"]))
    return frozenset(fingerprints)
