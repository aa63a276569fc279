"""The mix of posts of which some have no motive, or of which many are one author's."""

import numpy as np
import pytest

from whyshare.data.motives import MOTIVES
from whyshare.eval import mix
from whyshare.eval.design_effect import Clusters, number_clusters
from whyshare.eval.labelled_file import Posts
from whyshare.eval.mix import Campaign, Checked
from whyshare.eval.prediction_powered import prediction_powered
from whyshare.eval.prevalence import KnownErrors, counted

CAMPAIGN = np.array([0.4, 0.1, 0.1, 0.2, 0.05, 0.05, 0.05, 0.05])


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(mix, "RESAMPLES", 50)


def said_of(gold, rng):
    """Give what a model says that is right four times of five, and sure only then; a post without a motive is "value"."""
    right = (rng.random(len(gold)) < 0.8) & (gold >= 0)
    said = np.where(right, gold, np.where(gold < 0, 4, rng.integers(0, 8, len(gold))))
    sure = rng.uniform(np.where(right, 0.5, 0.3), np.where(right, 1.0, 0.8))[:, None]
    return (1 - sure) / 7 + (sure - (1 - sure) / 7) * np.eye(8)[said]


def known():
    rng = np.random.default_rng(1)
    gold = rng.choice(8, 2000)
    return KnownErrors(gold, said_of(gold, rng), np.full(2000, "en"))


def posts_of(probs):
    return Posts(probs.argmax(axis=1), probs, np.full(len(probs), "en"))


def by_authors(rng, authors, each):
    """Draw posts of authors, each of whom mostly has one motive."""
    gold = np.concatenate([rng.choice(8, each, p=mix) for mix in rng.dirichlet(CAMPAIGN, size=authors)])
    return gold, said_of(gold, rng), [f"@{author}" for author in np.repeat(np.arange(authors), each)]


def test_posts_without_a_motive_leave_the_shares_of_the_others_right():
    rng = np.random.default_rng(3)
    gold = np.concatenate([rng.choice(8, 700, p=CAMPAIGN), np.full(300, -1)])
    positions, probs = rng.choice(1000, 400, replace=False), said_of(gold, rng)
    shares = prediction_powered(probs, positions, gold[positions], np.full(400, 2.5))
    truth = np.bincount(gold[:700], minlength=8) / 700
    np.testing.assert_allclose(shares.values, truth, atol=0.04)
    assert shares.values.sum() == pytest.approx(1)
    assert ((shares.low <= truth) & (truth <= shares.high)).all()


@pytest.mark.parametrize("no_post", [0.0, 0.3])
@pytest.mark.parametrize("unread", [0.0, 0.3])
def test_intervals_of_a_sample_with_blanks_cover(no_post, unread):
    covered = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        gold = np.where(rng.random(2000) < no_post, -1, rng.choice(8, 2000, p=CAMPAIGN))
        probs = said_of(gold, rng)
        positions = rng.choice(2000, 200, replace=False)
        said = np.where(rng.random(200) < unread, -1, gold[positions])
        shares = prediction_powered(probs, positions, said, np.full(200, 10.0))
        covered.append((shares.low <= CAMPAIGN) & (shares.high >= CAMPAIGN))
    assert 0.92 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("sample", [0, 200])
def test_groups_of_prolific_authors_do_not_seem_to_differ(sample):
    errors, covered, differ = known(), [], {True: 0, False: 0}
    for seed in range(10):
        rng = np.random.default_rng(seed)
        gold, probs, authors = by_authors(rng, 30, 20)
        posts = posts_of(probs)
        positions = rng.choice(600, sample, replace=False)
        checked = Checked(positions, gold[positions], np.ones(sample)) if sample else None
        for told in (True, False):
            groups = ["a"] * 300 + ["b"] * 300
            campaign = Campaign(posts, errors, checked, number_clusters(authors) if told else None)
            mixes = [campaign.overall(), *campaign.compared(groups)]
            differ[told] += any(one.differs(motive) for one in mixes for motive in MOTIVES)
            if told:
                covered += [(one.best.low <= CAMPAIGN) & (one.best.high >= CAMPAIGN) for one in mixes]
    assert differ[True] <= 1
    assert differ[False] >= 5  # of the same campaigns
    assert np.mean(covered) >= 0.93


