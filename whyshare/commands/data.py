"""``whyshare data check|suspects|detach|hydrate``: look after annotated sets."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..console import print_table, print_unread
from ..data.errors import InputError, needs
from ..data.motives import MOTIVES
from ..options import add_columns, add_text_column

if TYPE_CHECKING:
    from ..data.annotated import Annotated, Problem


SHOWN = 100  # problems that are printed; more are for a file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="list every row of an annotated set that is wrong")
    check.add_argument("file", type=Path, help="annotated file; text,label are enough")
    check.add_argument(
        "-o",
        "--output",
        type=Path,
        help="csv, xlsx or any other table of all problems (the screen shows only the first)",
    )
    add_columns(check)
    check.set_defaults(run=run_check)
    detach = actions.add_parser("detach", help="write the labels without the texts, to share them")
    detach.add_argument("file", type=Path, help="annotated file")
    detach.add_argument("-o", "--output", type=Path, required=True, help="jsonl, csv or any other table")
    detach.set_defaults(run=run_detach)
    hydrate = actions.add_parser("hydrate", help="join labels without texts with texts that you have")
    hydrate.add_argument("file", type=Path, help="labels without texts, as whyshare data detach writes them")
    hydrate.add_argument(
        "--texts", type=Path, nargs="+", required=True, metavar="FILE", help="files or folders of posts"
    )
    add_text_column(hydrate)
    hydrate.add_argument("-o", "--output", type=Path, required=True, help="jsonl, csv or any other table")
    hydrate.set_defaults(run=run_hydrate)
    suspects = actions.add_parser("suspects", help="rank labels that are likely wrong, and texts that stand twice")
    suspects.add_argument("file", type=Path, help="annotated file")
    suspects.add_argument("--against", type=Path, metavar="FILE", help="another set that should share no text with it")
    suspects.add_argument("--predictions", type=Path, metavar="FILE",
                          help="the file, labelled by a model that was not trained on it; default: n-grams")  # fmt: skip
    suspects.add_argument("-o", "--output", type=Path, required=True, help="csv or xlsx to work through")
    suspects.set_defaults(run=run_suspects)


def run_check(options: argparse.Namespace) -> int:
    """Print the problems and the counts; exit code 2 when there are errors."""
    from ..data.annotated import check_annotated, parse_label_map
    from ..data.reading import unread_sheets
    from ..data.writing import check_output

    if options.output:
        check_output(options.output, [options.file])
    found = check_annotated(options.file, options.text_column, options.label_column, parse_label_map(options.label_map))
    if options.output:
        _write_problems(options.output, found.problems)
    if found.problems:
        _print_problems(found.problems, options.output)
    counts = Counter((post.label, post.language) for post in found.posts)
    languages = sorted({post.language for post in found.posts})
    rows = [(motive.both, *(counts[motive, language] for language in languages)) for motive in MOTIVES]
    print_table(("motive", *languages), rows)
    errors = sum(problem.is_error for problem in found.problems)
    print(f"\n{len(found.posts)} posts, {found.unlabelled} without a label, {errors} errors, "
          f"{len(found.problems) - errors} warnings")  # fmt: skip
    print_unread(unread_sheets([str(options.file)]))
    if found.posts and not errors and (options.text_column or options.label_column or options.label_map):
        print("give train and eval the same options; suspects and detach read text,label and the motives' own names: "
              "rename columns and labels for them")  # fmt: skip
    return 2 if errors or not found.posts else 0


def _print_problems(problems: Sequence["Problem"], output: Path | None) -> None:
    many = len(problems) > SHOWN
    shown = sorted(problems, key=lambda problem: not problem.is_error)[:SHOWN] if many else problems
    print_table(("row", "", "problem"), [(p.row or "", p.kind, p.reason) for p in shown], left=3)
    if many:
        print(f"and {len(problems) - SHOWN} more, all of which are in {output}" if output else
              f"and {len(problems) - SHOWN} more; -o problems.csv lists all")  # fmt: skip
    print()


def _write_problems(path: Path, problems: Sequence["Problem"]) -> None:
    from ..data.writing import open_writer

    with open_writer(path, ("row", "kind", "problem")) as writer:
        for one in problems:
            writer.write({"row": one.row or None, "kind": one.kind, "problem": one.reason})


def run_detach(options: argparse.Namespace) -> None:
    """Write the stand-off file."""
    from ..data.standoff import detach
    from ..data.writing import check_output, open_writer

    check_output(options.output, [options.file])
    rows = list(detach(options.file))
    with open_writer(options.output, list(rows[0])) as writer:
        for row in rows:
            writer.write(row)
    print(f"{len(rows)} labels without texts -> {options.output}")


def run_hydrate(options: argparse.Namespace) -> None:
    """Join, and say what is missing."""
    from ..data.reading import list_files
    from ..data.standoff import hydrate
    from ..data.writing import check_output, open_writer

    check_output(options.output, [options.file, *map(Path, list_files(tuple(options.texts)))])
    result = hydrate(options.file, options.texts, options.text_column)
    missing = sum(result.missing.values())
    unread = ""
    if result.rejects:
        unread = f"; {len(result.rejects)} posts cannot be read, first {result.rejects[0]}"
    if not result.rows:
        raise InputError(
            f"none of the {missing} texts of {options.file} is in {', '.join(map(str, options.texts))}{unread}"
        )
    with open_writer(options.output, list(result.rows[0])) as writer:
        for row in result.rows:
            writer.write(row)
    if missing:
        print_table(("source", "texts missing"), result.missing.most_common())
        print()
    print(f"{len(result.rows)} of {len(result.rows) + missing} texts found -> {options.output}{unread}")


def run_suspects(options: argparse.Namespace) -> None:
    """Rank what to look at again."""
    import numpy as np

    from ..data.annotated import load_annotated
    from ..data.writing import check_output, open_writer

    with needs("suspects"):
        import cleanlab  # noqa: F401
        import jieba  # noqa: F401
    from ..eval.suspects import near_duplicates, suspect_labels

    inputs = [options.file, options.against, options.predictions]
    check_output(options.output, [path for path in inputs if path])
    posts = load_annotated(options.file)
    if len({post.label for post in posts}) < 2:
        raise InputError(f"every post of {options.file} is {posts[0].label}; two motives are needed to doubt a label")
    other = load_annotated(options.against) if options.against else None
    label_ids = np.array([post.label.position for post in posts])
    suspects = suspect_labels(label_ids, _unseen_probabilities(options, posts))
    texts = [post.text for post in posts]
    pairs = near_duplicates(texts, None if other is None else [post.text for post in other])
    with open_writer(
        options.output, ["row", "id", "problem", "label", "suggested", "quality", "other_row", "text"]
    ) as out:
        for suspect in suspects:
            post = posts[suspect.position]
            entry = {"row": post.row, "id": post.id, "problem": "label", "label": str(suspect.label)}
            quality = {"suggested": str(suspect.suggested), "quality": suspect.quality, "text": post.cleaned}
            out.write(entry | quality)
        for pair in pairs:
            post, twin = posts[pair.first], (posts if other is None else other)[pair.second]
            entry = {"row": post.row, "id": post.id, "problem": "near-duplicate", "label": str(post.label)}
            out.write(entry | {"suggested": str(twin.label), "other_row": twin.row, "text": post.cleaned})
    counts = Counter(suspect.label for suspect in suspects)
    rows = [(motive.both, counts[motive], int((label_ids == motive.position).sum())) for motive in MOTIVES]
    print_table(("motive", "suspect", "of"), rows)
    where = f"with {options.against.name}" if options.against else "within the file"
    print(f"\n{len(suspects)} suspect labels, {len(pairs)} near-duplicates {where} -> {options.output}")


def _unseen_probabilities(options: argparse.Namespace, posts: list["Annotated"]) -> Any:
    """Give probabilities from a model that has not seen the posts: from a file, or n-grams trained on the others."""
    import numpy as np

    if options.predictions:
        from ..eval.judging import predictions_of

        probs = [one.probs for one in predictions_of(options.predictions, posts)]
        if any(row is None for row in probs):
            raise InputError(f"{options.predictions} has no probabilities; label it with whyshare label")
        return np.array(probs)
    from ..models.baseline import out_of_fold

    try:
        return out_of_fold([post.text for post in posts], [post.label for post in posts])
    except InputError:
        raise
    except ValueError:
        raise InputError(
            f"n-grams cannot be learnt from a part of {options.file}: its posts have one motive only, or share no words; "
            "annotate more posts of every motive, or give --predictions"
        ) from None
