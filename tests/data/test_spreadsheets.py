import zipfile
from datetime import UTC, date, datetime, time

import openpyxl
import pytest

from whyshare.cli import main
from whyshare.data.annotated import check_annotated
from whyshare.data.copies import local_copies
from whyshare.data.errors import InputError
from whyshare.data.predictions import read_predictions
from whyshare.data.reading import read_posts, unread_sheets
from whyshare.data.spreadsheets import read_spreadsheet
from whyshare.data.writing import open_writer


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book, path


def test_a_title_above_the_header(tmp_path):
    rows = [["微博数据（2024）"], [], ["导出时间", "2024-01-01"], ["编号", "正文"], [1, "今天真好"], [2, "转发抽奖"]]
    book, path = workbook(tmp_path / "a.xlsx", posts=rows)
    book["posts"].merge_cells("A1:B1")
    book.save(path)
    posts = list(read_posts(path))
    assert [(post.row, dict(post.fields)) for post in posts] == [
        (5, {"编号": 1, "正文": "今天真好"}),
        (6, {"编号": 2, "正文": "转发抽奖"}),
    ]


def test_a_title_above_a_column_that_is_asked_for(tmp_path):
    book, path = workbook(tmp_path / "a.xlsx", posts=[["Report"], ["id", "review"], [1, "good"]])
    book.save(path)
    assert [post.text for post in read_posts(path, text_column="review")] == ["good"]


def test_one_column_has_no_title(tmp_path):
    book, path = workbook(tmp_path / "a.xlsx", posts=[["review"], ["good"], ["text"], ["bad"]])
    book.save(path)
    assert [post.text for post in read_posts(path, text_column="review")] == ["good", "text", "bad"]


def test_sheets_that_are_not_the_posts(tmp_path):
    book, path = workbook(tmp_path / "a.xlsx", codes=[["id"]], about=[["who", "when"]], posts=[["text"], ["hi"]])
    book["codes"].sheet_state = "hidden"
    book.save(path)
    for read in (read_posts, check_annotated, read_predictions):
        with pytest.raises(
            InputError, match=r"no (text )?column .*who, when;.* or read another sheet: .*a\.xlsx::posts$"
        ):
            list(read(path))
    assert [post.text for post in read_posts(f"{path}::posts")] == ["hi"]
    book.create_sheet("empty", 0)
    book.save(path)
    with pytest.raises(
        InputError, match=r"sheet 'empty' is empty; read another sheet: .*a\.xlsx::about, .*a\.xlsx::posts"
    ):
        list(read_posts(path))
    book.remove(book["about"])
    book.remove(book["empty"])
    book.save(path)
    assert [post.text for post in read_posts(path)] == ["hi"]


def test_dates_stay_dates(tmp_path):
    day, moment, midnight = date(2024, 5, 1), datetime(2024, 5, 1, 7, 30), datetime(2024, 5, 2)
    odd = ["1899-12-31", datetime(2024, 5, 1, 7, 30, 0, 123456), datetime(2024, 5, 1, tzinfo=UTC)]
    book, path = workbook(
        tmp_path / "a.xlsx", posts=[["text", "at"], ["hi", day], ["ho", moment], ["hu", midnight], [day, "昨天"]]
    )
    book.save(path)
    posts = list(read_posts(path))
    assert [post.text for post in posts] == ["hi", "ho", "hu", "2024-05-01"]
    kept = [day, moment, midnight, "昨天"]
    assert [post.fields["at"] for post in posts] == kept
    for name, read in (("b.xlsx", kept), ("b.csv", list(map(str, kept)))):
        with open_writer(tmp_path / name, ["text", "at"]) as writer:
            for value in [*(post.fields["at"] for post in posts), *odd]:
                writer.write({"text": "x", "at": value})
        found = [post.fields["at"] for post in read_posts(tmp_path / name)]
        assert found == [*read, *map(str, odd)]
    for values, read in (
        ([moment, midnight], [moment, midnight]),
        ([day, moment], ["2024-05-01", "2024-05-01 07:30:00"]),
    ):
        with open_writer(tmp_path / "b.parquet", ["text", "at"]) as writer:
            for value in values:
                writer.write({"text": "x", "at": value})
        assert [post.fields["at"] for post in read_posts(tmp_path / "b.parquet")] == read


