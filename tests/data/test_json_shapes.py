import gzip
import json

import pytest

from whyshare.data import json_files
from whyshare.data.errors import InputError
from whyshare.data.nested import nested_text_columns
from whyshare.data.reading import read_posts
from whyshare.data.tables import Row

TEXTS = ["转发抽奖", "Good night"]
OBJECTS = [{"id": number, "content": text} for number, text in enumerate(TEXTS)]
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in OBJECTS)


def texts_of(path, content, **options):
    """Give the texts of a file with this content, which is written as JSON unless it is text or bytes."""
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [post.text for post in read_posts(path, **options)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("content", [LINES, json.dumps(OBJECTS), json.dumps(OBJECTS, indent=1)])
def test_json_in_a_file_that_is_named_otherwise(tmp_path, content, encoding):
    for name in ("a.txt", "a.json", "a.jsonl", "a.jl"):
        assert texts_of(tmp_path / name, content.encode(encoding)) == TEXTS
    assert texts_of(tmp_path / "a.txt.gz", gzip.compress(content.encode(encoding))) == TEXTS


def test_prose_that_begins_like_json(tmp_path):
    for prose in (["[哭] 今天", "{}"], ["{not json}", "b"], ["[1] see below"], ["", "b"], ["a", *LINES.splitlines()]):
        assert texts_of(tmp_path / "a.txt", "\n".join(prose) + "\n") == prose


def test_json_lines_in_a_json_file_are_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(json_files, "MAX_JSON", 10)
    assert texts_of(tmp_path / "a.json", LINES) == TEXTS
    assert texts_of(tmp_path / "a.json", "\n" + LINES.replace("\n", "\r\n\r\n")) == TEXTS


def test_an_object_on_one_line_or_with_a_row_a_line_is_no_json_lines(tmp_path):
    assert texts_of(tmp_path / "a.json", json.dumps({"posts": OBJECTS}) + "\n") == TEXTS
    rows = ",\n".join(LINES.splitlines())
    assert texts_of(tmp_path / "a.json", f'{{"posts": [\n{rows}\n]}}\n') == TEXTS


def test_an_archive_of_twitter(tmp_path):
    script = f"window.YTD.tweets.part0 = {json.dumps([{'tweet': {'full_text': text}} for text in TEXTS], indent=1)}"
    for name, end in [("tweets.js", ""), ("tweets.json", ";\n")]:
        assert texts_of(tmp_path / name, script + end, text_column="tweet.full_text") == TEXTS


def test_a_text_in_pieces(tmp_path):
    pieces = ["求推荐", {"type": "bold", "text": "谱"}, " ", {"type": "link", "text": "https://t.me/x"}, ""]
    rows = [{"text": pieces}, {"text": []}, {"text": ["a", "b"]}]
    assert texts_of(tmp_path / "a.json", {"messages": rows}) == ["求推荐谱 https://t.me/x", "", "ab"]
    with pytest.raises(InputError, match=r"row 1: the text is not a text but \['a', 1\]$"):
        texts_of(tmp_path / "b.json", [{"text": ["a", 1]}])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"data": [{"post": "a"}, {"update_timestamp": 1}]}, "a"),
        ({"data": [{"update_timestamp": 1}, {"post": ""}, {"post": "b"}]}, "b"),
        ({"data": [{"post": "a"}, {"post": "a"}]}, "a"),
        ({"data": [{"post": ""}]}, ""),
        ({"data": []}, ""),
        ({"data": None}, ""),
        ({"data": '[{"post": "in a cell"}]'}, "in a cell"),
        ({"data.post": "as named"}, "as named"),
        ({"data": {"post": ["in ", {"text": "pieces"}]}}, "in pieces"),
    ],
)
def test_a_path_goes_through_lists(values, text):
    assert Row(1, values).text(["data.post"]) == text


def test_a_path_goes_through_several_lists():
    values = {"a": [{"b": {"x": 1}}, {"b": [{"x": 1}, {"c": "deep"}]}]}
    assert Row(1, values).text(["a.b.c"]) == "deep"


def test_a_path_to_nothing_or_to_several_texts_is_told():
    with pytest.raises(ValueError, match=r"there is no psot in data, which is \[\{'post': 'a'\}\]"):
        Row(1, {"data": [{"post": "a"}]}).text(["data.psot"])
    with pytest.raises(ValueError, match=r"there are 2 texts in data\.text; make each a row of its own"):
        Row(1, {"data": [{"text": "a"}, {"text": "b"}]}).text(["data.text"])


@pytest.mark.parametrize("text", ["转", "转发微博🎁", "café, naïve – it’s", "日本語 and ‘quotes’"])
def test_utf_8_read_as_latin_1_is_mended(tmp_path, text):
    mangled = text.encode().decode("latin-1")
    assert texts_of(tmp_path / "a.json", [{"text": mangled}, {"text": text}, {"text": "plain"}]) == [
        text,
        text,
        "plain",
    ]


def test_latin_text_stays_as_it_is(tmp_path):
    texts = ["crème, café", "RÌ©union", "è½", "Ünï¿", "\ud83d é"]
    assert texts_of(tmp_path / "a.json", [{"text": text} for text in texts]) == texts


POST = [{"id": 1, "text": "a"}]
KEPT = [{"kind": "t3", "data": {"title": "a"}}]


