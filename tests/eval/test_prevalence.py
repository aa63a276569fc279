from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from whyshare.data.motives import MOTIVES
from whyshare.eval.comparison import holm
from whyshare.eval.labelled_file import Posts
from whyshare.eval.mix import Campaign, Checked
from whyshare.eval.mix_sentences import cautions_in
from whyshare.eval.prediction_powered import prediction_powered, wilson_interval
from whyshare.eval.prevalence import (
    KnownErrors,
    Shares,
    counted,
    difference_p_values,
    error_corrected,
    recalibrate,
    saerens,
    shift_p_value,
    solve_mixture,
)

PRIOR = np.array([0.08, 0.22, 0.1, 0.08, 0.3, 0.12, 0.06, 0.04])
CAMPAIGN = np.array([0.4, 0.1, 0.1, 0.2, 0.05, 0.05, 0.05, 0.05])


def world(shares, posts, seed, classifier_seed=7):
    """Draw posts whose motive is known and a calibrated classifier's probabilities of them (under PRIOR)."""
    centres = np.random.default_rng(classifier_seed).normal(size=(8, 5)) * 1.3
    rng = np.random.default_rng(seed)
    gold = rng.choice(8, posts, p=shares)
    x = centres[gold] + rng.normal(size=(posts, 5))
    logits = -0.5 * ((x[:, None] - centres) ** 2).sum(axis=2) + np.log(PRIOR)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return gold, probs / probs.sum(axis=1, keepdims=True)


def known(posts=3000, seed=1):
    gold, probs = world(PRIOR, posts, seed)
    return KnownErrors(gold, probs, np.full(posts, "en"))


def test_the_mixture_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(0)
    matrix = rng.dirichlet(np.ones(8) * 0.3, size=8) * 0.4 + 0.6 * np.eye(8)
    shares = rng.dirichlet(np.ones(8)) @ matrix
    got = solve_mixture(shares[None], matrix[None])[0]

    def loss(logits):
        mixture = np.exp(logits) / np.exp(logits).sum()
        return -(shares * np.log(mixture @ matrix)).sum()

    best = minimize(loss, np.zeros(8), method="BFGS")
    np.testing.assert_allclose(got, np.exp(best.x) / np.exp(best.x).sum(), atol=2e-3)


def test_correction_takes_the_bias_off():
    errors = known()
    _, probs = world(CAMPAIGN, 5000, seed=2)
    predicted = probs.argmax(axis=1)
    rng = np.random.default_rng(0)
    raw = counted(predicted)
    better = error_corrected(probs, errors, np.ones(3000), 200, rng)
    em = saerens(probs, PRIOR)
    off = np.abs(raw.values - CAMPAIGN).sum()
    assert np.abs(better.values - CAMPAIGN).sum() < off / 2
    assert np.abs(em - CAMPAIGN).sum() < off / 2
    for shares in (raw, better):
        assert shares.values.sum() == pytest.approx(1)
        assert (shares.low <= shares.values + 1e-9).all()
        assert (shares.values <= shares.high + 1e-9).all()
    assert ((better.low <= CAMPAIGN) & (better.high >= CAMPAIGN)).sum() >= 7


def test_em_and_the_checked_sample_equal_other_libraries():
    gold, probs = world(CAMPAIGN, 4000, seed=6)
    quapy = [0.38993, 0.0945, 0.09737, 0.20291, 0.05413, 0.05517, 0.05085, 0.05513]  # QuaPy 0.2.3: EMQ.EM(PRIOR, probs)
    np.testing.assert_allclose(saerens(probs, PRIOR), quapy, atol=1e-4)
    positions = np.random.default_rng(6).choice(4000, 200, replace=False)
    # ppi-python 0.2.3: ppi_mean_pointestimate(one-hot labels, their probs, probs of the others)
    ppi = [0.42305, 0.07783, 0.10419, 0.20969, 0.05305, 0.05424, 0.04263, 0.03533]
    shares = prediction_powered(probs, positions, gold[positions], np.full(200, 20.0))
    np.testing.assert_allclose(shares.values, ppi, atol=1.5e-3)  # it takes the checked posts out of "all posts"


