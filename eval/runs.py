"""The run log: one JSON line for each evaluation, to look back on."""

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data.errors import InputError
from .evaluation import Evaluation


def append_runs(path: Path, evaluations: Sequence[Evaluation], annotated: str, provenance: Mapping[str, str]) -> None:
    """Append evaluations to a log."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    lines = [
        {"time": now, "annotated": Path(annotated).name, "provenance": dict(provenance), **one.as_json()}
        for one in evaluations
    ]
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    except OSError as error:
        raise InputError(f"cannot write the run log {path}: {error.strerror}") from None


def read_runs(path: Path) -> list[dict[str, Any]]:
    """Read a log.

    :raises InputError: If it is not there, or a line is no run.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the run log {path}: {error.strerror}") from None
    runs = []
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            run["metrics"]["macro-F1"], run["name"], run["time"], run["annotated"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path} row {number} is no run that whyshare eval --runs wrote; take it out") from None
        runs.append(run)
    return runs
