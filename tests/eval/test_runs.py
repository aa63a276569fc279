from functools import partial

import numpy as np
import pytest

from whyshare.data.errors import InputError
from whyshare.eval import runs as runs_module
from whyshare.eval.comparison import compare
from whyshare.eval.runs import against_best, read_runs


def logged(name, gold, right):
    predicted = np.where(right, gold, (gold + 1) % 8)
    digits = {"gold": "".join(map(str, gold)), "predicted": "".join(map(str, predicted))}
    return {"name": name, "annotated": "gold.csv", "metrics": {"macro-F1": [right.mean(), 0.0, 1.0]}} | digits


def test_the_best_of_equal_runs_is_hardly_ever_better_than_another(monkeypatch):
    monkeypatch.setattr(runs_module, "compare", partial(compare, resamples=2))  # intervals are not looked at
    rng = np.random.default_rng(0)
    gold, logs, found = np.arange(200) % 8, 60, 0
    for _ in range(logs):
        runs = [logged(str(k), gold, rng.random(200) < 0.7) for k in range(10)]
        found += any(comparison.adjusted < 0.05 for comparison in against_best(runs).values())
    assert found <= 0.05 * logs  # corrected for the nine comparisons alone it would be 10 of 60


def test_a_run_that_is_worse_is_told_from_the_best():
    rng = np.random.default_rng(0)
    gold = np.arange(400) % 8
    runs = [
        logged(name, gold, rng.random(400) < share) for name, share in (("bad", 0.5), ("good", 0.8), ("so-so", 0.78))
    ]
    compared = against_best(runs)
    assert {position: comparison.second for position, comparison in compared.items()} == {0: "bad", 2: "so-so"}
    assert compared[0].adjusted < 1e-6 < 0.05 < compared[2].adjusted


def test_another_kind_of_file_is_no_run_log(tmp_path):
    (tmp_path / "posts.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match=r"posts\.xlsx is no run log but another kind of file"):
        read_runs(tmp_path / "posts.xlsx")
