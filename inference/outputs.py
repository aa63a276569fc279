"""The last pass of a batch job: join the input with the parts and write what comes out, one file or a folder of them."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ..data.columns import TextColumn, merge_columns
from ..data.copies import named
from ..data.databases import parquet_types
from ..data.errors import InputError
from ..data.kinds import input_kind, split_endings, split_part
from ..data.motives import MOTIVES
from ..data.posts import Post, Reject
from ..data.reading import read_posts
from ..data.results import RESULT_COLUMNS
from ..data.whole_files import check_folder, check_place, written_whole
from ..data.writing import check_output, open_writer, output_kind
from .labelled import Labelled
from .parts import text_key

OnReject = Callable[[Reject], None]
Results = Iterator[tuple[bytes, Labelled]]  # the key of a text, and its label

FILE = "file"  # the column that tells which input a post is from, where one output has several
INPUT_CHANGED = "the input changed while it was labelled; add --restart to label it as it is now"


@dataclass
class Summary:
    """What came out, for people and for ``--json``."""

    posts: int = 0
    motives: dict[str, int] = field(default_factory=lambda: {str(motive): 0 for motive in MOTIVES})
    uncertain: int = 0
    truncated: int = 0
    no_text: int = 0
    rejected: int = 0
    shortened_cells: int = 0
    resumed_posts: int = 0
    later_posts: int = 0  # that came in after the census, and are not labelled
    seconds: float = 0.0
    outputs: list[str] = field(default_factory=list)  # the files that were written
    unread_sheets: list[str] = field(default_factory=list)  # of workbooks of which only the first sheet was asked for

    def count(self, labelled: Labelled) -> None:
        """Take one post into account."""
        self.posts += 1
        if labelled.motive is None:
            self.no_text += 1
            return
        self.motives[labelled.motive] += 1
        self.uncertain += labelled.uncertain
        self.truncated += labelled.truncated


def output_files(output: Path, one_each: bool, files: Sequence[str]) -> dict[Path, list[str]]:
    """Give the files that a job will write, and which inputs go into each.

    In a folder, each input keeps its name; a kind that cannot be written becomes CSV, a sheet or table its own file.

    :raises InputError: If one could not be written, is an input too, or would be written twice.
    """
    inputs = [split_part(file)[0] for file in files]
    if one_each:
        _check_folder(output)
    else:
        check_output(output, inputs)
    _check_rejects(rejects_file(output), inputs)
    if not one_each:
        return {output: list(files)}
    planned: dict[Path, list[str]] = {}
    taken: dict[str, str] = {}
    for file in files:
        target = output / _name_of_its_own(file)
        name = target.name.casefold()  # a.csv and A.csv are one file on macOS and Windows
        if name in taken:
            raise InputError(f"{taken[name]} and {file} would both become {target}; label them into different folders")
        if output.is_dir():
            check_output(target, inputs)
        taken[name], planned[target] = file, [file]
    return planned


def rejects_file(output: Path) -> Path:
    """Give the file beside an output for the rows that could not be read."""
    return output.with_name(output.name + ".rejects.jsonl")


def _check_rejects(rejects: Path, inputs: Sequence[Path]) -> None:
    check_place(rejects)
    if rejects.is_dir():
        raise InputError(f"{rejects} is a folder, where rows that cannot be read would go; choose another output")
    if rejects.exists() and any(file.exists() and rejects.samefile(file) for file in inputs):
        raise InputError(f"{rejects} is an input, and rows that cannot be read would go there; choose another output")


def _check_folder(folder: Path) -> None:
    """Refuse a folder that could not be made or written into; it is made when there is something to write."""
    parent = folder.absolute().parent
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; a folder is needed: remove the file or choose another output")
    if not parent.is_dir():
        raise InputError(f"no folder {parent}; make it first or choose another output")
    for written in (parent, folder):  # parts and rejects lie beside the folder
        if written.exists():
            check_folder(written)


def _name_of_its_own(file: str) -> str:
    path, part = split_part(file)
    if part is not None:
        return f"{path.stem}-{part.replace(os.sep, '-')}{'.xlsx' if path.suffix == '.xlsx' else '.csv'}"
    try:
        output_kind(path)
    except InputError:  # a.v1.txt.gz -> a.v1.csv
        return f"{split_endings(path)[0]}.csv"
    return path.name


def write_outputs(
    planned: Mapping[Path, Sequence[str]], columns: Mapping[str, Sequence[str]], results: Results,
    text_column: TextColumn, limit: int | None, rejects: Path,
) -> Summary:  # fmt: skip
    """Write each file whole or not at all; rows that could not be read go to ``rejects``.

    :param planned: The files to write, and the inputs that go into each.
    :param columns: The columns of each input.
    :param results: The labels of all posts, in order.
    :param limit: Of posts in all; None: no limit.
    :raises InputError: If a file is not what the labels are of; those before it are whole, it and the next are not there.
    """
    summary, last = Summary(), list(planned)[-1]
    with _open_rejects(rejects, summary) as on_reject:
        for output, files in planned.items():
            output.parent.mkdir(exist_ok=True)
            own = list(dict.fromkeys(column for file in files for column in columns[file]))
            names = merge_columns(own, [FILE, *RESULT_COLUMNS] if len(files) > 1 else RESULT_COLUMNS)
            left = None if limit is None else limit - summary.posts
            paths = [split_part(file)[0] for file in files]
            typed = {output_kind(output), *map(input_kind, paths)} == {"parquet"}
            types = parquet_types(paths) if typed else {}
            with open_writer(output, [*own, *names.values()], types) as writer:
                posts = islice(read_posts(*files, text_column=text_column, on_reject=on_reject), left)
                for post, labelled in _joined(posts, results, frozenset(own), summary):
                    summary.count(labelled)
                    added = labelled.as_columns() | {FILE: named(post.file)}
                    writer.write({**post.fields, **{name: added[column] for column, name in names.items()}})
                if output == last and next(results, None) is not None:  # while the output can still be thrown away
                    raise InputError(INPUT_CHANGED)
            summary.shortened_cells += writer.shortened
            summary.outputs.append(str(output))
    return summary


def _joined(
    posts: Iterator[Post], results: Results, columns: Set[str], summary: Summary
) -> Iterator[tuple[Post, Labelled]]:
    """Give each post its label, which is that of its text and of no other; count the posts after the last label."""
    for post in posts:
        key, labelled = next(results, (b"", None))
        if labelled is None:
            summary.later_posts += 1
            continue
        if key != text_key(post.text) or not columns >= post.fields.keys():
            raise InputError(INPUT_CHANGED)
        yield post, labelled


@contextmanager
def _open_rejects(path: Path, summary: Summary) -> Iterator[OnReject]:
    """Write rejects as they come; the file appears when all is written, and stays only if there are any."""
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:

        def on_reject(reject: Reject) -> None:
            summary.rejected += 1
            entry = {name: getattr(reject, name) for name in ("file", "row", "reason", "raw")}
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

        yield on_reject
    if not summary.rejected:
        path.unlink()
