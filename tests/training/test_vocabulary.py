from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whyshare.training.vocabulary import fit_unigram, make_tokenizer, unigram_piece, unknown_rate, word_starts

PIECES = [
    "▁",
    "▁hello",
    "▁un",
    "able",
    "。。",
    "。",
    "今天",
    "今",
    "天",
    "气",
    "😂",
    "[泪]",
    "▁3",
    "km",
    "▁don",
    "'",
    "▁t",
]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer([(piece, -1.0 - rank / 10) for rank, piece in enumerate(PIECES)])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("hello😂", ["▁hello", "😂"]),
        ("Héllo 3km。。", ["▁hello", "▁3", "km", "。。"]),
        ("今天天气", ["今天", "天", "气"]),
        ("今天hello今天", ["今天", "▁hello", "今天"]),
        ("unable don't", ["▁un", "able", "▁don", "'", "▁t"]),
        ("[泪]<url>@user<num>今", ["[泪]", "<url>", "@user", "<num>", "今"]),
        ("", []),
    ],
)
def test_tokens(tokenizer, text, tokens):
    assert tokenizer.encode(text, add_special_tokens=False).tokens == tokens


def test_a_character_outside_the_vocabulary_is_unknown(tokenizer):
    assert tokenizer.encode("今龘", add_special_tokens=False).ids[1] == tokenizer.token_to_id("[UNK]")


def test_special_tokens_frame_a_text(tokenizer):
    assert tokenizer.encode("今").tokens == ["[CLS]", "今", "[SEP]"]
    assert tokenizer.token_to_id("[PAD]") == 0


@pytest.mark.parametrize(
    ("wordpiece", "piece"), [("hello", "▁hello"), ("##ing", "ing"), ("!", "!"), ("今", "今"), ("7", "▁7"), ("##", "")]
)
def test_unigram_piece(wordpiece, piece):
    assert unigram_piece(wordpiece) == piece


def test_fit_prefers_the_whole_word():
    texts = ["今天天气"] * 5
    tokenizer = fit_unigram(Counter({"今天": 5, "今": 5, "天": 10, "气": 5, "天气": 5}), texts)
    assert tokenizer.encode("今天天气", add_special_tokens=False).tokens == ["今天", "天气"]
    assert unknown_rate(tokenizer, ["今天龘"], tokenizer.token_to_id("[UNK]")) == 0.5


def test_word_starts_follow_jieba_and_marks(tokenizer):
    pytest.importorskip("jieba")
    text = "今天天气 unable"
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert encoding.tokens == ["今天", "天", "气", "▁un", "able"]
    assert word_starts(text, encoding.tokens, encoding.offsets) == [True, False, False, True, False]  # 今天天气 is one


@given(st.text())
def test_any_text_has_tokens_within_its_length(text):
    tokenizer = make_tokenizer([(piece, -1.0) for piece in PIECES])
    for begin, end in tokenizer.encode(text, add_special_tokens=False).offsets:
        assert 0 <= begin <= end <= len(text)
