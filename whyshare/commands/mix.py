"""``whyshare mix LABELLED``: why did people share this campaign?"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..console import print_table
from ..data.errors import InputError, shown
from ..data.motives import MOTIVES
from ..eval.clusters import AUTHORS, LEAST_CLUSTERS
from ..options import add_text_column

if TYPE_CHECKING:
    from ..eval.labelled_file import LabelledFile
    from ..eval.mix import Checked, Findings, GroupMix
    from ..eval.periods import Every, Note

REPEATS = 0.05  # share of posts that repeat a text, above which that is said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("labelled", type=Path, help="file that whyshare label wrote")
    add_text_column(parser)
    parser.add_argument("--by", metavar="COLUMN", action="append", default=[], help="compare groups; may be repeated")
    parser.add_argument("--over", metavar="COLUMN", help="column of dates: the course over time")
    parser.add_argument("--every", choices=("day", "week", "month"), help="period of --over; default week")
    parser.add_argument("--checked", type=Path, metavar="FILE", help="what whyshare sample drew and a person filled in")
    parser.add_argument("--errors", type=Path, metavar="FOLDER",
                        help="the model that labelled, if not the bundled one, or a file of labels and predictions")  # fmt: skip
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html there")
    parser.add_argument("--excel", type=Path, metavar="FILE", help="write a workbook with charts")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of report and workbook; default en")
    parser.add_argument("--cluster", metavar="COLUMN",
                        help="column of authors, whose posts are alike: intervals treat the posts of one author as a unit; default: "
                        f"such a column with {LEAST_CLUSTERS} values or more, if there is one; 'posts' takes each for "
                        "itself")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Estimate, write what was asked for, and print."""
    from ..eval.pages import PAGE

    _check(options)
    labelled = _read(options)
    groups = labelled.groups(options.by) if options.by else [""] * len(labelled)
    findings = _find(options, labelled, groups)
    _write(options, findings, labelled, groups)
    if options.json:
        _print_json(findings)
        return
    _print(findings, lacks_authors=options.cluster is None and not labelled.hashes)
    if options.report:
        print(f"\nreport: {options.report / PAGE}")
    if options.excel:
        print(f"workbook: {options.excel}")


def _find(options: argparse.Namespace, labelled: "LabelledFile", groups: Sequence[str]) -> "Findings":
    """Estimate the mix of all posts, of the groups and of the periods.

    :param groups: The group of each post.
    """
    from ..eval.clusters import choose_clusters
    from ..eval.design_effect import number_clusters
    from ..eval.mix import Campaign, Findings, load_errors
    from ..eval.periods import empty_before
    from ..eval.sampling import read_checked
    from ..models.settings import BUNDLED

    unit, clusters = choose_clusters(list(labelled.hashes), labelled.clusters, options.cluster)
    known = load_errors(options.errors or BUNDLED)
    checked = read_checked(options.checked, labelled) if options.checked else None
    campaign = Campaign(labelled.posts, known, checked, None if clusters is None else number_clusters(clusters))
    compared = campaign.compared(groups)
    notes = _notes(labelled, checked, unit, clusters)
    if options.by and "" in groups:
        notes.append(("no_group", {"count": groups.count(""), "columns": " / ".join(options.by)}))
    if any(groups) and not compared:
        notes.append(("one_group", {"columns": ", ".join(options.by)}))
    course: list[GroupMix] = []
    gaps: dict[str, int] = {}
    if options.over:
        every: Every = options.every or "week"
        periods, about_dates = _periods(labelled.columns[options.over], options.over, every)
        course = campaign.compared(periods)
        names = [mix.name for mix in course]
        gaps = empty_before(names, every)
        notes += [*about_dates, *_about_course(names, gaps, every)]
    return Findings(campaign.overall(), compared, course, gaps, notes, unit)


