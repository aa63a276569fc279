import json

import openpyxl
import pytest

from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts
from whyshare.data.text_columns import LOOKED_AT


def texts(path, **options):
    return [post.text for post in read_posts(path, **options)]


def write(path, *rows):
    text = "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "figure", ["12", "1.2万", "10万+", "2024年5月1日 07:30", "5分钟前", "Wed May 01 07:30:00 +0800 2024"]
)
def test_a_column_of_counts_or_dates_is_no_text(tmp_path, figure):
    rows = [f"{k},{figure},今天第 {k} 天,3" for k in range(5)]
    path = write(tmp_path / "a.csv", "id,内容,标题,likes", *rows)
    assert texts(path) == [f"今天第 {k} 天" for k in range(5)]
    assert texts(path, text_column="内容") == [figure] * 5
    path = write(tmp_path / "b.csv", "id,内容,review,likes,title", *(f"{row}," for row in rows))  # no title is filled
    message = (
        r"column '内容' holds numbers or dates such as .*, no texts; name .* --text-column, one of id, review, likes$"
    )
    with pytest.raises(InputError, match=message):
        texts(path)
    with pytest.raises(InputError, match=message):
        texts(write(tmp_path / "a.jsonl", *({"id": k, "内容": k, "review": "a", "likes": 1} for k in range(5))))


@pytest.mark.parametrize(
    "cells", [[""] * 5, ["https://example.org/p/1"] * 5, ["Photo", "Video", "Photo", "Photo", "Status"]]
)
def test_a_column_of_nothing_links_or_kinds_is_passed_over_for_one_of_texts(tmp_path, cells, caplog):
    caplog.set_level("INFO", "whyshare")
    rows = [f"{cell},今天第 {k} 天" for k, cell in enumerate(cells)]
    path = write(tmp_path / "a.csv", "content,title", *rows)
    assert texts(path) == [f"今天第 {k} 天" for k in range(5)]
    said = "column content has hardly any text in the first rows, so that of title is read; for both: "
    assert said + "--text-column title --text-column content" in caplog.text
    assert texts(write(tmp_path / "b.csv", "id,content", *(f"1,{cell}" for cell in cells))) == cells


def test_whole_texts_are_preferred(tmp_path):
    path = write(tmp_path / "a.jsonl", *[{"text": "it was cut af…", "full_text": "it was cut afterwards"}] * 2)
    assert texts(path) == ["it was cut afterwards"] * 2


def test_some_numbers_are_texts(tmp_path):
    rows = ["1,666", "2,", "3,", "4,so good", "5,2333", "6,so bad"]
    assert len(texts(write(tmp_path / "a.csv", "id,text", *rows))) == 6
    assert texts(write(tmp_path / "b.csv", "text", "666")) == ["666"]
    assert texts(write(tmp_path / "a.txt", "666", "2333")) == ["666", "2333"]


@pytest.mark.parametrize("title", [["微博数据"], []])
def test_headings_of_several_columns_are_no_header(tmp_path, title):
    book = openpyxl.Workbook()
    sheet = book.active
    groups = ["标识", None, "作者", "内容", None, None, "互动"]
    header = ["mid", "uid", "昵称", "发布时间", "微博内容", "标题", "转发", "点赞"]
    for row in [*([title] if title else []), groups, header, ["1", "2", "a", "2024-05-01", "今天真好", "t", "3", "4"]]:
        sheet.append(row)
    if title:
        sheet.merge_cells("A1:H1")
    book.save(tmp_path / "a.xlsx")
    [post] = read_posts(tmp_path / "a.xlsx")
    assert (post.text, list(post.fields)) == ("今天真好", header)
    assert texts(tmp_path / "a.xlsx", text_column="微博内容") == ["今天真好"]
    assert texts(tmp_path / "a.xlsx", text_column=["标题", "微博内容"]) == ["t\n今天真好"]
    assert texts(tmp_path / "a.xlsx", text_column="昵称") == ["a"]


def test_a_row_fuller_than_the_header_is_a_row(tmp_path):
    book = openpyxl.Workbook()
    for row in [[None, "kind", "text"], [0, "post", "hi"], [1, "post", "ho", "note"], [2, "comment", "text"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert texts(tmp_path / "a.xlsx") == ["hi", "ho", "text"]


@pytest.mark.parametrize("title", ["微博数据", "微博数据,,"])
@pytest.mark.parametrize("named", [None, "正文"])
def test_a_title_above_a_csv_header_is_said_to_be_in_the_way(tmp_path, title, named):
    path = write(tmp_path / "a.csv", title, "id,评论,likes", "1,今天真好,2")
    with pytest.raises(InputError, match=r"; if that is a title, delete the lines above the header$"):
        texts(path, text_column=named)


def test_the_columns_read_are_told_once_in_a_folder(tmp_path, caplog):
    caplog.set_level("INFO", "whyshare")
    for name, header in (("a", "id,正文"), ("b", "id,正文"), ("c", "id,selftext,title")):
        write(tmp_path / f"{name}.csv", header, "1,hi" + ",t" * header.count("title"))
    for _ in range(2):
        texts(tmp_path)
    assert caplog.messages == [
        f"{tmp_path}/a.csv: read from column 正文",
        f"{tmp_path}/c.csv: read from column selftext without title; for both: --text-column title --text-column selftext",
    ]
    write(tmp_path / "creators.csv", "name,正文", "a,hi")
    texts(tmp_path)
    assert caplog.messages[2:] == [f"{tmp_path}/creators.csv: read from column 正文"]


def test_a_named_column_may_come_late_in_json(tmp_path):
    rows = [{"id": k} for k in range(LOOKED_AT)] + [{"mytext": "hi", "deep": {"text": "ho"}}]
    path = write(tmp_path / "a.jsonl", *rows)
    assert texts(path, text_column="mytext") == [""] * LOOKED_AT + ["hi"]
    assert texts(path, text_column="deep.text")[-1] == "ho"
    with pytest.raises(InputError, match="has no column 'body'; it has id"):
        texts(path, text_column=["mytext", "body"])


def test_texts_that_change_their_name_are_counted(tmp_path, caplog):
    rows = [{"text": "a"}] * 3 + [{"content": "b"}] * 2 + [{"content": ""}, {"id": 1}]
    path = write(tmp_path / "a.jsonl", *rows)
    assert texts(path) == ["a"] * 3 + [""] * 4
    next(read_posts(path))
    said = (
        f"{path}: 2 posts have no text but a content, and count as posts without text; "
        "to read both: --text-column text --text-column content"
    )
    assert caplog.messages.count(said) == 1
    assert texts(path, text_column=["text", "content"])[:5] == ["a"] * 3 + ["b"] * 2


def test_null_as_databases_export_it_is_no_text(tmp_path):
    cells = ["NULL", "\\N", "null", "NULL and void", "\\n"]
    assert texts(write(tmp_path / "a.csv", "id,text", *(f"1,{cell}" for cell in cells))) == ["", "", *cells[2:]]
    assert texts(write(tmp_path / "b.csv", "title,text", "a,\\N"), text_column=["title", "text"]) == ["a"]


def test_quotes_after_a_backslash_are_explained(tmp_path):
    rejects = []
    path = write(tmp_path / "a.csv", "id,text", '1,"he said \\"hi\\" to me"', '2,"a"b')
    list(read_posts(path, on_reject=rejects.append))
    assert [reject.reason for reject in rejects] == [
        "text after a closing quote; write quotes within a cell doubled, not after a backslash (in Spark: escape='\"')",
        "text after a closing quote",
    ]
