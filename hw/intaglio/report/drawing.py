"""A drawing as a list of shapes: written as SVG, and painted as PNG without a browser.

Colours are names of :data:`PALETTE`: light and dark value of each. The hues are those of Okabe and
Ito, which people with any colour vision tell apart.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from html import escape

PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1a1a1a", "#e8e8e8"),
    "faint": ("#b8b8b8", "#5a5a5a"),
    "paper": ("#ffffff", "#16181c"),
    "blue": ("#0072b2", "#56b4e9"),
    "orange": ("#d55e00", "#e69f00"),
    "green": ("#009e73", "#2fc79a"),
    "pink": ("#a64d79", "#cc79a7"),
    "yellow": ("#b8860b", "#f0e442"),
    "grey": ("#6b6b6b", "#9a9a9a"),
    "sky": ("#2f7fb0", "#8fd0f5"),
    "brown": ("#7a4b1e", "#c9975c"),
}
SERIES = ("blue", "orange", "green", "pink", "yellow", "sky", "brown", "grey")
FONT = 12
PNG_SCALE = 2


@dataclass(frozen=True)
class Shape:
    """One shape.

    Parameters
    ----------
    kind : str
        ``"rect"`` (x, y, width, height), ``"line"`` (x0, y0, x1, y1), ``"dot"`` (x, y, radius) or
        ``"text"`` (x, y).
    at : tuple of float
        See `kind`; y grows downwards.
    colour : str
        A key of :data:`PALETTE`.
    text : str
        Of a text; of the others what a pointer shows.
    anchor : str
        ``"start"``, ``"middle"`` or ``"end"``.
    size : float
        Of a text in pixels; width of a line.
    dashed, hollow : bool
        Of a line; of a dot.
    """

    kind: str
    at: tuple[float, ...]
    colour: str = "ink"
    text: str = ""
    anchor: str = "start"
    size: float = FONT
    dashed: bool = False
    hollow: bool = False


@dataclass
class Drawing:
    """Shapes on a sheet.

    Parameters
    ----------
    name : str
        File name without suffix.
    title, alt : str
        Heading, and what the picture says in words.
    width, height : int
        Pixels.
    """

    name: str
    title: str
    alt: str
    width: int = 720
    height: int = 360
    shapes: list[Shape] = field(default_factory=list)

    def rect(self, x: float, y: float, w: float, h: float, colour: str, text: str = "") -> None:
        """Add a filled rectangle; one without area is left out."""
        if w > 0 and h > 0:
            self.shapes.append(Shape("rect", (x, y, w, h), colour, text))

    def line(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: str = "ink",
        *,
        size: float = 1,
        dashed: bool = False,
    ) -> None:
        """Add a line."""
        self.shapes.append(Shape("line", (x0, y0, x1, y1), colour, size=size, dashed=dashed))

    def dot(
        self, x: float, y: float, colour: str, text: str = "", r: float = 4, *, hollow: bool = False
    ) -> None:
        """Add a dot."""
        self.shapes.append(Shape("dot", (x, y, r), colour, text, hollow=hollow))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        colour: str = "ink",
        size: float = FONT,
    ) -> None:
        """Add a text whose baseline is at `y`."""
        self.shapes.append(Shape("text", (x, y), colour, text, anchor, size))

    def svg(self, *, alone: bool = False) -> str:
        """Return the drawing as SVG; `alone`: with its colours, for a file of its own."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'role="img" aria-labelledby="{self.name}-t {self.name}-d" class="chart">'
            f'<title id="{self.name}-t">{escape(self.title)}</title>'
            f'<desc id="{self.name}-d">{escape(self.alt)}</desc>'
        )
        style = f"<style>{colours_css()}</style>" if alone else ""
        sheet = f'<rect width="{self.width}" height="{self.height}" class="f-paper"/>'
        return head + style + sheet + "".join(map(_svg, self.shapes)) + "</svg>"

    def png(self) -> bytes:
        """Return the drawing as PNG on white paper."""
        from PIL import Image, ImageDraw, ImageFont

        size = (self.width * PNG_SCALE, self.height * PNG_SCALE)
        image = Image.new("RGB", size, PALETTE["paper"][0])
        pen = ImageDraw.Draw(image)
        for shape in self.shapes:
            at = [value * PNG_SCALE for value in shape.at]
            colour = PALETTE[shape.colour][0]
            if shape.kind == "rect":
                pen.rectangle((at[0], at[1], at[0] + at[2], at[1] + at[3]), fill=colour)
            elif shape.kind == "line":
                pen.line(at, fill=colour, width=max(round(shape.size * PNG_SCALE), 1))
            elif shape.kind == "dot":
                x, y, r = at
                fill = None if shape.hollow else colour
                pen.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=colour, width=2)
            else:
                font = ImageFont.load_default(shape.size * PNG_SCALE)
                anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
                pen.text((at[0], at[1]), shape.text, fill=colour, font=font, anchor=anchor)
        stream = io.BytesIO()
        image.save(stream, "PNG", optimize=False)
        return stream.getvalue()


def colours_css() -> str:
    """Return the style of all shapes, light and dark."""
    light = "".join(f"--{name}:{pair[0]};" for name, pair in PALETTE.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in PALETTE.items())
    rules = "".join(f".f-{n}{{fill:var(--{n})}}.s-{n}{{stroke:var(--{n})}}" for n in PALETTE)
    return (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"svg.chart text{{font-family:system-ui,sans-serif}}{rules}"
    )


def _svg(shape: Shape) -> str:
    numbers = [f"{value:.1f}".rstrip("0").rstrip(".") for value in shape.at]
    hint = f"<title>{escape(shape.text)}</title>" if shape.text and shape.kind != "text" else ""
    if shape.kind == "rect":
        x, y, w, h = numbers
        return (
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" class="f-{shape.colour}">{hint}</rect>'
        )
    if shape.kind == "line":
        x0, y0, x1, y1 = numbers
        dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
        return (
            f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" class="s-{shape.colour}" '
            f'stroke-width="{shape.size:g}"{dash}/>'
        )
    if shape.kind == "dot":
        x, y, r = numbers
        look = f's-{shape.colour}" fill="none' if shape.hollow else f"f-{shape.colour}"
        return f'<circle cx="{x}" cy="{y}" r="{r}" class="{look}">{hint}</circle>'
    x, y = numbers
    return (
        f'<text x="{x}" y="{y}" class="f-{shape.colour}" font-size="{shape.size:g}" '
        f'text-anchor="{shape.anchor}">{escape(shape.text)}</text>'
    )
