"""``whyshare agreement FILE...``: how far annotators agree, with the model as one more if asked for."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..console import print_table
from ..data.errors import InputError

if TYPE_CHECKING:
    from ..eval.agreement import Agreement

# Columns of a single file that are never an annotator's labels.
_NOT_LABELS = {"id", "lang", "language", "text", "source", "certainty", "care", "sampling"}

OFTEN = 5  # pairs of labels that are listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file", type=Path, nargs="+", help="one file with a column for each annotator, or one for each with id, label"
    )
    parser.add_argument("--columns", nargs="+", metavar="NAME", help="the annotators' columns in a single file")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="id and text: adds the model as one more annotator")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model for --texts; the bundled one without it")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="labelled file: one more annotator, by id")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the posts on which they differ")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print, and list the disagreements."""
    import numpy as np

    from ..data.motives import MOTIVES
    from ..data.writing import check_output, open_writer
    from ..eval.agreement import MISSING, disagreements, measure_agreement

    if options.output:
        inputs = [*options.file, options.texts, options.predictions]
        check_output(options.output, [path for path in inputs if path])
    labels = _from_columns(options) if len(options.file) == 1 else _from_files(options.file)
    if options.texts:
        labels[_unused("model", labels)] = _model_labels(options)
    if options.predictions:
        from ..data.predictions import read_predictions

        labelled = {one.id: one.motive for one in read_predictions(options.predictions)}
        shared = {key for own in labels.values() for key in own}
        labels[_unused(options.predictions.stem, labels)] = {key: m for key, m in labelled.items() if key in shared}
    ids = list(dict.fromkeys(key for one in labels.values() for key in one))
    numbers = {motive: k for k, motive in enumerate(MOTIVES)} | {None: len(MOTIVES)}
    matrix = np.array([[numbers[one[key]] if key in one else MISSING for one in labels.values()] for key in ids])
    if len(labels) < 2 or ((matrix != MISSING).sum(axis=1) >= 2).sum() < 2:
        raise InputError("two annotators and two posts in common are needed; check ids and columns")
    agreement = measure_agreement(matrix, list(labels), len(MOTIVES) + 1)
    differing = [key for key, row in zip(ids, matrix, strict=True) if len({k for k in row if k != MISSING}) > 1]
    if options.output:
        with open_writer(options.output, ["id", *labels]) as writer:
            for key in differing:
                given = {name: "" if key not in one else str(one[key] or "no post") for name, one in labels.items()}
                writer.write({"id": key, **given})
    if options.json:
        print(json.dumps(agreement.as_json() | {"differing": len(differing)}, ensure_ascii=False))
        return
    _print(agreement)
    names = [*MOTIVES, "no post"]
    common = disagreements(matrix).most_common(OFTEN)
    if common:
        print()
        print_table(("often taken for each other", "times"), [(f"{names[a]}, {names[b]}", n) for (a, b), n in common])
    no_post = int((matrix == len(MOTIVES)).sum())
    if no_post:
        print(f'\n{no_post} labels say "no post" (null); they count as a ninth label')
    print(f"\n{len(differing)} posts are labelled differently" + (f" -> {options.output}" if options.output else ""))


def _from_columns(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    from ..data.reading import open_table

    path = options.file[0]
    table = open_table(path)
    columns = options.columns or [name for name in table.columns if name.casefold() not in _NOT_LABELS]
    missing = [name for name in columns if name not in table.columns]
    if missing or len(columns) < 2:
        wrong = f"no column {missing[0]!r}" if missing else "fewer than two columns of labels"
        raise InputError(f"{path} has {wrong}; it has {', '.join(table.columns)}: name the annotators with --columns")
    rows = list(_rows(path, table))
    return {name: _labels(path, rows, name) for name in columns}


def _from_files(paths: list[Path]) -> dict[str, dict[str, Any]]:
    from ..data.annotated import LABEL_COLUMNS
    from ..data.columns import find_column
    from ..data.reading import open_table

    labels: dict[str, dict[str, Any]] = {}
    for path in paths:
        table = open_table(path)
        column = find_column(table.columns, LABEL_COLUMNS)
        if column is None or find_column(table.columns, ["id"]) is None:
            with table.columns_sought():
                raise InputError(f"{path} needs the columns id and label; it has {', '.join(table.columns)}")
        labels[_unused(path.stem, labels)] = _labels(path, _rows(path, table), column)
    return labels


def _labels(path: Path, rows: list[tuple[int, str, dict[str, Any]]], column: str) -> dict[str, Any]:
    """Give the labels in a column by id; None stands for "no post", a post without a label is left out."""
    return {
        key: _motive(path, number, values[column])
        for number, key, values in rows
        if not _is_missing(path, values, column)
    }


def _rows(path: Path, table: Any) -> list[tuple[int, str, dict[str, Any]]]:
    from ..data.posts import Reject
    from ..data.tables import row_id

    rows, seen = [], set()
    for row in table.rows:
        if isinstance(row, Reject):
            raise InputError(f"{path} row {row.row}: {row.reason}")
        key = row_id(row.values, row.number)
        if key in seen:
            raise InputError(f"{path} row {row.number}: id {key!r} stands twice; ids must differ")
        seen.add(key)
        rows.append((row.number, key, row.values))
    return rows


def _is_missing(path: Path, values: dict[str, Any], column: str) -> bool:
    """Tell a post that an annotator left out (a blank cell) from one labelled as no post (null in JSON, or the word)."""
    is_json = any(suffix in {".json", ".jsonl", ".ndjson"} for suffix in path.suffixes)
    value = values.get(column)
    return column not in values or value == "" or (value is None and not is_json)


def _motive(path: Path, number: int, value: Any) -> Any:
    from ..data.annotated import parse_motive

    try:
        return parse_motive(value)
    except ValueError as error:
        raise InputError(f"{path} row {number}: {error}") from None


def _model_labels(options: argparse.Namespace) -> dict[str, Any]:
    from ..data.reading import read_posts
    from ..data.tables import row_id
    from ..inference.labeller import Labeller

    posts = list(read_posts(options.texts))
    labelled = Labeller.load(options.model).label([post.text for post in posts])
    return {row_id(post.fields, post.row): one.motive for post, one in zip(posts, labelled, strict=True)}


def _unused(name: str, labels: dict[str, Any]) -> str:
    while name in labels:
        name += "_2"
    return name


def _print(agreement: "Agreement") -> None:
    print(f"{agreement.posts} posts, {len(agreement.annotators)} annotators; brackets are 95 % intervals\n")
    print_table(("all annotators", "value"), list(agreement.overall.items()))
    print()
    pairs = [(f"{a} and {b}", kappa, equal) for (a, b), (kappa, equal) in agreement.pairs.items()]
    print_table(("two annotators", "Cohen's kappa", "equal labels"), pairs)
    print()
    classes = [(f"{motive} {motive.zh}", alpha) for motive, alpha in agreement.classes.items()]
    print_table(("motive against the rest", "Krippendorff's alpha"), classes)
