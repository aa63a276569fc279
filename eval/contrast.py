"""What sets some posts apart: words and emoji by log-odds with a Dirichlet prior (Monroe et al., 2008)."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, compress

import numpy as np
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
LEAST = 3  # posts that must have a word before it is listed
PRIOR = 0.1  # weight of the prior, as a share of all words; the larger, the more evidence a rare word needs


@dataclass(frozen=True)
class Word:
    """A word and how much more often it stands in the chosen posts: ``z`` above 2 is more than chance."""

    text: str
    posts: int
    z: float


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


def distinctive_words(posts: Sequence[frozenset[str]], chosen: Sequence[bool], top: int = 12) -> list[Word]:
    """List the words that set the chosen posts apart from the others, the strongest first.

    :param posts: The words of each post.
    """
    inside = Counter(chain.from_iterable(compress(posts, chosen)))
    outside = Counter(chain.from_iterable(compress(posts, (not one for one in chosen))))
    vocabulary = sorted(word for word, count in inside.items() if count >= LEAST)
    if not vocabulary or not outside:
        return []
    total_inside, total_outside = sum(inside.values()), sum(outside.values())
    everything = total_inside + total_outside
    a = np.array([inside[word] for word in vocabulary], dtype=float)
    b = np.array([outside[word] for word in vocabulary], dtype=float)
    prior, all_prior = PRIOR * (a + b), PRIOR * everything
    odds_inside = np.log((a + prior) / (total_inside + all_prior - a - prior))
    odds_outside = np.log((b + prior) / (total_outside + all_prior - b - prior))
    z = (odds_inside - odds_outside) / np.sqrt(1 / (a + prior) + 1 / (b + prior))
    order = np.argsort(-z, kind="stable")[:top]
    return [Word(vocabulary[k], int(a[k]), float(z[k])) for k in order if z[k] > 1]
