"""Why did they share this? Label Chinese and English posts with one of eight sharing motives.

>>> from whyshare import Labeller
>>> labeller = Labeller.load()
>>> labeller.label("转发此微博抽3人送iPhone").motive
<Motive.BENEFIT: 'benefit'>
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .data.annotated import Annotated as Annotated
    from .data.annotated import load_annotated as load_annotated
    from .data.cleaning import clean as clean
    from .data.errors import InputError as InputError
    from .data.motives import MOTIVES as MOTIVES
    from .data.motives import Motive as Motive
    from .data.posts import Post as Post
    from .data.posts import Reject as Reject
    from .data.reading import read_posts as read_posts
    from .eval.evaluation import Evaluation as Evaluation
    from .eval.judging import evaluate_predictions as evaluate_predictions
    from .inference.labelled import Labelled as Labelled
    from .inference.labeller import Labeller as Labeller

__version__ = "0.1.0"

_HOMES = {
    "clean": "data.cleaning",
    "InputError": "data.errors",
    "MOTIVES": "data.motives",
    "Motive": "data.motives",
    "Post": "data.posts",
    "Reject": "data.posts",
    "read_posts": "data.reading",
    "Annotated": "data.annotated",
    "load_annotated": "data.annotated",
    "Evaluation": "eval.evaluation",
    "evaluate_predictions": "eval.judging",
    "Labelled": "inference.labelled",
    "Labeller": "inference.labeller",
}

__all__ = [
    "MOTIVES", "Annotated", "Evaluation", "InputError", "Labelled", "Labeller", "Motive", "Post", "Reject", "clean",
    "evaluate_predictions", "load_annotated", "read_posts",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import whyshare`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'whyshare' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({"__version__", *_HOMES})
