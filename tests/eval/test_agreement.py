import json
import re

import numpy as np
import openpyxl
import pytest
from sklearn.metrics import cohen_kappa_score

from whyshare.cli import main
from whyshare.data.annotated import load_annotated
from whyshare.data.errors import InputError
from whyshare.data.motives import MOTIVES, NO_POST
from whyshare.data.reading import open_table
from whyshare.eval.agreement import (
    cohen_kappa,
    disagreements,
    fleiss_kappa,
    krippendorff_alpha,
    label_counts,
    measure_agreement,
    pairable,
)
from whyshare.eval.annotators import label_matrix, read_columns

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", nominal data with missing values: 0.743
KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 0 0 0
1 2 3 3 2 2 4 1 2 5 0 3
0 3 3 3 2 3 4 2 2 5 1 0
1 2 3 3 2 4 4 1 2 5 1 0
"""
# Fleiss (1971) as in the usual worked example of 14 raters, 10 subjects, 5 categories: 0.210
FLEISS = """
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
"""


def matrix(text):
    return np.array([row.split() for row in text.strip().splitlines()], dtype=np.int64)


def test_krippendorff_equals_the_published_example():
    usable = pairable(matrix(KRIPPENDORFF).T - 1)
    alpha = krippendorff_alpha(label_counts(usable, 5), np.ones((1, len(usable))))
    assert alpha.values[0] == pytest.approx(0.743, abs=0.0005)


def test_fleiss_equals_the_published_example():
    assert fleiss_kappa(matrix(FLEISS).astype(float), np.ones((1, 10))).values[0] == pytest.approx(0.210, abs=0.0005)


def test_cohen_equals_scikit_learn():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 8, 300)
    second = np.where(rng.random(300) < 0.6, first, rng.integers(0, 8, 300))
    kappa = cohen_kappa(first, second, 8, np.ones((1, 300))).values[0]
    assert kappa == pytest.approx(cohen_kappa_score(first, second))


def test_perfect_and_missing_labels():
    labels = np.array([[0, 0, -1], [1, 1, 1], [2, -1, 2], [3, -1, -1]])
    agreement = measure_agreement(labels, ["a", "b", "c"], 9, resamples=50)
    assert (agreement.posts, agreement.labelled_once) == (3, 1)
    assert agreement.overall["Krippendorff's alpha"].value == 1.0
    assert "Fleiss' kappa" not in agreement.overall
    assert agreement.pairs["a", "b"][1].value == 1.0


def test_what_nobody_disagrees_about_by_chance_has_no_coefficient():
    agreement = measure_agreement(np.zeros((9, 2), dtype=np.int64), ["a", "b"], 9, resamples=50)
    assert agreement.overall["equal labels"].value == 1.0
    assert str(agreement.overall["Krippendorff's alpha"]) == str(agreement.pairs["a", "b"][0]) == "–"
    assert {str(alpha) for alpha in agreement.classes.values()} == {"–"}


def test_five_equal_posts_leave_doubt():
    agreement = measure_agreement(np.arange(5).repeat(2).reshape(5, 2), ["a", "b"], 9, resamples=50)
    found = [*agreement.overall.values(), *agreement.pairs["a", "b"], agreement.classes[MOTIVES[0]]]
    assert {(one.value, one.high) for one in found} == {(1.0, 1.0)}
    assert found[0].low == pytest.approx(0.025 ** (1 / 5))  # Clopper and Pearson
    assert max(one.low for one in found) < 0.5


def test_intervals_hold_the_agreement_they_are_drawn_from():
    rng, held = np.random.default_rng(0), 0
    for _ in range(100):
        first = rng.integers(0, 8, 15)
        labels = np.stack([first, np.where(rng.random(15) < 0.95, first, (first + 1) % 8)], axis=1)
        share, alpha = list(measure_agreement(labels, ["a", "b"], 9, resamples=50).overall.values())[:2]
        held += (share.low <= 0.95 <= share.high) + (alpha.low <= 1 - 0.05 / 0.875 <= alpha.high)
    assert held >= 190


def test_fleiss_is_of_the_posts_that_all_have_labelled():
    labels = np.array([[0, 0, 1], [1, 1, 1], [2, 2, 0], [3, 3, -1]])
    agreement = measure_agreement(labels, ["a", "b", "c"], 9, resamples=50)
    complete = fleiss_kappa(label_counts(labels[:3], 9), np.ones((1, 3))).values[0]
    assert agreement.overall["Fleiss' kappa (3 posts that all have labelled)"].value == complete
    assert disagreements(labels) == {(0, 1): 2, (0, 2): 2}


def test_the_command_places_files_side_by_side(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ann.csv").write_text("id,label\n1,help\n2,value\n3,求助\n", encoding="utf-8")
    assert main(["agreement", "ann.csv", "ann.csv"]) == 2
    assert "ann.csv row 4: label '求助' is not one of" in capsys.readouterr().err
    (tmp_path / "ann.csv").write_text("id,label\n1,help\n2,value\n3,寻求帮助\n", encoding="utf-8")
    (tmp_path / "bob.csv").write_text("id,label\n3,value\n2,value\n1,help\n9,help\n", encoding="utf-8")
    assert main(["agreement", "ann.csv", "bob.csv", "-o", "differ.csv"]) == 0
    printed = capsys.readouterr().out
    assert "3 posts, 2 annotators" in printed
    assert "1 posts are labelled differently -> differ.csv" in printed
    assert "1 posts have a label from one annotator only and are left out" in printed
    assert re.search(r"value, help +1\b", printed)
    written = (tmp_path / "differ.csv").read_text(encoding="utf-8-sig").split()
    assert written == ["id,label,ann,bob", "3,,help,value", "1,help,help,help", "2,value,value,value", "9,help,,help"]
    assert main(["agreement", "ann.csv", "bob.csv", "-o", "differ.csv"]) == 2
    assert "differ.csv exists, and labels may be filled in; choose another name, or --force" in capsys.readouterr().err
    assert main(["agreement", "ann.csv", "bob.csv", "-o", "differ.csv", "--force"]) == 0


def test_posts_are_paired_by_an_id_in_capitals(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ann.csv").write_text("ID,label\na,help\nb,value\nc,warning\n", encoding="utf-8")
    (tmp_path / "bob.csv").write_text("ID,label\nc,warning\na,help\nb,value\n", encoding="utf-8")
    assert main(["agreement", "ann.csv", "bob.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"][0]["equal labels"][0] == 1


def test_a_blank_cell_is_missing_and_null_is_no_post(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text("id,a,b\n1,help,help\n2,value,\n3,null,null\n4,value,help\n", encoding="utf-8")
    (tmp_path / "two.jsonl").write_text(
        '{"id": 1, "a": "help", "b": "help"}\n{"id": 2, "a": "value", "b": ""}\n'
        '{"id": 3, "a": null, "b": null}\n{"id": 4, "a": "value", "b": "help"}\n',
        encoding="utf-8",
    )
    (tmp_path / "labelled.csv").write_text("id,motive\n4,help\n1,help\n9,value\n", encoding="utf-8")
    printed = []
    for name in ("two.csv", "two.jsonl"):
        assert main(["agreement", name, "--predictions", "labelled.csv", "--json"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    found = json.loads(printed[0])
    assert found["annotators"] == ["a", "b", "labelled"]
    assert (found["posts"], found["differing"]) == (3, 1)
    assert found["pairs"][0]["equal labels"][0] == pytest.approx(2 / 3, abs=1e-5)
    assert main(["agreement", "two.csv"]) == 0
    assert '2 labels say "no post" (null)' in capsys.readouterr().out


def test_one_annotator_and_a_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.csv").write_text("id,label,secondary\n1,help,value\n2,value,\n3,help,\n", encoding="utf-8")
    (tmp_path / "labelled.csv").write_text("id,motive\n1,help\n2,help\n3,\n", encoding="utf-8")
    assert main(["agreement", "one.csv", "--predictions", "labelled.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["annotators"], found["posts"]) == (["label", "labelled"], 2)  # a model has no "no post"
    assert main(["agreement", "one.csv"]) == 2
    assert "one.csv has the labels of one annotator, label; name" in capsys.readouterr().err


def test_what_two_agree_on_is_a_sample_to_fill_in(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    head = "post,weight,text,label,secondary,note"
    said = (["help", "value", "无", "null", "", "help"], ["help", "warning", "no post", "value", "", ""])
    for name, labels in zip(("ann", "text"), said, strict=True):
        rows = [f"{row},{row % 2 + 1},post {row},{label},value,{name}" for row, label in enumerate(labels, start=2)]
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    (tmp_path / "model.csv").write_text("motive\nvalue\nvalue\nvalue\nvalue\nvalue\nhelp\n", encoding="utf-8")
    command = ["agreement", "ann.csv", "text.csv", "--predictions", "model.csv"]
    for name in ("agreed.xlsx", "agreed.csv", "agreed.jsonl"):
        assert main([*command, "-o", name]) == 0
        assert f"4 posts are labelled differently -> {name}" in capsys.readouterr().out
        rows = list(open_table(tmp_path / name).rows)
        assert list(rows[0].values) == ["post", "weight", "text", "note", "label", "ann", "text_2", "model"]
        found = [tuple(str(value or "") for value in row.values.values()) for row in rows]
        assert found == [
            ("3", "2", "post 3", "ann", "", "value", "warning", "value"),
            ("5", "2", "post 5", "ann", "", NO_POST, "value", "value"),
            ("2", "1", "post 2", "ann", "help", "help", "help", "value"),  # a model has no say in it
            ("4", "1", "post 4", "ann", NO_POST, NO_POST, NO_POST, "value"),
            ("6", "1", "post 6", "ann", "", "", "", ""),
            ("7", "2", "post 7", "ann", "help", "help", "", "help"),
        ]
        assert [post.label for post in load_annotated(tmp_path / name)] == ["help", "help"]  # as eval reads it
        assert read_columns(tmp_path / name, ["ann", "text_2"])["ann"]["4"] is None
    choices = openpyxl.load_workbook("agreed.xlsx")["check"].data_validations.dataValidation[0]
    assert str(choices.sqref) == "E2:E7"


def test_two_who_filled_in_the_same_sample(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, last in (("ann.csv", "help"), ("bob.csv", "value")):
        rows = ["post,weight,text,label,note", "7,1,a,help,", "9,1,b,value,", f"4,1,c,{last},"]
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
    assert main(["agreement", "ann.csv", "bob.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"][0]["equal labels"][0] == pytest.approx(2 / 3, abs=1e-5)


def test_a_sample_is_paired_with_the_rows_it_was_drawn_from(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = ["help", "value", "warning", "help"]
    rows = [
        f"{5 - row},text {row},{motive}" for row, motive in enumerate(said, start=1)
    ]  # ids that are other rows' numbers
    (tmp_path / "labelled.csv").write_text("\n".join(["id,text,motive", *rows]), encoding="utf-8")
    sample = [f"{row + 1},1,text {row},{motive}" for row, motive in enumerate(said, start=1)]  # of a file with a head
    (tmp_path / "check.csv").write_text("\n".join(["post,weight,text,label", *sample]), encoding="utf-8")
    assert main(["agreement", "check.csv", "--predictions", "labelled.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["posts"], found["differing"]) == (4, 0)
    backwards = ["post,weight,text,motive", *sample[::-1]]  # another copy, in another order
    (tmp_path / "copy.csv").write_text("\n".join(backwards), encoding="utf-8")
    assert main(["agreement", "check.csv", "--predictions", "copy.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differing"] == 0
    labels = []
    for texts in ("labelled.csv", "check.csv", "copy.csv"):
        assert main(["agreement", "check.csv", "--texts", texts, "--json"]) == 0
        labels.append(capsys.readouterr().out)
    assert labels[0] == labels[1] == labels[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--model", "m"], "--model needs --texts"), (["b.csv", "--columns", "x", "y"], "--columns names the annotators")],
)
def test_options_that_would_do_nothing_are_refused(capsys, options, message):
    assert main(["agreement", "a.csv", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_space_is_blank_and_json_in_capitals_is_json(tmp_path):
    (tmp_path / "a.csv").write_text("id,a,b\n1,help, \n2,null,value\n", encoding="utf-8")
    (tmp_path / "A.JSONL").write_text(
        '{"id": 1, "a": "help", "b": " "}\n{"id": 2, "a": null, "b": "value"}\n', encoding="utf-8"
    )
    for name in ("a.csv", "A.JSONL"):
        labels = read_columns(tmp_path / name)
        assert labels == {"a": {"1": "help", "2": None}, "b": {"2": "value"}}
    ids, matrix = label_matrix(labels)
    assert ids == ["1", "2"]
    assert matrix.tolist() == [[6, -1], [8, 4]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,a\n1,help\n", "has the labels of one annotator, a; name"),
        ("id,a,b\n1,help,help\n1,value,value\n", "row 3: id '1' stands twice"),
        ("id,a,b\n1,help,help\n", "two posts that two annotators have labelled are needed"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, capsys, content, message):
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    assert main(["agreement", str(tmp_path / "a.csv")]) == 2
    assert message in capsys.readouterr().err


def test_columns_that_hold_no_labels_are_said_to_be_left_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "id,正文,day,ann,bob\n1,转发,2024-01-01,benefit,help\n2,求助,2024-01-02,help,help\n", encoding="utf-8"
    )
    with pytest.raises(
        InputError, match=r"row 2: label '2024-01-01' .*; or name the annotators' columns with --columns$"
    ):
        read_columns(path)
    assert list(read_columns(path, ["ann", "bob"])) == ["ann", "bob"]
