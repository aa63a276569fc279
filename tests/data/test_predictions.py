import pytest

from whyshare.data.errors import InputError
from whyshare.data.predictions import read_predictions


def test_the_last_labels_count_whatever_else_the_file_has(tmp_path):
    path = tmp_path / "a.csv"
    columns = (
        "text,motive,language,motive_whyshare,language_whyshare,motive_whyshare_whyshare,language_whyshare_whyshare"
    )
    path.write_text(f"{columns}\na,fun,German,help,zh,value,en\n", encoding="utf-8")
    [post] = read_predictions(path)
    assert (post.motive, post.language) == ("value", "en")


def test_a_motive_is_enough(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("motive\nhelp\n", encoding="utf-8")
    [post] = read_predictions(path)
    assert (post.id, post.text, post.motive, post.probs, post.language) == ("2", "", "help", None, "")


def test_the_text_column_is_found_as_it_was_when_the_posts_were_labelled(tmp_path):
    path = tmp_path / "labelled.csv"
    path.write_text("Post Text,text,motive\nhow do I,other,help\n", encoding="utf-8")
    [post] = read_predictions(path, "post_text")
    assert post.text == "how do I"
    with pytest.raises(InputError, match="no column 'body'; it has Post Text, text, motive"):
        list(read_predictions(path, "body"))


from whyshare.data.results import PROBABILITY_COLUMNS


def test_counts_are_no_texts_of_labelled_posts(tmp_path):
    path = tmp_path / "labelled.csv"
    path.write_text("内容,标题,motive\n12,今天真好,help\n3,,help\n1.2万,明天见,help\n", encoding="utf-8")
    assert [post.text for post in read_predictions(path)] == ["今天真好", "3", "明天见"]


def test_probabilities_that_do_not_sum_to_1_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(["motive", *PROBABILITY_COLUMNS]) + "\nbenefit,0.95" + ",0" * 7, encoding="utf-8")
    with pytest.raises(InputError, match=r"row 2: the probabilities sum to 0\.9500; 1 is needed"):
        list(read_predictions(path))
