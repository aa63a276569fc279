"""The motive mix as an Excel workbook with charts that Excel itself draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data.motives import MOTIVES
from ..data.whole_files import written_whole
from .intervals import Estimate
from .mix import Findings, GroupMix
from .mix_sentences import bracket_note_in, cautions_in, marks, marks_note_in, method_in, notes_in
from .pages import COLOURS, PageLanguage, motive_name, words_in


def write_workbook(path: Path, findings: Findings, language: PageLanguage) -> None:
    """Write a sheet of shares with a bar chart, stacked bars of groups and periods where there are any, and warnings.

    :raises InputError: If the file cannot be replaced, as while Excel shows it.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    overall, groups, course = findings.overall, findings.groups, findings.course
    words = words_in(language)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = words["shares"][:31]
    _overall(sheet, overall, words, language)
    for title, heading, several in (
        (words["groups"], words["group"], groups),
        (words["course"], words["period"], course),
    ):
        if several:
            _stacked(book.create_sheet(title[:31]), heading, overall, several, language)
    warnings = book.create_sheet(words["warnings"])
    warnings.column_dimensions["A"].width = 120
    how = [method_in(language, overall), bracket_note_in(language, findings.unit)]
    if any(marks(overall, groups) + marks(overall, course)):
        how.append(marks_note_in(language, overall))
    cautions = cautions_in(language, [overall, *groups], course)
    for line in (*how, *notes_in(language, findings.notes), *cautions):
        warnings.append([line])
        warnings.cell(warnings.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    with written_whole(path) as temporary:
        book.save(temporary)


def _overall(sheet: Any, mix: GroupMix, words: dict[str, str], language: PageLanguage) -> None:
    from openpyxl.chart import BarChart, Reference

    sheet.append([words["motive"], words["share"], words["low"], words["high"], words["counted"], words["em"]])
    for motive in MOTIVES:
        share, raw = mix.of(motive), mix.counted.estimate(motive.position)
        values = (share.value, share.low, share.high, raw.value, float(mix.em[motive.position]))
        sheet.append([motive_name(motive, language), *(round(value, 4) for value in values)])
    _style(sheet, columns=6)
    chart = BarChart()
    chart.type, chart.style, chart.title, chart.legend = "bar", 10, words["shares"], None
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=len(MOTIVES) + 1), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=len(MOTIVES) + 1))
    chart.series[0].errBars = _whiskers([mix.of(motive) for motive in MOTIVES])
    _show_axes(chart)
    sheet.add_chart(chart, "H2")


def _whiskers(shares: Sequence[Estimate]) -> Any:
    """Give a series the intervals of its shares as error bars."""
    from openpyxl.chart.data_source import NumData, NumDataSource, NumVal
    from openpyxl.chart.error_bar import ErrorBars

    def lengths(values: Sequence[float]) -> Any:
        points = [NumVal(idx=k, v=str(max(round(value, 4), 0.0))) for k, value in enumerate(values)]
        return NumDataSource(numLit=NumData(ptCount=len(points), pt=points))

    up, down = ([one.high - one.value for one in shares], [one.value - one.low for one in shares])
    return ErrorBars(errBarType="both", errValType="cust", plus=lengths(up), minus=lengths(down))


def _stacked(sheet: Any, heading: str, overall: GroupMix, mixes: Sequence[GroupMix], language: PageLanguage) -> None:
    from openpyxl.chart import BarChart, Reference

    words = words_in(language)
    names = [motive_name(motive, language) for motive in MOTIVES]
    bounds = [words["bound_of"].format(motive=name, bound=words[bound]) for name in names for bound in ("low", "high")]
    sheet.append([heading, words["posts"], *names, *bounds])
    for mix, mark in zip(mixes, marks(overall, mixes), strict=True):
        shares = [mix.of(motive) for motive in MOTIVES]
        numbers = [*(share.value for share in shares), *(x for share in shares for x in (share.low, share.high))]
        sheet.append([mix.name + mark, mix.posts, *(round(number, 4) for number in numbers)])
        sheet.cell(sheet.max_row, 1).data_type = "s"  # a name, whatever it begins with
    _style(sheet, columns=2 + len(numbers), first=3)
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.title = "bar", "percentStacked", 100, heading
    columns = Reference(sheet, min_col=3, max_col=2 + len(MOTIVES), min_row=1, max_row=len(mixes) + 1)
    chart.add_data(columns, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=len(mixes) + 1))
    for series, motive in zip(chart.series, MOTIVES, strict=True):
        series.graphicalProperties.solidFill = COLOURS[motive].lstrip("#")
    chart.height = max(7.5, 1.2 * len(mixes) + 4)
    _show_axes(chart)
    sheet.add_chart(chart, f"B{len(mixes) + 4}")


def _style(sheet: Any, columns: int, first: int = 2) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column in range(1, columns + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 22 if column == 1 else 16
        if column >= first:
            for row in range(2, sheet.max_row + 1):
                sheet.cell(row, column).number_format = "0.0%"


def _show_axes(chart: Any) -> None:
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.scaling.orientation = "maxMin"  # the first row on top
    chart.y_axis.number_format = "0%"
    chart.width = 22