def _check(options: argparse.Namespace) -> None:
    """Refuse before the work what cannot be written, or says nothing."""
    from ..data.writing import check_output
    from ..eval.pages import check_folder

    if options.excel:
        inputs = [options.labelled, options.checked, options.errors]
        check_output(options.excel, [path for path in inputs if path])
        if options.excel.suffix.lower() != ".xlsx":
            raise InputError(f"{options.excel} is no .xlsx; give the workbook that ending")
    if options.report:
        check_folder(options.report, has_metrics=False)
    if options.every and not options.over:
        raise InputError("--every needs --over, the column of dates")
    if options.lang and not (options.report or options.excel):
        raise InputError("--lang is the language of --report and --excel; give one of them")


def _read(options: argparse.Namespace) -> "LabelledFile":
    """Read the labelled posts, the columns that were named, and those that may tell authors."""
    from ..data.reading import open_table
    from ..eval.clusters import cluster_columns
    from ..eval.labelled_file import LabelledFile

    path = options.labelled
    columns = [*options.by, *([options.over] if options.over else [])]
    authors = [] if path.is_dir() else cluster_columns(open_table(path).columns, options.cluster, AUTHORS)
    labelled = LabelledFile.read(path, options.text_column, columns, authors)
    if len(labelled) < 2:
        raise InputError(f"{path} has {len(labelled)} labelled posts; at least 2 are needed")
    if not len(labelled.posts.probs):
        raise InputError(f"{path} has no probabilities; label it with whyshare label")
    return labelled


def _notes(
    labelled: "LabelledFile", checked: "Checked | None", unit: str, clusters: Sequence[str] | None
) -> list["Note"]:
    """Say what of the posts, their authors and the sample a reader should know."""
    from ..eval.clusters import count_clusters
    from ..eval.evaluation import FEW_CLUSTERS

    notes: list[Note] = []
    if labelled.no_motive:
        notes.append(("no_motive", {"count": labelled.no_motive}))
    if labelled.posts.overruled:
        notes.append(("by_hand", {"count": labelled.posts.overruled}))
    if labelled.repeats > REPEATS * len(labelled):
        notes.append(("repeats", {"count": labelled.repeats, "posts": len(labelled)}))
    if clusters and (count := count_clusters(clusters)) < FEW_CLUSTERS:
        notes.append(("few_clusters", {"unit": unit, "counts": count}))
    if checked and checked.blank:
        notes.append(("sample_blank", {"count": checked.blank, "drawn": len(checked.gold)}))
    if checked and checked.by_text:
        notes.append(("by_text", {"count": checked.by_text}))
    return notes


def _periods(values: Sequence[Any], column: str, every: "Every") -> tuple[list[str], list["Note"]]:
    from ..eval.periods import periods_of

    periods, notes = periods_of(values, every)
    unread = [str(value).strip() for value, period in zip(values, periods, strict=True) if not period and value]
    unread = [value for value in unread if value]
    if not any(periods):
        others = (
            " (a month alone needs --every month)" if every != "month" and any(periods_of(values, "month")[0]) else ""
        )
        such = shown(unread[0]) if unread else "''"
        raise InputError(
            f"column {column!r} has no date that can be read, such as {such}{others}; write dates like 2024-03-05"
        )
    if blank := periods.count("") - len(unread):
        notes.append(("no_date", {"count": blank}))
    if unread:
        notes.append(("unread_date", {"count": len(unread), "date": unread[0][:40]}))
    return periods, notes


def _about_course(names: Sequence[str], gaps: Mapping[str, int], every: "Every") -> list["Note"]:
    """Say how the periods of a course are named, and where some are missing."""
    if not names:
        return [(f"one_{every}", {})]
    notes: list[Note] = [("weeks", {})] if every == "week" else []
    if gaps:
        first = names[names.index(next(iter(gaps))) - 1]
        notes.append(("gaps", {"count": sum(gaps.values()), "first": first}))
    return notes


