"""The columns that labelling adds to a file; the labeller writes them, evaluation and the motive mix read them."""

from .motives import MOTIVES, Motive


def probability_column(motive: Motive) -> str:
    """Name the column of a motive's probability: ``Motive.HELP -> "p_help"``."""
    return f"p_{motive}"


PROBABILITY_COLUMNS: tuple[str, ...] = tuple(probability_column(motive) for motive in MOTIVES)

RESULT_COLUMNS: tuple[str, ...] = (
    "motive",  # "" where the post has no text
    "motive_zh",
    "confidence",  # calibrated probability of the motive
    "runner_up",
    *PROBABILITY_COLUMNS,  # eight, rows sum to 1
    "language",  # zh, en, mixed, other
    "truncated",  # the text was longer than the model reads
    "uncertain",  # confidence below the model's threshold: let a person look
)

# In a model folder: the result columns and the labels of the posts it was calibrated on, without their texts.
VALIDATION_FILE = "validation.csv"
