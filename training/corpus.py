"""Unlabelled posts for pretraining, cleaned, with the texts that scores are measured on kept out."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..data.cells import flat_cell
from ..data.cleaning import clean
from ..data.columns import usual_text_columns
from ..data.errors import InputError
from ..data.fingerprints import clean_fingerprint, text_fingerprint
from ..data.reading import open_table
from ..data.tables import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusText:
    """One cleaned text of a corpus: ``kind`` is post, comment, dialogue or sms."""

    text: str
    kind: str
    source: str
    weak_label: str | None


def read_texts(path: Path, instead: str = "") -> Iterator[tuple[str, Row]]:
    """Read the texts of a table of any kind, ``""`` where a row has none, and the rows that they stand in.

    :param instead: A column that may stand in the place of the texts'.
    :raises InputError: If there is neither column, or a row cannot be read.
    """
    table = open_table(path)
    columns = usual_text_columns(table.columns)[:1]
    if not columns and instead not in table.columns:
        needed = " or ".join(filter(None, ("text", instead)))
        raise InputError(f"{path} has no column {needed}; it has {', '.join(table.columns)}: rename that of the texts")
    for row in table.whole_rows(path):
        try:
            yield row.text(columns or ("text",)), row  # which the first rows may lack
        except ValueError as error:
            raise InputError(f"{path} row {row.number}: {error}") from None


def read_corpus(path: Path, held_out: frozenset[str] = frozenset()) -> Iterator[CorpusText]:
    """Read a table with the column ``text``, and ``kind``, ``source`` and ``weak_label`` if it has them; clean the texts.

    :param held_out: Fingerprints of texts that are measured on: these are refused, whatever file they stand in.
    :raises InputError: If a tenth of the corpus is held out, which is a mistaken path and not a chance repetition.
    """
    refused = texts = 0
    for raw, row in read_texts(path):
        texts += 1
        text = clean(raw)
        if not text:
            continue
        if held_out and clean_fingerprint(text) in held_out:
            refused += 1
        else:
            kind, source, weak_label = (flat_cell(row.values.get(name)) for name in ("kind", "source", "weak_label"))
            yield CorpusText(text, kind or "post", source, weak_label or None)
    if refused:
        log.warning("%s: refused %d of %d texts that are measured on", path.name, refused, texts)
    if refused > texts / 10:
        raise InputError(f"{path}: {refused} of {texts} texts are in a test set; pretrain on a corpus without them")


def held_out_fingerprints(paths: list[Path]) -> frozenset[str]:
    """Collect the fingerprints of every text in files that are measured on, and those beside or in its place (``sha256``).

    Of files with a ``split`` column, only the validation and test rows are held out.
    """
    held: set[str] = set()
    for path in paths:
        for text, row in read_texts(path, instead="sha256"):
            if row.values.get("split", "test") != "train":
                held |= {text_fingerprint(text), flat_cell(row.values.get("sha256"))}  # the text may be a title alone
    return frozenset(held - {"", text_fingerprint("")})
