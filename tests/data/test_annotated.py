import csv
import json
import pickle
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whyshare.cli import main
from whyshare.data.annotated import check_annotated, is_blank, load_annotated, parse_label_map, parse_motive
from whyshare.data.errors import InputError
from whyshare.data.fingerprints import text_fingerprint
from whyshare.data.motives import MOTIVES, NO_POST, Motive
from whyshare.data.predictions import read_predictions

DATA = Path(__file__).parents[2] / "data" / "annotated"


def write(folder, text, name="a.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_text_and_label_are_enough(tmp_path):
    posts = load_annotated(write(tmp_path, "内容,标签\n求助,寻求帮助\nwin!,Direct benefit\nhm,\nok,VALUE\n"))
    assert [(post.text, post.label) for post in posts] == [
        ("求助", Motive.HELP),
        ("win!", Motive.BENEFIT),
        ("ok", Motive.VALUE),
    ]
    assert [post.language for post in posts] == ["zh", "en", "en"]


def test_what_a_text_was_cleaned_to_goes_with_it(tmp_path):
    [post] = load_annotated(write(tmp_path, "text,label\nＡ\u200b b,help\n"))
    assert post.cleaned == "A b"
    assert pickle.loads(pickle.dumps(post)) == replace(post, text=post.text) == post
    assert replace(post, text=" c").cleaned == "c"


def test_every_bad_row_is_listed(tmp_path, capsys):
    path = write(
        tmp_path,
        "id,text,label,secondary,certainty\n1,a,help,,3\n1,b,joy,,\n2,,help,,\n3,c,help,help,\n4,d,help,,9\n1,e,value,,\n5,A\u200b,help,,\n6,a,value,,\n",
    )
    found = check_annotated(path)
    errors = [(problem.row, problem.reason.split(";")[0][:40]) for problem in found.problems if problem.is_error]
    assert errors == [
        (3, "label 'joy' is not one of benefit, exist"),
        (4, "the text is empty or none: ''"),
        (5, "secondary is help, the same as the label"),
        (6, "certainty is '9'"),
        (7, "id '1' stands in row 2 already"),
    ]
    assert "the text stands in row 2 already (there help, here value)" in [p.reason for p in found.problems]
    assert main(["data", "check", str(path)]) == 2
    printed = capsys.readouterr().out
    assert "label 'joy' is not one of" in printed
    assert "5 errors" in printed
    with pytest.raises(
        InputError, match=r"row 3: label 'joy' .*; mend it or .*; also row 4: the text .*, row 7: id '1' stands"
    ):
        load_annotated(path, label_map={})


def test_ten_typos_are_named_at_once(tmp_path):
    path = write(tmp_path, "text,label\n" + "".join(f"post {n},joy{n}\n" for n in range(12)))
    named = r"row 2: label 'joy0' is not .*; also row 3: label 'joy1', .*, row 11: label 'joy9' \(2 more; [^;]*\)$"
    with pytest.raises(InputError, match=named):
        load_annotated(str(path))


def test_columns_that_mean_something_else_are_told_from_the_label(tmp_path):
    path = write(tmp_path, "text,label,secondary,certainty\na,help,none of it,\nb,help,,0.5\n")
    reasons = [problem.reason for problem in check_annotated(path).problems if problem.is_error]
    assert reasons[0].startswith("secondary (the optional second motive) 'none of it' is not one of benefit")
    assert reasons[1] == (
        "certainty is '0.5'; how sure the annotator was is needed, 1, 2 or 3; rename the column if it means something else"
    )


def test_a_text_that_says_nothing_has_no_motive(tmp_path):
    path = write(tmp_path, "text,label\n[removed],help\nhttp://t.cn/a,help\nNULL,help\n?,help\n")
    found = check_annotated(path)
    assert [problem.row for problem in found.problems if problem.is_error] == [2, 3, 4]
    assert [post.text for post in found.posts] == ["?"]


def test_many_problems_are_listed_in_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "text,label\n" + "a post,help\n" * 150 + "b,joy\n")
    path = "a.csv"
    assert main(["data", "check", path]) == 2
    printed = capsys.readouterr().out
    assert printed.index("label 'joy' is not one of") < printed.index("the text stands in row 2 already")
    assert "and 57 more; -o problems.csv lists all" in printed
    assert main(["data", "check", path, "-o", "problems.csv"]) == 2
    assert "and 57 more, all of which are in problems.csv" in capsys.readouterr().out
    with Path("problems.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 157  # 149 repetitions, seven motives without a post, and the label
    assert rows[-1] == {"row": "152", "kind": "error", "problem": rows[-1]["problem"]}
    assert main(["data", "check", path, "-o", path]) == 2
    assert "is an input too" in capsys.readouterr().err


def test_other_names_can_be_mapped(tmp_path, capsys):
    path = write(tmp_path, "text,label\n" + "".join(f"post {n},ad\n" for n in range(12)))
    assert main(["data", "check", str(path), "--label-map", "ad=benefit"]) == 0
    assert main(["data", "check", str(path), "--label-map", "ad=joy"]) == 2
    assert "is not of the form theirs=ours" in capsys.readouterr().err


def test_other_names_can_stand_for_no_motive():
    assert [parse_motive("ad", parse_label_map([entry])) for entry in ("ad=", "ad=null", "ad=help")] == [
        None,
        None,
        "help",
    ]
    for entry in ("ad", "ad=joy"):
        with pytest.raises(InputError, match=r"is not of the form theirs=ours .*, or null for no motive"):
            parse_label_map([entry])


def test_no_post_is_said_in_words_and_a_blank_is_not_read_yet():
    said = ["null", "NULL", "none", "no post", "无", "不是帖子", NO_POST, "null  不是帖子"]
    blank = [None, "", " ", "nan", float("nan"), "NA"]
    assert {parse_motive(word) for word in said + blank} == {None}
    assert not any(map(is_blank, said))
    assert all(map(is_blank, blank))


def test_printed_labels_are_read_and_advice_fits_the_command():
    assert [parse_motive(f"{motive}  {motive.zh}") for motive in MOTIVES] == list(MOTIVES)
    with pytest.raises(ValueError, match=r"; mend it$"):
        parse_motive("joy")
    with pytest.raises(ValueError, match=r"; mend it or map it with --label-map$"):
        parse_motive("joy", {})


def test_an_id_may_be_zero_and_its_column_in_capitals(tmp_path):
    rows = '{"ID": 0, "text": "a", "label": "help"}\n{"ID": 1, "text": "b", "label": "help"}\n{"text": "c", "label": "help"}\n'
    posts = load_annotated(write(tmp_path, rows, "a.jsonl"))
    assert [post.id for post in posts] == ["0", "1", "3"]
    assert [one.id for one in read_predictions(write(tmp_path, "Id,motive\n0,help\n,help\n"))] == ["0", "3"]


def test_no_label_column(tmp_path):
    with pytest.raises(InputError, match="has no column label; it has id, text"):
        load_annotated(write(tmp_path, "id,text\n1,a\n"))


@pytest.mark.parametrize(("name", "count"), [("written_train", 1200), ("written_test", 400)])
def test_the_written_sets_are_sound(name, count):
    found = check_annotated(DATA / f"{name}.jsonl")
    assert len(found.posts) == count
    assert not found.problems
    assert {post.label for post in found.posts} == set(MOTIVES)


@pytest.mark.parametrize(("name", "count"), [("public_train", 14_695), ("public_test", 2_392)])
def test_public_labels_hold_no_text_and_can_be_joined(name, count, tmp_path, shared_texts, capsys):
    standoff = DATA / f"{name}.jsonl"
    rows = [json.loads(line) for line in standoff.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == count
    assert not any("text" in row for row in rows)
    with pytest.raises(InputError, match="labels without texts; join"):
        load_annotated(standoff)
    texts = shared_texts / "annotated" / f"{name}.jsonl"
    assert main(["data", "hydrate", str(standoff), "--texts", str(texts), "-o", str(tmp_path / "o.jsonl")]) == 0
    assert f"{count} of {count} texts found" in capsys.readouterr().out
    original = {post.id: (post.text, post.label) for post in load_annotated(texts)}
    assert {post.id: (post.text, post.label) for post in load_annotated(tmp_path / "o.jsonl")} == original


def test_detach_and_hydrate_round_trip(tmp_path, capsys):
    path = write(tmp_path, "id,text,label,source\n1,ａ b,help,web\n2,c,value,web\n3,@小明 看,help,web\n")
    standoff, joined = tmp_path / "labels.jsonl", tmp_path / "joined.csv"
    assert main(["data", "detach", str(path), "-o", str(standoff)]) == 0
    assert "text" not in standoff.read_text(encoding="utf-8")
    texts = write(tmp_path, "a b\nother\n@小明 看\n", "texts.txt")
    assert main(["data", "hydrate", str(standoff), "--texts", str(texts), "-o", str(joined)]) == 0
    assert "2 of 3 texts found" in capsys.readouterr().out
    posts = load_annotated(joined)
    assert [(post.id, post.text, post.label) for post in posts] == [("1", "a b", "help"), ("3", "@小明 看", "help")]
    assert [post.fields["sha256"] for post in posts] == [text_fingerprint(post.text) for post in posts]


def test_numbers_as_pandas_writes_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label,certainty,care\na b,help,3.0,1.0\nc d,value,,\ne f,value,2,true\n", encoding="utf-8")
    assert [(post.certainty, post.care) for post in load_annotated(path)] == [(3, True), (3, False), (2, True)]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a b", "c d"], "label": ["help"] * 2, "certainty": [1.0, float("nan")]}), path)
    assert [post.certainty for post in load_annotated(path)] == [1, 3]
