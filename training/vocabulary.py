"""Build one Unigram vocabulary for Chinese and English posts out of an English WordPiece one.

English keeps the pieces of the base model that the corpus uses, so that their embeddings carry over: ``hello`` becomes
``▁hello``, ``##ing`` becomes ``ing``. Chinese gets its frequent characters and words (jieba), and emoji, bracket
emoticons and runs of punctuation become pieces of their own, also when glued to a word: a stock BERT tokenizer turns
``hello😂`` into one unknown token. Unigram (Kudo, 2018) picks the likeliest split, so Chinese needs no segmenter when
the model is used.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from ..data.cleaning import HANDLE, NUMBER, URL

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PLACEHOLDERS = (URL, HANDLE, NUMBER)
WORD_START = "▁"

_LETTER = r"[\p{L}\p{N}&&[^\p{Han}]]"
_PIECE = rf"{WORD_START}?{_LETTER}+|\p{{Han}}+|\[[^\[\]\s]{{1,6}}\]|(\S)\1*"
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_EMOTICON = re.compile(r"\[[^\[\]\s]{1,6}\]")
_LATIN = re.compile(r"[a-z0-9]+")
_SYMBOL_RUN = re.compile(r"([^\w\s]|_)\1{0,2}")
_OTHER_LETTER = re.compile(rf"(?!{_HAN_RUN.pattern})[^\W_a-z0-9]")  # kana, Cyrillic, the letters of (๑•ω•)


@dataclass(frozen=True)
class VocabularyConfig:
    """How many pieces of each sort are kept, and how often the corpus must have them."""

    base_pieces: int = 19000
    han_words: int = 8000
    han_character_count: int = 4
    symbol_count: int = 6
    emoticon_count: int = 20


def make_tokenizer(pieces: Sequence[tuple[str, float]]) -> Tokenizer:
    """Make the tokenizer for scored pieces; ids are the special tokens, the pieces, then the placeholders."""
    vocabulary = [(token, 0.0) for token in SPECIAL_TOKENS] + list(pieces)
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=SPECIAL_TOKENS.index("[UNK]")))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.BertNormalizer(handle_chinese_chars=False, strip_accents=True, lowercase=True),
            normalizers.Replace(Regex("[\U0001f3fb-\U0001f3ff\u200d]"), ""),  # skin tones, joiners
            normalizers.Replace(Regex(rf"(?<!{_LETTER})(?={_LETTER})"), WORD_START),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(_PIECE), "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, SPECIAL_TOKENS.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.add_tokens([AddedToken(placeholder, normalized=False) for placeholder in PLACEHOLDERS])
    return tokenizer


def unigram_piece(wordpiece: str) -> str:
    """Rename a WordPiece token: ``hello -> ▁hello``, ``##ing -> ing``, ``! -> !``."""
    if wordpiece.startswith("##"):
        return wordpiece[2:]
    return WORD_START + wordpiece if wordpiece[0].isalnum() and not _HAN_RUN.match(wordpiece) else wordpiece


def count_candidates(
    texts: Iterable[str], wordpiece: Tokenizer, config: VocabularyConfig, words: Iterable[str]
) -> Counter[str]:
    """Count the pieces that a corpus could use, keeping those that the configuration admits.

    :param wordpiece: The base model's own tokenizer; its pieces are the English candidates.
    :param words: Chinese words as a segmenter cut them from the same texts, repeated as often as they occur.
    """
    latin: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    symbols: Counter[str] = Counter()
    emoticons: Counter[str] = Counter()
    probe = make_tokenizer([("a", 0.0)])
    for text in texts:
        text = probe.normalizer.normalize_str(text).replace(WORD_START, " ")
        emoticons.update(_EMOTICON.findall(text))
        for han in _HAN_RUN.findall(text):
            characters.update(han)
        symbols.update(run[0] for run in _SYMBOL_RUN.finditer(text))
        symbols.update(_OTHER_LETTER.findall(text))
        latin.update(_LATIN.findall(text))
    pieces: Counter[str] = Counter()
    for word, count in latin.items():
        for piece in wordpiece.encode(word, add_special_tokens=False).tokens:
            if piece != "[UNK]":
                pieces[unigram_piece(piece)] += count
    kept = Counter(dict(pieces.most_common(config.base_pieces)))
    kept[WORD_START] += 1
    for char in "abcdefghijklmnopqrstuvwxyz0123456789":
        kept[char] += 1
        kept[WORD_START + char] += 1
    kept |= Counter({char: n for char, n in characters.items() if n >= config.han_character_count})
    kept |= Counter({symbol: n for symbol, n in symbols.items() if n >= config.symbol_count})
    kept |= Counter({emoticon: n for emoticon, n in emoticons.items() if n >= config.emoticon_count})
    long_words = Counter(word for word in words if 2 <= len(word) <= 6 and _HAN_RUN.fullmatch(word))
    kept |= Counter(dict(long_words.most_common(config.han_words)))
    return kept


def fit_unigram(counts: Counter[str], texts: Sequence[str], rounds: int = 3) -> Tokenizer:
    """Turn counts into Unigram scores by hard expectation-maximisation: split, count the splits, score anew."""
    pieces = sorted(counts, key=lambda piece: (-counts[piece], piece))
    for _ in range(rounds):
        total = sum(counts[piece] for piece in pieces) + 0.5 * len(pieces)
        tokenizer = make_tokenizer([(piece, math.log((counts[piece] + 0.5) / total)) for piece in pieces])
        counts = Counter()
        for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False):
            counts.update(encoding.tokens)
    return tokenizer


def unknown_rate(tokenizer: Tokenizer, texts: Sequence[str], unknown: int) -> float:
    """Give the share of tokens that have the id of an unknown one, between 0 and 1."""
    encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    total = sum(len(encoding.ids) for encoding in encodings)
    return sum(encoding.ids.count(unknown) for encoding in encodings) / max(total, 1)


def segment_words(text: str) -> list[str]:
    """Cut a text into words as jieba's dictionary has them; ``[]`` where there is no Chinese."""
    import jieba

    jieba.setLogLevel("ERROR")
    return jieba.lcut(text, HMM=False) if _HAN_RUN.search(text) else []


def word_starts(text: str, tokens: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[bool]:
    """Tell which tokens begin a word: Latin pieces by their mark, Chinese pieces by jieba's cuts."""
    cuts = set(accumulate(map(len, segment_words(text)), initial=0))
    starts = []
    for token, (begin, _) in zip(tokens, offsets, strict=True):
        if _HAN_RUN.match(token):
            starts.append(begin in cuts)
        else:
            starts.append(not token[0].isalnum())  # marked with ▁, or a symbol
    return starts
