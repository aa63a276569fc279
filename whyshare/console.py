"""Tables, progress and logs for people; plain text when piped."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

log = logging.getLogger(__name__)

MINUTE = 60  # seconds between two lines of progress in a log
_GAP = 3  # characters between two columns


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # for the command line to end by, as where something else prints; rich would exit here


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None, left: int = 1
) -> None:
    """Print a table to standard output; the first ``left`` columns are words, the rest numbers aligned right.

    Numbers that are too many for a line of the terminal go below, beside the first word again.
    """
    console = _Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 200  # a pipe has no edge; do not wrap at 80
    cells = [list(map(str, row)) for row in (headings, *rows)]
    widths = [max(map(cell_len, column)) + _GAP for column in zip(*cells, strict=True)]
    for position, columns in enumerate(_blocks(widths, left, console.width)):
        table = Table(box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", show_edge=False)
        table.title = None if position else title
        for column in columns:
            table.add_column(cells[0][column], justify="left" if column < left else "right", overflow="fold")
        for row in cells[1:]:
            table.add_row(*(row[column] for column in columns))
        if position:
            console.print()
        console.print(table)


def _blocks(widths: Sequence[int], left: int, width: int) -> Iterator[list[int]]:
    """Share columns out over tables of a width: the first begins with the words, all others with the first of these."""
    block = list(range(left))
    least = left
    for column in range(left, len(widths)):
        if len(block) > least and sum(widths[k] for k in block) + widths[column] > width:
            yield block
            block, least = [0], 1
        block.append(column)
    yield block


def show_log() -> None:
    """Let whyshare tell on standard error what it does, with the time; other libraries say too much."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("whyshare").setLevel(logging.INFO)


def print_unread(sheets: Sequence[str]) -> None:
    """Name the sheets that a command did not read, where there are any."""
    if sheets:
        print(f"not read, since only the first sheet was asked for: {', '.join(sheets)}")


@contextmanager
def progress_bar(title: str, unit: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show done, rate and time left on standard error; where that is no terminal, in a line of the log each minute.

    Yields a function of what is done and what there is in all; a number below the last one is not shown. What was done
    before the first call is not counted into the rate.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, rate="")
        start: list[float] = []
        told = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal told
            now = time.monotonic()
            start[:] = start or [done, now]
            done = max(done, round(bar.tasks[task].completed))
            rate = (done - start[0]) / max(now - start[1], 1e-9)
            bar.update(task, completed=done, total=total, rate=f"{rate:.0f} {unit}/s" if done > start[0] else "")
            if not (quiet or console.is_terminal) and now - told >= MINUTE and done < total:
                told = now
                log.info("%s: %s", title, _progress_line(done, total, rate, unit))

        yield report


def _progress_line(done: int, total: int, rate: float, unit: str) -> str:
    """``1200 of 60000 posts (2%), 20 posts/s, 0:49:00 left``; without rate and time where nothing is done yet."""
    line = f"{done} of {total} {unit} ({done / total:.0%})"
    if not rate:
        return line
    return f"{line}, {rate:.{0 if rate >= 10 else 1}f} {unit}/s, {timedelta(seconds=round((total - done) / rate))} left"
