import csv
import io
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from whyshare.cli import main
from whyshare.data.motives import MOTIVES
from whyshare.eval.contrast import content_words, distinctive_words

ROOT = Path(__file__).parents[2]


def write_labelled(path, count=300, seed=0, label=False):
    """Write posts as ``whyshare label`` would: nine times of ten the answer is right."""
    rng = np.random.default_rng(seed)
    lines = []
    for row in range(count):
        gold = MOTIVES[rng.integers(8)]
        said = gold if rng.random() < 0.9 else MOTIVES[rng.integers(8)]
        probs = {f"p_{motive}": 0.86 if motive == said else 0.02 for motive in MOTIVES}
        post = {"id": str(row), "city": "ab"[row % 2], "day": f"2024-01-{1 + row % 20:02d}"}
        post |= {"text": f"{gold} word{row % 7} <rant>", "motive": said, "language": "en", **probs}
        lines.append(json.dumps(post | ({"label": gold} if label else {})))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_labelled(tmp_path / "labelled.jsonl")
    write_labelled(tmp_path / "errors.jsonl", seed=1, count=800, label=True)
    return tmp_path


MIX = ["mix", "labelled.jsonl", "--errors", "errors.jsonl"]


def test_shares_are_printed_and_written(folder, capsys):
    command = [*MIX, "--by", "city", "--over", "day", "--report", "report", "--excel", "mix.xlsx"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert re.search(r"help 寻求帮助 +\d+% \[\d+, \d+\]", printed)
    assert re.search(r"^ *2024-01-15 +\d+ ", printed, flags=re.M)
    assert "each week is named by its Monday" in printed
    assert "EM" not in printed
    assert "assumed: posts of one motive look" in printed
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "of 300 posts were shared to" in page
    assert "&lt;rant&gt;" in page
    assert "<rant>" not in page
    assert not re.search(r'(src|href)="|<script', page)
    book = openpyxl.load_workbook("mix.xlsx")
    assert book.sheetnames == ["Shares of the motives", "Groups compared", "The course over time", "Warnings"]
    assert [len(sheet._charts) for sheet in book] == [1, 1, 1, 0]
    assert "This assumes that posts of one motive look" in book["Warnings"]["A1"].value
    whiskers = book.worksheets[0]._charts[0].series[0].errBars
    value, low, high = (book.worksheets[0].cell(2, column).value for column in (2, 3, 4))
    assert float(whiskers.plus.numLit.pt[0].v) == pytest.approx(high - value, abs=1e-3)
    assert float(whiskers.minus.numLit.pt[0].v) == pytest.approx(value - low, abs=1e-3)
    header = [cell.value for cell in book.worksheets[1][1]]
    assert header[9:12] == ["Crisis warning", "Direct benefit, low", "Direct benefit, high"]


def test_groups_that_differ_are_marked(folder, capsys):
    rows = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["city"] = "help" if row["motive"] == "help" else "=others"
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main([*MIX, "--by", "city", "--report", "report", "--excel", "mix.xlsx"]) == 0
    name = openpyxl.load_workbook("mix.xlsx").worksheets[1]["A2"]
    assert (name.value, name.data_type) == ("=others", "s")
    printed = capsys.readouterr().out
    assert re.search(r"\d+% \[\d+, 100\]\*", printed)
    assert "* differs from all other posts" in printed
    assert re.search(r"<b>\d+%</b>", (folder / "report" / "report.html").read_text(encoding="utf-8"))
    assert main([*MIX, "--by", "city", "--json"]) == 0
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert groups[1]["shares"]["help"]["p against the others (Holm)"] < 1e-6
    assert "p against the others (Holm)" not in groups[0]["shares"]["help"]


def likely(motive):
    """Give the results of a post that is surely shared for a motive."""
    return {"motive": motive, **{f"p_{name}": 0.86 if name == motive else 0.02 for name in MOTIVES}}


def opening():
    page = Path("report/report.html").read_text(encoding="utf-8")
    return re.findall(r'<p class="answer">(.+)</p>', page.replace("\xa0", " "))


def test_the_page_and_the_terminal_open_with_what_two_groups_differ_in(folder, capsys):
    motives = [("help", "warning"), ("value", "warning")]
    rewrite(lambda number: {"city": ("春节", "中秋")[number % 2]} | likely(motives[number % 2][number % 5 > 3]))
    assert main([*MIX, "--by", "city", "--report", "report"]) == 0
    differ, pooled = opening()
    assert re.match(
        r"中秋 and 春节 differ beyond chance: (Seek help|Provide value) \d+% \[\d+, \d+\] against \d+% \[", differ
    )
    assert differ.count(" against ") == 2
    assert differ.endswith(" For the other motives, no difference beyond chance was found.")
    assert pooled.startswith("All posts together: ")
    assert capsys.readouterr().out.splitlines()[0] == differ
    page = Path("report/report.html").read_text(encoding="utf-8")
    assert page.index('<table class="groups">') < page.index("Shares of the motives</h2>")
    assert '<th scope="col">motive</th><th scope="col">中秋</th><th scope="col">春节</th>' in page
    assert main([*MIX, "--by", "city", "--report", "report", "--lang", "zh"]) == 0
    assert re.match(r"“中秋”与“春节”有显著差异：.+；.+。其余动机未发现显著差异。$", opening()[0])


def test_two_groups_that_are_alike_are_said_to_be(folder, capsys):
    assert main([*MIX, "--by", "city"]) == 0
    assert capsys.readouterr().out.startswith("No difference beyond chance was found between a and b.\n")
    rewrite(lambda number: {"city": "ab"[number < 9]})
    assert main([*MIX, "--by", "city"]) == 0
    assert capsys.readouterr().out.startswith("The posts are too few to tell whether the groups differ.\n")


def test_of_more_groups_each_ones_motive_and_those_that_differ_are_named(folder, capsys):
    rewrite(lambda number: {"city": f"c{number % 9}"})
    rewrite(lambda number: likely("help") if number % 9 == 8 else {})
    assert main([*MIX, "--by", "city", "--report", "report"]) == 0
    leading, differ = capsys.readouterr().out.splitlines()[:2]
    assert re.match(r"The leading motive in each group: c0 – .+ \d+% \[\d+, \d+\]; .+, and 3 more\.$", leading)
    assert differ == "Unlike all other posts beyond chance: c8 (more Seek help)."
    assert opening()[:2] == [leading, differ]
    assert "Swipe the table sideways" in Path("report/report.html").read_text(encoding="utf-8")
    rewrite(lambda number: {"city": ["a", "b", ""][number % 3]} | likely("help"))  # two groups are not all posts
    assert main([*MIX, "--by", "city", "--report", "report", "--lang", "zh"]) == 0
    assert opening()[0].startswith("各组占比最高的动机：a——寻求帮助 ")
    assert opening()[1] == "未发现任何一组与其余帖子有显著差异。"


def test_a_motive_that_was_changed_by_hand_is_said_to_be_ignored(folder, capsys):
    rewrite(lambda number: likely("help") | ({"motive": "value"} if number < 3 else {}))
    assert main(MIX) == 0
    printed = capsys.readouterr().out
    assert "3 motives are not the likeliest of their row, as after a change by hand" in printed
    assert "use whyshare sample" in printed


def test_posts_outside_groups_and_periods_are_counted(folder, capsys):
    rows = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows[:30]:
        row["city"], row["day"] = " ", "今天 12:30"
    for row in rows[30:40]:
        row["city"] = f" {row['city']} "
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = [*MIX, "--by", "city", "--over", "day", "--every", "day"]
    assert main([*command, "--report", "report"]) == 0
    printed = capsys.readouterr().out
    assert "30 posts lack a value of city; they are in no group" in printed
    assert "30 posts have a date that cannot be read, such as '今天 12:30': write it like 2024-03-05" in printed
    assert len(re.findall(r"^ *[ab] +135 ", printed, flags=re.M)) == 2
    assert printed.count("fewer than 100 posts") == 1
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert page.index("</svg>") < page.index("30 posts lack a value of city") < page.index("fewer than 100 posts")
    assert "30 posts have a date that cannot be read" in page
    assert main([*command, "--report", "report", "--lang", "zh", "--json", "--excel", "mix.xlsx"]) == 0
    capsys.readouterr()
    said = [row[0].value for row in openpyxl.load_workbook("mix.xlsx")["注意"].iter_rows()]
    assert "30 条帖子缺少“city”的值，不属于任何分组" in said
    assert any("：20 个时段中有 20 个：" in line for line in said)
    assert openpyxl.load_workbook("mix.xlsx").worksheets[1]["K1"].value == "直接利益，下限"
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "30 条帖子缺少“city”的值，不属于任何分组" in page
    assert "30 条帖子的日期无法识别，例如“今天 12:30”" in page
    assert main([*command, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["notes"]) == 3  # that posts repeat a text, too


def test_every_period_and_the_largest_groups_are_on_the_page(folder, capsys):
    rows = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        row["city"], row["day"] = f"c{min(number % 50, 39):02d}", f"2024-{1 + number % 2:02d}-{1 + number % 28:02d}"
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main([*MIX, "--by", "city", "--over", "day", "--every", "day", "--report", "report"]) == 0
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert len(set(re.findall(r">(2024-\d\d-\d\d)</td>", page))) == 28
    assert len(set(re.findall(r"<td>(c\d\d)</td>", page))) == 30
    assert "<td>c39</td>" in page  # the last by name, the first by its posts
    assert "The 30 largest of 40 groups are shown" in page


def test_words_of_many_posts_are_those_of_a_sample(folder, monkeypatch):
    from whyshare.eval import mix_report

    assert main([*MIX, "--report", "report"]) == 0
    assert "drawn at random" not in (folder / "report" / "report.html").read_text(encoding="utf-8")
    monkeypatch.setattr(mix_report, "WORDS_FROM", 120)
    assert main([*MIX, "--report", "report", "--by", "city"]) == 0
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Words are counted in 120 of the posts, drawn at random" in page
    assert page.count("help word") == 2  # its typical posts, whether drawn or not


def test_posts_and_rows_of_a_sample_without_motive_are_counted(folder, capsys):
    assert main(["sample", "labelled.jsonl", "-n", "80", "-o", "check.csv"]) == 0
    checked = (folder / "check.csv").read_text(encoding="utf-8-sig").splitlines()
    filled = [row[:-2] + ",help," if number < 60 else row for number, row in enumerate(checked[1:])]
    (folder / "check.csv").write_text("\n".join([checked[0], *filled]), encoding="utf-8")
    with (folder / "labelled.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "none", "text": " ", "motive": None}) + "\n")
    capsys.readouterr()
    assert main([*MIX, "--checked", "check.csv", "--over", "day", "--every", "month"]) == 0
    printed = capsys.readouterr().out
    assert "1 posts have no motive, such as those without text; they are left out" in printed
    assert "20 of 80 rows of the sample have no motive" in printed
    assert "all posts that have a date are of one month; there is no course to show" in printed


def test_the_text_may_stand_in_an_unusual_column(folder, capsys):
    rows = [json.loads(line) for line in (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["吐槽"] = row.pop("text")
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-o", "check.csv"]) == 2
    assert "name it with --text-column" in capsys.readouterr().err
    assert main(["sample", "labelled.jsonl", "-n", "60", "--text-column", "吐槽", "-o", "check.csv"]) == 0
    assert "--text-column" in capsys.readouterr().out
    text = (folder / "check.csv").read_text(encoding="utf-8-sig")
    assert text.count("word") == 60
    (folder / "check.csv").write_text(re.sub(r",,$", ",help,", text, flags=re.M), encoding="utf-8")
    assert main([*MIX, "--checked", "check.csv", "--text-column", "吐槽"]) == 0


def test_json_and_chinese(folder, capsys):
    assert main([*MIX, "--json"]) == 0
    [everything] = json.loads(capsys.readouterr().out)["groups"]
    assert sum(share["share"][0] for share in everything["shares"].values()) == pytest.approx(1, abs=1e-3)
    assert main([*MIX, "--report", "report", "--lang", "zh"]) == 0
    assert "他们为什么分享" in (folder / "report" / "report.html").read_text(encoding="utf-8")


def test_the_language_is_the_one_that_whyshare_found(folder, capsys):
    errors = (folder / "errors.jsonl").read_text(encoding="utf-8")
    (folder / "errors.jsonl").write_text(errors.replace('"language": "en"', '"language": "zh"', 300), encoding="utf-8")
    assert main([*MIX, "--json"]) == 0
    before = capsys.readouterr().out
    labelled = (folder / "labelled.jsonl").read_text(encoding="utf-8")
    labelled = labelled.replace('"language": "en"', '"language": "zh", "language_whyshare": "en"')
    (folder / "labelled.jsonl").write_text(labelled, encoding="utf-8")
    assert main([*MIX, "--json"]) == 0
    assert capsys.readouterr().out == before


def test_the_known_errors_may_name_motives_in_any_way(folder, capsys):
    errors = (folder / "errors.jsonl").read_text(encoding="utf-8")
    in_chinese = errors.replace('"label": "help"', '"label": "寻求帮助"')
    (folder / "errors.jsonl").write_text(in_chinese, encoding="utf-8")
    assert main(MIX) == 0
    (folder / "errors.jsonl").write_text(in_chinese.replace("寻求帮助", "joy"), encoding="utf-8")
    assert main(MIX) == 2
    assert re.search(r"errors.jsonl row \d+: label 'joy' is not one of", capsys.readouterr().err)
    (folder / "errors.jsonl").write_text(errors.replace("language", "tongue"), encoding="utf-8")
    assert main(MIX) == 2
    assert "errors.jsonl needs the columns label, language" in capsys.readouterr().err


def test_the_known_errors_are_those_of_the_model_that_is_named(folder, capsys):
    assert main(["mix", "labelled.jsonl", "--report", "report"]) == 0
    assert "shares corrected by the known errors of whyshare-mini\n" in capsys.readouterr().out
    assert "known errors of whyshare-mini." in (folder / "report" / "report.html").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in (folder / "errors.jsonl").read_text(encoding="utf-8").splitlines()]
    (folder / "my-model").mkdir()
    with (folder / "my-model" / "validation.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main([*MIX, "--json"]) == main(["mix", "labelled.jsonl", "--errors", "my-model", "--json"]) == 0
    by_file, by_folder = capsys.readouterr().out.splitlines()
    assert by_folder == by_file.replace("errors.jsonl", "my-model") != by_file
    (folder / "my-model" / "validation.csv").unlink()
    assert main(["mix", "labelled.jsonl", "--errors", "my-model"]) == 2
    assert "my-model has no validation.csv; give a folder that whyshare train wrote" in capsys.readouterr().err


def fill(path):
    """Label a drawn workbook as its text says."""
    book = openpyxl.load_workbook(path)
    sheet = book["check"]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 4).value = sheet.cell(row, 3).value.split()[0]
    book.save(path)


def test_a_drawn_sample_is_checked_and_read_back(folder, capsys):
    assert main(["sample", "labelled.jsonl", "-n", "120", "-o", "my check.xlsx", "--by", "city"]) == 0
    assert 'then: whyshare mix labelled.jsonl --checked "my check.xlsx" --by city\n' in capsys.readouterr().out
    Path("my check.xlsx").rename("check.xlsx")
    sheet = openpyxl.load_workbook("check.xlsx")["check"]
    assert [cell.value for cell in sheet[1]] == ["post", "weight", "text", "label", "note"]
    assert sheet.data_validations.dataValidation[0].formula1.startswith('"' + ",".join(MOTIVES))
    book = openpyxl.load_workbook("check.xlsx")
    assert [row[0].value for row in book["motives"].iter_rows(min_row=2)][:8] == [str(motive) for motive in MOTIVES]
    assert "Fill in only the column label" in book["codebook"]["A1"].value
    assert any("Which label wins" in str(cell.value) for cell in book["codebook"]["A"])
    assert main([*MIX, "--checked", "check.xlsx"]) == 2
    assert "has no label filled in yet" in capsys.readouterr().err
    fill("check.xlsx")
    assert main([*MIX, "--checked", "check.xlsx"]) == 0
    assert "corrected by a checked random sample" in capsys.readouterr().out


def test_a_small_group_that_is_checked_whole_is_counted(folder, capsys):
    lines = Path("labelled.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) | {"city": "small" if number < 20 else "large"} for number, line in enumerate(lines)]
    Path("labelled.jsonl").write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-n", "40", "-o", "check.xlsx", "--by", "city"]) == 0
    fill("check.xlsx")
    capsys.readouterr()
    assert main([*MIX, "--checked", "check.xlsx", "--by", "city", "--json"]) == 0
    _, large, small = json.loads(capsys.readouterr().out)["groups"]
    assert (large["method"], large["checked"]) == ("error matrix", 20)
    assert (small["method"], small["checked"]) == ("checked sample", 20)
    gold = [post["text"].split()[0] for post in posts[:20]]
    assert {name: one["share"][0] for name, one in small["shares"].items()} == {
        str(motive): pytest.approx(gold.count(motive) / 20, abs=1e-5) for motive in MOTIVES
    }


def test_files_with_columns_of_their_own_that_were_labelled_together(folder, capsys):
    lines = Path("labelled.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) for line in lines]
    for post in posts[:150]:
        post["content"] = post.pop("text")
        del post["city"]
    Path("labelled.jsonl").write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-n", "200", "-o", "check.csv", "--by", "city"]) == 0
    with Path("check.csv").open(encoding="utf-8-sig", newline="") as file:
        drawn = list(csv.DictReader(file))
    assert all(row["text"] for row in drawn)
    assert {int(row["post"]) > 150 for row in drawn} == {True, False}


def test_a_sample_by_groups_is_no_small_copy_of_its_file(folder, tiny_model, capsys):
    assert main(["sample", "labelled.jsonl", "-n", "40", "-o", "check.xlsx", "--by", "day"]) == 0
    lines = Path("labelled.jsonl").read_text(encoding="utf-8").splitlines()
    Path("labelled.jsonl").write_text("\n".join(lines[:255]), encoding="utf-8")
    assert main(["sample", "labelled.jsonl", "-n", "50", "-o", "check.xlsx", "--by", "day", "--force"]) == 0
    fill("check.xlsx")
    capsys.readouterr()
    assert main(["eval", "check.xlsx", "--model", str(tiny_model)]) == 0
    assert "drawn by groups of different sizes" in capsys.readouterr().err


SAMPLE = ["sample", "labelled.jsonl", "-n", "60", "-o", "check.csv"]


def test_a_sample_that_is_filled_in_is_not_replaced(folder, capsys):
    assert main(SAMPLE) == 0
    assert main([*SAMPLE, "--seed", "1"]) == 0  # no label is lost
    path = folder / "check.csv"
    filled = path.read_text(encoding="utf-8-sig").replace(",,", ",help,", 1)
    path.write_text(filled, encoding="utf-8")
    capsys.readouterr()
    assert main(SAMPLE) == 2
    assert "check.csv exists, and labels may be filled in; choose another name, or --force" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == filled
    assert main([*SAMPLE, "--force"]) == 0
    path.write_text("mine", encoding="utf-8")
    assert main(SAMPLE) == 2


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("weight", "nan", "check.csv row 4: the weight is 'nan'; a number above 0 is needed"),
        ("weight", "-3", "check.csv row 4: the weight is '-3'; a number above 0 is needed"),
        ("weight", "", "check.csv row 4: the weight is missing, and other rows have different ones"),
        ("post", "", "check.csv row 4: post is '', which is not in the labelled file"),
        ("post", "301.0", "check.csv row 4: post is '301.0', which is not in the labelled file"),
    ],
)
def test_a_bad_row_of_a_sample_is_named(folder, capsys, column, value, message):
    assert main(SAMPLE) == 0
    path = folder / "check.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    for row in rows:
        row["label"] = row["text"].split()[0]
    rows[5]["weight"] = "2"
    rows[2][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    capsys.readouterr()
    assert main([*MIX, "--checked", "check.csv"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("form", ["csv", "label-studio", "label-studio-min", "doccano", "doccano-meta"])
def test_every_form_of_a_sample_comes_back(folder, form, capsys):
    labelled = (folder / "labelled.jsonl").read_text(encoding="utf-8")
    (folder / "labelled.jsonl").write_text(labelled.replace('"text": "', f'"text": "@{"长" * 31} '), encoding="utf-8")
    tool = form.removesuffix("-min").removesuffix("-meta")
    name = {"csv": "check.csv", "label-studio": "check.json", "doccano": "check.jsonl"}[tool]
    arguments = ["sample", "labelled.jsonl", "-n", "60", "-o", name]
    assert main([*arguments, *(["--format", tool] if tool != "csv" else [])]) == 0
    path = folder / name
    if form == "csv":
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        rows = [line.split(",") for line in lines[1:]]
        filled = [lines[0], *(",".join([*row[:3], row[2].split()[1], ""]) for row in rows)]
        path.write_text("\n".join(filled), encoding="utf-8")
    elif tool == "doccano":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        labels = json.loads((folder / "check.labels.json").read_text(encoding="utf-8"))
        assert [label["text"] for label in labels[:8]] == [str(motive) for motive in MOTIVES]
        for row in rows:  # as doccano exports them
            row["label"], row["Comments"] = [row["text"].split()[1]], []
            if form == "doccano-meta":
                row["meta"] = {"post": row.pop("post"), "weight": row.pop("weight")}
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        assert 'value="help"' in (folder / "check.config.xml").read_text(encoding="utf-8")
        tasks = json.loads(path.read_text(encoding="utf-8"))
        for task in tasks:
            label = task["data"]["text"].split()[1]
            skipped = {"was_cancelled": True, "result": [{"value": {"choices": ["warning"]}}]}
            task["annotations"] = [skipped, {"result": [{"value": {"choices": [label]}}]}]
            if form == "label-studio-min":
                task |= {**task.pop("data"), "label": label, "annotator": 1}
                del task["annotations"]
        path.write_text(json.dumps(tasks), encoding="utf-8")
    if tool != "label-studio":
        definitions = (folder / "check.motives.csv").read_text(encoding="utf-8-sig")
        assert "help,寻求帮助,Seek help" in definitions
    capsys.readouterr()
    assert main([*MIX, "--checked", name, "--json"]) == 0
    [everything] = json.loads(capsys.readouterr().out)["groups"]
    assert everything["checked"] == 60
    assert main([*MIX, "--checked", name]) == 0
    assert "corrected by a checked random sample" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["mix", "labelled.jsonl", "--errors", "labelled.jsonl"],
            "labelled.jsonl has no column 'label'; it has id, city",
        ),
        ([*MIX, "--by", "town"], "has no column 'town'"),
        ([*MIX, "--by", "id"], "id makes 300 groups of 300 posts"),
        ([*MIX, "--over", "city"], "has no date that can be read, such as 'a'"),
        ([*MIX, "--excel", "mix.csv"], "is no .xlsx"),
        ([*MIX, "--report", "report", "--excel", "none/mix.xlsx"], "none; make it first"),
        (["sample", "labelled.jsonl", "-o", "c.csv", "--format", "label-studio"], "has not the ending .json"),
        ([*MIX, "--checked", "errors.jsonl"], "has no column 'post'"),
        (["sample", "labelled.jsonl", "-n", "301", "-o", "c.csv"], "-n is 301, but there are 300 posts"),
        (["sample", "labelled.jsonl", "-n", "1", "--by", "city", "-o", "c.csv"], "-n is 1, but there are 2 groups"),
        (["sample", "none.csv", "-o", "c.csv"], "no such file"),
        (["mix", "."], ". is a folder, and one labelled file is needed: whyshare label"),
        ([*MIX, "--cluster", "writer"], "there is no column 'writer' for --cluster; there are id, city, day, text"),
        ([*MIX, "--cluster", "language"], "column 'language' has one value in all posts"),
        ([*MIX, "--lang", "zh"], "--lang is the language of --report and --excel; give one of them"),
        (["sample", "labelled.jsonl", "--seed", "-1", "-o", "c.csv"], "--seed is -1; 0 or more is needed"),
        ([*MIX, "--every", "day"], "--every needs --over"),
    ],
)
def test_a_mistake_is_one_line(folder, capsys, arguments, message):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "report").exists()


def rewrite(change):
    """Change the labelled posts, each by its number."""
    rows = [json.loads(line) for line in Path("labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    Path("labelled.jsonl").write_text(
        "\n".join(json.dumps(row | change(number)) for number, row in enumerate(rows)), encoding="utf-8"
    )


def test_rows_of_another_method_are_marked(folder, capsys):
    rewrite(lambda number: {"city": "small town of a very long name" if number < 40 else "large"})
    assert main(["sample", "labelled.jsonl", "-n", "120", "-o", "check.xlsx"]) == 0
    fill("check.xlsx")
    capsys.readouterr()
    assert main([*MIX, "--checked", "check.xlsx", "--by", "city", "--report", "report", "--excel", "mix.xlsx"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ *small town of a very long name † +40 ", printed, flags=re.M)
    assert "large †" not in printed
    said = "† by the known errors of errors.jsonl, not by the checked sample"
    page = Path("report/report.html").read_text(encoding="utf-8")
    assert said in printed
    assert said in page
    assert '<th scope="col">small town of a very long name †</th>' in page
    assert ">small town of a v… †<" in page
    book = openpyxl.load_workbook("mix.xlsx")
    assert [row[0].value for row in book.worksheets[1].iter_rows(min_row=2, max_row=3)][1].endswith(" †")
    assert any(said in str(row[0].value) for row in book["Warnings"].iter_rows())
    assert main([*MIX, "--by", "city"]) == 0
    assert "†" not in capsys.readouterr().out  # all by one method


def test_outputs_are_written_though_nobody_reads_what_is_printed(folder, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", closed)
    main([*MIX, "--report", "report", "--excel", "mix.xlsx"])
    assert Path("report/report.html").is_file()
    assert Path("mix.xlsx").is_file()


def test_intervals_are_drawn_by_authors_where_there_are_enough(folder, capsys):
    rewrite(lambda number: {"source": f"s{number % 30}"})
    assert main([*MIX]) == 0
    printed = capsys.readouterr().out
    assert "95% intervals, each post taken for itself" in printed
    assert printed.count("no author column found; name it with --cluster") == 1  # a source is no author
    rewrite(lambda number: {"Author": f"a{number % 30}" if number else ""})
    assert main([*MIX, "--report", "report", "--lang", "zh"]) == 0
    printed = capsys.readouterr().out
    assert "the posts of one Author taken together" in printed
    assert "--cluster" not in printed
    assert "There are few values of Author (31)" in printed
    assert "“Author”相同的帖子作为一个整群" in Path("report/report.html").read_text(encoding="utf-8")
    for asked, unit in (("posts", "posts"), ("day", "day")):
        assert main([*MIX, "--json", "--cluster", asked]) == 0
        assert json.loads(capsys.readouterr().out)["intervals by"] == unit


def test_texts_that_are_repeated_are_counted(folder, capsys):
    rewrite(lambda number: {"text": "win a phone" if number % 3 else f"post {number}"})
    rewrite(lambda number: {"text": "win a phone http://t.cn/x  @friend"} if number == 1 else {})
    assert main(MIX) == 0
    assert "199 of 300 posts repeat a text, and each counts as evidence of its own" in capsys.readouterr().out
    rewrite(lambda number: {"text": f"post {max(number, 10)}"})
    assert main(MIX) == 0
    assert "repeat a text" not in capsys.readouterr().out


def test_periods_without_posts_are_shown(folder, capsys):
    rewrite(lambda number: {"day": ("2024-01-02", "2024-01-09", "2024-05-01")[number % 3]})
    assert main([*MIX, "--over", "day", "--report", "report"]) == 0
    assert "15 periods have no posts and are left out, the first after 2024-01-08" in capsys.readouterr().out
    assert Path("report/report.html").read_text(encoding="utf-8").count(">15 without posts<") == 2  # chart and table


def test_reports_of_two_commands_do_not_replace_each_other(folder, capsys):
    evaluate = ["eval", "errors.jsonl", "--predictions", "errors.jsonl", "--resamples", "5", "--report"]
    assert main([*evaluate, "scores"]) == main([*MIX, "--report", "report"]) == 0
    assert main([*evaluate, "scores"]) == main([*MIX, "--report", "report"]) == 0  # its own is renewed
    assert main([*MIX, "--report", "scores"]) == main([*evaluate, "report"]) == 2
    error = capsys.readouterr().err
    assert "scores holds a report.html of whyshare eval, which would be lost; give another folder" in error
    assert "report holds a report.html of whyshare mix, which would be lost; give another folder" in error


def test_random_groups_have_no_words_of_their_own():
    rng = np.random.default_rng(0)
    frequent = rng.zipf(1.5, (600, 12)) % 400
    posts = [frozenset(map(str, words)) for words in frequent.tolist()]
    groups = rng.integers(9, size=600)
    assert not any(distinctive_words(posts, range(600), (groups == group).tolist()) for group in range(9))
    like = [words | {"win"} if k % 3 == 0 else words for k, words in enumerate(posts)]
    third = [k % 3 == 0 for k in range(600)]
    assert distinctive_words(like, range(600), third)[0] == "win"
    copied = [words | {"win"} if own else words for words, own in zip(posts, third, strict=True)]
    assert not distinctive_words(
        copied, [0 if own else k for k, own in enumerate(third)], third
    )  # one text says little
    assert distinctive_words(posts, range(600), [True] * 600) == []
    assert distinctive_words(posts, range(600), [False] * 600) == []


def test_distinctive_words_set_groups_apart():
    pytest.importorskip("jieba")
    texts = ["抽奖送手机😂"] * 5 + ["今天天气很好"] * 5 + ["the end"] * 3
    posts = [content_words(text) for text in texts]
    assert set(distinctive_words(posts, range(13), [True] * 5 + [False] * 8)) == {"抽奖", "手机", "😂"}
    assert content_words("@user 看<url> Don't [泪]13800138000") == {"don't", "[泪]"}


@pytest.mark.parametrize("by", [[], ["--by", "city"]])
def test_a_report_without_jieba_says_that_chinese_words_are_left_out(folder, monkeypatch, by):
    page = folder / "report" / "report.html"
    monkeypatch.setitem(sys.modules, "jieba", None)
    assert main([*MIX, *by, "--report", "report"]) == 0
    assert "jieba" not in page.read_text(encoding="utf-8")  # no post is Chinese
    rewrite(lambda number: {"text": f"求转发 {number}"})
    assert main([*MIX, *by, "--report", "report"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("Chinese words are listed only where the package jieba is installed") == 1
    assert "求转," not in text
    assert main([*MIX, *by, "--report", "report", "--lang", "zh"]) == 0
    assert "此处没有列出中文词" in page.read_text(encoding="utf-8")


def test_copies_of_a_text_give_no_words(folder):
    rewrite(
        lambda number: {"text": f"lottery winner @f{number}" if number < 40 else f"post {number}", "motive": "help"}
    )
    rewrite(lambda number: {"city": "ab"[number < 40]})
    assert main([*MIX, "--by", "city", "--report", "report"]) == 0
    assert "What sets each group apart" not in Path("report/report.html").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    from whyshare.data.results import VALIDATION_FILE
    from whyshare.models.settings import BUNDLED

    if not (BUNDLED / VALIDATION_FILE).is_file():
        pytest.skip("no bundled model")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^whyshare (.+)$", text, flags=re.M)
    assert len(commands) == 4
    for command in commands[:3]:
        assert main(command.split()) == 0
    assert "share to win" in (tmp_path / "mix-report" / "report.html").read_text(encoding="utf-8")


def test_groups_and_periods_know_of_authors(folder, capsys):
    def of_author(number):
        said = MOTIVES[number // 10 % 8]
        return {"Author": f"a{number // 10}", "motive": said} | {f"p_{m}": 0.86 if m == said else 0.02 for m in MOTIVES}

    rewrite(of_author)
    widths = []
    for unit in ("Author", "posts"):
        assert main([*MIX, "--by", "city", "--over", "day", "--cluster", unit, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        shares = [mix["shares"]["help"]["share"] for mix in (*found["groups"], *found["course"])]
        widths.append([high - low for _, low, high in shares])
    assert all(by_author > 1.2 * by_post for by_author, by_post in zip(*widths, strict=True))
