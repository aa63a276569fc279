import csv
import json
import re
from importlib.resources import files

import numpy as np
import openpyxl
import pytest

from whyshare import data
from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.data.motives import MOTIVES, NO_POST
from whyshare.eval.labelled_file import LabelledFile
from whyshare.eval.sampling import read_checked

TEXTS = ["求推荐🎉 好吗?", "今天👨‍👩‍👧很好", "ok 😂", "=1+1 是公式吗", "转发抽奖", "危险"]


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": text, "motive": "help", "city": "ab"[row > 3]} for row, text in enumerate(TEXTS)]
    (tmp_path / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return LabelledFile.read(tmp_path / "labelled.jsonl")


def draw(name, *options):
    assert main(["sample", "labelled.jsonl", "-n", "6", "-o", name, "--by", "city", *options]) == 0


def fill(path, labels, encoding="utf-8-sig"):
    """Save a drawn CSV with labels, as a spreadsheet would in another encoding."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"label": label} for row, label in zip(rows, labels, strict=True))


def test_the_workbook_offers_no_post_and_holds_both_codebooks(labelled, tmp_path):
    draw("check.xlsx")
    book = openpyxl.load_workbook("check.xlsx")
    assert book.sheetnames == ["check", "motives", "codebook", "编码手册"]
    [choices] = book["check"].data_validations.dataValidation
    assert choices.formula1 == f'"{",".join([*MOTIVES, NO_POST])}"'
    assert len(choices.formula1) <= 255 > len(choices.error)  # what Excel takes
    assert str(choices.sqref) == "D2:D7"
    assert {cell.data_type for cell in book["check"]["C"]} == {"s"}
    assert [row[0].value for row in book["motives"].iter_rows(min_row=2)] == [*MOTIVES, NO_POST]
    for sheet, words in (("codebook", "Blank means not read yet"), ("编码手册", "留空表示还没看")):
        assert NO_POST in book[sheet]["A1"].value
        assert words in book[sheet]["A1"].value


def test_annotation_tools_offer_no_post(labelled, tmp_path):
    draw("check.json", "--format", "label-studio")
    assert f'<Choice value="{NO_POST}" hint="不是帖子' in (tmp_path / "check.config.xml").read_text(encoding="utf-8")
    draw("check.jsonl", "--format", "doccano")
    labels = json.loads((tmp_path / "check.labels.json").read_text(encoding="utf-8"))
    assert [label["text"] for label in labels] == [*MOTIVES, NO_POST]


def test_rows_without_a_motive_stay_in_the_sample(labelled, tmp_path):
    draw("check.csv")
    fill(tmp_path / "check.csv", ["help", "", NO_POST, "value", "无", ""])
    with (tmp_path / "check.csv").open("a", encoding="utf-8") as file:
        file.write(",,,,\r\n")  # a row that was cleared
    checked = read_checked(tmp_path / "check.csv", labelled)
    assert checked.gold.tolist() == [6, -1, -1, 4, -1, -1]
    assert sorted(checked.positions.tolist()) == list(range(6))
    assert np.isfinite(checked.weights).all()
    assert checked.blank == 4
    fill(tmp_path / "check.csv", ["", "null", "", "", "", "", ""])
    with pytest.raises(InputError, match="has no label filled in yet"):
        read_checked(tmp_path / "check.csv", labelled)


def test_emoji_that_a_spreadsheet_lost_do_not_make_another_post(labelled, tmp_path):
    draw("check.csv")
    fill(tmp_path / "check.csv", ["help"] * 6, "gbk")
    saved = (tmp_path / "check.csv").read_text(encoding="gbk")
    assert "求推荐? 好吗?" in saved
    assert len(read_checked(tmp_path / "check.csv", labelled).gold) == 6
    (tmp_path / "check.csv").write_text(saved.replace("求推荐", "??"), encoding="gbk")
    with pytest.raises(InputError, match=r"this post is not row 1 .* became \?, fill in an xlsx sample$"):
        read_checked(tmp_path / "check.csv", labelled)


def test_posts_are_found_by_their_text_after_the_file_was_sorted(labelled, tmp_path):
    draw("check.csv")
    fill(tmp_path / "check.csv", ["help"] * 6)
    before = read_checked(tmp_path / "check.csv", labelled)
    lines = (tmp_path / "labelled.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "labelled.jsonl").write_text("\n".join(reversed(lines)), encoding="utf-8")
    after = read_checked(tmp_path / "check.csv", LabelledFile.read(tmp_path / "labelled.jsonl"))
    assert (before.by_text, after.by_text) == (0, 6)
    assert after.positions.tolist() == [5 - position for position in before.positions]
    (tmp_path / "labelled.jsonl").write_text("\n".join([*reversed(lines), lines[5]]), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"this post is not row 6 .* cannot be told by its text; was the file sorted since"
    ):
        read_checked(tmp_path / "check.csv", LabelledFile.read(tmp_path / "labelled.jsonl"))


def test_a_text_that_reads_like_an_escape_of_excel_stays_the_same_post(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": text, "motive": "help"} for text in ("_x0041_ 好", "=1+1", "plain")]
    (tmp_path / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-n", "3", "-o", "check.xlsx"]) == 0
    book = openpyxl.load_workbook("check.xlsx")
    for row in (2, 3, 4):
        book["check"].cell(row, 4).value = "help"
    book.save("check.xlsx")
    checked = read_checked(tmp_path / "check.xlsx", LabelledFile.read(tmp_path / "labelled.jsonl"))
    assert checked.filled == 3


def test_both_codebooks_say_the_same():
    english, chinese = (
        files(data).joinpath(name).read_text(encoding="utf-8") for name in ("CODEBOOK.md", "CODEBOOK.zh-CN.md")
    )
    names = rf"(?<=`)(?:{'|'.join(MOTIVES)}|null)(?=`)|(?<=[|] )(?:{'|'.join(MOTIVES)}|null)(?= [|])"

    def shape(text):
        blocks = re.split(r"\n(?! )", text)  # a heading, a row, or an item with the lines that go on with it
        named = [(block[:2], sorted(re.findall(names, block))) for block in blocks if re.match(r"#|[|]|\d\.|- ", block)]
        return [(kind, labels) for kind, labels in named if labels or kind != "| "]

    assert shape(english) == shape(chinese)
    assert english.count("`care: true`") == chinese.count("`care: true`") == 1


from pathlib import Path


def test_another_seed_draws_other_posts(labelled, tmp_path):
    drawn = []
    for name, seed in (("a.csv", "0"), ("b.csv", "0"), ("c.csv", "1")):
        assert main(["sample", "labelled.jsonl", "-n", "3", "-o", name, "--seed", seed]) == 0
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_groups_of_a_sample_are_mixed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"post {row}", "motive": "help", "city": "ab"[row >= 20]} for row in range(40)]
    (tmp_path / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-n", "20", "-o", "check.csv", "--by", "city"]) == 0
    with (tmp_path / "check.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {int(row["post"]) > 20 for row in list(csv.DictReader(file))[:10]} == {True, False}


def test_a_task_that_was_skipped_has_no_label(labelled, tmp_path):
    draw("check.json", "--format", "label-studio")
    tasks = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))
    said, skipped = ({"result": [{"value": {"choices": [label]}}]} for label in ("help", "value"))
    for task in tasks:
        task["annotations"] = [skipped | {"was_cancelled": True}, said]
    del tasks[0]["annotations"][1]
    (tmp_path / "check.json").write_text(json.dumps(tasks), encoding="utf-8")
    assert read_checked(tmp_path / "check.json", labelled).gold.tolist() == [-1, *[6] * 5]


def test_a_post_that_stands_twice_in_a_sample_is_refused(labelled, tmp_path):
    draw("check.csv")
    fill(tmp_path / "check.csv", ["help"] * 6)
    data = (tmp_path / "check.csv").read_bytes()
    (tmp_path / "check.csv").write_bytes(data + data.splitlines(keepends=True)[-1])
    with pytest.raises(InputError, match="has a post twice"):
        read_checked(tmp_path / "check.csv", labelled)


def test_a_sample_is_replaced_whole_or_not_at_all(labelled, tmp_path, monkeypatch):
    draw("check.xlsx")
    before = (tmp_path / "check.xlsx").read_bytes()

    def torn(book, path):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(openpyxl.Workbook, "save", torn)
    assert main(["sample", "labelled.jsonl", "-n", "6", "-o", "check.xlsx", "--force"]) == 2
    assert (tmp_path / "check.xlsx").read_bytes() == before
