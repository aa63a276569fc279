"""Draw the posts that a person should check, and read back what they said.

A sample remembers its design: ``weight`` is the number of posts that each drawn post stands for, so that a stratified
sample is not taken for a simple one. The model's own answer is left out, since it would sway whoever checks.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from .. import data
from ..data.annotated import parse_motive
from ..data.cleaning import clean
from ..data.columns import find_column
from ..data.errors import InputError, shown
from ..data.motives import MOTIVES
from ..data.reading import open_table
from ..data.writing import open_writer
from .labelled_file import LabelledFile, numbered
from .mix import Checked
from .pages import COLOURS

COLUMNS = ("post", "weight", "text", "label", "note")
DEFINITION_COLUMNS = ("label", "中文", "English", "作者得到什么", "what the author gains")
CODEBOOK_FIRST = (  # of what the codebook asks for, a sample has the label alone
    "只填 label 一列；编码手册写 null 的，请留空。 "
    "Fill in only the column label; leave it blank where the codebook says null."
)
_FILLED_IN = ("label", "note")
ENDINGS = {"label-studio": ".json", "doccano": ".jsonl"}  # of the files that annotation tools read


def draw(labelled: LabelledFile, groups: Sequence[str], count: int, seed: int) -> list[dict[str, Any]]:
    """Draw at random; with several groups, equally many of each as far as they have them.

    :param groups: The group of each post; all the same for a simple random sample.
    :raises InputError: If more posts are wanted than there are, or fewer than groups.
    """
    if count > len(labelled):
        raise InputError(f"-n is {count}, but there are {len(labelled)} posts; ask for fewer")
    rng = np.random.default_rng(seed)
    _, numbers = numbered(groups)
    strata = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    if count < len(strata):
        raise InputError(f"-n is {count}, but there are {len(strata)} groups, each of which needs a post; ask for more")
    weights: dict[int, float] = {}
    for members, quota in zip(strata, _quotas([len(one) for one in strata], count), strict=True):
        chosen = rng.choice(members, quota, replace=False).tolist()
        weights |= dict.fromkeys(chosen, round(len(members) / quota, 6))
    texts = labelled.texts(weights)
    rows = [
        {"post": int(labelled.rows[k]), "weight": weight, "text": clean(texts[k]), "label": "", "note": ""}
        for k, weight in weights.items()
    ]
    return [rows[k] for k in rng.permutation(len(rows))]


def _quotas(sizes: list[int], count: int) -> list[int]:
    """Share a number out evenly over strata of limited sizes."""
    quotas = [0] * len(sizes)
    while sum(quotas) < count:
        for k in sorted(range(len(sizes)), key=lambda k: quotas[k]):
            if quotas[k] < sizes[k] and sum(quotas) < count:
                quotas[k] += 1
    return quotas


def write_sample(path: Path, rows: Sequence[dict[str, Any]], form: str) -> None:
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
    if path.suffix.lower() == ".xlsx":
        _write_workbook(path, rows)
        return
    if form == "doccano":
        lines = [json.dumps({**row, "label": []}, ensure_ascii=False) + "\n" for row in rows]
        path.write_text("".join(lines), encoding="utf-8")
        labels = [
            {"text": str(m), "background_color": colour, "text_color": "#ffffff"} for m, colour in COLOURS.items()
        ]
        path.with_suffix(".labels.json").write_text(json.dumps(labels), encoding="utf-8")
    else:
        with open_writer(path, COLUMNS) as writer:
            for row in rows:
                writer.write(row)
    with open_writer(path.with_suffix(".motives.csv"), DEFINITION_COLUMNS) as writer:
        for definition in definitions():
            writer.write(dict(zip(DEFINITION_COLUMNS, definition, strict=True)))


def definitions() -> list[tuple[str, ...]]:
    """Give what each motive means, in the order of ``DEFINITION_COLUMNS``."""
    return [(str(motive), motive.zh, motive.en, motive.gain_zh, motive.gain_en) for motive in MOTIVES]


def label_studio_config() -> str:
    """Give the labelling interface for Label Studio."""
    choices = "".join(f'<Choice value="{m}" hint="{m.zh}: {m.gain_zh} {m.gain_en}"/>' for m in MOTIVES)
    return (
        '<View><Text name="text" value="$text"/>'
        f'<Choices name="label" toName="text" choice="single" showInline="true">{choices}</Choices></View>\n'
    )


def _write_workbook(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "check"
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row[column] for column in COLUMNS])
        text = sheet.cell(sheet.max_row, 3)
        text.data_type = "s"  # a text, whatever it begins with
        text.alignment = Alignment(wrap_text=True, vertical="top")
    choices = DataValidation("list", formula1='"' + ",".join(MOTIVES) + '"', allow_blank=True, showErrorMessage=True)
    choices.error = (
        "请从八种动机中选一个；没有动机的，请留空。 Choose one of the eight motives; leave it blank where there is none"
    )
    sheet.add_data_validation(choices)
    choices.add(f"D2:D{len(rows) + 1}")
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDE", (8, 9, 90, 14, 30), strict=True):
        sheet.column_dimensions[column].width = width
    meanings = book.create_sheet("motives")
    for definition in (DEFINITION_COLUMNS, *definitions()):
        meanings.append(definition)
    for column, width in zip("ABCDE", (14, 12, 22, 36, 50), strict=True):
        meanings.column_dimensions[column].width = width
    rules = book.create_sheet("codebook")
    rules.column_dimensions["A"].width = 120
    for line in (CODEBOOK_FIRST, *files(data).joinpath("CODEBOOK.md").read_text(encoding="utf-8").splitlines()):
        rules.append([line])
        rules.cell(rules.max_row, 1).data_type = "s"
        rules.cell(rules.max_row, 1).alignment = Alignment(wrap_text=True)
    for one in (sheet, meanings, rules):
        for cell in one[1]:
            cell.font = Font(bold=True)
    book.save(path)


def is_free(path: Path) -> bool:
    """Tell whether a sample may be written here: nothing is there, or a sample in which nothing is filled in yet."""
    if not path.exists():
        return True
    try:
        rows = _checked_rows(path)
    except InputError:  # something else
        return False
    return bool(rows) and not any(str(values.get(column) or "").strip() for _, values in rows for column in _FILLED_IN)


def read_checked(path: Path, labelled: LabelledFile) -> Checked:
    """Read a sample back after a person filled it in; rows left blank are not checked yet, or no post.

    :raises InputError: If nothing is filled in, a row belongs to another labelled file, or a weight is none.
    """
    positions, gold, weights, blank = [], [], [], 0
    rows = _checked_rows(path)
    usual = {str(values["weight"]) for _, values in rows if values.get("weight") not in (None, "")}
    places = labelled.positions(_row(values.get("post")) for _, values in rows)
    texts = labelled.texts(place for place in places if place is not None)
    for (number, values), place in zip(rows, places, strict=True):
        try:
            label = parse_motive(values.get("label"))
            if label is None:
                blank += 1
                continue
            positions.append(_position(values, place, texts))
            weights.append(_weight(values.get("weight"), usual))
        except ValueError as error:
            raise InputError(f"{path} row {number}: {error}") from None
        gold.append(label.position)
    if not positions:
        raise InputError(f"{path} has no label filled in yet; fill in the column label")
    if len(set(positions)) < len(positions):
        raise InputError(f"{path} has a post twice; a sample is drawn without repetition")
    return Checked(np.array(positions), np.array(gold), np.array(weights), blank)


def _row(given: Any) -> int:
    """Read which row of the labelled file a checked post was drawn from; 0 where that is not said."""
    try:
        return int(float(given or ""))
    except (ValueError, OverflowError):
        return 0


def _position(values: Mapping[str, Any], place: int | None, texts: Mapping[int, str]) -> int:
    """Give the place of a checked post among all, once its text is found to be the same."""
    if place is None:
        raise ValueError(
            f"post is {shown(values.get('post'))}, which is not in the labelled file; leave out what was not drawn from it"
        )
    drawn = clean(texts[place])
    if clean(str(values.get("text") or "")) not in (drawn, clean(drawn)):  # as a sample holds it, cleaned
        raise ValueError(f"this post is not row {_row(values['post'])} of the labelled file; was it drawn from it?")
    return place


def _weight(given: Any, usual: set[str]) -> float:
    """Read how many posts a checked one stands for; where it is missing, as many as every other."""
    if given in (None, ""):
        if len(usual) > 1:
            raise ValueError("the weight is missing, and other rows have different ones; put back what was drawn")
        given = next(iter(usual), 1)
    try:
        weight = float(given)
    except (TypeError, ValueError):
        weight = 0.0
    if not (isfinite(weight) and weight > 0):
        raise ValueError(f"the weight is {shown(given)}; a number above 0 is needed, put back what was drawn")
    return weight


def _checked_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    table = open_table(path)
    rows = []
    for row in table.whole_rows(path):
        values = row.values
        if isinstance(values.get("data"), dict):  # Label Studio's JSON; its JSON-MIN, CSV and TSV are plain tables
            values = {**values["data"], "label": _label_studio_choice(values)}
        elif isinstance(values.get("label"), list):  # doccano's JSONL, older ones with the other columns in "meta"
            meta = values.get("meta")
            values = (meta if isinstance(meta, dict) else {}) | values | {"label": next(iter(values["label"]), None)}
        rows.append((row.number, values))
    if rows and find_column(list(rows[0][1]), ["post"]) is None:
        raise InputError(
            f"{path} has no column 'post'; it has {', '.join(table.columns)}: give what whyshare sample wrote"
        )
    return rows


def _label_studio_choice(task: dict[str, Any]) -> str | None:
    for annotation in task.get("annotations") or []:
        if annotation.get("was_cancelled"):  # skipped by whoever checked
            continue
        for result in annotation.get("result") or []:
            choices = result.get("value", {}).get("choices")
            if choices:
                return str(choices[0])
    return None