@pytest.mark.parametrize(
    ("content", "text_column"),
    [
        ({"data": POST, "includes": {"users": [{"description": "b"}], "tweets": POST}, "meta": {}}, None),
        ({"errors": [{"title": "b", "detail": "c"}], "data": POST}, None),
        ({"kind": "Listing", "data": {"after": "x", "children": KEPT}}, "data.title"),
        ({"status": 200, "result": {"posts": POST}}, None),
        ({"ok": 1, "data": {"cardlistInfo": {"total": 1}, "cards": [{"mblog": {"text": "a"}}]}}, "mblog.text"),
        ({"code": 0, "message": "OK", "data": {"list": POST}}, None),
        ({"formats": [{"format_id": "1"}], "tags": ["b"], "thumbnails": [], "comments": POST}, None),
        ({"posts": [{"caption": "a"}], "more": {"comments": [{"text": "b"}]}}, None),
        ({"feed": [{"post": {"text": "a"}}], "more": {"comments": [{"id": 1}]}}, "post.text"),
    ],
)
def test_an_array_within_an_object(tmp_path, content, text_column):
    assert texts_of(tmp_path / "a.json", content, text_column=text_column) == ["a"]


def test_which_array_is_read_is_told_once(tmp_path, caplog):
    caplog.set_level("INFO", "whyshare")
    for _ in range(2):
        texts_of(tmp_path / "a.json", {"data": POST, "includes": {"users": [{"id": 1}]}})
    said = f"{tmp_path / 'a.json'}: posts are read from the array data, not from includes.users"
    assert caplog.messages.count(said) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"a": {"data": [{"x": 1}], "errors": [{"y": 1}]}},
            r"has several arrays of objects, a\.data, a\.errors; save that of the posts as a file of its own, such as with jq \.a\.data$",
        ),
        ({"id": 1, "text": "a", "entities": {"hashtags": [{"text": "b"}]}}, "holds .*; an array of objects is needed"),
        ({"data": {"node": {"text": "a"}, "tags": ["b"], "none": []}}, "holds .*; an array of objects is needed"),
    ],
)
def test_an_object_without_one_array_of_posts(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        texts_of(tmp_path / "a.json", content)


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"id": 1, "tweet": {"lang": "en", "full_text": "a"}}, ["tweet.full_text"]),
        ({"post": {"author": {"description": "b"}, "record": {"text": "a"}}}, ["post.record.text", "post.author.description"]),
        ({"snippet": {"topLevelComment": {"snippet": {"textOriginal": "a"}}}}, ["snippet.topLevelComment.snippet.textOriginal"]),
        ({"data": [{"post": "a"}, {"post": "b"}], "text": "c"}, ["data.post"]),
        ({"mblog": '{"text": "a"}'}, ["mblog.text"]),
        ({"a": {"b": {"c": {"d": {"text": "too deep"}}}}, "e": {"text": " "}, "f": {"text": 1}}, []),
    ],
)  # fmt: skip
def test_where_texts_lie_deeper(values, paths):
    assert nested_text_columns(values) == paths
    for path in paths:
        if not isinstance(values.get("data"), list):
            assert Row(1, values).text([path])


def test_a_text_that_is_an_object_names_the_texts_within(tmp_path):
    advice = r"the text is not a text but \{'uri': .*; name what is within it, such as --text-column post\.record\.text"
    with pytest.raises(InputError, match=advice):
        texts_of(tmp_path / "a.json", [{"post": {"uri": "at://" + "x" * 50, "record": {"text": "a"}}}])


def test_paths_to_texts_are_offered(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "data": {"lang": "en", "desc": "hi"}}\n' * 2, encoding="utf-8")
    with pytest.raises(InputError, match=r"no text column among id, data; name .* such as --text-column data\.desc$"):
        list(read_posts(path))
    path.write_text('{"caption": {"text": "hi"}}\n' * 2, encoding="utf-8")
    with pytest.raises(InputError, match=r"is not a text but .* such as --text-column caption\.text$"):
        list(read_posts(path))


def test_scripts_and_old_workbooks_are_read_where_they_are_named_alone(tmp_path):
    (tmp_path / "tweets.js").write_text('window.YTD.tweets.part0 = [{"text": "hi"}]', encoding="utf-8")
    (tmp_path / "a.xls").write_text("<html><table></table></html>", encoding="utf-8")
    (tmp_path / "a.csv").write_text("text\nho\n", encoding="utf-8")
    assert [post.text for post in read_posts(tmp_path)] == ["ho"]
    assert [post.text for post in read_posts(tmp_path / "tweets.js")] == ["hi"]
    with pytest.raises(InputError, match=r"a\.xls is not an Excel workbook but a web page or XML; open it in Excel"):
        list(read_posts(tmp_path / "a.xls"))


def test_a_number_that_is_none_is_no_text():
    assert Row(1, {"text": float("nan")}).text(["text"]) == ""


def test_a_title_that_the_body_begins_with_is_left_out():
    columns = ["title", "desc"]
    assert Row(1, {"title": "so good", "desc": "so good\neveryone"}).text(columns) == "so good\neveryone"
    assert Row(1, {"title": "so good", "desc": "so good"}).text(columns) == "so good"
    assert Row(1, {"title": "so", "desc": "good"}).text(columns) == "so\ngood"
