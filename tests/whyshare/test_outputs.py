import pytest

from whyshare.cli import main

LABELLED = "id,text,label,motive\n1,a,help,help\n2,b,value,value\n3,c,help,value\n"


@pytest.mark.parametrize(
    "command",
    [
        "mix a.csv --checked mine.xlsx --excel mine.xlsx",
        "mix a.csv --errors mine.xlsx --excel mine.xlsx",
        "compare a.csv --predictions a.csv --predictions mine.csv -o mine.csv",
        "compare a.csv --baseline mine.csv -o mine.csv",
        "compare run other -o run/predictions.parquet",
        "agreement a.csv b.csv --predictions mine.csv -o mine.csv",
        "agreement a.csv b.csv --texts mine.csv -o mine.csv",
        "data hydrate a.csv --texts run -o run/mine.csv",
        "data suspects a.csv --against mine.csv -o mine.csv",
        "data suspects a.csv --predictions mine.csv -o mine.csv",
    ],
)
def test_no_input_is_written_over(tmp_path, monkeypatch, capsys, command):
    if "suspects" in command:
        pytest.importorskip("cleanlab")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    for name in ("a.csv", "b.csv", "mine.csv", "mine.xlsx", "run/predictions.parquet", "run/mine.csv"):
        (tmp_path / name).write_text(LABELLED, encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert main(command.split()) == 2
    assert "is an input too; choose another output" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


@pytest.mark.parametrize("command", ["compare a.csv --predictions a.csv", "agreement a.csv b.csv"])
def test_a_missing_folder_is_told_before_the_work(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").touch()  # which would be refused as soon as it is read
    assert main([*command.split(), "-o", "none/flipped.csv"]) == 2
    assert "none; make it first" in capsys.readouterr().err