def test_times_stay_times(tmp_path):
    times = [time(7, 30), time(0, 0), "07:30:00.500000", "07:30:00+00:00"]
    with open_writer(tmp_path / "a.xlsx", ["text", "at"]) as writer:
        for value in [*times[:2], time(7, 30, 0, 500_000), time(7, 30, tzinfo=UTC)]:
            writer.write({"text": "x", "at": value})
    assert [post.fields["at"] for post in read_posts(tmp_path / "a.xlsx")] == times


@pytest.mark.parametrize(
    ("number_format", "read"),
    [
        ("YYYY-MM-DD HH:MM", datetime(2024, 5, 1)),
        ('yyyy"年"m"月"d"日" h"时"', datetime(2024, 5, 1)),
        ('yyyy"年"m"月"d"日"', date(2024, 5, 1)),
    ],
)
def test_a_date_is_told_by_its_format(tmp_path, number_format, read):
    book, path = workbook(tmp_path / "a.xlsx", posts=[["text", "at"], ["hi", datetime(2024, 5, 1)]])
    book["posts"]["B2"].number_format = number_format
    book.save(path)
    [post] = read_posts(path)
    assert str(post.fields["at"]) == str(read)


def test_characters_that_workbooks_escape(tmp_path):
    book, path = workbook(tmp_path / "a.xlsx", posts=[["te_x0078_t"], ["one_x000D_\ntwo"], ["_x005F_x000D_"]])
    book.save(path)
    assert [post.text for post in read_posts(path)] == ["one\r\ntwo", "_x000D_"]


def test_a_text_that_is_a_formula_without_a_value(tmp_path):
    rows = [["text", "label", "n"], ["hi", "help", "=1+1"], ['="a"&"b"', "help"], ["", "help", 3], ["ho", "value", 4]]
    book, path = workbook(tmp_path / "a.xlsx", posts=rows)
    book.save(path)
    rejects = []
    posts = list(read_posts(path, on_reject=rejects.append))
    assert [dict(post.fields) for post in posts] == [
        {"text": "hi", "label": "help", "n": None},
        {"text": None, "label": "help", "n": 3},
        {"text": "ho", "label": "value", "n": 4},
    ]
    reason = "the text is a formula without a calculated value; open the workbook in Excel and save it"
    assert [(reject.row, reject.reason) for reject in rejects] == [(3, reason)]
    assert (3, reason) in [(problem.row, problem.reason) for problem in check_annotated(path).problems]
    # Excel saves an empty result, and a text, like this.
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b'<c r="A3">', b'<c r="A3" t="str">')
            new.writestr(name, content.replace(b'<c r="C2"><f>1+1</f><v />', b'<c r="C2"><f>1+1</f><v>2</v>'))
    assert [(post.text, post.fields["n"]) for post in read_posts(tmp_path / "b.xlsx")] == [
        ("hi", 2), ("", None), ("", 3), ("ho", 4),
    ]  # fmt: skip


def test_merged_cells_have_their_value_in_the_first(tmp_path):
    rows = [["campaign", "text"], ["spring", "hi"], [None, None], [None, "ho"]]
    book, path = workbook(tmp_path / "a.xlsx", posts=rows)
    book["posts"].merge_cells("A2:A4")
    book["posts"].merge_cells("B2:B3")
    book.save(path)
    assert [tuple(post.fields.values()) for post in read_posts(path)] == [("spring", "hi"), (None, "ho")]


def test_a_sheet_that_is_asked_for_beside_its_workbook_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book, path = workbook(tmp_path / "a.xlsx", posts=[["text"], ["hi"]], x=[["text"], ["ho"]], y=[["text"], ["hu"]])
    book.save(path)
    assert unread_sheets(["./a.xlsx", "./a.xlsx::x"]) == ["a.xlsx::y"]
    files = pytest.importorskip("fsspec").filesystem("memory")  # one for all tests
    files.pipe("/bucket/a.xlsx", path.read_bytes())
    with local_copies(["memory://bucket/a.xlsx", "memory://bucket/a.xlsx::x"]) as copies:
        assert unread_sheets(copies) == ["memory://bucket/a.xlsx::y"]
    files.rm("/bucket", recursive=True)


