"""Draw the posts that a person should check, and read back what they said.

A sample remembers its design: ``weight`` is the number of posts that each drawn post stands for, so that a stratified
sample is not taken for a simple one. The model's own answer is left out, since it would sway whoever checks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..data.annotated import Annotated, parse_motive
from ..data.cells import flat_cell
from ..data.cleaning import clean
from ..data.columns import find_column
from ..data.errors import InputError, shown
from ..data.reading import open_table
from .agreement import MISSING
from .labelled_file import LabelledFile, numbered
from .mix import Checked

_FILLED_IN = ("label", "note")


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
    """Read a sample back after a person filled it in; ``gold`` is -1 where a row is blank, or no post.

    A post that is not in the row from which it was drawn is found by its text, if no other has that.

    :raises InputError: If no motive is filled in, a row belongs to another labelled file, or a weight is none.
    """
    rows = _checked_rows(path)
    usual = {str(values["weight"]) for _, values in rows if values.get("weight") not in (None, "")}
    places = _places([values for _, values in rows], labelled)
    by_text = _places_by_text([values for _, values in rows], places, labelled)
    positions, gold, weights = [], [], []
    for (number, values), place, alike in zip(rows, places, by_text, strict=True):
        try:
            label = parse_motive(values.get("label"))
            positions.append(_only(values, alike, labelled) if place is None else place)
            weights.append(_weight(values.get("weight"), usual))
        except ValueError as error:
            raise InputError(f"{path} row {number}: {error}") from None
        gold.append(MISSING if label is None else label.position)
    if all(label == MISSING for label in gold):
        raise InputError(f"{path} has no label filled in yet; fill in the column label")
    if len(set(positions)) < len(positions):
        raise InputError(f"{path} has a post twice; a sample is drawn without repetition")
    return Checked(np.array(positions), np.array(gold), np.array(weights), by_text=places.count(None))


def _places(checked: Sequence[Mapping[str, Any]], labelled: LabelledFile) -> list[int | None]:
    """Find checked posts among all by the rows from which they were drawn; None where another text stands there."""
    places = labelled.positions(_row(values) for values in checked)
    texts = labelled.texts(place for place in places if place is not None)
    return [
        place if place is not None and _is_same(_text(values), clean(texts[place])) else None
        for values, place in zip(checked, places, strict=True)
    ]


def _places_by_text(
    checked: Sequence[Mapping[str, Any]], places: Sequence[int | None], labelled: LabelledFile
) -> list[list[int]]:
    """Find the places of all posts that have the text of a checked one; none where its place is known, or it is repeated."""
    texts = list(map(_text, checked))
    counts = Counter(texts)
    sought = [text if place is None and counts[text] == 1 else "" for text, place in zip(texts, places, strict=True)]
    wanted = set(sought) - {""}
    found = labelled.places_of(wanted) if wanted else {}
    return [found.get(text, []) for text in sought]


def _row(values: Mapping[str, Any]) -> int:
    """Read which row of the labelled file a checked post was drawn from; 0 where that is not said."""
    try:
        return int(float(values.get("post") or ""))
    except (ValueError, OverflowError):
        return 0


def _text(values: Mapping[str, Any]) -> str:
    return clean(str(values.get("text") or ""))


def _is_same(given: str, drawn: str) -> bool:
    """Tell whether two cleaned texts are one post, as a sample holds it (cleaned twice by now), and as Excel may leave it."""
    return given in (drawn, clean(drawn)) or _kept_in_gbk(given) == _kept_in_gbk(drawn)


def _only(values: Mapping[str, Any], places: Sequence[int], labelled: LabelledFile) -> int:
    """Give the place of a checked post that is in another row than it was drawn from, where one post alone has its text."""
    if len(places) == 1:
        return places[0]
    if labelled.positions([_row(values)])[0] is None:
        raise ValueError(
            f"post is {shown(values.get('post'))}, which is not in the labelled file; leave out what was not drawn from it"
        )
    lost = "; if characters of it became ?, fill in an xlsx sample" if "?" in _text(values) else ""
    raise ValueError(
        f"this post is not row {_row(values)} of the labelled file, and cannot be told by its text; was the file sorted "
        f"since? Give it as it was when the sample was drawn{lost}"
    )


def _kept_in_gbk(text: str) -> str:
    """Give what is left of a text in a CSV that Excel saves in GBK, where emoji become ``?``: ``"好🎉 ??" -> "好"``."""
    return "".join(text.encode("gbk", "ignore").decode("gbk").replace("?", "").split())


def sampling_of(posts: Sequence[Annotated]) -> list[float] | None:
    """Give how many posts each stands for, in a sample that :func:`draw` drew by groups; None where all the same.

    :raises InputError: If some of the posts have such a weight and others none.
    """
    given = [post.fields.get("weight") if "post" in post.fields else None for post in posts]
    if len(set(map(str, given))) < 2:
        return None
    weights = list(map(_positive, given))
    for post, value, weight in zip(posts, given, weights, strict=True):
        if not weight:
            raise InputError(
                f"row {post.row}: the weight is {shown(value)}; posts drawn by whyshare sample --by need the number above "
                "0 that it wrote there, put it back"
            )
    return weights


def _weight(given: Any, usual: set[str]) -> float:
    """Read how many posts a checked one stands for; where it is missing, as many as every other."""
    if given in (None, ""):
        if len(usual) > 1:
            raise ValueError("the weight is missing, and other rows have different ones; put back what was drawn")
        given = next(iter(usual), 1)
    weight = _positive(given)
    if not weight:
        raise ValueError(f"the weight is {shown(given)}; a number above 0 is needed, put back what was drawn")
    return weight


def _positive(given: Any) -> float:
    """Read a number above 0; 0 where there is none."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return 0.0
    return number if isfinite(number) and number > 0 else 0.0


def _checked_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    table = open_table(path)
    rows = []
    for row in table.whole_rows(path):
        values = row.values
        if not any(map(flat_cell, values.values())):  # cleared in a spreadsheet
            continue
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
