import pytest

from whyshare.data.language import detect_language


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
