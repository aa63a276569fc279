"""Self-contained HTML pages: one template engine, one look, two languages."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..data.errors import InputError
from ..data.motives import Motive
from .intervals import Estimate
from .words import WORDS
from .words_mix import MIX_WORDS

PageLanguage = Literal["en", "zh"]
NO_BREAK = "\u00a0"  # a space at which no line ends
PAGE, METRICS = "report.html", "metrics.json"  # the evaluation has both, the motive mix its page alone

# One colour for each motive, told apart by colour-blind eyes (Okabe and Ito, 2008).
COLOURS: dict[Motive, str] = {
    Motive.BENEFIT: "#e69f00",
    Motive.EXISTENCE: "#999999",
    Motive.BELONGING: "#56b4e9",
    Motive.UNIQUENESS: "#cc79a7",
    Motive.VALUE: "#009e73",
    Motive.ATTENTION: "#d55e00",
    Motive.HELP: "#0072b2",
    Motive.WARNING: "#b8a800",
}


def motive_name(motive: Motive, language: PageLanguage) -> str:
    """Name a motive in the language of a page."""
    return motive.zh if language == "zh" else motive.en


def percents(share: Estimate) -> tuple[str, str]:
    """Show a share and its interval in whole percents: ``("42%", "[38, 46]")``."""
    return f"{100 * share.value:.0f}%", f"[{100 * share.low:.0f}, {100 * share.high:.0f}]"


def percent(share: Estimate, space: str = " ") -> str:
    """Show a share with its interval: ``42% [38, 46]``."""
    return " ".join(percents(share)).replace(" ", space, 1)


def write_page(folder: Path, template: str, language: PageLanguage, values: Mapping[str, Any]) -> Path:
    """Fill a template of ``eval/templates/`` into a folder; all text is escaped, and an unknown name is an error.

    :return: The path of the page.
    """
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filled = environment.get_template(template).render(
        language=language, w=words_in(language), colours=COLOURS, percents=percents, **values
    )
    page = folder / PAGE
    page.write_text(filled, encoding="utf-8")
    return page


def words_in(language: PageLanguage) -> dict[str, str]:
    """Give the words of all pages in one language."""
    return {key: pair[language == "zh"] for key, pair in (WORDS | MIX_WORDS).items()}


def make_folder(folder: Path) -> None:
    """Make the folder of a report.

    :raises InputError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make folder {folder}: {error.strerror}") from None


def check_folder(folder: Path, has_metrics: bool = True) -> None:
    """Tell before the work, as far as that can be told, whether a report can be written into a folder.

    :param has_metrics: Whether the report is one of an evaluation, not of a motive mix.
    :raises InputError: If it cannot be made, or holds the page of the other kind.
    """
    if (folder / PAGE).exists() and (folder / METRICS).exists() != has_metrics:
        other = "mix" if has_metrics else "eval"
        raise InputError(f"{folder} holds a {PAGE} of whyshare {other}, which would be lost; give another folder")
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise InputError(f"cannot make folder {folder}: {place} is a file")
    if not os.access(place, os.W_OK):
        raise InputError(f"cannot make folder {folder}: {place} cannot be written to")
