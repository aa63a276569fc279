import re

import pytest

pytest.importorskip("jieba")

from whyshare.data.cleaning import clean
from whyshare.training.additions import _CHINESE, _ENGLISH, with_additions

CHINESE = ["今天天气真好，和朋友去爬山", "求推荐一家好吃的火锅店"]
ENGLISH = ["what a lovely evening with friends", "does anyone know a good dentist?"]
TEXTS = [*CHINESE, *ENGLISH, "加油 Leicester", "👍👍", "<url>"]


def test_without_a_share_texts_stay_as_they_are():
    assert with_additions(TEXTS, 0.0, 1) == TEXTS
    assert with_additions([], 1.0, 1) == []


def test_additions_stand_around_clean_texts_which_stay_clean():
    texts = TEXTS * 200
    added = with_additions(texts, 1.0, 1)
    for text, around in zip(texts, added, strict=True):
        assert around != text
        assert text in around
        assert clean(around) == around


def test_a_share_of_the_texts_is_drawn_by_the_seed():
    texts = TEXTS * 200
    added = with_additions(texts, 0.3, 1)
    assert added == with_additions(texts, 0.3, 1) != with_additions(texts, 0.3, 2)
    assert sum(a != b for a, b in zip(added, texts, strict=True)) / len(texts) == pytest.approx(0.3, abs=0.03)


def test_hashtags_are_words_of_texts_of_the_language():
    for texts in (CHINESE, ENGLISH):
        added = with_additions(texts * 200, 1.0, 1)
        words = {word for text in added for word in re.findall(r"#(\w+)", text)}
        assert len(words) >= 4
        assert all(any(word in text for text in texts) for word in words)


@pytest.mark.parametrize(("texts", "additions"), [(CHINESE, _CHINESE), (ENGLISH, _ENGLISH)])
def test_every_template_is_used(texts, additions):
    added = "\n".join(with_additions(texts * 1000, 1.0, 1))
    for template in (*additions.before, *additions.after):
        pattern = re.sub(r"\\\{\w+\\\}", r"\\S.*?", re.escape(template.strip()))
        assert re.search(pattern, added), template
    assert all(place in added for place in additions.places)
