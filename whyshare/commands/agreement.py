"""``whyshare agreement FILE...``: how far annotators agree, with the model as one more if asked for."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import print_table
from ..data.errors import InputError

if TYPE_CHECKING:
    from ..eval.agreement import Agreement, Ints
    from ..eval.annotators import Labels

OFTEN = 5  # pairs of labels that are listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file",
        type=Path,
        nargs="+",
        help="one file with a column for each annotator, or one for each with id, label (or as whyshare sample wrote it)",
    )
    parser.add_argument("--columns", nargs="+", metavar="NAME", help="the annotators' columns in a single file")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="id and text: adds the model as one more annotator")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model for --texts; the bundled one without it")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="labelled file: one more annotator, by id")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help="write the posts with what all agree on, for a person to fill in the rest")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace the output if there is one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print, and list the disagreements."""
    from ..data.motives import MOTIVES
    from ..eval.agreement import MISSING, measure_agreement
    from ..eval.annotators import label_matrix, read_columns, read_files, to_settle

    _check(options)
    labels = read_files(options.file) if len(options.file) > 1 else read_columns(options.file[0], options.columns)
    people = list(labels)
    _add_models(options, labels)
    if len(labels) < 2:
        raise InputError(
            f"{options.file[0]} has the labels of one annotator, {', '.join(labels)}; name the columns of two with "
            "--columns, give a second file, or add a model with --texts or --predictions"
        )
    matrix = label_matrix(labels)[1]
    if ((matrix != MISSING).sum(axis=1) >= 2).sum() < 2:
        raise InputError("two posts that two annotators have labelled are needed; check the ids")
    agreement = measure_agreement(matrix, list(labels), len(MOTIVES) + 1)
    if options.output:
        from ..eval.sample_files import write_posts

        write_posts(options.output, *to_settle(options.file, labels, people))
    differing = sum(len(set(row) - {MISSING}) > 1 for row in matrix.tolist())
    if options.json:
        print(json.dumps(agreement.as_json() | {"differing": differing}))
        return
    _print(agreement)
    _print_differences(matrix)
    print(f"\n{differing} posts are labelled differently" + (f" -> {options.output}" if options.output else ""))
    if options.output:
        print("fill in the column label where it is blank, then give the file to whyshare eval, or to mix --checked")


def _check(options: argparse.Namespace) -> None:
    from ..data.writing import check_output

    if options.output:
        inputs = [*options.file, options.texts, options.predictions]
        check_output(options.output, [path for path in inputs if path])
        if options.output.exists() and not options.force:
            raise InputError(f"{options.output} exists, and labels may be filled in; choose another name, or --force")
    if options.model and not options.texts:
        raise InputError("--model needs --texts, the posts that it labels as one more annotator")
    if options.columns and len(options.file) > 1:
        raise InputError("--columns names the annotators in one file; several files have one each")


def _add_models(options: argparse.Namespace, labels: dict[str, "Labels"]) -> None:
    """Put models beside the people, for the posts that people have labelled; none says "no post"."""
    from ..eval.annotators import add_annotator, post_namer

    shared = {key for own in labels.values() for key in own}
    said: Labels
    if options.texts:
        said = _model_labels(options)
        add_annotator(labels, "model", {key: said[key] for key in shared & said.keys()})
    if options.predictions:
        from ..data.predictions import read_predictions

        name = post_namer(options.file, options.predictions)
        given = read_predictions(options.predictions)
        said = {name(one.fields, one.row): one.motive for one in given if one.motive}
        add_annotator(labels, options.predictions.stem, {key: said[key] for key in shared & said.keys()})


def _model_labels(options: argparse.Namespace) -> "Labels":
    from ..data.reading import read_posts
    from ..eval.annotators import post_namer
    from ..inference.labeller import Labeller

    name = post_namer(options.file, options.texts)
    posts = list(read_posts(options.texts))
    labelled = Labeller.load(options.model).label([post.text for post in posts])
    said = zip(posts, labelled, strict=True)
    return {name(post.fields, post.row): one.motive for post, one in said if one.motive}


def _print(agreement: "Agreement") -> None:
    print(f"{agreement.posts} posts, {len(agreement.annotators)} annotators; brackets are 95% intervals")
    if agreement.labelled_once:
        print(f"{agreement.labelled_once} posts have a label from one annotator only and are left out")
    print()
    print_table(("all annotators", "value"), list(agreement.overall.items()))
    print()
    pairs = [(f"{a} and {b}", kappa, equal) for (a, b), (kappa, equal) in agreement.pairs.items()]
    print_table(("two annotators", "Cohen's kappa", "equal labels"), pairs)
    print()
    classes = [(motive.both, alpha) for motive, alpha in agreement.classes.items()]
    print_table(("motive against the rest", "Krippendorff's alpha"), classes)


def _print_differences(matrix: "Ints") -> None:
    from ..data.motives import MOTIVES
    from ..eval.agreement import disagreements

    names = [*MOTIVES, "no post"]
    common = disagreements(matrix).most_common(OFTEN)
    if common:
        print()
        print_table(("often taken for each other", "times"), [(f"{names[a]}, {names[b]}", n) for (a, b), n in common])
    no_post = int((matrix == len(MOTIVES)).sum())
    if no_post:
        print(f'\n{no_post} labels say "no post" (null); they count as a ninth label')
