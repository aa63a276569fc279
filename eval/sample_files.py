"""The forms in which posts are given to a person to label: a workbook, CSV, or the tasks of an annotation tool."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from .. import data
from ..data.columns import usual_text_columns
from ..data.errors import InputError
from ..data.motives import MOTIVES, NO_POST
from ..data.whole_files import written_whole
from ..data.writing import excel_value, open_writer
from .pages import COLOURS

COLUMNS = ("post", "weight", "text", "label", "note")
DEFINITION_COLUMNS = ("label", "中文", "English", "一句话", "in one line")
NO_POST_MEANS = (
    "只有链接、只有符号、中英文以外的语言，或残缺的片段。",
    "Only a link, only symbols, a language other than Chinese or English, a fragment.",
)
CODEBOOKS = {  # sheet: the file, and its first line, since of what a codebook asks for a sample has the label alone
    "codebook": (
        "CODEBOOK.md",
        f"Fill in only the column label: one of the eight, or {NO_POST} where the codebook says null. Blank means not read yet.",
    ),
    "编码手册": (
        "CODEBOOK.zh-CN.md",
        f"只填 label 一列：从八种动机中选一个；手册中标 null 的，选“{NO_POST}”。留空表示还没看。",
    ),
}
ENDINGS = {"label-studio": ".json", "doccano": ".jsonl"}  # of the files that annotation tools read

_CHOICES = (*map(str, MOTIVES), NO_POST)
_WRONG_CHOICE = (
    f"请从列表中选：八种动机之一；不是帖子的，选 {NO_POST}；还没看的，留空。 "
    f"Choose from the list: one of the eight motives, or {NO_POST} for no post; leave blank what is not read yet"
)
_WIDTHS = {"text": 90, "label": 16, "note": 30}


def write_sample(path: Path, rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Write a sample: XLSX with a drop-down, CSV, or the tasks of an annotation tool; each with the definitions.

    What does not fit into the file lies beside it: Label Studio's interface (``.config.xml``), doccano's labels
    (``.labels.json``), and for both doccano and CSV the definitions (``.motives.csv``).

    :raises InputError: If an annotation tool could not read a file with this ending.
    """
    if path.suffix.lower() != ENDINGS.get(form, path.suffix.lower()):
        raise InputError(f"{path} has not the ending {ENDINGS[form]}, which {form} reads; give it that")
    if form == "label-studio":
        tasks = [{"data": {key: row[key] for key in ("post", "weight", "text")}} for row in rows]
        path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")
        path.with_suffix(".config.xml").write_text(label_studio_config(), encoding="utf-8")
        return
    if form == "doccano":
        lines = [json.dumps({**row, "label": []}, ensure_ascii=False) + "\n" for row in rows]
        path.write_text("".join(lines), encoding="utf-8")
        colours = [*COLOURS.items(), (NO_POST, "#555555")]
        labels = [{"text": str(name), "background_color": colour, "text_color": "#ffffff"} for name, colour in colours]
        path.with_suffix(".labels.json").write_text(json.dumps(labels), encoding="utf-8")
    else:
        write_posts(path, COLUMNS, rows)
    if path.suffix.lower() != ".xlsx":  # which has them in a sheet
        with open_writer(path.with_suffix(".motives.csv"), DEFINITION_COLUMNS) as writer:
            for definition in definitions():
                writer.write(dict(zip(DEFINITION_COLUMNS, definition, strict=True)))


def write_posts(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write posts with a column ``label`` to fill in: a workbook with a drop-down and both codebooks, or any table."""
    if path.suffix.lower() == ".xlsx":
        _write_workbook(path, columns, rows)
        return
    with open_writer(path, columns) as writer:
        for row in rows:
            writer.write(row)


def definitions() -> list[tuple[str, ...]]:
    """Give what each motive means, and what is no post, in the order of ``DEFINITION_COLUMNS``."""
    motives = [(str(motive), motive.zh, motive.en, motive.gain_zh, motive.gain_en) for motive in MOTIVES]
    return [*motives, (NO_POST, "不是帖子", "No post", *NO_POST_MEANS)]


def label_studio_config() -> str:
    """Give the labelling interface for Label Studio."""
    choices = "".join(
        f'<Choice value="{name}" hint="{zh}：{" ".join(means)}"/>' for name, zh, _, *means in definitions()
    )
    return (
        '<View><Text name="text" value="$text"/>'
        f'<Choices name="label" toName="text" choice="single" showInline="true">{choices}</Choices></View>\n'
    )


def _write_workbook(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "check"
    _append(sheet, columns)
    for row in rows:
        _append(sheet, [row.get(column) for column in columns])
    choices = DataValidation("list", formula1=f'"{",".join(_CHOICES)}"', allow_blank=True, showErrorMessage=True)
    choices.error = _WRONG_CHOICE
    sheet.add_data_validation(choices)
    texts = usual_text_columns(columns)[:1]
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        if column == "label":
            choices.add(f"{letter}2:{letter}{len(rows) + 1}")
        if column in texts:
            _wrap(sheet, number)
        sheet.column_dimensions[letter].width = _WIDTHS["text"] if column in texts else _WIDTHS.get(column, 12)
    sheet.freeze_panes = "A2"
    meanings = book.create_sheet("motives")
    for definition in (DEFINITION_COLUMNS, *definitions()):
        meanings.append(definition)
    for letter, width in zip("ABCDE", (16, 12, 22, 36, 54), strict=True):
        meanings.column_dimensions[letter].width = width
    for title, (file, first) in CODEBOOKS.items():
        rules = book.create_sheet(title)
        rules.column_dimensions["A"].width = 120
        for line in (first, *_without_marks(files(data).joinpath(file).read_text(encoding="utf-8"))):
            _append(rules, [line])
        _wrap(rules, 1)
    for one in book.worksheets:
        for cell in one[1]:
            cell.font = Font(bold=True)
    with written_whole(path) as temporary:
        book.save(temporary)


def _without_marks(markdown: str) -> Iterator[str]:
    """Give the lines of a text in Markdown to people who don't know it: ``| `help` | *a* |`` -> ``help — a``."""
    for line in re.sub(r"[*`]|^#+ |^\| | \|$", "", markdown, flags=re.MULTILINE).splitlines():
        if not line.startswith("|---"):
            yield line.replace(" | ", " — ")


def _append(sheet: Any, values: Sequence[Any]) -> None:
    """Add a row; a text stays one, whatever it begins with."""
    sheet.append([excel_value(value)[0] for value in values])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"


def _wrap(sheet: Any, column: int) -> None:
    from openpyxl.styles import Alignment

    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
