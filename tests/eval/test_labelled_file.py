import csv
import json
import tracemalloc

import numpy as np
import pytest

from whyshare.data.errors import InputError
from whyshare.data.motives import MOTIVES
from whyshare.eval.labelled_file import LabelledFile, numbered


def write(path, posts, long=""):
    probs = {f"p_{motive}": 0.93 if motive == "help" else 0.01 for motive in MOTIVES}
    lines = [
        json.dumps({"text": f"{long}{n}", "city": f" {'ab'[n % 2]} ", "motive": "help", **probs}) for n in range(posts)
    ]
    path.write_text(
        "\n".join([*lines[:3], json.dumps({"text": "", "city": "a", "motive": None}), *lines[3:]]), encoding="utf-8"
    )
    return path


def test_posts_keep_their_rows_and_texts_are_read_again(tmp_path):
    labelled = LabelledFile.read(write(tmp_path / "posts.jsonl", 6), columns=["city"])
    assert len(labelled) == 6
    assert labelled.no_motive == 1
    assert labelled.rows.tolist() == [1, 2, 3, 5, 6, 7]
    assert labelled.posts.probs.shape == (6, 8)
    assert labelled.positions([5, 4, 99, 0, 10**30]) == [3, None, None, None, None]
    assert labelled.texts([4, 0]) == {0: "0", 4: "4"}
    assert labelled.groups(["city"]) == ["a", "b"] * 3
    write(tmp_path / "posts.jsonl", 3)
    with pytest.raises(InputError, match="changed while it was read"):
        labelled.texts([4, 0])


def test_a_missing_column_is_said_with_those_there_are(tmp_path):
    with pytest.raises(InputError, match="no column 'town'; it has text, city, motive"):
        LabelledFile.read(write(tmp_path / "posts.jsonl", 6), columns=["town"])


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.csv"])
def test_columns_may_stand_within_others(tmp_path, name):
    """In JSON as objects, in tables as their text."""
    authors = [None, {}, {"name": "ann", "home": {"city": "Hull"}}, {"name": "bob"}, {"name": "ann", "home": None}]
    path = tmp_path / name
    if path.suffix == ".jsonl":
        lines = [json.dumps({"text": "a", "motive": "help", "author": author}) for author in authors]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = [("a", "help", json.dumps(author) if author is not None else "") for author in authors]
            csv.writer(file).writerows([("text", "motive", "author"), *rows])
    labelled = LabelledFile.read(path, columns=["author.name", "author.home.city"], hashed=["author.name"])
    assert labelled.groups(["author.name"]) == ["", "", "ann", "bob", "ann"]
    assert labelled.groups(["author.home.city"]) == ["", "", "Hull", "", ""]
    none, also_none, ann, bob, again = labelled.clusters("author.name")
    assert (none, also_none, bob) == ("", "", "")
    assert ann == again != ""
    for asked in ({"columns": ["author.nmae"]}, {"hashed": ["author.nmae"]}):
        with pytest.raises(
            InputError, match=r"no column 'author.nmae': row [23]: there is no nmae in author, which is"
        ):
            LabelledFile.read(path, **asked)


def test_groups_have_numbers_and_posts_of_none_have_none():
    names, numbers = numbered(["b", "", "a", "b"])
    assert names == ["a", "b"]
    assert numbers.tolist() == [1, -1, 0, 1]


def test_memory_does_not_hold_the_texts(tmp_path):
    path = write(tmp_path / "posts.jsonl", 2000, long="x" * 20_000)  # 40 MB
    LabelledFile.read(write(tmp_path / "few.jsonl", 6))  # imports what it needs
    tracemalloc.start()
    try:
        labelled = LabelledFile.read(path, columns=["city"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.unique(labelled.posts.predicted).tolist() == [6]
    assert peak < 10 * 2**20


def test_a_column_of_many_languages_is_kept(tmp_path):
    lines = [json.dumps({"text": "a", "motive": "help", "language": f"l{number}"}) for number in range(300)]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert LabelledFile.read(tmp_path / "posts.jsonl").posts.languages.tolist() == [
        f"l{number}" for number in range(300)
    ]


def test_posts_of_an_author_have_one_number(tmp_path):
    people = ["ann", "bob", None, "ann ", {"id": 1}, "cy", "bob"]
    lines = [json.dumps({"text": "a", "motive": "help", "user": name}) for name in people]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ann, bob, *others = LabelledFile.read(tmp_path / "posts.jsonl", hashed=["user"]).clusters("user")
    assert ann != bob
    assert others == ["", ann, "", "", bob]


def test_many_groups_of_many_posts_each_are_no_mistake(tmp_path):
    rows = [json.dumps({"text": f"{n}", "city": f"c{n % 60}", "motive": "help"}) for n in range(660)]
    (tmp_path / "posts.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert len(set(LabelledFile.read(tmp_path / "posts.jsonl", columns=["city"]).groups(["city"]))) == 60