def test_counts_of_a_few_authors_tell_little():
    predicted = np.repeat([0, 1, 4, 4], 50)
    alone = counted(predicted)
    for authors, least in ((np.arange(4), 0.9), (np.zeros(4, int), 0.9)):
        shares = counted(predicted, Clusters.of(np.repeat(authors, 50)))
        assert shares.values == pytest.approx(alone.values)
        assert shares.high[4] - shares.low[4] > least


def test_one_post_of_each_author_changes_nothing():
    rng = np.random.default_rng(3)
    gold = rng.choice(8, 400, p=CAMPAIGN)
    posts = posts_of(said_of(gold, rng))
    checked = Checked(np.arange(0, 400, 2), gold[::2], np.full(200, 2.0))
    groups, names = ["a", "b", "b", "a"] * 100, [f"@{row}" if row % 3 else (None, "")[row % 2] for row in range(400)]
    for sample in (checked, None):
        campaigns = [Campaign(posts, known(), sample, authors) for authors in (None, number_clusters(names))]
        for one, other in zip(*([each.overall(), *each.compared(groups)] for each in campaigns), strict=True):
            np.testing.assert_array_equal(one.best.low, other.best.low)
            np.testing.assert_array_equal(one.counted.high, other.counted.high)
            assert one.p_values is None or (one.p_values == other.p_values).all()


def test_the_same_seed_gives_the_same_intervals_of_authors():
    _, probs, authors = by_authors(np.random.default_rng(1), 30, 5)
    posts = posts_of(probs)
    campaign = Campaign(posts, known(), authors=number_clusters(authors), seed=4)
    for one, other in zip(*(campaign.compared(["1", "2", "2"] * 50) for _ in range(2)), strict=True):
        np.testing.assert_array_equal(one.best.high, other.best.high)


def test_too_few_checked_posts_with_a_motive_are_not_used():
    rng = np.random.default_rng(3)
    gold = rng.choice(8, 600, p=CAMPAIGN)
    posts = posts_of(said_of(gold, rng))
    for filled, method in ((49, "error matrix"), (50, "checked sample")):
        said = np.where(np.arange(100) < filled, gold[:100], -1)
        checked = Checked(np.arange(100), said, np.full(100, 6.0))
        assert checked.blank == 100 - filled
        everything = Campaign(posts, known(), checked).overall()
        assert (everything.method, everything.checked) == (method, filled)


@pytest.mark.parametrize("unsure", [False, True])
def test_clustered_posts_are_warned_of_where_they_are_unlike_the_validation(unsure):
    rng = np.random.default_rng(5)
    _, probs, authors = by_authors(rng, 400, 5)
    probs = 0.5 * probs + 0.5 / 8 if unsure else probs
    posts = posts_of(probs)
    everything = Campaign(posts, known(), authors=number_clusters(authors)).overall()
    assert ("unlike_validation" in [caution.key for caution in everything.cautions]) == unsure


def test_variance_by_clusters_is_that_of_their_totals():
    rng = np.random.default_rng(0)
    numbers, cells = np.repeat(np.arange(40), 5), rng.integers(0, 8, 200)
    clusters = Clusters.of(numbers)
    totals = np.eye(8)[cells].reshape(40, 5, 8).mean(axis=1)  # of clusters of one size the mean of their means
    by_hand = np.cov(totals.T) / 40 * (2.0227 / 1.96) ** 2  # Student's t of 39 degrees of freedom
    np.testing.assert_allclose(clusters.covariance(cells, 8), by_hand, rtol=1e-3, atol=1e-9)
    parts = (cells == 3) / 200 - np.mean(cells == 3) / 200
    assert clusters.variance(parts) == pytest.approx(by_hand[3, 3], rel=1e-3)
    assert number_clusters(["ann", "", "ann", None]).tolist() == [0, 1, 0, 3]


def test_a_checked_post_counts_for_all_that_it_stands_for():
    rng = np.random.default_rng(3)
    gold = np.repeat([0, 4], [100, 900])
    drawn = np.r_[:50, 100:150]  # as many of the small group as of the large one
    checked = Checked(drawn, gold[drawn], np.repeat([2.0, 18.0], 50))
    everything = Campaign(posts_of(said_of(gold, rng)), known(), checked).overall()
    assert everything.best.values[0] == pytest.approx(0.1, abs=0.02)
