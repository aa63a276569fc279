"""Are the intervals of the motive mix honest, and is it better than counting?

Campaigns with a known mix are drawn from the model's validation posts: one half is what is known of the model's errors, the
other half is where campaigns come from. The mix is as in validation, or drawn from a Dirichlet distribution (label shift).
Coverage is the share of 95 % intervals that hold the true share; the error is the mean absolute error of a share.

    python benchmarks/prevalence.py [VALIDATION.csv] [--campaigns 60]
"""

import argparse
from pathlib import Path

import numpy as np

from whyshare.commands.mix import load_errors
from whyshare.data.motives import MOTIVES
from whyshare.eval.prevalence import KnownErrors, counted, error_corrected, prediction_powered, saerens

SIZES = (200, 1000, 5000, 20_000)
CHECKED = 200


def half(known: KnownErrors, rows: np.ndarray) -> KnownErrors:
    return KnownErrors(known.gold[rows], known.predicted[rows], known.probs[rows], known.languages[rows])


def draw(known: KnownErrors, rows: np.ndarray, shares: np.ndarray, posts: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows with replacement so that motives have the given shares."""
    motives = rng.choice(len(MOTIVES), posts, p=shares)
    by_motive = [rows[known.gold[rows] == k] for k in range(len(MOTIVES))]
    return np.array([rng.choice(by_motive[k]) for k in motives])


def simulate(known: KnownErrors, posts: int, shift: bool, campaigns: int, seed: int) -> dict[str, tuple[float, float]]:
    """Give coverage (NaN where there is no interval) and mean absolute error of each method."""
    rng = np.random.default_rng(seed)
    covered: dict[str, list[float]] = {}
    errors: dict[str, list[float]] = {}
    for _ in range(campaigns):
        order = rng.permutation(len(known.gold))
        errors_known, pool = half(known, order[: len(order) // 2]), order[len(order) // 2 :]
        prior = np.bincount(errors_known.gold, minlength=len(MOTIVES)) / len(errors_known.gold)
        shares = rng.dirichlet(np.full(len(MOTIVES), 1.0)) if shift else prior
        rows = draw(known, pool, shares, posts, rng)
        gold, predicted, probs = known.gold[rows], known.predicted[rows], known.probs[rows]
        checked = rng.choice(posts, min(CHECKED, posts // 2), replace=False)
        weights = np.full(len(checked), posts / len(checked))
        methods = {
            "counted": counted(predicted, 300, rng),
            "error matrix": error_corrected(predicted, errors_known, np.ones(len(errors_known.gold)), 300, rng),
            f"{CHECKED} checked (PPI)": prediction_powered(probs, checked, gold[checked], weights),
        }
        # A checked sample speaks of the posts at hand; the model's errors speak of where such posts come from.
        truth = {name: np.bincount(gold, minlength=8) / posts if "PPI" in name else shares for name in methods}
        for name, estimate in methods.items():
            inside = (estimate.low <= truth[name] + 1e-9) & (truth[name] <= estimate.high + 1e-9)
            covered.setdefault(name, []).append(inside.mean())
            errors.setdefault(name, []).append(np.abs(estimate.values - truth[name]).mean())
        em = saerens(probs, errors_known.probs.mean(axis=0))
        errors.setdefault("EM (Saerens)", []).append(np.abs(em - shares).mean())
    return {
        name: (float(np.mean(covered.get(name, [np.nan]))), float(np.mean(values))) for name, values in errors.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "validation", type=Path, nargs="?", help="label, language, motive, p_*; the bundled model's without"
    )
    parser.add_argument("--campaigns", type=int, default=60)
    options = parser.parse_args()
    known = load_errors(options.validation)
    print(
        "| mix | posts | method | coverage of 95 % | mean error (points) | error against counting |\n|---|---:|---|---:|---:|---:|"
    )
    for shift in (False, True):
        for posts in SIZES:
            results = simulate(known, posts, shift, options.campaigns, seed=posts)
            base = results["counted"][1]
            for name, (coverage, error) in results.items():
                shown = "" if np.isnan(coverage) else f"{coverage:.1%}"
                mix = "shifted" if shift else "as validated"
                print(f"| {mix} | {posts} | {name} | {shown} | {100 * error:.2f} | {error / base:.2f} |", flush=True)


if __name__ == "__main__":
    main()
