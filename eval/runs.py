"""The run log: one JSON line for each evaluation, to look back on."""

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.errors import InputError
from .comparison import Comparison, compare
from .evaluation import Evaluation
from .metrics import Judged

# Yardsticks, which every evaluation on the same posts logs anew.
MAJORITY, CHANCE = "always the commonest motive", "chance, in the true shares"
NGRAMS = "n-grams with logistic regression"
YARDSTICKS = frozenset({MAJORITY, CHANCE, NGRAMS})


def append_runs(
    path: Path, runs: Iterable[tuple[Evaluation, Judged]], annotated: str, provenance: Mapping[str, str]
) -> None:
    """Append evaluations to a log, with the labels that they were computed from, so that runs can be compared later."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    lines = [
        {"time": now, "annotated": Path(annotated).name, "provenance": dict(provenance), **evaluation.as_json()}
        | {"gold": _digits(judged.gold), "predicted": _digits(judged.predicted)}
        for evaluation, judged in runs
    ]
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    except OSError as error:
        raise InputError(f"cannot write the run log {path}: {error.strerror}") from None


def read_runs(path: Path) -> list[dict[str, Any]]:
    """Read a log.

    :raises InputError: If it is not there, holds nothing, or a line is no run.
    """
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.readlines()
    except OSError as error:
        raise InputError(f"cannot read the run log {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path} is no run log but another kind of file; give one that whyshare eval --runs wrote"
        ) from None
    runs = []
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            run["metrics"]["macro-F1"], run["name"], run["time"], run["annotated"], run["posts"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path} row {number} is no run that whyshare eval --runs wrote; take it out") from None
        runs.append(run)
    if not runs:
        raise InputError(f"{path} holds no run yet; whyshare eval --runs {path} adds one")
    return runs


def against_best(runs: Sequence[dict[str, Any]]) -> dict[int, Comparison]:
    """Compare the best run on each annotated file with every other run on the same posts.

    :return: The comparison (best minus this one) by the position of the run. Its p-values are corrected for every two
        runs on these posts, among which the best was picked: corrected for its own comparisons alone, the best of ten
        equal models would be better than another in one log of seven, where 1 of 20 is meant.
    """
    sets: dict[tuple[str, str], list[int]] = {}
    for position, run in enumerate(runs):
        if "gold" in run and "predicted" in run:
            sets.setdefault((run["annotated"], run["gold"]), []).append(position)
    compared: dict[int, Comparison] = {}
    for positions in sets.values():
        best = max(positions, key=lambda k: runs[k]["metrics"]["macro-F1"][0])
        others = [k for k in positions if k != best]
        models = [
            (runs[k]["name"], Judged(_positions(runs[k]["gold"]), _positions(runs[k]["predicted"])))
            for k in [best, *others]
        ]
        compared |= dict(zip(others, compare(models, against_first=True), strict=True))
    return compared


def _digits(labels: NDArray[np.int64]) -> str:
    """Write column numbers of the eight motives as a string of digits."""
    return "".join(map(str, labels.tolist()))


def _positions(digits: str) -> NDArray[np.int64]:
    return np.array([int(digit) for digit in digits], dtype=np.int64)
