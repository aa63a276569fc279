"""Are the intervals of the motive mix honest, and is it better than counting?

The model's validation posts, with the model's real errors, stand for all posts there are. For each campaign, as many
posts are drawn from them with replacement to be what is known of the model's errors, and the campaign's posts are drawn
with a mix as in validation, or from a Dirichlet distribution (label shift). Coverage is the share of 95% intervals that
hold the true share; the error is the mean absolute error of a share. "Read by a person" counts the true motives of the
posts that were drawn: what a campaign of that size can tell at all. Then: how often the warning of posts unlike the
validation comes, in campaigns that are like it and in those whose probabilities were flattened.

    python benchmarks/prevalence.py [VALIDATION.csv] [--campaigns 100]
"""

import argparse
from pathlib import Path

import numpy as np

from whyshare.data.motives import MOTIVES
from whyshare.eval.mix import UNLIKE, load_errors
from whyshare.eval.prediction_powered import prediction_powered
from whyshare.eval.prevalence import (
    KnownErrors,
    counted,
    error_corrected,
    recalibrate,
    saerens,
    shift_p_value,
)
from whyshare.models.settings import BUNDLED

SIZES = (200, 1000, 5000, 20_000)
CHECKED = 200
RESAMPLES = 300


def select(known: KnownErrors, rows: np.ndarray) -> KnownErrors:
    """Keep some posts, or some of them several times."""
    return KnownErrors(known.gold[rows], known.probs[rows], known.languages[rows])


def draw(known: KnownErrors, shares: np.ndarray, posts: int, rng: np.random.Generator) -> np.ndarray:
    """Draw posts with replacement so that motives have the given shares."""
    counts = rng.multinomial(posts, shares)
    return rng.permutation(
        np.concatenate([rng.choice(np.flatnonzero(known.gold == k), counts[k]) for k in range(len(MOTIVES))])
    )


def simulate(known: KnownErrors, posts: int, shift: bool, campaigns: int, seed: int) -> dict[str, tuple[float, float]]:
    """Give coverage (NaN where there is no interval) and mean absolute error of each method."""
    rng = np.random.default_rng(seed)
    covered: dict[str, list[float]] = {}
    errors: dict[str, list[float]] = {}
    for _ in range(campaigns):
        validation = select(known, rng.integers(0, len(known.gold), len(known.gold)))
        weights = np.ones(len(known.gold))
        population = np.bincount(known.gold, minlength=len(MOTIVES)) / len(known.gold)
        shares = rng.dirichlet(np.ones(len(MOTIVES))) if shift else population
        rows = draw(known, shares, posts, rng)
        gold, probs = known.gold[rows], known.probs[rows]
        drawn = np.bincount(gold, minlength=len(MOTIVES)) / posts
        checked = rng.choice(posts, min(CHECKED, posts // 2), replace=False)
        stands_for = np.full(len(checked), posts / len(checked))
        for name, estimate in (
            ("counted", counted(probs.argmax(axis=1))),
            ("error matrix", error_corrected(probs, validation, weights, RESAMPLES, rng)),
            (f"{len(checked)} checked (PPI)", prediction_powered(probs, checked, gold[checked], stands_for)),
        ):
            inside = (estimate.low <= shares + 1e-9) & (shares <= estimate.high + 1e-9)
            covered.setdefault(name, []).append(inside.mean())
            errors.setdefault(name, []).append(np.abs(estimate.values - shares).mean())
        em = saerens(*recalibrate(probs, validation, weights))
        errors.setdefault("EM (Saerens)", []).append(np.abs(em - shares).mean())
        errors.setdefault("read by a person", []).append(np.abs(drawn - shares).mean())
    return {
        name: (float(np.mean(covered.get(name, [np.nan]))), float(np.mean(values))) for name, values in errors.items()
    }


def warned(known: KnownErrors, own: KnownErrors, posts: int, shift: bool, campaigns: int, seed: int) -> np.ndarray:
    """Give the shares of campaigns drawn from ``own`` that are warned of: as they are, and flattened; shape (2,)."""
    rng = np.random.default_rng(seed)
    population = np.bincount(own.gold, minlength=len(MOTIVES)) / len(own.gold)
    found = []
    for _ in range(campaigns):
        validation = select(known, rng.integers(0, len(known.gold), len(known.gold)))
        rows = draw(own, rng.dirichlet(np.ones(len(MOTIVES))) if shift else population, posts, rng)
        weights = validation.weights_for(own.languages[rows])
        for probs in (own.probs[rows], own.probs[rows] / 2 + 0.5 / len(MOTIVES)):
            shares = error_corrected(probs, validation, weights, 1, rng).values
            found.append(shift_p_value(probs, shares, validation, weights) < UNLIKE)
    return np.reshape(found, (-1, 2)).mean(axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "validation", type=Path, nargs="?", default=BUNDLED, help="label, language, motive, p_*; or a model folder"
    )
    parser.add_argument("--campaigns", type=int, default=100)
    options = parser.parse_args()
    known = load_errors(options.validation)
    print(
        "| mix | posts | method | coverage of 95% | mean error (points) | error against counting |\n|---|---:|---|---:|---:|---:|"
    )
    for shift in (False, True):
        for posts in SIZES:
            results = simulate(known, posts, shift, options.campaigns, seed=posts)
            base = results["counted"][1]
            for name, (coverage, error) in results.items():
                shown = "" if np.isnan(coverage) else f"{coverage:.1%}"
                mix = "shifted" if shift else "as validated"
                print(f"| {mix} | {posts} | {name} | {shown} | {100 * error:.2f} | {error / base:.2f} |", flush=True)
    print("\n| mix | posts | language | warned of | flattened, warned of |\n|---|---:|---|---:|---:|")
    for shift in (False, True):
        for posts in (100, *SIZES):
            for tag in ("both", "zh", "en"):
                own = known if tag == "both" else select(known, np.flatnonzero(known.languages == tag))
                like, flat = warned(known, own, posts, shift, options.campaigns, seed=posts)
                mix = "shifted" if shift else "as validated"
                print(f"| {mix} | {posts} | {tag} | {like:.1%} | {flat:.1%} |", flush=True)


if __name__ == "__main__":
    main()
