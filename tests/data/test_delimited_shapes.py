import pytest

from whyshare.data.reading import open_table, read_posts

HEADER = "id,正文,地点,原创,源id,源正文,源地点"
SHORT = ["1,好,,True,,", '2,"一\n二",北京,True,,', "3,转发,,False,7,原文,上海", *["4,晚安,,True,,"] * 8]
ABOVE = ["Report:,Bulk Mentions Download", "Brand:,Acme", "Title,Campaign", ""]
MENTIONS = ["Query Id,Date,Title,Snippet,Full Text", "1,2024-05-01,Hi,Hi …,Hi there", "1,2024-05-02,Ho,Ho …,Ho there"]


def read(path, *lines, **options):
    """Give texts, and rejects as (row, reason)."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rejects = []
    posts = list(read_posts(path, on_reject=lambda reject: rejects.append((reject.row, reject.reason)), **options))
    return [post.text for post in posts], rejects


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_rows_whose_last_cells_were_left_out(tmp_path, caplog, name):
    caplog.set_level("INFO", "whyshare")
    lines = [line.replace(",", "," if name == "a.csv" else "\t") for line in [HEADER, *SHORT, "5,断,了"]]
    for _ in range(2):
        texts, rejects = read(tmp_path / name, *lines)
        assert texts == ["好", "一\n二", "转发", *["晚安"] * 8]
        assert rejects == [(14, "3 fields where the header has 7")]
    said = "rows of 6 fields are read as if the last cells were empty, of 7 that the header has"
    assert caplog.messages.count(f"{tmp_path / name}: {said}") == 1
    first = next(iter(open_table(tmp_path / name).rows))
    assert first.values == {"id": "1", "正文": "好", "地点": "", "原创": "True", "源id": "", "源正文": "", "源地点": ""}


def test_short_rows_of_two_widths(tmp_path):
    rows = ["1,好,,True", "2,转,,False,7,原", "3,晚安,,True", "4,又转,,False,8,原"]
    header = HEADER + ",源日期,源赞,源转发"
    assert read(tmp_path / "a.csv", header, *rows) == (["好", "转", "晚安", "又转"], [])
    texts, rejects = read(
        tmp_path / "b.csv", header, *rows, "5,a,b,c,d,e"
    )  # six are what four lack of a row cut in two
    assert (len(texts), rejects) == (5, [])
    assert len(read(tmp_path / "c.csv", header, *rows, "5,多,,,,,,,,,,")[1]) == 5


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,text,author", "{},hello\nworld,bob"),
        ("id,text,author,likes,shares", "{},hello\nworld,bob,3,4"),
        ("id,text,author,likes,shares", "{},hello\n\nmy\nworld,bob,3,4"),
        ("text,author", "hello\nworld,bob"),
        ("id,text,author,likes", '{},"he said \\"hi\\"\nworld",bob,3'),
        ("id,author,date,text,likes", "{},bob,May\n1,hello,3"),
        ("id,author,date,place,text,likes", "{},bob,May"),
    ],
)
def test_rows_cut_in_two_by_a_line_break_are_no_posts(tmp_path, header, row):
    whole = ",".join(["whole"] * (1 + header.count(",")))
    for rows in ([], [whole] * 20):
        texts, rejects = read(tmp_path / "a.csv", header, *rows, *(row.format(number) for number in range(10)))
        # The second half of a row whose first cell is cut is as wide as the header: no reader can tell.
        assert [text for text in texts if text not in ("whole", "world")] == []
        assert len(rejects) >= 10
        assert "world" not in texts or header.startswith("text")


def test_few_short_rows_stay_rejects(tmp_path):
    assert read(tmp_path / "a.csv", HEADER, *SHORT[:1], SHORT[2], SHORT[4]) == (
        ["转发"],
        [(2, "6 fields where the header has 7"), (4, "6 fields where the header has 7")],
    )


@pytest.mark.parametrize("padding", ["", ",,,"])
@pytest.mark.parametrize(("named", "texts"), [(None, ["Hi there", "Ho there"]), ("Title", ["Hi", "Ho"])])
def test_lines_above_the_header(tmp_path, padding, named, texts):
    above = [line + padding for line in ABOVE]
    path = tmp_path / "a.csv"
    assert read(path, *above, *MENTIONS, text_column=named) == (texts, [])
    assert [(post.row, post.fields["Query Id"]) for post in read_posts(path)] == [(6, "1"), (7, "1")]


@pytest.mark.parametrize(("count", "found"), [(10, True), (11, False)])
def test_the_header_is_looked_for_soon_below(tmp_path, count, found):
    (tmp_path / "a.csv").write_text("\n\n".join([*["Filter:,Acme"] * count, *MENTIONS]), encoding="utf-8")
    assert ("Full Text" in open_table(tmp_path / "a.csv").columns) is found


def test_a_title_with_another_delimiter_than_the_table(tmp_path):
    table = ["url;title;content", "u;Hi;Hi, you", "u;Ho;Ho, there, you"]
    for title in ("Talkwalker export", "Export of May, 2024"):
        assert read(tmp_path / "a.csv", title, "", *table) == (["Hi, you", "Ho, there, you"], [])


def test_a_title_with_a_usual_name_above_a_wider_header(tmp_path):
    lines = ["Title,Campaign report,", "Period,May 2024,", "date,author,message", "2024-05-01,b,hi", "2024-05-02,c,ho"]
    assert read(tmp_path / "a.csv", *lines) == (["hi", "ho"], [])


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("text,author", ["text,bob", "post,ann"]),
        ("content,", ["text,note", "hi,note"]),
        ("text,,mood,", ["text,a,b,c", "hi,a,b,c"]),
        ("author,text", ["bob,hello,text", "ann,hi"]),
        ("text", ["hello, title, post", "hi, you", "text"]),
        (",text,label", ["x,text,label", "y,title,post"]),
        ("review,author", ["text,bob", "post,ann"]),
        ("text,author", ["hi,ann", "hello, text,bob"]),
    ],
)
def test_a_post_with_the_name_of_a_column_is_no_header(tmp_path, header, rows):
    path = tmp_path / "a.csv"
    texts, rejects = read(path, header, *rows, text_column="review" if header.startswith("review") else None)
    assert len(texts) + len(rejects) == len(rows)
    assert [name for name in open_table(path).columns if not name.startswith("column_")] == [
        name for name in header.split(",") if name
    ]


def test_a_header_that_is_repeated_is_no_post(tmp_path, caplog):
    caplog.set_level("INFO", "whyshare")
    lines = ["text,n,n,", "hi,1,2,", "text,n,n,", "ho,1,2,", "\ufefftext,n,n,", "text,1,n,"]
    for _ in range(2):
        assert read(tmp_path / "a.csv", *lines) == (["hi", "ho", "text"], [])
    said = f"{tmp_path / 'a.csv'}: rows that are the header once more are left out: 2"
    assert caplog.messages.count(said) == 1
    assert read(tmp_path / "b.csv", "text", "hi", "text") == (["hi", "text"], [])
