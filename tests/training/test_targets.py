import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whyshare.data.annotated import Annotated
from whyshare.data.cleaning import clean
from whyshare.data.motives import MOTIVES, Motive
from whyshare.training.targets import class_weights, soft_targets, split_validation, split_with_extra


def test_soft_targets_by_hand():
    posts = [
        Annotated("1", "a", Motive.HELP),
        Annotated("2", "b", Motive.HELP, Motive.WARNING, certainty=1),
    ]
    targets = soft_targets(posts, secondary_share=0.25)
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
    assert targets[0, Motive.HELP.position] == pytest.approx(0.98 + 0.02 / 8)
    assert targets[1, Motive.HELP.position] == pytest.approx(0.8 * 0.75 + 0.2 / 8)
    assert targets[1, Motive.WARNING.position] == pytest.approx(0.8 * 0.25 + 0.2 / 8)


def test_class_weights_by_hand():
    label_ids = np.array([0, 0, 0, 1])
    weights = class_weights(label_ids, 1.0)
    assert weights[0] * 3 == pytest.approx(weights[1])
    assert weights[label_ids].mean() == pytest.approx(1.0)
    np.testing.assert_allclose(class_weights(label_ids, 0.0), 1.0)  # those without posts, too: teachers may teach them


@given(st.lists(st.sampled_from("abcdefghij"), min_size=40, max_size=80), st.integers(0, 3))
def test_no_text_stands_on_both_sides(texts, seed):
    posts = [Annotated(str(row), text, MOTIVES[ord(text) % 2]) for row, text in enumerate(texts)]
    try:
        training, validation = split_validation(posts, 0.3, seed)
    except ValueError:
        return
    assert sorted([*training, *validation]) == list(range(len(posts)))
    assert not {texts[index] for index in training} & {texts[index] for index in validation}


def test_the_split_follows_the_seed_and_the_labels():
    posts = [
        Annotated(str(row), f"text {row}", MOTIVES[row % 8], language="zhen"[row % 2 * 2 :][:2]) for row in range(800)
    ]
    first, again, other = (split_validation(posts, 0.1, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert np.bincount([posts[index].label.position for index in first]).tolist() == [10] * 8


def balanced(each, languages=("zh", "en", "mixed", "other")):
    """The same number of posts of every motive in every language."""
    strata = [(motive, language) for motive in MOTIVES for language in languages] * each
    return [Annotated(str(n), f"a {n}", motive, language=language) for n, (motive, language) in enumerate(strata)]


@pytest.mark.parametrize(("posts", "held"), [(balanced(5), 16), (balanced(3)[:81], 8), (balanced(1)[:4], 1)])
def test_small_strata_give_their_share_together(posts, held):
    training, validation = split_validation(posts, 0.1, 13)
    assert validation.tolist() == split_validation(posts, 0.1, 13)[1].tolist()
    assert len(validation) == held
    assert len(training) == len(posts) - held
    assert len({(posts[n].label, posts[n].language) for n in validation}) == held  # one each
    assert held == 1 or set(validation) != set(split_validation(posts, 0.1, 14)[1])


def test_those_that_were_rounded_down_most_give_one_more():
    posts = balanced(3) + [Annotated(f"h{n}", f"h {n}", Motive.HELP, language="zh") for n in range(2)]  # 5 of these
    for seed in range(5):
        validation = [posts[n] for n in split_validation(posts, 0.1, seed)[1]]
        assert len(validation) == 10
        assert sum((post.label, post.language) == (Motive.HELP, "zh") for post in validation) == 1


@given(
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["zh", "en"])), min_size=20, max_size=300), st.integers(0, 3)
)
def test_a_split_whose_rounded_shares_are_enough_stays_as_it_was(strata, seed):
    posts = [Annotated(str(n), f"a {n}", MOTIVES[motive], language=tag) for n, (motive, tag) in enumerate(strata)]
    rng, rounded = np.random.default_rng(seed), []
    for stratum in sorted({(post.language, post.label) for post in posts}):
        own = [n for n, post in enumerate(posts) if (post.language, post.label) == stratum]
        rounded += [own[k] for k in rng.permutation(len(own))[: round(0.2 * len(own))]]
    validation = split_validation(posts, 0.2, seed)[1].tolist()
    if len(rounded) >= 0.9 * round(0.2 * len(posts)):
        assert validation == sorted(rounded)
    else:
        assert set(rounded) < set(validation)
        assert len(validation) == round(0.2 * len(posts))


def test_too_few_posts():
    with pytest.raises(ValueError, match="1 posts are too few"):
        split_validation([Annotated("1", "a", Motive.HELP)], 0.1, 0)


def test_no_extra_post_is_validated_on():
    posts = [Annotated(str(n), f"a {n}", MOTIVES[n % 8]) for n in range(80)]
    alone, held = split_with_extra(posts, 80, 0.2, 13)
    extra = [Annotated("e1", "new", MOTIVES[0]), Annotated("e2", posts[held[0]].text + "\u200b", MOTIVES[1])]
    training, validation = split_with_extra(posts + extra, 80, 0.2, 13)
    assert validation.tolist() == held.tolist()
    assert training.tolist() == [*alone.tolist(), 80]  # the other one's text is validated on


def test_a_text_that_is_validated_on_once_it_is_cleaned_is_not_trained_on():
    posts = [Annotated(str(n), f"a {n // 2}" + "\u200b" * (n % 2), MOTIVES[n % 8]) for n in range(160)]
    _, alone = split_validation(posts, 0.2, 13)
    training, validation = split_with_extra(posts, 160, 0.2, 13)
    assert validation.tolist() == alone.tolist()
    assert not {clean(posts[n].text) for n in training} & {clean(posts[n].text) for n in validation}