def test_sheets_that_are_not_read_are_named(tmp_path, tiny_model, capsys):
    rows = [["text", "label"], ["hi", "help"]]
    book, path = workbook(tmp_path / "a.xlsx", weibo=rows, x=rows, empty=[], codes=rows)
    book["codes"].sheet_state = "hidden"
    book.save(path)
    label = ["label", "--model", str(tiny_model), "-o", str(tmp_path / "out.csv"), str(path)]
    for command in (label, ["data", "check", str(path)]):
        assert main(command) == 0
        assert f"not read, since only the first sheet was asked for: {path}::x\n" in capsys.readouterr().out
    for command in ([*label, f"{path}::x"], [*label[:-1], f"{path}::x"], ["data", "check", f"{path}::x"]):
        assert main(command) == 0
        assert "not read" not in capsys.readouterr().out


@pytest.mark.parametrize("named", [None, "Full Text"])
def test_what_an_export_is_of_stands_above_the_header(tmp_path, named):
    above = [["Report:", "Bulk Mentions Download"], ["From:", date(2024, 5, 1)], ["Title", "Campaign"], []]
    rows = [["Query Id", "Title", "Full Text", "Likes"], [1, "Hi", "Hi there", 3], [1, "Ho", "Ho there", None]]
    book, path = workbook(tmp_path / "a.xlsx", posts=[*above, *rows])
    book.save(path)
    assert [(post.row, post.text) for post in read_posts(path, text_column=named)] == [(6, "Hi there"), (7, "Ho there")]
    book["posts"].delete_rows(1, 2)
    book.save(path)
    assert [post.text for post in read_posts(path, text_column=named)] == ["Hi there", "Ho there"]


def test_headings_of_several_columns_stand_above_the_header(tmp_path):
    headings, header = ["帖子", None, "互动", None], ["正文", "作者", "赞", "转发"]
    book, path = workbook(tmp_path / "a.xlsx", posts=[headings, header, ["今天真好", "小明", 1, 2]])
    book.save(path)
    assert [post.text for post in read_posts(path)] == ["今天真好"]


def test_a_header_that_is_repeated_is_no_post(tmp_path):
    rows = [["id", "text", None, "n", None], [1, "hi"], ["id", "text", None, "n"], ["id", "text"], [2, "ho", 1, 2]]
    book, path = workbook(tmp_path / "a.xlsx", posts=rows)
    book.save(path)
    assert [post.text for post in read_posts(path)] == ["hi", "text", "ho"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf <html><table></table></html>", " but a web page or XML; open it in Excel and save it as .xlsx"),
        ("<?xml version='1.0'?><Workbook/>".encode("utf-16"), " but a web page or XML; open it"),
        ("编号\t正文\r\n1\t好\r\n2\t晚安\r\n".encode("utf-16"), " but text; give it the ending .tsv"),
        (b"id,text\n1,hi\n", " but text; give it the ending .csv"),
        (b"\x09\x00\x04\x00" + bytes(100), "; give it the ending that fits, or save it anew"),
    ],
)
def test_what_has_the_ending_of_a_workbook_is_told(tmp_path, data, said):
    for name in ("a.xls", "a.xlsx"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as error:
            read_spreadsheet(tmp_path / name)
        assert f"{name} is not an Excel workbook{said}" in str(error.value)


def test_a_new_workbook_under_the_old_ending(tmp_path):
    book, path = workbook(tmp_path / "a.xlsx", posts=[["text"], ["hi"]])
    book.save(path)
    with pytest.raises(InputError, match=r"a\.xls is a new workbook under an old ending; give it the ending \.xlsx"):
        read_spreadsheet(path.rename(tmp_path / "a.xls"))
