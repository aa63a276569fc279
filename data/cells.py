"""Show a value in one cell of text, and keep spreadsheets from running it."""

import json
import math
import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?")


def flat_cell(value: Any) -> str:
    """Show a value in one cell of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value).removesuffix(".0")  # exact; 2.0 from a workbook is the 2 that was typed
    return as_json(value) if isinstance(value, dict | list) else str(value)


def as_json(value: Any) -> str:
    """Write JSON, in which NaN and infinity do not exist: they become null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(finite(value), ensure_ascii=False, default=str)


def finite(value: Any) -> Any:
    """Put None in the place of NaN and infinity, however deep inside a value."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def encodable(text: str) -> str:
    """Write half an emoji, as JSON files hold them now and then, as every other kind of output does."""
    return text.encode("utf-8", "backslashreplace").decode()


def escape_formula(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run: ``=1+1 -> '=1+1``; ``-5 -> -5``; ``-- -> --``."""
    runs = _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) and cell.strip("-")
    return f"'{cell}" if runs else cell


def unescape_formula(cell: str) -> str:
    """Undo :func:`escape_formula`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
