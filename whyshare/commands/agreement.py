"""``whyshare agreement FILE...``: how far annotators agree, with the model as one more if asked for."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import print_table
from ..data.errors import InputError

if TYPE_CHECKING:
    from ..eval.agreement import Agreement
    from ..eval.annotators import Labels

OFTEN = 5  # pairs of labels that are listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file",
        type=Path,
        nargs="+",
        help="one file with a column for each annotator, or one for each with id, label (or of whyshare sample)",
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
    from ..data.motives import MOTIVES
    from ..data.writing import check_output, open_writer
    from ..eval.agreement import MISSING, disagreements, measure_agreement
    from ..eval.annotators import add_annotator, label_matrix, named_by_row, read_columns, read_files

    if options.output:
        inputs = [*options.file, options.texts, options.predictions]
        check_output(options.output, [path for path in inputs if path])
    if options.model and not options.texts:
        raise InputError("--model needs --texts, the posts that it labels as one more annotator")
    if options.columns and len(options.file) > 1:
        raise InputError("--columns names the annotators in one file; several files have one each")
    labels = read_files(options.file) if len(options.file) > 1 else read_columns(options.file[0], options.columns)
    by_row = (options.texts or options.predictions) and named_by_row(options.file)
    if options.texts:
        add_annotator(labels, "model", _model_labels(options, by_row and options.texts not in options.file))
    if options.predictions:
        from ..data.predictions import read_predictions

        shared = {key for own in labels.values() for key in own}
        said = {str(one.row) if by_row else one.id: one.motive for one in read_predictions(options.predictions)}
        own: Labels = {key: motive for key, motive in said.items() if motive and key in shared}  # none says "no post"
        add_annotator(labels, options.predictions.stem, own)
    ids, matrix = label_matrix(labels)
    if len(labels) < 2:
        raise InputError(
            f"{options.file[0]} has the labels of one annotator, {', '.join(labels)}; name the columns of two with "
            "--columns, give a second file, or add a model with --texts or --predictions"
        )
    if ((matrix != MISSING).sum(axis=1) >= 2).sum() < 2:
        raise InputError("two posts that two annotators have labelled are needed; check the ids")
    agreement = measure_agreement(matrix, list(labels), len(MOTIVES) + 1)
    differing = [key for key, row in zip(ids, matrix, strict=True) if len({k for k in row if k != MISSING}) > 1]
    if options.output:
        with open_writer(options.output, ["id", *labels]) as writer:
            for key in differing:
                given = {name: "" if key not in one else str(one[key] or "no post") for name, one in labels.items()}
                writer.write({"id": key, **given})
    if options.json:
        print(json.dumps(agreement.as_json() | {"differing": len(differing)}))
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


def _model_labels(options: argparse.Namespace, by_row: bool) -> "Labels":
    from ..data.reading import read_posts
    from ..data.tables import row_id
    from ..eval.annotators import ID_COLUMNS
    from ..inference.labeller import Labeller

    posts = list(read_posts(options.texts))
    labelled = Labeller.load(options.model).label([post.text for post in posts])
    said = zip(posts, labelled, strict=True)
    return {
        str(post.row) if by_row else row_id(post.fields, post.row, ID_COLUMNS): one.motive
        for post, one in said
        if one.motive
    }


def _print(agreement: "Agreement") -> None:
    print(f"{agreement.posts} posts, {len(agreement.annotators)} annotators; brackets are 95 % intervals\n")
    print_table(("all annotators", "value"), list(agreement.overall.items()))
    print()
    pairs = [(f"{a} and {b}", kappa, equal) for (a, b), (kappa, equal) in agreement.pairs.items()]
    print_table(("two annotators", "Cohen's kappa", "equal labels"), pairs)
    print()
    classes = [(motive.both, alpha) for motive, alpha in agreement.classes.items()]
    print_table(("motive against the rest", "Krippendorff's alpha"), classes)
