import io
import json
import logging
import re
from pathlib import Path

import pytest

fsspec = pytest.importorskip("fsspec")

from whyshare.cli import main

ANNOTATED = "id,text,label\n" + "".join(
    f"{number},{text} {number},{label}\n"
    for number, (text, label) in enumerate([("help me", "help"), ("win now", "benefit")] * 4)
)


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A store of files at memory://, and an empty folder for copies."""
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/posts.csv", "id,text\n1,今天\n2,help\n3,too,many\n".encode())
    files.pipe("/bucket/more.jsonl", b'{"id": 4, "text": "win"}\n')
    files.pipe("/bucket/annotated.csv", ANNOTATED.encode())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    yield files
    files.rm("/", recursive=True)
    assert not list((tmp_path / "temporary").iterdir())


def test_label_gives_what_it_gives_for_local_files(bucket, tiny_model, tmp_path, capsys):
    label = ["label", "--quiet", "--model", str(tiny_model), "-o"]
    assert main([*label, "remote.csv", "memory://bucket/posts.csv", "memory://bucket/*.jsonl"]) == 1
    rejects = map(json.loads, (tmp_path / "remote.csv.rejects.jsonl").read_text(encoding="utf-8").splitlines())
    assert [(reject["file"], reject["row"]) for reject in rejects] == [("memory://bucket/posts.csv", 4)]
    for name in ("posts.csv", "more.jsonl"):
        bucket.get_file(f"/bucket/{name}", name)
    assert main([*label, "local.csv", "posts.csv", "more.jsonl"]) == 1
    remote, local = (Path(name).read_text(encoding="utf-8") for name in ("remote.csv", "local.csv"))
    assert re.sub("memory:/+bucket/", "", remote) == local  # but for the column of the files' names
    bucket.rm("/bucket/annotated.csv")
    assert main([*label, "each/", "memory://bucket"]) == 1
    assert sorted(path.name for path in (tmp_path / "each").iterdir()) == ["more.jsonl", "posts.csv"]
    assert capsys.readouterr() == ("", "")


def test_what_is_copied_is_said_with_its_size(bucket, tiny_model, monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own, beside which the command sets up none
    bucket.pipe("/bucket/large.csv", b"text,label\n" + b"help me,help\n" * 100_000)
    assert main(["data", "check", "memory://bucket/large.csv"]) == 0
    assert re.fullmatch(r"\d\d:\d\d:\d\d copying memory://bucket/large.csv \(1\.3 MB\)\n", capsys.readouterr().err)
    label = ["label", "memory://bucket/more.jsonl", "--model", str(tiny_model), "-o", "out.csv"]
    assert main([*label, "--json"]) == 0
    assert capsys.readouterr().err.count("copying memory://bucket/more.jsonl (0.0 MB)") == 1


def test_a_stopped_run_goes_on_unless_the_contents_changed(bucket, tiny_model, tmp_path, monkeypatch, capsys):
    from whyshare.inference import job

    def stopped(*_args, **_kwargs):
        raise KeyboardInterrupt

    label = ["label", "--model", str(tiny_model), "-o", "out.csv", "memory://bucket/more.jsonl", "--json"]
    with monkeypatch.context() as patch:
        patch.setattr(job, "write_outputs", stopped)
        assert main(label) == 130
    assert list(tmp_path.glob("out.csv.parts/*.npz"))
    content = bucket.cat_file("/bucket/more.jsonl")
    bucket.pipe("/bucket/more.jsonl", b'{"id": 5, "text": "new"}\n' + content)
    assert main(label) == 2
    assert "unfinished work with another input" in capsys.readouterr().err
    bucket.pipe("/bucket/more.jsonl", content)
    assert main(label) == 0
    assert json.loads(capsys.readouterr().out)["resumed_posts"] == 1


def test_other_commands_read_addresses(bucket, tiny_model, capsys):
    annotated, model = "memory://bucket/annotated.csv", str(tiny_model)
    assert main(["data", "check", annotated]) == 0
    assert main(["eval", annotated, "--model", model, "--resamples", "9"]) == 0
    assert main(["label", annotated, "-o", "out.csv", "--model", model, "--quiet"]) == 0
    bucket.put_file("out.csv", "/bucket/out.csv")
    assert main(["eval", annotated, "--predictions=memory://bucket/out.csv", "--resamples", "9"]) == 0
    assert main(["data", "detach", annotated, "-o", "labels.csv"]) == 0
    assert main(["data", "hydrate", "labels.csv", "--texts", annotated, "-o", "joined.csv"]) == 0
    capsys.readouterr()
    assert main(["data", "hydrate", "labels.csv", "--texts", "memory://bucket/more.jsonl", "-o", "joined.csv"]) == 2
    assert capsys.readouterr().err.endswith("none of the 8 texts of labels.csv is in memory://bucket/more.jsonl\n")
    assert main(["sample", "memory://bucket/out.csv", "-n", "2", "-o", "check.csv"]) == 0
    assert "whyshare mix memory://bucket/out.csv --checked check.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("label memory://bucket/posts.csv -o s3://b/out.csv",
         "--output s3://b/out.csv is an address, from which posts are read and nothing else; give a local path and "
         "copy it there afterwards"),
        ("eval memory://bucket/annotated.csv --report=s3://b/report", "--report s3://b/report is an address, from"),
        ("label posts.csv -o out.csv --model s3://b/model", "--model s3://b/model is an address, from which posts are "
         "read and nothing else; copy it to this machine first"),
        ("train memory://bucket/annotated.csv -o model", "--source memory://bucket/annotated.csv is an address, from"),
        ("data check memory://bucket/none.csv", "no such file or bucket: memory://bucket/none.csv; check the address"),
        ("data check memory://bucket/*", "memory://bucket/* stands for 3 files; name one of them"),
        ("data check memory://bucket/posts.csv", "memory://bucket/posts.csv has no column label; it has id, text"),
        ("label memory://bucket/none.csv -o out.csv", "no such file or bucket: memory://bucket/none.csv; check the"),
        ("label memory://bucket/posts.csv -o none/out.csv", "no folder "),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(bucket, command, message, capsys):
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"whyshare: {message}")
    assert error.count("\n") == 1


def test_a_labelled_file_is_read_from_standard_input(bucket, tiny_model, tmp_path, monkeypatch, capsys):
    assert main(["label", "memory://bucket/annotated.csv", "-o", "out.csv", "--model", str(tiny_model), "--quiet"]) == 0
    for command in (["mix", "-", "--json"], ["sample", "-", "-n", "2", "-o", "check.csv"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "out.csv").read_bytes())))
        assert main(command) == 0
    assert capsys.readouterr().err == ""