def test_groups_differ_beyond_chance_or_not():
    def shares(value, low, high):
        return Shares(*(np.full(8, bound) for bound in (value, low, high)))

    nothing, little, much = shares(0.0, 0.0, 0.1), shares(0.2, 0.1, 0.35), shares(0.7, 0.5, 0.9)
    by_hand = 2 * norm.sf(1.96 * 0.5 / np.hypot(0.2, 0.15))  # the lower side of much, the upper side of little
    assert difference_p_values(much, little)[0] == pytest.approx(by_hand, rel=1e-3)
    assert difference_p_values(little, much)[0] == pytest.approx(by_hand, rel=1e-3)
    assert difference_p_values(nothing, little)[0] < 0.01
    assert difference_p_values(nothing, nothing)[0] == 1.0
    assert difference_p_values(shares(1.0, 1.0, 1.0), shares(0.2, 0.2, 0.2))[0] == 1.0


def test_a_group_of_its_own_is_told_from_equal_ones():
    (_, same), (_, other) = world(PRIOR, 800, seed=8), world(CAMPAIGN, 400, seed=9)
    probs = np.concatenate([same, other])
    posts = Posts(probs.argmax(axis=1), probs, np.full(1200, "en"))
    everything = Campaign(posts, known())
    one, two, campaign = everything.compared(["a"] * 400 + ["b"] * 400 + ["c"] * 400)
    assert everything.overall().p_values is None
    assert campaign.differs(MOTIVES[4])
    assert not any(mix.differs(motive) for motive in MOTIVES for mix in everything.compared(["1", "2"] * 600))
    assert one.best.values == pytest.approx(two.best.values, abs=0.15)


def test_short_periods_are_warned_of():
    _, probs = world(CAMPAIGN, 400, seed=3)
    posts = Posts(probs.argmax(axis=1), probs, np.full(400, "en"))
    days = [f"day {1 + row // 20:02d}" for row in range(200)] + ["later"] * 200
    course = Campaign(posts, known()).compared(days)
    named = ", ".join(f"day {day:02d} (20)" for day in range(1, 7))
    warned = f"fewer than 100 posts, so the intervals are wide: in 10 of 11 periods: {named}, and 4 more"
    assert cautions_in("en", [], course) == [warned]
    assert cautions_in("en", course[:1], course) == [warned.replace("wide: ", "wide: day 01 (20); ")]
    [line] = cautions_in("zh", [], course)
    assert "day 01（20）、day 02（20）" in line
    assert line.endswith("、day 06（20），另有 4 个")
    assert "day 01（20）；11 个时段中有 10 个：day 01（20）、" in cautions_in("zh", course[:1], course)[0]
    assert Campaign(posts, known()).compared(["only"] * 400) == []


def test_recalibration_mends_a_bias_that_training_left():
    gold, probs = world(PRIOR, 4000, seed=1)
    bent = probs * np.linspace(0.3, 3, 8)  # as if rare motives had been weighed up
    errors = KnownErrors(gold, bent / bent.sum(axis=1, keepdims=True), np.full(4000, "en"))
    _, campaign = world(CAMPAIGN, 4000, seed=2)
    said = campaign * np.linspace(0.3, 3, 8)
    mended, prior = recalibrate(said / said.sum(axis=1, keepdims=True), errors, np.ones(4000))
    np.testing.assert_allclose(prior, np.bincount(gold) / 4000, atol=0.01)
    assert np.abs(mended - campaign).mean() < 0.01
    np.testing.assert_allclose(saerens(mended, prior), saerens(campaign, PRIOR), atol=0.03)


def test_none_seen_is_not_none_there():
    probs = np.tile(0.02 + 0.84 * np.eye(8)[4], (60, 1))
    shares = error_corrected(probs, known(), np.ones(3000), 100, np.random.default_rng(0))
    assert shares.values[0] < 0.001
    assert 3 / 60 <= shares.high[0] < 0.2


@pytest.mark.parametrize("posts", [1, 3])
def test_few_posts_prove_little(posts):
    probs = np.tile(0.02 + 0.84 * np.eye(8)[4], (posts, 1))
    shares = error_corrected(probs, known(), np.ones(3000), 100, np.random.default_rng(0))
    assert shares.values[4] > 0.9
    assert shares.low[4] <= 0.025 ** (1 / posts)  # of so many posts read by a person
    assert (shares.high > 0.7).all()


