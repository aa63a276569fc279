import numpy as np
import pytest
from scipy import stats

from whyshare.eval.intervals import percentile_interval, resample_weights


def test_the_interval_of_a_share_is_about_the_binomial_one():
    right = np.arange(400) < 300
    resampled = resample_weights(400, resamples=4000) @ right / 400
    low, high = percentile_interval(resampled)
    expected = stats.binom.interval(0.95, 400, 0.75)
    assert (low, high) == pytest.approx(np.array(expected) / 400, abs=0.006)


def test_clusters_are_drawn_whole_and_widen_the_interval():
    clusters = [str(post // 20) for post in range(400)]
    weights = resample_weights(400, clusters, resamples=500)
    assert (weights.reshape(500, 20, 20) == weights.reshape(500, 20, 20)[:, :, :1]).all()
    right = np.arange(400) % 40 < 20  # a cluster is all right or all wrong
    alone = resample_weights(400, resamples=500) @ right / 400
    together = (weights @ right) / weights.sum(axis=1)
    assert together.std() > 3 * alone.std()


def test_the_seed_decides():
    one, same, other = (resample_weights(50, resamples=5, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_no_finite_value_has_no_interval():
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()
