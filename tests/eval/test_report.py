import json
import re
from pathlib import Path

import pytest

from whyshare.cli import main
from whyshare.data.motives import MOTIVES


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Write a report in Chinese on posts of which the wrong ones say one of two things."""
    monkeypatch.chdir(tmp_path)
    gold, said = ["id,text,label,language"], []
    for number in range(64):
        label, wrong = MOTIVES[number % 8], number % 4 == 0
        text = f"win a phone {number % 8}" if wrong else f"post {number}"
        gold.append(f"{number},{text},{label},zh")
        motive = MOTIVES[(number + 1) % 8] if wrong else label
        probs = {f"p_{one}": 0.65 if one == motive else 0.05 for one in MOTIVES}
        said.append(json.dumps({"id": str(number), "motive": motive, **probs}))
    Path("gold.csv").write_text("\n".join(gold), encoding="utf-8")
    Path("said.jsonl").write_text("\n".join(said), encoding="utf-8")
    command = ["eval", "gold.csv", "--predictions", "said.jsonl", "--resamples", "9"]
    assert main([*command, "--report", "report", "--lang", "zh"]) == 0
    return Path("report/report.html").read_text(encoding="utf-8")


def test_an_error_that_is_repeated_is_shown_once(page):
    assert re.findall(r'"words">(win a phone \d)<', page) == ["win a phone 0", "win a phone 4"]
    assert "16 个错误中的 2 个" in page
    assert len(Path("report/errors.csv").read_text(encoding="utf-8-sig").splitlines()) == 17


def test_numbers_of_the_charts_stand_in_tables(page):
    assert page.count("<details>") == 3
    assert re.search(r'<th scope="row">直接利益</th><td>0</td><td>8</td><td>0</td>', page)
    assert re.search(r'<th scope="row">65%</th><td>\d+% \[\d+, \d+\]</td><td>\d+</td>', page)
    assert not re.search(r"<th[ >](?!scope)", page.replace("<th scope", ""))
    assert "宏平均 F1（中文）" in page


import numpy as np

from whyshare.data.annotated import Annotated
from whyshare.eval.judging import judge_probabilities
from whyshare.eval.report import find_errors


def test_the_most_certain_errors_come_first():
    posts = [Annotated(str(number), f"post {number}", MOTIVES[0]) for number in range(3)]
    probs = np.array([[0.0, sure, *[(1 - sure) / 6] * 6] for sure in (0.5, 0.9, 0.7)])
    assert [error.post.id for error in find_errors(judge_probabilities(posts, probs), posts)] == ["1", "2", "0"]