def test_intervals_of_small_groups_cover():
    errors, rng = known(), np.random.default_rng(0)
    for posts in (5, 12, 30):
        covered = []
        for seed in range(40):
            mix = rng.dirichlet(np.ones(8))
            shares = error_corrected(world(mix, posts, 300 + seed)[1], errors, np.ones(3000), 50, rng)
            covered.append((shares.low <= mix) & (mix <= shares.high))
        assert np.mean(covered) >= 0.93


def test_a_checked_sample_helps_and_covers():
    covered, ratios = [], []
    for seed in range(40):
        gold, probs = world(CAMPAIGN, 4000, seed=100 + seed)
        positions = np.random.default_rng(seed).choice(4000, 200, replace=False)
        shares = prediction_powered(probs, positions, gold[positions], np.full(200, 20.0))
        covered.append((shares.low <= CAMPAIGN) & (shares.high >= CAMPAIGN))
        alone = np.sqrt(CAMPAIGN * (1 - CAMPAIGN) / 200) * 2 * 1.96
        ratios.append((shares.high - shares.low) / alone)
    assert 0.92 <= np.mean(covered) <= 0.985
    assert np.mean(ratios) < 0.95  # narrower than the sample alone


def test_wilson_interval_of_plain_draws():
    from scipy.stats import binomtest

    share = np.array([0.0, 0.1, 0.5])
    low, high = wilson_interval(share, share * (1 - share) / 50, least=50, most=50)
    for position, count in enumerate((0, 5, 25)):
        expected = binomtest(count, 50).proportion_ci(method="wilson")
        assert (low[position], high[position]) == pytest.approx((expected.low, expected.high), abs=1e-5)


def test_a_stratified_sample_is_weighted():
    gold, _ = world(CAMPAIGN, 4000, seed=5)
    first = np.flatnonzero(gold == 0)
    rest = np.flatnonzero(gold != 0)
    positions = np.concatenate([first[:100], rest[:100]])
    weights = np.concatenate([np.full(100, len(first) / 100), np.full(100, len(rest) / 100)])
    shares = prediction_powered(np.full((4000, 8), 1 / 8), positions, gold[positions], weights)
    assert shares.values[0] == pytest.approx(len(first) / 4000)


def test_groups_and_warnings():
    gold, probs = world(CAMPAIGN, 600, seed=3)
    posts = Posts(probs.argmax(axis=1), probs, np.full(600, "en"))
    groups = ["a"] * 550 + ["b"] * 40 + [""] * 10
    checked = Checked(np.arange(0, 560, 2), gold[:560:2], np.full(280, 2.0))
    campaign = Campaign(posts, known(), checked)
    mixes = [campaign.overall(), *campaign.compared(groups)]
    assert [(mix.name, mix.posts, mix.checked) for mix in mixes] == [("all", 600, 280), ("a", 550, 275), ("b", 40, 5)]
    assert [mix.method for mix in mixes] == ["checked sample", "checked sample", "error matrix"]
    assert not cautions_in("en", mixes[:2])
    few, few_checked = cautions_in("en", mixes)[:2]
    assert few == "fewer than 100 posts, so the intervals are wide: in 1 of 2 groups: b (40)"
    assert few_checked.startswith("the checked posts are too few to use")
    assert few_checked.endswith("check at least 50: in 1 of 2 groups: b (5)")
    assert cautions_in("zh", mixes)[0] == "帖子不足 100 条，置信区间很宽：2 组中有 1 组：b（40）"


def test_a_group_is_tested_by_the_method_of_the_rest():
    gold, probs = world(PRIOR, 2000, seed=3, classifier_seed=8)  # unlike validation, so the error matrix is far off
    posts = Posts(probs.argmax(axis=1), probs, np.full(2000, "en"))
    groups = [("a", "b", "c", "")[row % 4] for row in range(2000)]
    first = np.flatnonzero(np.array(groups) == "a")
    for few in (
        first,
        np.setdiff1d(np.arange(2000), first),
    ):  # a group has hardly a checked post, or hardly one has the rest
        positions = np.sort(np.concatenate([few[:5], np.setdiff1d(np.arange(2000), few)]))
        checked = Checked(positions, gold[positions], np.ones(len(positions)))
        mixes = Campaign(posts, known(), checked).compared(groups)
        assert {mix.method for mix in mixes} == {"checked sample", "error matrix"}
        assert not any(mix.differs(motive) for mix in mixes for motive in MOTIVES)


