"""Charts as inline SVG: no script, no network, readable in light and dark and on paper.

Colours come from CSS variables of the page (``templates/base.html``). To a screen reader a chart is a picture with a title:
its numbers stand in a table beside it.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape
from rich.cells import cell_len

from .evaluation import ReliabilityPoint
from .intervals import Estimate
from .pages import percent

ROW = 26  # height of a row of bars, in units of the view box
LABEL = 165  # width of the names beside bars
WIDE = 600
CELLS = 20  # of a name beside bars: letters, or half as many Chinese characters
SHADES = (0.06, 0.56)  # of a heat map; in any, and in the dark too, the contrast of its numbers is 4.5 or more


def bars(rows: Sequence[tuple[str, float, float, float, str]], title: str, percents: bool = False) -> Markup:
    """Draw horizontal bars from 0 to 1 with their intervals.

    :param rows: Name, value, low, high, and a CSS colour.
    """
    width = WIDE - LABEL - 150
    parts = []
    for number, (name, value, low, high, colour) in enumerate(rows):
        y = number * ROW
        left, right = (LABEL + width * min(max(bound, 0.0), 1.0) for bound in (low, high))
        shown = percent(Estimate(value, low, high)) if percents else f"{value:.2f} [{low:.2f}, {high:.2f}]"
        parts.append(
            f'<text x="{LABEL - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LABEL}" y="{y + 5}" width="{max(width * value, 0):.1f}" height="{ROW - 10}" rx="2" fill="{colour}"/>'
            f'<path d="M{left:.1f} {y + ROW / 2}H{right:.1f}M{left:.1f} {y + 9}v8M{right:.1f} {y + 9}v8" class="whisker"/>'
            f'<text x="{LABEL + width + 14}" y="{y + 17}" class="number">{shown}</text>'
        )
    return _svg(WIDE, len(rows) * ROW + 4, title, parts)


def stacked_bars(rows: Sequence[tuple[str, str, Sequence[tuple[str, float, str]]]], title: str) -> Markup:
    """Draw one full-width bar a row, cut into shares.

    :param rows: Name of the row, a mark behind it, and its segments: name, share, CSS colour; without any, the name
        stands alone, in the place of a bar.
    """
    width = WIDE - LABEL
    parts = []
    for number, (name, mark, segments) in enumerate(rows):
        y, x = number * ROW, float(LABEL)
        if not segments:
            parts.append(f'<text x="{LABEL}" y="{y + 17}" class="small">{escape(name)}</text>')
            continue
        shown = escape(shortened(name, CELLS - len(mark)) + mark)
        parts.append(
            f'<text x="{LABEL - 10}" y="{y + 17}" text-anchor="end">{shown}<title>{escape(name)}</title></text>'
        )
        total = sum(share for _, share, _ in segments) or 1.0
        for segment, share, colour in segments:
            size = width * share / total
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 3}" width="{max(size - 1, 0):.1f}" height="{ROW - 6}" fill="{colour}">'
                f"<title>{escape(segment)} {share:.0%}</title></rect>"
            )
            if size > 34:
                parts.append(
                    f'<text x="{x + size / 2:.1f}" y="{y + 17}" text-anchor="middle" class="inside">{share:.0%}</text>'
                )
            x += size
    legend = [(name, colour) for name, _, colour in (rows[0][2] if rows else [])]
    top = len(rows) * ROW + 10
    for k, (name, colour) in enumerate(legend):
        x, y = (k % 3) * (WIDE / 3), top + (k // 3) * 20
        parts.append(f'<rect x="{x:.0f}" y="{y}" width="11" height="11" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 16:.0f}" y="{y + 10}" class="small">{escape(name)}</text>')
    return _svg(WIDE, top + 20 * -(-len(legend) // 3), title, parts)


def shortened(name: str, cells: int) -> str:
    """Cut a name that is wider than so many letters; a Chinese character is as wide as two."""
    if cell_len(name) <= cells:
        return name
    while cell_len(name) > cells - 1:
        name = name[:-1]
    return name + "…"


def heat_map(counts: Sequence[Sequence[int]], names: Sequence[str], title: str, rows: str, columns: str) -> Markup:
    """Draw a confusion matrix: numbers are posts, shades are shares of the row."""
    cell, left, top = 52, 104, 92
    parts = [
        f'<text x="{left + cell * len(names)}" y="13" text-anchor="end" class="axis">{escape(columns)} →</text>',
        f'<text x="4" y="{top - 10}" class="axis">{escape(rows)} ↓</text>',
    ]
    for k, name in enumerate(names):
        x = left + k * cell + cell / 2
        parts.append(f'<text transform="translate({x - 4} {top - 8}) rotate(-40)">{escape(name)}</text>')
        parts.append(f'<text x="{left - 8}" y="{top + k * 34 + 22}" text-anchor="end">{escape(name)}</text>')
    for i, row in enumerate(counts):
        total = max(sum(row), 1)
        for j, count in enumerate(row):
            shade = SHADES[0] + (SHADES[1] - SHADES[0]) * count / total
            x, y = left + j * cell, top + i * 34
            parts.append(
                f'<rect x="{x + 1}" y="{y + 1}" width="{cell - 2}" height="32" rx="3" class="{"hit" if i == j else "miss"}" '
                f'fill-opacity="{shade:.2f}"/>'
                f'<text x="{x + cell / 2}" y="{y + 22}" text-anchor="middle">{count or ""}</text>'
            )
    return _svg(left + cell * len(names) + 24, top + 34 * len(names) + 6, title, parts)


def reliability_plot(points: Sequence[ReliabilityPoint], title: str, x_name: str, y_name: str) -> Markup:
    """Draw accuracy over stated confidence; a calibrated model lies on the diagonal."""
    where = [(point.confidence, point.accuracy) for point in points]
    dots = [
        f'<circle cx="{_x(c):.1f}" cy="{_y(a.value):.1f}" r="5" class="dot"><title>{c:.0%}: {a.value:.0%}</title></circle>'
        for c, a in where
    ]
    diagonal = f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" class="guide"/>'
    return _svg(360, 330, title, [_axes(x_name, y_name), diagonal, _whiskers(where), _line(where), *dots])


def coverage_plot(coverage: Sequence[tuple[float, Estimate]], title: str, x_name: str, y_name: str) -> Markup:
    """Draw the accuracy of the most confident share of posts over that share."""
    marks = [
        f'<circle cx="{_x(s):.1f}" cy="{_y(a.value):.1f}" r="4" class="dot"/>'
        f'<text x="{_x(s):.1f}" y="{_y(a.high) - 7:.1f}" text-anchor="middle" class="small">{a.value:.0%}</text>'
        for s, a in coverage
        if round(s, 2) in {0.2, 0.4, 0.6, 0.8, 1.0}
    ]
    return _svg(360, 330, title, [_axes(x_name, y_name), _whiskers(coverage), _line(coverage), *marks])


def _line(points: Sequence[tuple[float, Estimate]]) -> str:
    return '<path d="M' + "L".join(f"{_x(x):.1f} {_y(y.value):.1f}" for x, y in points) + '" class="line"/>'


def _whiskers(points: Sequence[tuple[float, Estimate]]) -> str:
    lines = "".join(f"M{_x(x):.1f} {_y(y.low):.1f}V{_y(y.high):.1f}" for x, y in points)
    return f'<path d="{lines}" class="whisker"/>'


def _x(share: float) -> float:
    return 50 + 290 * share


def _y(share: float) -> float:
    return 280 - 260 * share


def _axes(x_name: str, y_name: str) -> str:
    parts = [f'<path d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}" class="axisline"/>']
    for step in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path d="M{_x(0)} {_y(step)}H{_x(1)}" class="grid"/>')
        parts.append(f'<text x="{_x(0) - 8}" y="{_y(step) + 4}" text-anchor="end" class="small">{step:.0%}</text>')
        parts.append(f'<text x="{_x(step)}" y="{_y(0) + 18}" text-anchor="middle" class="small">{step:.0%}</text>')
    parts.append(f'<text x="{_x(0.5)}" y="322" text-anchor="middle" class="axis">{escape(x_name)}</text>')
    parts.append(f'<text x="{_x(0)}" y="12" text-anchor="middle" class="axis">{escape(y_name)}</text>')
    return "".join(parts)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    return Markup(
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
