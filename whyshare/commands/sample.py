"""``whyshare sample LABELLED -n 200 -o check.xlsx``: draw posts for a person to check."""

import argparse
from pathlib import Path

from ..data.errors import InputError
from ..options import add_text_column
from ..shells import typed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("labelled", type=Path, help="file that whyshare label wrote")
    parser.add_argument("-n", "--count", type=int, default=200, help="posts to draw; default 200")
    parser.add_argument("-o", "--output", type=Path, required=True, help="xlsx or csv; json or jsonl with --format")
    add_text_column(parser)
    parser.add_argument(
        "--by", metavar="COLUMN", action="append", default=[], help="draw equally many from each group; may be repeated"
    )
    parser.add_argument("--format", choices=("file", "label-studio", "doccano"), default="file",
                        help="write for an annotation tool; default file, a spreadsheet")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace a sample in which labels are filled in")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other posts; default 0")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw and write."""
    from ..data.copies import named
    from ..data.writing import check_output
    from ..eval.labelled_file import LabelledFile
    from ..eval.sample_files import write_sample
    from ..eval.sampling import draw, is_free

    if options.count < 1:
        raise InputError(f"-n is {options.count}; at least 1 is needed")
    if options.seed < 0:
        raise InputError(f"--seed is {options.seed}; 0 or more is needed")
    check_output(options.output, [options.labelled])
    if not options.force and not is_free(options.output):
        raise InputError(f"{options.output} exists, and labels may be filled in; choose another name, or --force")
    labelled = LabelledFile.read(options.labelled, options.text_column, options.by)
    if not len(labelled):
        raise InputError(f"{options.labelled} has no post with a motive; label it with whyshare label")
    if not labelled.has_text:
        columns = ", ".join(labelled.names)
        raise InputError(f"{options.labelled} has no text column among {columns}; name it with --text-column")
    groups = labelled.groups(options.by) if options.by else ["all"] * len(labelled)
    rows = draw(labelled, groups, options.count, options.seed)
    write_sample(options.output, rows, options.format)
    print(f"{len(rows)} posts to check -> {options.output}")
    same = [word for name in options.text_column or [] for word in ("--text-column", name)]
    same += [word for name in options.by for word in ("--by", name)]
    command = typed(["whyshare", "mix", named(str(options.labelled)), "--checked", str(options.output), *same])
    first = "fill in the column label (null for no post; blank is not read yet)"
    if options.format != "file":
        first = f"import it into {options.format}, label it there, export it and give that file in its place"
    print(f"{first}, then: {command}")