def test_groups_without_a_checked_post_are_said_to_be_corrected_by_known_errors():
    gold, probs = world(CAMPAIGN, 600, seed=3)
    posts = Posts(probs.argmax(axis=1), probs, np.full(600, "en"))
    campaign = Campaign(posts, known(), Checked(np.arange(300), gold[:300], np.ones(300)))
    [caution] = cautions_in("en", [campaign.overall(), *campaign.compared(["a"] * 300 + ["b"] * 300)])
    assert "the model's known errors are used instead" in caution
    assert caution.endswith("check at least 50: in 1 of 2 groups: b (0)")


def test_two_groups_are_one_test():
    _, probs = world(CAMPAIGN, 600, seed=3)
    posts = Posts(probs.argmax(axis=1), probs, np.full(600, "en"))
    one, other = Campaign(posts, known()).compared(["a"] * 350 + ["b"] * 250)
    p_values = holm(difference_p_values(one.best, other.best).tolist())
    assert one.p_values == pytest.approx(p_values)
    assert other.p_values == pytest.approx(p_values)


def test_a_handful_of_posts_is_not_tested():
    _, probs = world(CAMPAIGN, 213, seed=3)
    posts = Posts(probs.argmax(axis=1), probs, np.full(213, "en"))
    campaign = Campaign(posts, known())
    a, b, c, d = campaign.compared(["a"] * 100 + ["b"] * 110 + ["c"] + ["d"] * 2)
    assert [mix.p_values is None for mix in (a, b, c, d)] == [False, False, True, True]
    assert not any(c.differs(motive) for motive in MOTIVES)
    assert max(c.best.high - c.best.low) > 0.9
    assert cautions_in("en", [campaign.overall(), a, b, c, d])[1].endswith(
        "on either side: in 2 of 4 groups: c (1), d (2)"
    )
    assert all(mix.p_values is None for mix in campaign.compared(["e"] * 210 + ["f"] * 3))


def test_posts_unlike_the_validation_are_warned_of():
    errors = known()
    _, probs = world(CAMPAIGN, 2000, seed=4)
    same = Campaign(Posts(probs.argmax(axis=1), probs, np.full(2000, "en")), errors).overall()
    assert not same.cautions
    flat = 0.5 * probs + 0.5 / 8
    other = Campaign(Posts(flat.argmax(axis=1), flat, np.full(2000, "en")), errors).overall()
    assert "do not look like those the model was validated on" in cautions_in("en", [other])[0]


def test_small_campaigns_like_the_validation_are_not_warned_of():
    errors, p_values = known(), []
    for seed in range(40):
        _, probs = world(CAMPAIGN, 100, seed=200 + seed)
        shares = error_corrected(probs, errors, np.ones(3000), 2, np.random.default_rng(0))
        p_values.append(shift_p_value(probs, shares.values, errors, np.ones(3000)))
    assert min(p_values) > 0.001
    assert np.mean(np.array(p_values) < 0.05) <= 0.1


def test_campaigns_in_one_language_of_the_validation_are_not_warned_of():
    p_values = []
    for seed in range(20):
        errors = replace(known(1500, seed=500 + seed), languages=np.tile(["zh", "en"], 750))
        _, probs = world(CAMPAIGN, 5000, seed=600 + seed)
        weights = errors.weights_for(np.full(5000, "zh"))  # 2 for half of the posts, 0 for the others
        shares = error_corrected(probs, errors, weights, 2, np.random.default_rng(0))
        p_values.append(shift_p_value(probs, shares.values, errors, weights))
    assert np.mean(np.array(p_values) < 0.05) <= 0.1


def test_label_order():
    assert len(MOTIVES) == len(CAMPAIGN)


def test_posts_in_cells_that_no_known_post_has_say_nothing():
    matrix = np.zeros((1, 8, 9))
    matrix[:, :, :8] = np.eye(8)
    np.testing.assert_allclose(solve_mixture(np.eye(9)[None, 8], matrix), np.full((1, 8), 1 / 8))


def test_languages_that_validation_lacks_leave_its_posts_as_they_are():
    assert known().weights_for(np.full(9, "other")).tolist() == [1.0] * 3000
