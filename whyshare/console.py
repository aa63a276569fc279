"""Tables and progress for people; plain text when piped."""

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None, left: int = 1
) -> None:
    """Print a table to standard output; the first ``left`` columns are words, the rest numbers aligned right."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", show_edge=False)
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="left" if position < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 200  # a pipe has no edge; do not wrap at 80
    console.print(table)
