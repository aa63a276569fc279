import numpy as np

from whyshare.training.graft import graft_embeddings


def test_new_rows_lie_where_the_word_vectors_say():
    rng = np.random.default_rng(0)
    words = rng.normal(size=(60, 5)).astype(np.float32)
    words[59] = 0  # never seen
    true_map = rng.normal(size=(5, 8)).astype(np.float32)
    base = words[:40] @ true_map  # the base knows the first 40 pieces
    han = np.zeros(60, dtype=bool)
    own = theirs = np.arange(40)
    embeddings = graft_embeddings(base, own, theirs, words, han)
    assert embeddings.shape == (60, 8)
    np.testing.assert_allclose(embeddings[:40], base, rtol=1e-6)
    expected = words[40:59] @ true_map
    for got, wanted in zip(embeddings[40:59], expected, strict=True):
        assert np.corrcoef(got, wanted)[0, 1] > 0.95
    np.testing.assert_allclose(embeddings[59], base.mean(axis=0), rtol=1e-4, atol=1e-5)
