"""What sets some posts apart: words and emoji that stand in them more often than chance would have it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import chain

import numpy as np
from scipy.special import bdtrc
from scipy.stats import false_discovery_control
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from ..data.cleaning import HANDLE, NUMBER, URL, clean

# A run of letters, an emoji, or a [bracket emoticon]; Chinese runs are cut into words afterwards.
_TOKEN = re.compile(
    r"\[[^\[\]\s]{1,6}\]|<url>|@user|<num>|[\u3400-\u9fff]+|[A-Za-z][A-Za-z'’-]+|[\U0001f000-\U0001faff\u2600-\u27bf]"
)
# Words that say nothing by themselves.
_CHINESE_STOP_WORDS = frozenset(
    [
        "我们",
        "你们",
        "他们",
        "自己",
        "这个",
        "那个",
        "这些",
        "那些",
        "什么",
        "怎么",
        "就是",
        "不是",
        "还是",
        "但是",
        "因为",
        "所以",
        "如果",
        "已经",
        "一个",
        "没有",
        "可以",
    ]
)
_LEFT_OUT = {URL, HANDLE, NUMBER} | ENGLISH_STOP_WORDS | _CHINESE_STOP_WORDS
_HAN = re.compile(r"[\u3400-\u9fff]+")
LEAST = 3  # texts that must have a word before it is tested
FALSE = 0.05  # share of the listed words that chance alone may have brought there


def content_words(text: str) -> frozenset[str]:
    """Cut a text into words and emoji; Chinese has words where jieba is installed, which knows where they end.

    Each counts once, so that one shouting post does not decide.
    """
    words: list[str] = []
    for token in _TOKEN.findall(clean(text)):
        words.extend(_cut(token) if _HAN.match(token) else [token.lower()])
    return frozenset(words) - _LEFT_OUT


def _cut(run: str) -> list[str]:
    try:
        import jieba
    except ModuleNotFoundError:
        return []
    jieba.setLogLevel("ERROR")
    return [word for word in jieba.lcut(run) if len(word) > 1]


def chinese_is_left_out(texts: Iterable[str]) -> bool:
    """Tell whether texts have Chinese words that cannot be cut, for want of jieba."""
    return find_spec("jieba") is None and any(map(_HAN.search, texts))


def distinctive_words(
    posts: Sequence[frozenset[str]], copies: Sequence[int], chosen: Sequence[bool], top: int = 12
) -> list[str]:
    """List the words that set the chosen posts apart from the others beyond chance, the surest first.

    Were a word nothing to them, each text that has it would be a chosen one as often as any text is: a binomial test of
    every word, and Benjamini and Hochberg's limit on the words that are listed wrongly (1995). Of groups drawn at random,
    fewer than one of fifty has any word.

    :param posts: The words of each post.
    :param copies: A number for each post, which its copies share: they count once among the chosen and once among the others.
    """
    texts = {(copy, own): words for copy, own, words in zip(copies, chosen, posts, strict=True)}
    inside = Counter(chain.from_iterable(words for (_, own), words in texts.items() if own))
    everywhere = Counter(chain.from_iterable(texts.values()))
    vocabulary = sorted(word for word, count in everywhere.items() if count >= LEAST)
    if not vocabulary or not any(chosen):
        return []
    found = np.array([inside[word] for word in vocabulary], dtype=float)
    total = np.array([everywhere[word] for word in vocabulary])
    share = sum(own for _, own in texts) / len(texts)
    p_values = np.where(found > 0, bdtrc(found - 1, total, share), 1.0)
    passed = false_discovery_control(p_values) <= FALSE
    order = np.lexsort((-found / total, p_values))
    return [vocabulary[k] for k in order if passed[k] and found[k] >= LEAST][:top]
