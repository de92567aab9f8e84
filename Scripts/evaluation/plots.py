"""Line plots as SVG files, without any library."""

import html
import math

COLOURS = ["#0b6e99", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d"]
WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 52


def line_plot(path, title, x_label, y_label, series, *, logarithmic=False, y_top=1.0, diagonal=False, ticks=None, level=None,
              dots=True):
    """Writes one plot.

    `series` maps a name to points (x, y); y runs from 0 to `y_top`. `diagonal` draws y = x, the bound in a calibration
    plot. `ticks` are the numbers written below, where they are not those of all points; `level` draws a line at one y.
    """
    xs = sorted({x for points in series.values() for x, _ in points})
    scale = math.log10 if logarithmic else float
    low, high = scale(xs[0]), scale(xs[-1])
    span = high - low or 1

    def across(x):
        return LEFT + (scale(x) - low) / span * (WIDTH - LEFT - RIGHT)

    def up(y):
        return HEIGHT - BOTTOM - min(y, y_top) / y_top * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(LEFT, 24, title, size=14),
    ]
    for step in range(6):
        value = y_top * step / 5
        parts.append(f'<path d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, up(value) + 4, f"{value:.2g}" if y_top < 20 else f"{value:,.0f}", anchor="end"))
    for x in ticks if ticks is not None else xs:
        parts.append(text(across(x), HEIGHT - BOTTOM + 18, f"{x:,}" if ticks is not None else f"{x:g}", anchor="middle"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle"))
    parts.append(
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(y_label)}</text>")
    if diagonal:
        points = " ".join(f"{across(x):.1f},{up(x):.1f}" for x in xs)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#555" stroke-dasharray="5 4"/>')
    if level is not None:
        parts.append(f'<path d="M{LEFT} {up(level):.1f}H{WIDTH - RIGHT}" stroke="#555" stroke-dasharray="5 4"/>')
    for index, (name, points) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if dots:
            parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        y = TOP + 14 + 20 * index
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
        parts.append(text(WIDTH - RIGHT + 32, y, name))
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def text(x, y, words, *, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html.escape(words)}</text>'


def log_log_plot(path, title, y_label, panels):
    """Writes panels side by side with logarithmic axes of one range of y.

    `panels` holds for each the label of x and its series: a name and points (x, y). Dashed lines through each series'
    first point grow in proportion.
    """
    width, gap = 360, 70
    everything = [y for _, series in panels for points in series.values() for _, y in points]
    bottom, top = math.floor(math.log10(min(everything))), math.ceil(math.log10(max(everything)))
    full = LEFT + len(panels) * (width + gap) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{full}" height="{HEIGHT}" fill="#fff"/>',
        text(LEFT, 24, title, size=14),
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(y_label)}</text>",
    ]

    def up(y):
        return HEIGHT - BOTTOM - (math.log10(y) - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM)

    for number, (x_label, series) in enumerate(panels):
        left = LEFT + number * (width + gap)
        xs = [x for points in series.values() for x, _ in points]
        low, high = math.log10(min(xs)) - 0.1, math.log10(max(xs)) + 0.1

        def across(x, left=left, low=low, high=high):
            return left + (math.log10(x) - low) / (high - low) * width

        for power in range(bottom, top + 1):
            parts.append(f'<path d="M{left} {up(10 ** power):.1f}h{width}" stroke="#ddd"/>')
            parts.append(text(left - 8, up(10 ** power) + 4, f"{10.0 ** power:g}", anchor="end"))
        for power in range(math.ceil(low), math.floor(high) + 1):
            parts.append(f'<path d="M{across(10 ** power):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
            parts.append(text(across(10 ** power), HEIGHT - BOTTOM + 18, f"{10 ** power:,}", anchor="middle"))
        parts.append(text(left + width / 2, HEIGHT - 12, x_label, anchor="middle"))
        for index, (name, points) in enumerate(series.items()):
            colour = COLOURS[index % len(COLOURS)]
            (x0, y0), (x1, _) = points[0], points[-1]
            # Cut at the upper edge, where the line would leave the panel.
            end = min(x1, x0 * 10 ** top / y0)
            parts.append(
                f'<path d="M{across(x0):.1f} {up(y0):.1f}L{across(end):.1f} {up(y0 * end / x0):.1f}" stroke="#888" '
                'stroke-dasharray="5 4"/>')
            line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
            if number == len(panels) - 1:
                y = TOP + 14 + 20 * index
                parts.append(f'<rect x="{left + width + 14}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
                parts.append(text(left + width + 32, y, name))
    x, y = LEFT + len(panels) * (width + gap) - gap + 14, TOP + 14 + 20 * max(len(series) for _, series in panels)
    parts.append(f'<path d="M{x} {y - 4}h12" stroke="#888" stroke-dasharray="5 4"/>')
    parts.append(text(x + 18, y, "in proportion"))
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
