"""``whyshare mix LABELLED``: why did people share this campaign?"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..console import print_table
from ..data.errors import InputError
from ..data.motives import MOTIVES
from ..options import add_text_column

if TYPE_CHECKING:
    from ..eval.mix import GroupMix
    from ..eval.periods import Every, Note


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
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of report and workbook")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Estimate, print, and write what was asked for."""
    from ..data.writing import check_output
    from ..eval.labelled_file import LabelledFile
    from ..eval.mix import load_errors, measure_course, measure_mix
    from ..eval.mix_report import notes_in
    from ..eval.pages import check_folder
    from ..eval.sampling import read_checked
    from ..models.settings import BUNDLED

    if options.excel:
        inputs = [options.labelled, options.checked, options.errors]
        check_output(options.excel, [path for path in inputs if path])
        if options.excel.suffix.lower() != ".xlsx":
            raise InputError(f"{options.excel} is no .xlsx; give the workbook that ending")
    if options.report:
        check_folder(options.report)
    if options.every and not options.over:
        raise InputError("--every needs --over, the column of dates")
    every: Every = options.every or "week"
    columns = [*options.by, *([options.over] if options.over else [])]
    labelled = LabelledFile.read(options.labelled, options.text_column, columns)
    if len(labelled) < 2:
        raise InputError(f"{options.labelled} has {len(labelled)} labelled posts; at least 2 are needed")
    if not len(labelled.posts.probs):
        raise InputError(f"{options.labelled} has no probabilities; label it with whyshare label")
    known = load_errors(options.errors or BUNDLED)
    checked = read_checked(options.checked, labelled) if options.checked else None
    groups = labelled.groups(options.by) if options.by else [""] * len(labelled)
    mixes = measure_mix(labelled.posts, groups, known, checked)
    course: list[GroupMix] = []
    notes: list[Note] = []
    if labelled.no_motive:
        notes.append(("no_motive", {"count": labelled.no_motive}))
    if checked and checked.blank:
        notes.append(("sample_blank", {"count": checked.blank, "drawn": checked.blank + len(checked.gold)}))
    if options.by and "" in groups:
        notes.append(("no_group", {"count": groups.count(""), "columns": " / ".join(options.by)}))
    if any(groups) and len(mixes) == 1:
        notes.append(("one_group", {"columns": ", ".join(options.by)}))
    if options.over:
        periods, about_dates = _periods(labelled.columns[options.over], options.over, every)
        notes += about_dates
        course = measure_course(labelled.posts, periods, known, checked)
        if not course:
            notes.append((f"one_{every}", {}))
    if options.json:
        found = {
            "groups": [_plain(m) for m in mixes],
            "course": [_plain(m) for m in course],
            "notes": notes_in("en", notes),
        }
        print(json.dumps(found))
    else:
        _print(mixes, course, notes)
    if options.report:
        from .. import __version__
        from ..eval.mix_report import write_mix_report

        page = write_mix_report(options.report, mixes, course, labelled, groups, notes, __version__, options.lang)
        if not options.json:
            print(f"\nreport: {page}")
    if options.excel:
        from ..eval.workbook import write_workbook

        write_workbook(options.excel, mixes, course, notes, options.lang)
        if not options.json:
            print(f"workbook: {options.excel}")


def _periods(values: Sequence[Any], column: str, every: "Every") -> tuple[list[str], list["Note"]]:
    from ..eval.periods import periods_of

    periods, notes = periods_of(values, every)
    if not any(periods):
        others = (
            " (a month alone needs --every month)" if every != "month" and any(periods_of(values, "month")[0]) else ""
        )
        raise InputError(f"column {column!r} has no date that can be read, such as {str(values[0])[:40]!r}{others}")
    if "" in periods:
        notes.append(("no_date", {"count": periods.count("")}))
    return periods, notes


def _plain(mix: "GroupMix") -> dict[str, object]:
    from ..eval.mix_report import cautions_in

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


def _print(mixes: Sequence["GroupMix"], course: Sequence["GroupMix"], notes: Sequence["Note"]) -> None:
    from ..eval.mix_report import cautions_in, notes_in, shown

    overall = mixes[0]
    how = (
        "a checked random sample" if overall.method == "checked sample" else f"the known errors of {overall.errors_of}"
    )
    print(f"{overall.posts} posts; shares corrected by {how}, brackets are 95 % intervals\n")
    rows = [
        (
            motive.both,
            shown(overall.of(motive)),
            f"{overall.counted.values[motive.position]:.1%}",
            f"{overall.em[motive.position]:.1%}",
        )
        for motive in sorted(MOTIVES, key=lambda motive: -overall.of(motive).value)
    ]
    print_table(("motive", "share", "counted", "EM"), rows)
    for title, several in (("group", mixes[1:]), ("period", course)):
        if several:
            print()
            table = [
                (mix.name, mix.posts, *(shown(mix.of(m)) + "*" * mix.differs(m) for m in MOTIVES)) for mix in several
            ]
            print_table((title, "posts", *MOTIVES), table)
    if any(mix.differs(motive) for mix in [*mixes, *course] for motive in MOTIVES):
        print("\n* differs from all other posts (p below 0.05 after Holm's correction)")
    warnings = cautions_in("en", mixes[:1], mixes[1:], course)
    if notes or warnings:
        print()
    for line in [*notes_in("en", notes), *(f"warning: {warning}" for warning in warnings)]:
        print(line)
    if overall.method == "error matrix":
        print("\nassumed: posts of one motive look as they did when the model was validated; only their mix differs")
        print("before you decide by it, check a random sample: whyshare sample")
    else:
        print("\nassumed: the checked posts are the random sample that was drawn, and the person is right")
