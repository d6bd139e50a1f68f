"""Line plots as SVG, by hand: three lines over a few points need no library."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 60, 20, 70, 40
COLOURS = ("#1668b8", "#c2410c", "#15803d")

Points = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Points]) -> str:
    """One line for each of up to three series, both axes from zero."""
    places = sorted({x for points in series.values() for x, _ in points})
    x_max = places[-1] or 1
    y_max = _round_up(max(y for points in series.values() for _, y in points))

    def at(x: float, y: float) -> tuple[float, float]:
        right = LEFT + x / x_max * (WIDTH - LEFT - RIGHT)
        return round(right, 1), round(HEIGHT - BOTTOM - y / y_max * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        ' font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        left, top = at(0, share * y_max)
        parts.append(f'<path d="M{left} {top}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{top + 4}" text-anchor="end">{share * y_max:g}</text>')
    for x in places:
        left, top = at(x, 0)
        parts.append(f'<text x="{left}" y="{top + 18}" text-anchor="middle">{x:g}</text>')
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number]
        path = " ".join(f"{left},{top}" for left, top in (at(x, y) for x, y in sorted(points)))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{left}" cy="{top}" r="3" fill="{colour}"/>' for left, top in (at(*p) for p in points)]
        parts.append(f'<text x="{LEFT + number * 200}" y="44" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _round_up(value: float) -> float:
    step = 10 ** (len(str(int(value))) - 1)
    return (int(value / step) + 1) * step
