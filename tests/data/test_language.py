import pytest

from whyshare.data.language import detect_language, in_languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今天真好", "zh"),
        ("what a day, don't you think", "en"),
        ("加油 Leicester", "mixed"),
        ("这个APP真的好用，大家都去试试吧", "zh"),
        ("😂😂 123 <url> @user", "other"),
        ("", "other"),
        ("これはとてもいいです", "other"),
        ("Привет", "other"),
    ],
)
def test_detect_language(text, language):
    assert detect_language(text) == language


def test_every_text_is_in_no_languages_at_all():
    assert in_languages("Привет", ())
    assert in_languages("今天真好", ("en", "zh"))
    assert not in_languages("今天真好", ("en",))


def test_four_words_of_five_are_enough():
    assert [detect_language(text) for text in ("你好你好 hi", "one two three four 好")] == ["zh", "en"]