def _write(options: argparse.Namespace, findings: "Findings", labelled: "LabelledFile", groups: Sequence[str]) -> None:
    language: Literal["en", "zh"] = options.lang or "en"
    if options.report:
        from ..eval.mix_report import write_mix_report

        write_mix_report(options.report, findings, labelled, groups, language)
    if options.excel:
        from ..eval.workbook import write_workbook

        write_workbook(options.excel, findings, language)


def _print_json(findings: "Findings") -> None:
    from ..eval.mix_sentences import notes_in

    found = {
        "groups": [_plain(mix) for mix in (findings.overall, *findings.groups)],
        "course": [_plain(mix) for mix in findings.course],
        "intervals by": findings.unit,
        "notes": notes_in("en", findings.notes),
    }
    print(json.dumps(found))


def _plain(mix: "GroupMix") -> dict[str, object]:
    from ..eval.mix_sentences import cautions_in

    shares: dict[str, dict[str, object]] = {}
    for motive in MOTIVES:
        best = mix.of(motive)
        raw = mix.counted.estimate(motive.position)
        shares[str(motive)] = {
            "share": [round(x, 5) for x in (best.value, best.low, best.high)],
            "counted": [round(x, 5) for x in (raw.value, raw.low, raw.high)],
            "em": round(float(mix.em[motive.position]), 5),
        }
        if mix.p_values is not None:
            shares[str(motive)]["p against the others (Holm)"] = float(mix.p_values[motive.position])
    return {
        "group": mix.name,
        "posts": mix.posts,
        "checked": mix.checked,
        "method": mix.method,
        "errors_of": mix.errors_of,
        "shares": shares,
        "warnings": cautions_in("en", [mix]),
    }


def _print(findings: "Findings", lacks_authors: bool) -> None:
    from ..eval.mix_sentences import bracket_note_in, cautions_in, comparison_in, notes_in, ranked
    from ..eval.pages import percent

    overall = findings.overall
    by_sample = overall.method == "checked sample"
    how = "a checked random sample" if by_sample else f"the known errors of {overall.errors_of}"
    for sentence in comparison_in("en", findings):
        print(sentence)
    print(("\n" if findings.groups else "") + f"{overall.posts} posts; shares corrected by {how}")
    print(bracket_note_in("en", findings.unit))
    if lacks_authors:
        print("no author column found; name it with --cluster")
    print()
    rows = [
        (motive.both, percent(overall.of(motive)), f"{overall.counted.values[motive.position]:.1%}")
        for motive in ranked(overall)
    ]
    print_table(("motive", "share", "counted"), rows)
    _print_compared(overall, {"group": findings.groups, "period": findings.course})
    warnings = cautions_in("en", [overall, *findings.groups], findings.course)
    if findings.notes or warnings:
        print()
    for line in [*notes_in("en", findings.notes), *(f"warning: {warning}" for warning in warnings)]:
        print(line)
    if by_sample:
        print("\nassumed: the checked posts are the random sample that was drawn, and the person is right")
    else:
        print("\nassumed: posts of one motive look as they did when the model was validated; only their mix differs")
        print("before you decide by it, check a random sample: whyshare sample")


def _print_compared(overall: "GroupMix", tables: Mapping[str, Sequence["GroupMix"]]) -> None:
    from ..eval.mix_sentences import marks, marks_note_in
    from ..eval.pages import percent

    marked, differs = False, False
    for title, mixes in tables.items():
        if not mixes:
            continue
        own = marks(overall, mixes)
        rows = [
            (mix.name + mark, mix.posts, *(percent(mix.of(m)) + "*" * mix.differs(m) for m in MOTIVES))
            for mix, mark in zip(mixes, own, strict=True)
        ]
        print()
        print_table((title, "posts", *MOTIVES), rows)
        marked |= any(own)
        differs |= any(mix.differs(motive) for mix in mixes for motive in MOTIVES)
    if differs:
        print("\n* differs from all other posts (p below 0.05 after Holm's correction)")
    if marked:
        print(("" if differs else "\n") + marks_note_in("en", overall))
