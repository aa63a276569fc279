"""Give an English encoder the embeddings of a new Chinese and English vocabulary.

Pieces that the base model knows keep their rows. New rows come from static word vectors of the corpus (skip-gram,
Mikolov et al., 2013), carried into the base's embedding space by the linear map that fits best on the pieces that both
have: words that posts use alike start alike, whatever their language.
"""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from tokenizers import Tokenizer

from .vocabulary import PLACEHOLDERS, unigram_piece

log = logging.getLogger(__name__)

FloatArray = NDArray[np.float32]

# What a base model's own tokenizer would have seen in the place of a placeholder.
_STAND_INS = dict(zip(PLACEHOLDERS, ("link", "user", "number"), strict=True))


def shared_rows(base: Tokenizer, grafted: Tokenizer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Match the pieces that both vocabularies have.

    :return: Ids in the grafted vocabulary, and the ids of the same pieces in the base; both of shape (shared,).
    """
    vocabulary = base.get_vocab()
    base_ids = {unigram_piece(token): number for token, number in vocabulary.items() if token != "##"}
    base_ids |= {placeholder: vocabulary[word] for placeholder, word in _STAND_INS.items() if word in vocabulary}
    base_ids |= {token: number for token, number in vocabulary.items() if token.startswith("[")}
    pairs = [(number, base_ids[piece]) for piece, number in grafted.get_vocab().items() if piece in base_ids]
    own, theirs = np.array(sorted(pairs), dtype=np.int64).T
    return own, theirs


def train_word_vectors(
    token_ids: Sequence[Sequence[int]], vocabulary_size: int, width: int, seed: int, workers: int
) -> FloatArray:
    """Train skip-gram vectors on tokenised posts; shape (vocabulary, width), zero rows for pieces never seen."""
    from gensim.models import Word2Vec

    sentences = [[str(token_id) for token_id in ids] for ids in token_ids]
    model = Word2Vec(
        sentences, vector_size=width, sg=1, window=5, negative=5, sample=1e-4, min_count=3, epochs=2, seed=seed,
        workers=workers,
    )  # fmt: skip
    vectors = np.zeros((vocabulary_size, width), dtype=np.float32)
    for key, position in model.wv.key_to_index.items():
        vectors[int(key)] = model.wv.vectors[position]
    return vectors


def graft_embeddings(base: FloatArray, own: NDArray[np.int64], theirs: NDArray[np.int64], words: FloatArray,
                     han: NDArray[np.bool_]) -> FloatArray:  # fmt: skip
    """Fill the embedding matrix of the grafted vocabulary.

    :param base: Embeddings of the base model, shape (base vocabulary, hidden).
    :param own: Ids of the shared pieces in the grafted vocabulary, and ``theirs`` in the base; shape (shared,).
    :param words: Word vectors of the grafted vocabulary, shape (vocabulary, width); zero rows for unseen pieces.
    :param han: Shape (vocabulary,); these pieces start from word vectors even if the base knows them, since an
        English model has hardly seen them.
    :return: Shape (vocabulary, hidden); new rows have the mean and the spread of the base's rows.
    """
    seen = np.abs(words).sum(axis=1) > 0
    anchors = seen[own] & ~han[own]
    ridge = Ridge(alpha=1.0).fit(words[own[anchors]], base[theirs[anchors]])
    log.info(
        "linear map on %d shared pieces: R2 %.3f",
        anchors.sum(),
        ridge.score(words[own[anchors]], base[theirs[anchors]]),
    )
    mean, spread = base[theirs].mean(axis=0), base[theirs].std()
    carried = ridge.predict(words) - mean
    carried *= spread / carried[seen].std()
    embeddings = np.where(seen[:, None], mean + carried, mean).astype(np.float32)
    kept = ~han[own]
    embeddings[own[kept]] = base[theirs[kept]]
    return embeddings
