"""What sets some posts apart: words and emoji that stand in them more often than chance would have it."""

import re
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import chain, compress

import numpy as np
from scipy.special import bdtrc
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
LEAST = 3  # posts that must have a word before it is tested
FALSE = 0.05  # share of the listed words that chance alone may have brought there


def content_words(text: str) -> frozenset[str]:
    """Cut a text into words and emoji: Chinese by jieba where it is installed, by pairs of characters where not.

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
        return [run[place : place + 2] for place in range(len(run) - 1)]
    jieba.setLogLevel("ERROR")
    return [word for word in jieba.lcut(run) if len(word) > 1]


def chinese_is_paired(posts: Sequence[frozenset[str]]) -> bool:
    """Tell whether Chinese words of these posts are pairs of characters, for want of jieba."""
    return find_spec("jieba") is None and any(_HAN.match(word) for word in chain.from_iterable(posts))


def distinctive_words(posts: Sequence[frozenset[str]], chosen: Sequence[bool], top: int = 12) -> list[str]:
    """List the words that set the chosen posts apart from the others beyond chance, the surest first.

    Were a word nothing to them, each post that has it would be a chosen one as often as any post is: a binomial test of
    every word, and Benjamini and Hochberg's limit on the words that are listed wrongly (1995). Of groups drawn at random,
    fewer than one of fifty has any word.

    :param posts: The words of each post.
    """
    inside = Counter(chain.from_iterable(compress(posts, chosen)))
    everywhere = Counter(chain.from_iterable(posts))
    vocabulary = sorted(word for word, count in everywhere.items() if count >= LEAST)
    if not vocabulary or not any(chosen):
        return []
    found = np.array([inside[word] for word in vocabulary], dtype=float)
    total = np.array([everywhere[word] for word in vocabulary])
    p_values = np.where(found > 0, bdtrc(found - 1, total, sum(chosen) / len(posts)), 1.0)
    order = np.lexsort((-found / total, p_values))
    ranks = np.arange(1, len(order) + 1)
    passed = np.flatnonzero(p_values[order] <= FALSE * ranks / len(order))
    count = passed[-1] + 1 if len(passed) else 0
    return [vocabulary[k] for k in order[: min(count, top)] if found[k] >= LEAST]
