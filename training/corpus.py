"""Unlabelled posts for pretraining, cleaned, with the texts that scores are measured on kept out."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.cleaning import clean
from ..data.errors import InputError
from ..data.fingerprints import clean_fingerprint, text_fingerprint
from ..data.streams import open_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusText:
    """One cleaned text of a corpus: ``kind`` is post, comment, dialogue or sms."""

    text: str
    kind: str
    source: str
    weak_label: str | None


def read_records(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    """Read a JSONL file, packed or plain, each of whose objects has one of some keys.

    :raises InputError: At the first row that has none, or that is no UTF-8 or cut off.
    """
    row = 0
    try:
        with open_bytes(path) as stream:
            for row, line in enumerate(io.TextIOWrapper(stream, "utf-8"), start=1):
                try:
                    record = json.loads(line)
                except ValueError:
                    record = None
                if not isinstance(record, dict) or all(record.get(key) is None for key in keys):
                    needed = f"no JSON object with {' or '.join(keys)}"
                    raise InputError(f"{path} row {row} is {needed}; give such a JSONL file")
                yield record
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read behind row {row} ({error}); give a JSONL file in UTF-8") from None


def read_corpus(path: Path, held_out: frozenset[str] = frozenset()) -> Iterator[CorpusText]:
    """Read ``{"text", "kind", "source", "weak_label"}`` lines, packed or plain, and clean the texts.

    :param held_out: Fingerprints of texts that are measured on: these are refused, whatever file they stand in.
    :raises InputError: If a tenth of the corpus is held out, which is a mistaken path and not a chance repetition.
    """
    refused = row = 0
    for record in read_records(path, "text"):
        row += 1
        text = clean(record["text"])
        if held_out and clean_fingerprint(text) in held_out:
            refused += 1
        elif text:
            yield CorpusText(text, record.get("kind", "post"), record.get("source", ""), record.get("weak_label"))
    if refused:
        log.warning("%s: refused %d of %d texts that are measured on", path.name, refused, row)
    if refused > row / 10:
        raise InputError(f"{path}: {refused} of {row} texts are in a test set; pretrain on a corpus without them")


def held_out_fingerprints(paths: list[Path]) -> frozenset[str]:
    """Collect the fingerprints of every text in JSONL files that are measured on (packed or plain), or in its place.

    Of files with a ``split`` column, only the validation and test rows are held out.
    """
    fingerprints = set()
    for path in paths:
        for record in read_records(path, "text", "sha256"):
            if record.get("split", "test") != "train":
                fingerprints.add(record["sha256"] if record.get("text") is None else text_fingerprint(record["text"]))
    return frozenset(fingerprints)
