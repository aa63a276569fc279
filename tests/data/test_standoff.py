from whyshare.cli import main
from whyshare.data.annotated import load_annotated
from whyshare.data.standoff import detach, hydrate
from whyshare.data.writing import open_writer


def test_labels_survive_whatever_their_column_is_called(tmp_path):
    source, standoff, joined = tmp_path / "a.csv", tmp_path / "labels.csv", tmp_path / "joined.csv"
    source.write_text(
        "正文,标签,secondary,certainty,care\n求推荐牙科,寻求帮助,attention,2,1\n@所有人 小心骗子,WARNING,,,\n", "utf-8"
    )
    rows = list(detach(source))
    assert [(row["label"], row["secondary"], row["certainty"], row["care"]) for row in rows] == [
        ("help", "attention", 2, True),
        ("warning", None, 3, False),
    ]
    assert list(rows[0]) == ["id", "sha256", "lang", "label", "secondary", "certainty", "care"]
    for path, content in ((standoff, rows), (joined, None)):
        content = content or hydrate(standoff, [source]).rows
        with open_writer(path, list(content[0])) as writer:
            for row in content:
                writer.write(row)
    before, after = ([(p.text, p.label, p.secondary, p.certainty, p.care, p.language) for p in load_annotated(path)]
                     for path in (source, joined))  # fmt: skip
    assert before == after


def test_source_and_sampling_are_kept_where_any_post_has_them(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": "help"}\n{"text": "b", "label": "value", "source": "web"}\n', "utf-8")
    assert [row["source"] for row in detach(path)] == ["", "web"]


def test_what_cannot_be_read_is_not_passed_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "a", "label": "help"}\n', "utf-8")
    assert main(["data", "detach", "a.jsonl", "-o", "labels.jsonl"]) == 0
    (tmp_path / "texts.jsonl").write_text('{"text": "b"}\n{"text": "c\n', "utf-8")
    command = ["data", "hydrate", "labels.jsonl", "--texts", "texts.jsonl", "a.jsonl", "-o", "joined.jsonl"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 texts found -> joined.jsonl; 1 posts cannot be read, first texts.jsonl row 2: " in printed
    assert main([word for word in command if word != "a.jsonl"]) == 2
    assert "texts.jsonl; 1 posts cannot be read, first texts.jsonl row 2: " in capsys.readouterr().err
    with (tmp_path / "labels.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": 2, "sha')
    assert main(command) == 2
    assert "labels.jsonl row 2: " in capsys.readouterr().err
