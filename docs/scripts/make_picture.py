"""Make the picture of the README: views of the sample beside the accuracy plot of a comparison.

train compare data/train --test data/test --factor 2,4
python docs/scripts/make_picture.py     # reads comparison/index.html, writes docs/picture.svg
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

SHEET, GAP, HEIGHT = 520, 24, 510
"""Width of the sheet, the gap to the plot, and the height of both, in pixels."""


def main() -> None:
    """Write the picture."""
    page = Path(sys.argv[1] if len(sys.argv) > 1 else "comparison/index.html")
    sheet = contact_sheet()
    width, height, plot = accuracy_plot(page.read_text("utf-8"))
    plot_width = round(HEIGHT * 0.85 * width / height)
    total = SHEET + GAP + plot_width
    top = round(HEIGHT * 0.075)
    ROOT.joinpath("docs/picture.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT}" width="{total}" '
        f'height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="10">\n'
        f'<rect width="{total}" height="{HEIGHT}" fill="#fff"/>\n'
        f'<image width="{SHEET}" height="{HEIGHT}" href="data:image/webp;base64,{sheet}"/>\n'
        f'<svg x="{SHEET + GAP}" y="{top}" width="{plot_width}" height="{HEIGHT - 2 * top}" '
        f'viewBox="0 0 {width:g} {height:g}">{plot}</svg>\n</svg>\n',
        "utf-8",
    )


def contact_sheet() -> str:
    """Return three sources and their views, as `expand preview` draws them, in base64."""
    from expand import preview

    png = preview(ROOT / "data/train", "classic", 4, sources=3).png()
    drawn = Image.open(io.BytesIO(png)).convert("RGB")
    drawn.thumbnail((2 * SHEET, 2 * HEIGHT), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (2 * SHEET, 2 * HEIGHT), "white")
    sheet.paste(drawn, (0, (sheet.height - drawn.height) // 2))
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=80)
    return base64.b64encode(data.getvalue()).decode()


def accuracy_plot(page: str) -> tuple[float, float, str]:
    """Return the last plot of accuracy against F of a page: its width, height and content."""
    plots = [svg for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL) if "factor-" in svg]
    tag, content = re.fullmatch(r"(<svg[^>]*>)(.*)</svg>", plots[-1], re.DOTALL).groups()
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', tag).groups()
    return float(width), float(height), re.sub(r"<(title|desc)[^>]*>.*?</\1>", "", content)


if __name__ == "__main__":
    main()
