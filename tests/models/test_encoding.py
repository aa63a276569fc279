import pytest

from whyshare.models.encoding import Encoder


@pytest.fixture
def encoder(tiny_encoder):
    return Encoder.load(tiny_encoder, max_length=8)


def test_raw_text_is_cleaned_first(encoder):
    assert encoder.encode(["ＷＩＮ\u200b now"]) == encoder.encode_clean(["WIN now"])


def test_a_long_text_keeps_its_head_and_tail(encoder):
    [short] = encoder.encode_clean(["今天真好"])
    [long] = encoder.encode_clean(["今天真好" * 20 + "求助"])
    assert not short.truncated
    assert long.truncated
    assert len(long.ids) == 8
    assert long.ids[:3] == short.ids[:3]
    assert long.ids[-2:] == encoder.encode_clean(["求助"])[0].ids[-2:]


def test_a_huge_text_is_truncated(encoder):
    [huge] = encoder.encode_clean(["好" * 100_000])
    assert huge.truncated
    assert len(huge.ids) == 8


def test_one_equals_many(encoder):
    texts = ["今天", "hello 😂", "", "😂😂", "mixed 中文 text"]
    assert encoder.encode(texts) == [encoder.encode([text])[0] for text in texts]


@pytest.mark.parametrize(("length", "head"), [(8, 4), (7, 4)])
def test_head_and_tail_are_halves(tiny_encoder, length, head):
    text = "今天真好" * 20 + "求助"
    [whole], [cut] = (Encoder.load(tiny_encoder, limit).encode_clean([text]) for limit in (500, length))
    assert cut.ids == whole.ids[:head] + whole.ids[head - length :]


def test_a_text_that_just_fits_is_not_truncated(tiny_encoder):
    [whole] = Encoder.load(tiny_encoder, 500).encode_clean(["今天真好求助"])
    for length, truncated in ((len(whole.ids), False), (len(whole.ids) - 1, True)):
        assert Encoder.load(tiny_encoder, length).encode_clean(["今天真好求助"])[0].truncated == truncated
