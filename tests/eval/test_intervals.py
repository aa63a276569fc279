import numpy as np
import pytest
from scipy import stats

from whyshare.eval.clusters import count_clusters
from whyshare.eval.intervals import (
    Estimate,
    estimate,
    exact_interval,
    f1_estimate,
    percentile_interval,
    proportion,
    resample_weights,
)


def test_the_interval_of_a_share_is_about_the_binomial_one():
    right = np.arange(400) < 300
    resampled = resample_weights(400, resamples=4000)[1:] @ right / 400
    low, high = percentile_interval(resampled)
    expected = stats.binom.interval(0.95, 400, 0.75)
    assert (low, high) == pytest.approx(np.array(expected) / 400, abs=0.006)


def test_clusters_are_drawn_whole_and_widen_the_interval():
    clusters = [str(post // 20) for post in range(400)]
    weights = resample_weights(400, clusters, resamples=500)[1:]
    assert (weights.reshape(500, 20, 20) == weights.reshape(500, 20, 20)[:, :, :1]).all()
    right = np.arange(400) % 40 < 20  # a cluster is all right or all wrong
    alone = resample_weights(400, resamples=500)[1:] @ right / 400
    together = (weights @ right) / weights.sum(axis=1)
    assert together.std() > 3 * alone.std()


def test_a_post_without_a_cluster_is_its_own():
    clusters = ["ann", "", None, "ann", ""]
    named = ["ann", "row 1", "row 2", "ann", "row 4"]
    assert (resample_weights(5, clusters, resamples=50) == resample_weights(5, named, resamples=50)).all()
    assert count_clusters(clusters) == 4


def test_what_every_resample_has_too_has_no_bounds():
    found = estimate(np.full(100, 0.5))
    assert str(found) == "0.500"
    assert found.is_unbounded
    assert found.as_json() == [0.5, None, None]
    assert str(Estimate.from_json(found.as_json())) == "0.500"
    assert str(Estimate.from_json([None, None, None])) == "–"
    assert not Estimate.from_json([None, None, None]).is_unbounded


def test_the_seed_decides():
    one, same, other = (resample_weights(50, resamples=5, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_no_finite_value_has_no_interval():
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()


def test_exact_interval_of_plain_draws():
    low, high = exact_interval(np.array([0.0, 0.1, 1.0]), np.array([50.0, 50.0, 1.0]))
    for position, (count, posts) in enumerate([(0, 50), (5, 50), (1, 1)]):
        expected = stats.binomtest(count, posts).proportion_ci(method="exact")
        assert (low[position], high[position]) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_a_share_of_few_posts_is_never_certain():
    exact = stats.binomtest(6, 6).proportion_ci(method="exact")
    assert proportion(np.ones(100), 6).low == pytest.approx(exact.low)
    assert f1_estimate(np.ones(100), 6).low == pytest.approx(2 * exact.low / (1 + exact.low))
    wide = np.linspace(0, 1, 101)
    assert proportion(np.append(0.5, wide), 1000).low == pytest.approx(0.025)  # of authors whose posts are alike


@pytest.mark.parametrize(("share", "posts"), [(0.9, 5), (0.9, 10), (0.95, 50), (0.6, 20)])
def test_intervals_of_shares_hold_the_truth(share, posts):
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        right = rng.random(posts) < share
        resampled = rng.choice(right, (200, posts)).mean(axis=1)
        found = proportion(np.append(right.mean(), resampled), posts)
        held += found.low <= share <= found.high
    assert held >= 188  # of 200
