import pytest

pytest.importorskip("torch")

from whyshare.cli import main
from whyshare.models.settings import ModelSettings


def write_posts(path, names):
    rows = [f"{number},{'win' if number % 2 else 'help'} {number},{names[number % 2]}" for number in range(40)]
    path.write_text("\n".join(["nr,words,why", *rows]), encoding="utf-8")


def test_train_reads_the_columns_and_labels_that_check_reads(tmp_path, monkeypatch, capsys, tiny_encoder):
    monkeypatch.chdir(tmp_path)
    write_posts(tmp_path / "mine.csv", ("sos", "ad"))
    columns = ["--text-column", "words", "--label-column", "why"]
    names = ["--label-map", "ad=benefit", "sos=help"]
    assert main(["data", "check", "mine.csv", *columns, *names]) == 0
    assert "give train and eval the same options" in capsys.readouterr().out
    assert main(["train", "mine.csv", "-o", "model", "--base", str(tiny_encoder), *columns]) == 2
    assert "row 2: label 'sos' is not one of" in (error := capsys.readouterr().err)
    assert "map it with --label-map" in error
    (tmp_path / "recipe.toml").write_text(
        f'train = ["mine.csv"]\nbase = "{tiny_encoder}"\nepochs = 1\nmax_length = 16\ntext_column = ["nr"]\n',
        encoding="utf-8",
    )
    assert main(["train", "recipe.toml", "-o", "model", *columns, *names]) == 0
    recipe = ModelSettings.load(tmp_path / "model").recipe
    assert [recipe[key] for key in ("text_column", "label_column", "label_map")] == [["words"], "why", names[1:]]
