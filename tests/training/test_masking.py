import numpy as np
import pytest

pytest.importorskip("transformers")

from whyshare.training.masking import PackedTexts, TokenIds, mask_batch, token_budget_batches

SPECIAL, VOCABULARY = 5, 50
IDS = TokenIds(pad=0, mask=4, ordinary=np.arange(SPECIAL, VOCABULARY))


@pytest.fixture
def packed():
    rng = np.random.default_rng(0)
    texts = []
    for length in rng.integers(4, 30, size=200):
        ids = [2, *rng.integers(SPECIAL, VOCABULARY, size=length).tolist(), 3]
        starts = [True, *(rng.random(length) < 0.5).tolist(), True]
        texts.append((ids, starts, -1))
    return PackedTexts.pack(texts)


def test_save_and_load_are_equal(packed, tmp_path):
    packed.save(tmp_path / "tokens.npz")
    loaded = PackedTexts.load(tmp_path / "tokens.npz")
    assert list(loaded) == list(packed)
    assert (loaded.starts == packed.starts).all()


def test_batches_hold_every_text_once_within_the_budget(packed):
    batches = token_budget_batches(packed.lengths, np.arange(len(packed)), 128, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(packed)))
    assert all(len(batch) * packed.lengths[batch].max() <= 128 for batch in batches)


def test_masks_are_whole_words_and_never_special(packed):
    indices = np.arange(50)
    batch = mask_batch(packed, indices, 0.3, IDS, np.random.default_rng(1))
    for row, index in enumerate(indices):
        ids = packed.ids[packed.offsets[index] : packed.offsets[index + 1]]
        starts = packed.starts[packed.offsets[index] : packed.offsets[index + 1]]
        words = np.cumsum(starts)
        chosen = batch.chosen[row, : len(ids)]
        assert not chosen[ids < SPECIAL].any()
        assert not batch.chosen[row, len(ids) :].any()
        for word in set(words[1:-1].tolist()):
            inside = chosen[(words == word) & (ids >= SPECIAL)]
            assert inside.all() or not inside.any()
    changed = batch.input_ids[batch.chosen] != batch.targets
    assert 0.8 < changed.mean() < 0.98  # 80% masked, 10% random
    assert 0.2 < batch.chosen.sum() / batch.attention_mask.sum() < 0.4


def test_masks_follow_the_seed(packed):
    draw = [mask_batch(packed, np.arange(9), 0.2, IDS, np.random.default_rng(seed)).input_ids for seed in (1, 1, 2)]
    assert (draw[0] == draw[1]).all()
    assert (draw[0] != draw[2]).any()


def test_one_token_of_ten_becomes_another_one(packed):
    batch = mask_batch(packed, np.arange(200), 0.5, IDS, np.random.default_rng(1))
    shown = batch.input_ids[batch.chosen]
    assert np.mean(shown == IDS.mask) == pytest.approx(0.8, abs=0.04)
    assert np.mean((shown != IDS.mask) & (shown != batch.targets)) == pytest.approx(0.1, abs=0.04)
