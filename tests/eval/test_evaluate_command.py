import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pyarrow.parquet as pq
import pytest

from whyshare.cli import main
from whyshare.data.fingerprints import file_fingerprint
from whyshare.data.motives import MOTIVES

MARKUP = "<svg src=http://example.com/x.png onload=alert(1)> <script>alert(2)</script> & win"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def write_set(folder, count=64):
    """Write an annotated set and predictions that are right three times of four."""
    rows, predictions = ["id,text,label,author"], []
    for number in range(count):
        label = MOTIVES[number % 8]
        said = label if number % 4 else MOTIVES[(number + 1) % 8]
        text = MARKUP if number == 0 else f"post {number}"
        rows.append(f'{number},"{text}",{label},a{number % 5}')
        probs = {f"p_{motive}": 0.65 if motive == said else 0.05 for motive in MOTIVES}
        predictions.append(json.dumps({"id": str(number), "text": text, "motive": said, **probs}))
    (folder / "gold.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "labelled.jsonl").write_text("\n".join(predictions) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path)
    return tmp_path


def test_scores_are_printed_and_written(folder, capsys):
    arguments = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report", "--runs", "runs.jsonl"]
    assert main([*arguments, "--cluster", "author"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"accuracy +0\.750 \[0\.\d+, 0\.\d+\]", printed)
    metrics = json.loads((folder / "report" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["models"][0]["metrics"]["accuracy"][0] == 0.75
    assert sum(map(sum, metrics["models"][0]["confusion"])) == 64
    assert pq.read_table(folder / "report" / "predictions.parquet").num_rows == 64
    assert len((folder / "report" / "errors.csv").read_text(encoding="utf-8-sig").splitlines()) == 17
    assert main(["runs", "runs.jsonl"]) == 0
    listed = capsys.readouterr().out
    assert "p takes every post for itself; whyshare compare gives two runs' difference its interval" in listed
    best, majority = (next(x for x in listed.splitlines() if name in x) for name in ("labelled.jsonl", "commonest"))
    assert best.count("[") == majority.count("[") == 2
    assert main(["runs", "runs.jsonl", "--json"]) == 0
    behind = next(one for one in json.loads(capsys.readouterr().out) if "commonest" in one["name"])["against_best"]
    assert behind["accuracy"][0] == pytest.approx(0.75 - 0.125)
    assert behind["p (Holm)"] < 1e-6


def test_equal_predictions_of_a_few_posts_are_not_said_to_be_equal_for_sure(folder, capsys):
    posts = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()[:13]
    (folder / "gold.csv").write_text("\n".join(posts), encoding="utf-8")
    assert main(["compare", "gold.csv", *["--predictions", "labelled.jsonl"] * 2, "--resamples", "50"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"labelled\.jsonl_2 +0\.000 +0\.000 \[-0\.242, 0\.242\]", printed)
    assert "Without brackets: the same in every resample, so these posts cannot tell how far off it is" in printed


def test_scores_of_one_cluster_have_no_interval(folder, capsys):
    head, *rows = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{row},{'zh' if number < 32 else 'en'}" for number, row in enumerate(rows)]
    (folder / "gold.csv").write_text("\n".join([f"{head},lang", *rows]), encoding="utf-8")
    command = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--cluster", "lang", "--runs", "runs.jsonl"]
    assert main([*command, "--report", "report"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"macro-F1 +(0\.\d+) +\1 +\1 *\n", printed)
    assert re.search(r"accuracy +0\.750 \[0\.\d+, 0\.\d+\] +0\.750 \[", printed)
    assert "Without brackets: the same in every resample" in printed
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Without brackets: the same in every resample" in page
    assert "nan" not in page
    assert main(["runs", "runs.jsonl"]) == 0
    assert re.search(r"64 +0\.\d+ +0\.750 \[", capsys.readouterr().out)


@pytest.mark.parametrize("command", ["eval", "compare"])
def test_a_sample_drawn_by_groups_is_said_to_be_one(folder, capsys, command):
    head, *rows = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{row},{number},{1 + number % 2}" for number, row in enumerate(rows)]
    blank = "64,not read yet,,a1,64,1"
    (folder / "gold.csv").write_text("\n".join([f"{head},post,weight", *rows, blank]), encoding="utf-8")
    assert main([command, "gold.csv", *["--predictions", "labelled.jsonl"] * 2, "--text-column", "text"]) == 0
    said = capsys.readouterr().err
    assert (
        "1 rows have no motive (blank, or null) and are left out; scores are of posts like those that have one" in said
    )
    assert "drawn by groups of different sizes" in said


def test_a_sample_drawn_by_groups_is_weighed_by_what_it_stands_for(folder, capsys):
    head, *rows = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()
    evaluate = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--resamples", "9", "--json"]
    assert main(evaluate) == 0
    plain = json.loads(capsys.readouterr().out)[0]
    weighed = [f"{row},{number},{1000 if number == 1 else 1}" for number, row in enumerate(rows)]  # which is right
    (folder / "gold.csv").write_text("\n".join([f"{head},post,weight", *weighed]), encoding="utf-8")
    assert main(evaluate) == 0
    found = json.loads(capsys.readouterr().out)[0]
    assert found["metrics"]["accuracy"][0] > 0.95 > plain["metrics"]["accuracy"][0]
    (folder / "gold.csv").write_text(
        "\n".join([f"{head},post,weight", *weighed[:-1], f"{rows[-1]},63,"]), encoding="utf-8"
    )
    assert main(evaluate) == 2
    assert "row 65: the weight is ''" in capsys.readouterr().err


def test_yardsticks_that_are_equal_are_listed_once(folder, capsys):
    evaluate = ["eval", "--predictions", "labelled.jsonl", "--resamples", "9", "--runs", "runs.jsonl"]
    assert main([*evaluate, "gold.csv"]) == main([*evaluate, "gold.csv"]) == 0
    (folder / "other.csv").write_text("".join((folder / "gold.csv").open(encoding="utf-8").readlines()[:40]), "utf-8")
    assert main([*evaluate, "other.csv"]) == 0
    capsys.readouterr()
    assert main(["runs", "runs.jsonl"]) == 0
    listed = capsys.readouterr().out
    assert [listed.count(name) for name in ("labelled.jsonl", "always the commonest", "chance, in")] == [3, 2, 2]
    assert main(["runs", "runs.jsonl", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 7


def test_several_models_give_mean_and_spread(folder, tiny_model, capsys):
    settings = json.loads((tiny_model / "whyshare.json").read_text(encoding="utf-8"))
    for seed, name in enumerate(("one", "other")):
        shutil.copytree(tiny_model, name)
        settings["recipe"] = {"name": name, "seed": seed, "epochs": 3}
        Path(name, "whyshare.json").write_text(json.dumps(settings), encoding="utf-8")
    runs = ["--model", "one", "--model", "other"]
    command = ["eval", "gold.csv", "--report", "report", "--resamples", "9"]
    for language, name in (("en", "English"), ("zh", "英文")):
        assert main([*command, *runs, "--lang", language]) == 0
        said = re.escape(f"({name} ").join([r"(0\.\d+) ± 0\.000 ", r"\1 ± 0\.000\)"])
        assert re.search(said, Path("report/report.html").read_text(encoding="utf-8"))
        said = r"macro-F1 over 2 models of one recipe, mean ± standard deviation: 0\.\d+ ± 0\.000"
        assert re.search(said, capsys.readouterr().out)
    settings["recipe"]["epochs"] = 4
    Path("other/whyshare.json").write_text(json.dumps(settings), encoding="utf-8")
    for unlike in (runs, [*runs[:2], "--predictions", "labelled.jsonl"]):
        assert main([*command, *unlike]) == 0
        assert "±" not in capsys.readouterr().out + Path("report/report.html").read_text(encoding="utf-8")
    assert (
        main(["compare", "gold.csv", "--predictions", "labelled.jsonl", "--model", str(tiny_model), "-o", "f.csv"]) == 0
    )
    assert "posts flipped -> f.csv" in capsys.readouterr().out
    three = ["compare", "gold.csv", *["--predictions", "labelled.jsonl"] * 3]
    assert main([*three, "-o", "f.csv"]) == 2
    assert "between two models, not 3" in capsys.readouterr().err
    assert main([*three, "--cluster", "author", "--json"]) == 0
    assert [one["macro-F1"] for one in json.loads(capsys.readouterr().out)] == [[0.0, None, None]] * 3


def test_runs_are_compared_by_their_reports(folder, capsys):
    rows = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    slim = [{"id": row["id"], "motive": "help" if int(row["id"]) < 20 else row["motive"]} for row in rows]
    (folder / "worse.jsonl").write_text("\n".join(map(json.dumps, slim)), encoding="utf-8")
    for name in ("labelled", "worse"):
        main(["eval", "gold.csv", "--predictions", f"{name}.jsonl", "--report", name, "--resamples", "20"])
    assert main(["compare", "labelled", "worse", "-o", "flips.csv"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"labelled - worse +0\.\d+ \[", printed)
    assert "18 posts flipped -> flips.csv" in printed  # of the first 20, 2 were said to be help before
    flips = (folder / "flips.csv").read_text(encoding="utf-8-sig").splitlines()
    assert flips[0] == "id,text,label,labelled,worse"
    assert main(["compare", "labelled"]) == 2
    assert "labelled is one report; name two or more" in capsys.readouterr().err
    assert main(["compare", "labelled", "worse", "--model", "m"]) == 2
    assert "to compare models, name one annotated file" in capsys.readouterr().err
    gold = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()
    (folder / "gold.csv").write_text("\n".join(gold[:-1]), encoding="utf-8")
    main(["eval", "gold.csv", "--predictions", "worse.jsonl", "--report", "worse", "--resamples", "20"])
    assert main(["compare", "labelled", "worse"]) == 2
    assert "is of other posts or labels than" in capsys.readouterr().err


def test_resamples_are_drawn_by_author_where_there_are_enough(folder, capsys):
    rows = (folder / "gold.csv").read_text(encoding="utf-8").splitlines()
    named = [rows[0], *(f"{row.rpartition(',')[0]},a{number % 25}" for number, row in enumerate(rows[1:]))]
    arguments = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--resamples", "100"]
    main(arguments)
    few = capsys.readouterr().out
    assert "100 resamples by posts" in few  # five authors are too few
    (folder / "gold.csv").write_text("\n".join(named), encoding="utf-8")
    main(arguments)
    assert "100 resamples by author" in capsys.readouterr().out
    main(["compare", *arguments[1:], "--predictions", "labelled.jsonl"])
    assert "100 resamples by author; p takes every post for itself" in capsys.readouterr().out
    main([*arguments, "--cluster", "posts"])
    assert capsys.readouterr().out == few
    main([*arguments, "--report", "one"])
    main([*arguments, "--report", "two"])
    assert "There are few values of author (all 25" in capsys.readouterr().out
    assert "There are few values of author (all 25" in (folder / "one" / "report.html").read_text(encoding="utf-8")
    main(["compare", "one", "two"])
    assert "resamples by author" in capsys.readouterr().out


def test_a_run_log_that_cannot_be_written_or_holds_nothing(folder, capsys):
    arguments = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report", "--runs", "none/r.jsonl"]
    assert main(arguments) == 2
    assert "there is no folder none" in capsys.readouterr().err
    assert not (folder / "report").exists()
    Path("empty.jsonl").touch()
    (folder / "file").touch()
    assert main([*arguments[:4], "--report", "file"]) == 2
    assert "cannot make folder file" in capsys.readouterr().err
    assert main([*arguments[:4], "--runs", "runs.jsonl"]) == 0
    assert main(["runs", "runs.jsonl", "--annotated", "./gold.csv"]) == 0
    assert "labelled.jsonl" in capsys.readouterr().out
    assert main(["runs", "runs.jsonl", "--annotated", "other.csv"]) == 2
    assert "has no run on other.csv; it has runs on gold.csv" in capsys.readouterr().err
    assert main(["runs", "empty.jsonl"]) == 2
    assert "holds no run yet" in capsys.readouterr().err


def test_a_baseline_that_knows_the_answers_is_refused_or_said_to(folder, capsys):
    pytest.importorskip("jieba")
    arguments = ["eval", "gold.csv", "--predictions", "labelled.jsonl", "--resamples", "10", "--baseline"]
    assert main([*arguments, "gold.csv"]) == 2
    assert "--baseline gold.csv is the file to measure on" in capsys.readouterr().err
    shutil.copy("gold.csv", "copy.csv")
    assert main([*arguments, "copy.csv"]) == 0
    assert "trained on 64 of the 64 texts that it is measured on" in capsys.readouterr().err
    Path("one.csv").write_text("text,label\none,help\ntwo,help\n", encoding="utf-8")
    assert main([*arguments, "one.csv"]) == 2
    assert "no baseline can be learnt from one.csv: the posts have one motive only" in capsys.readouterr().err


def test_a_model_that_knows_the_answers_is_said_to(folder, tiny_model, capsys):
    shutil.copytree(tiny_model, folder / "model")
    settings = json.loads((folder / "model" / "whyshare.json").read_text(encoding="utf-8"))
    settings["data"] = {"mine.csv": file_fingerprint(folder / "gold.csv")}
    (folder / "model" / "whyshare.json").write_text(json.dumps(settings), encoding="utf-8")
    assert main(["eval", "gold.csv", "--model", "model", "--model", str(tiny_model), "--resamples", "5"]) == 0
    assert capsys.readouterr().err == (
        "whyshare: model was trained on gold.csv, which it is measured on: it looks too good\n"
    )


def test_a_sheet_or_standard_input_can_be_measured(folder, monkeypatch, capsys):
    book = openpyxl.Workbook()
    book.active.append(["about"])
    sheet = book.create_sheet("gold")
    for row in csv.reader((folder / "gold.csv").read_text(encoding="utf-8").splitlines()):
        sheet.append(row)
    book.save("gold.xlsx")
    command = ["--predictions", "labelled.jsonl", "--report", "report", "--resamples", "5"]
    assert main(["eval", "gold.xlsx::gold", *command, "--runs", "runs.jsonl"]) == 0
    assert "gold.xlsx::gold" in (folder / "report" / "report.html").read_text(encoding="utf-8")
    with (folder / "gold.csv").open("rb") as file:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=file))
        assert main(["eval", "-", *command]) == 0
    assert "standard input" in (folder / "report" / "report.html").read_text(encoding="utf-8")


def test_labels_alone_can_be_measured(folder, capsys):
    lines = (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()
    slim = [json.dumps({key: json.loads(line)[key] for key in ("id", "motive")}) for line in lines]
    (folder / "slim.jsonl").write_text("\n".join(slim), encoding="utf-8")
    assert main(["eval", "gold.csv", "--predictions", "slim.jsonl", "--report", "report", "--lang", "zh"]) == 0
    printed = capsys.readouterr().out
    assert "0.750" in printed
    assert "ECE" not in printed
    assert "no probabilities were given" in printed
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "标签有多准" in page
    assert "最有把握的错误" not in page
    assert ">1.00<" not in page
    with (folder / "report" / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {(row["confidence"], row["label_probability"]) for row in csv.DictReader(file)} == {("", "")}


def test_few_posts_are_measured_in_a_much_longer_labelled_file(folder):
    from whyshare.data.annotated import load_annotated
    from whyshare.eval.judging import predictions_of

    posts = load_annotated(folder / "gold.csv")
    said = predictions_of(folder / "labelled.jsonl", posts)
    like = json.loads((folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()[1])
    with (folder / "labelled.jsonl").open("a", encoding="utf-8") as file:
        for number in range(99):
            file.write(json.dumps(like | {"id": f"x{number // 2}", "text": f"other {number}"}) + "\n")
    assert [one.row for one in predictions_of(folder / "labelled.jsonl", posts)] == [one.row for one in said]


def test_a_motive_that_does_not_occur_has_no_score(folder, capsys):
    (folder / "gold.csv").write_text("id,text,label\n1,post 1,help\n2,post 2,value\n", encoding="utf-8")
    (folder / "two.csv").write_text("id,motive\n1,help\n2,help\n", encoding="utf-8")
    assert main(["eval", "gold.csv", "--predictions", "two.csv", "--json"]) == 0
    model = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)[0]
    assert model["classes"]["warning"]["f1"] == [None, None, None]
    assert model["classes"]["value"]["precision"][0] == 0.0
    assert main(["eval", "gold.csv", "--predictions", "two.csv", "--report", "report"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"warning 危机预警 +0 +– +– +–", printed)
    assert (
        printed.count("Macro-F1 (all) averages over 2 motives: no post is annotated or predicted as benefit, exist")
        == 1
    )
    assert "nan" not in (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert model["metrics"]["macro-F1"][0] == pytest.approx(1 / 3, abs=1e-5)  # over the two motives that occur


def test_what_macro_f1_averages_over_is_said(folder, capsys):
    gold = [f"{k},post {k},{MOTIVES[k % 7]},{'en' if k % 2 else 'zh'}" for k in range(64)]
    (folder / "gold.csv").write_text("\n".join(["id,text,label,language", *gold]), encoding="utf-8")
    said = [f"{k},{'warning' if k == 1 else MOTIVES[k % 7]}" for k in range(64)]
    (folder / "said.csv").write_text("\n".join(["id,motive", *said]), encoding="utf-8")
    command = ["eval", "gold.csv", "--predictions", "said.csv", "--report", "report"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    yardsticks = "always the commonest motive; chance, in the true shares"
    for line in (
        f"Macro-F1 (all; {yardsticks}) averages over 7 motives: no post is annotated or predicted as warning.",
        f"Macro-F1 (English; {yardsticks}) averages over 7 motives",
        "Macro-F1 (Chinese) averages over 7 motives",
    ):
        assert line in printed
        assert line in (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert main([*command, "--lang", "zh", "--json"]) == 0
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "宏平均 F1（中文）为 7 种动机的平均：没有帖子被标注或预测为危机预警。" in page


def edited(folder, edit):
    lines = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = edit(lines) or lines
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[3].update(motive="joy"), "labelled.jsonl row 4: label 'joy' is not one of"),
        (lambda rows: rows[3].update(p_help=0.9), "labelled.jsonl row 4: the probabilities sum to"),
        (lambda rows: rows[3].update(p_help="high"), "row 4: the probabilities are"),
        (lambda rows: rows[3].update(p_help=-0.1), "row 4: a probability is -0.1; 0 to 1 is needed"),
        (lambda rows: rows[3].update(p_help=float("nan")), "row 4: the probabilities sum to nan"),
        (lambda rows: rows[3].update(id="2"), "has two predictions for id '2'"),
        (lambda rows: rows[:-2], "has no prediction for 2 of 64 annotated posts, such as 'post 62'"),
        (
            lambda rows: [{**row, "id": row["id"] + "x", "text": "other"} for row in rows],
            "has no prediction for 64 of 64",
        ),
        (
            lambda rows: rows[5].update(text="another"),
            "has no prediction for 1 of 64 annotated posts, such as 'post 5'",
        ),
        (
            lambda rows: [{"id": row["id"], "label": row["motive"]} for row in rows],
            "has no column 'motive', the predicted motive of each post; it has id, label; rename the column",
        ),
        (
            lambda rows: [{k: v for k, v in row.items() if k != "p_help"} for row in rows],
            "lacks the probability columns p_help",
        ),
    ],
)
def test_bad_predictions_are_one_line(folder, capsys, edit, message):
    edited(folder, edit)
    assert main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "report").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,help\n", "has 1 labelled post"),
        ("text,label\na,help\nb,help\n", "every post of gold.csv is help"),
        ("text,label\n", "has no labelled post"),
    ],
)
def test_a_set_that_nothing_can_be_measured_on(folder, capsys, content, message):
    (folder / "gold.csv").write_text(content, encoding="utf-8")
    assert main(["eval", "gold.csv", "--predictions", "labelled.jsonl"]) == 2
    assert message in capsys.readouterr().err


def test_the_report_needs_nothing_and_shows_markup_as_text(folder):
    main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report"])
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 2_000_000
    assert "<script" not in page
    assert "&lt;script&gt;alert(2)" in page
    assert not re.search(r'(src|href)="', page)
    assert str(folder) not in page


FRAME = """<iframe src="report/report.html" style="width:{width}px;height:900px;border:0"></iframe><p></p><script>
onload = () => {{ const page = document.querySelector("iframe").contentDocument.documentElement;
  const names = [...page.querySelectorAll("td")].flatMap(cell => [...cell.childNodes])
    .filter(node => node.nodeType == 3 && /^[\\u4e00-\\u9fff]{{4}}$/.test(node.data.trim()));
  const lines = node => {{ const range = new Range(); range.selectNode(node); return range.getClientRects().length; }};
  document.querySelector("p").textContent = `${{page.scrollWidth - page.clientWidth}} too wide, ` +
    [...page.querySelectorAll(".scroll")].filter(box => box.scrollWidth > box.clientWidth).length + " scroll, " +
    names.filter(node => lines(node) > 1).length + " of " + names.length + " broken"; }}</script>"""


def in_chromium(folder, page):
    """Open a page; give its elements and what it asked a network for."""
    log = folder / "net.json"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1400,1000"]
    command += ["--allow-file-access-from-files", f"--log-net-log={log}", f"--user-data-dir={folder / 'profile'}"]
    command += ["--dump-dom", page.resolve().as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    asked = [event.get("params", {}) for event in json.loads(log.read_text(encoding="utf-8"))["events"]]
    # What a page asks for has an initiator; the browser's own requests have none.
    return dom, [params["url"] for params in asked if params.get("initiator", "not an origin") != "not an origin"]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the report in")
def test_chromium_shows_the_report_and_fetches_nothing(folder):
    main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report"])
    dom, fetched = in_chromium(folder, Path("report/report.html"))
    assert dom.count("<svg") >= 4
    assert "<svg src" not in dom
    assert "<script" not in dom
    assert "&lt;svg src=" in dom  # the link inside is masked, the rest stays text
    assert not fetched
    Path("other.html").write_text('<img src="http://127.0.0.1:9/x.png">', encoding="utf-8")
    assert in_chromium(folder, Path("other.html"))[1] == ["http://127.0.0.1:9/x.png"]  # the log does see requests


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the report in")
@pytest.mark.parametrize(("width", "language", "names"), [(1280, "en", 0), (390, "en", 0), (390, "zh", 40)])
def test_the_report_fits_the_screen(folder, width, language, names):
    main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report", "--lang", language])
    Path("frame.html").write_text(FRAME.format(width=width), encoding="utf-8")
    dom, _ = in_chromium(folder, Path("frame.html"))
    assert "<p>0 too wide" in dom
    assert f", 0 of {names} broken</p>" in dom  # four characters of a motive's Chinese name stay together


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the report in")
def test_four_languages_fit_their_tables(folder):
    rows = Path("gold.csv").read_text(encoding="utf-8").splitlines()
    tags = [("zh", "en", "mixed", "other")[number // 8 % 4] for number in range(64)]
    named = [f"{rows[0]},language", *(f"{row},{tag}" for row, tag in zip(rows[1:], tags, strict=True))]
    Path("gold.csv").write_text("\n".join(named), encoding="utf-8")
    main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--report", "report", "--resamples", "20"])
    Path("frame.html").write_text(FRAME.format(width=1280), encoding="utf-8")
    dom, _ = in_chromium(folder, Path("frame.html"))
    assert "<p>0 too wide, 0 scroll," in dom


def test_compare_draws_by_author_and_as_often_as_asked(folder, monkeypatch):
    asked = []
    monkeypatch.setattr("whyshare.eval.comparison.compare", lambda *values, **_: asked.append(values[1:]) or [])
    command = ["compare", "gold.csv", *["--predictions", "labelled.jsonl"] * 2, "--cluster", "author"]
    assert main([*command, "--resamples", "7", "--json"]) == 0
    [(clusters, resamples)] = asked
    assert (clusters[:6], resamples) == (["a0", "a1", "a2", "a3", "a4", "a0"], 7)


def test_eval_draws_as_often_as_asked(folder, capsys):
    assert main(["eval", "gold.csv", "--predictions", "labelled.jsonl", "--resamples", "1", "--json"]) == 0
    [only, *_] = json.loads(capsys.readouterr().out)
    assert only["metrics"]["macro-F1"][1:] == [None, None]  # which one resample cannot tell
