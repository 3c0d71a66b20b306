"""Where panels stand on a page, in inches: margins hold their labels, images have the shape of
their box.

A page has parts, `Images` or `Lines`, side by side. A part knows its size before the figure is
made, so labels do not overlap and nothing is cut off, whatever the shape of the box and the number
of panels.
"""

import math
import re
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crmpi.errors import CrmpiError

LEFT = 0.75  # labels of a vertical axis of images
BEFORE_LINES = 0.95  # of lines, whose numbers and units are longer
BOTTOM = 0.48  # labels of a horizontal one
GAP = 0.12
BAR = 0.12  # thickness of a bar of colours
BESIDE_BAR = 0.85  # its labels, at its right
ABOVE_BAR = 0.5  # or above it
LINE = 0.16  # height of a line of text
LETTER = 0.075  # mean width of a letter of 8 points
HEADING = 0.4
NO_HEADING = 0.1  # margin above a page without one
LONGEST = 10.0  # images longer than this times their width are not drawn to scale
# height / width below which the bar stands above the images of a block, and these below one another
_WIDE = 0.8
_PROPORTION = 1.4  # width / height of a page that is pleasant to read
_SMALLEST = 0.35
_LARGER = 1.3  # letters of a heading, times those of labels
_LONGEST_HEADING = 4.5  # inches for which a narrow page is made wider


class Part(NamedTuple):
    """A rectangle in inches from the lower left corner of its part."""

    left: float
    bottom: float
    width: float
    height: float

    def axes(self, figure, left, bottom):
        """Return axes there, for a part whose corner is at (left, bottom)."""
        across, up = figure.get_size_inches()
        return figure.add_axes(
            (
                (left + self.left) / across,
                (bottom + self.bottom) / up,
                self.width / across,
                self.height / up,
            )
        )

    def shaped(self, aspect):
        """Return the largest rectangle of this height / width inside, in the middle."""
        width, height = min(self.width, self.height / aspect), min(self.height, self.width * aspect)
        return Part(
            self.left + 0.5 * (self.width - width),
            self.bottom + 0.5 * (self.height - height),
            width,
            height,
        )


class Images(NamedTuple):
    """Blocks of images with one bar of colours each.

    `blocks` of `count` images; `aspect` is height/width of an image, `titles` lines of text above
    each; `size` (w, h) of an image; `left`: inches for the numbers and the label at its left.
    """

    blocks: int
    count: int
    aspect: float
    titles: int
    size: tuple
    across: int
    left: float = LEFT

    @property
    def wide(self):
        """Whether bars stand above the images."""
        return self.aspect < _WIDE

    @property
    def block(self):
        """Width and height of a block with its labels."""
        w, h = self.size
        text = LINE * self.titles
        if self.wide:
            return self.left + w + 3 * GAP, ABOVE_BAR + BAR + GAP + self.count * (
                h + text + GAP
            ) + BOTTOM
        return self.left + self.count * (w + GAP) + BAR + BESIDE_BAR, text + h + GAP + BOTTOM

    @property
    def extent(self):
        """Width and height of the part."""
        w, h = self.block
        return w * self.across, h * math.ceil(self.blocks / self.across)

    def places(self):
        """Yield ([Part of each image], Part of the bar) of every block."""
        (w, h), (width, height) = self.size, self.block
        text = LINE * self.titles
        rows = math.ceil(self.blocks / self.across)
        for n in range(self.blocks):
            left, bottom = (
                (n % self.across) * width + self.left,
                (rows - 1 - n // self.across) * height + BOTTOM,
            )
            if self.wide:
                step = h + text + GAP
                images = [
                    Part(left, bottom + (self.count - 1 - k) * step, w, h)
                    for k in range(self.count)
                ]
                yield images, Part(left, bottom + self.count * step, w, BAR)
            else:
                images = [Part(left + k * (w + GAP), bottom, w, h) for k in range(self.count)]
                yield images, Part(left + self.count * (w + GAP), bottom, BAR, h)


def images(blocks, count, aspect, titles=0, across=None, size=None, left=LEFT):
    """Return `Images` of the natural size, or as large as fits into `size` (inches); `across`:
    blocks in a row, None to choose; `left`: inches at the left of images.

    Raises
    ------
    CrmpiError
        `size` is too small for so many
    """
    aspect = min(max(aspect, 1.0 / LONGEST), LONGEST)
    width = min(max(2.7 / aspect**0.5, 0.7), 5.5, 6.5 / aspect)
    natural = [
        Images(blocks, count, aspect, titles, (width, width * aspect), n, left)
        for n in ([across] if across else range(1, blocks + 1))
    ]
    if size is None:
        return min(natural, key=_ungainly)
    best = max((_fitted(one, size) for one in natural), key=lambda one: one.size[0])
    if min(best.size) < _SMALLEST * min(1.0, aspect, 1.0 / aspect):
        raise too_small(size, f"{blocks * count} images")
    return best


def _ungainly(one):
    """Return how far a page is from a pleasant one: its proportion, and room that is left empty."""
    empty = math.ceil(one.blocks / one.across) * one.across - one.blocks
    width, height = one.extent
    return abs(math.log(width / (height + HEADING) / _PROPORTION)) + 0.7 * empty / one.blocks


def _fitted(one, size):
    """Return `Images` with images as large as `size` allows."""
    bare = one._replace(size=(0.0, 0.0)).extent
    rows = math.ceil(one.blocks / one.across)
    n, m = (one.across, rows * one.count) if one.wide else (one.across * one.count, rows)
    width = min((size[0] - bare[0]) / n, (size[1] - bare[1]) / m / one.aspect)
    return one._replace(size=(width, width * one.aspect))


class Lines(NamedTuple):
    """Panels of lines, `across` in a row; `legend`: inches at the right of each; `apart`: every
    panel has its own horizontal axis."""

    count: int
    width: float
    height: float
    legend: float = 0.0
    across: int = 1
    apart: bool = True

    @property
    def cell(self):
        """Width and height of a panel with its labels."""
        return BEFORE_LINES + self.width + max(self.legend, 0.2), self.height + (
            BOTTOM + LINE if self.apart else LINE
        ) + GAP

    @property
    def extent(self):
        """Width and height of the part."""
        rows = math.ceil(self.count / self.across)
        return self.cell[0] * self.across, self.cell[1] * rows + (0.0 if self.apart else BOTTOM)

    def places(self):
        """Yield the Part of every panel, row by row."""
        width, height = self.cell
        rows = math.ceil(self.count / self.across)
        for n in range(self.count):
            bottom = (rows - 1 - n // self.across) * height + BOTTOM
            yield Part((n % self.across) * width + BEFORE_LINES, bottom, self.width, self.height)


def lines(count, legends=(), across=1, apart=True, size=None, panel=(5.0, 1.7)):
    """Return `Lines` of the natural size of a `panel`, or as large as `size` (inches) allows;
    `legends`: all words of all legends."""
    legend = 0.6 + LETTER * max(map(len, legends)) if legends else 0.0
    one = Lines(count, *panel, legend, across, apart)
    if size is None:
        return one
    rows = math.ceil(count / across)
    width = one.width + (size[0] - one.extent[0]) / across
    height = one.height + (size[1] - one.extent[1]) / rows
    if min(width, height) < _SMALLEST:
        raise too_small(size, f"{count} panels")
    return one._replace(width=width, height=height)


def too_small(room, what):
    """Return the error of a page whose `room` (inches) does not hold `what`."""
    size = f"{room[0]:g} {room[1] + HEADING:g}"
    return CrmpiError(
        f"--size {size} (inches) is too small for {what}: fewer of them, or more room"
    )


def inner(size):
    """Return the room for parts in a page of `size`, None for the natural size."""
    return None if size is None else (size[0], size[1] - HEADING)


def page(parts, heading="", size=None):
    """Return a figure and the lower left corner of each part, parts side by side with their tops at
    one height."""
    width = sum(part.extent[0] for part in parts)
    height = max(part.extent[1] for part in parts)
    above = HEADING if heading or size else NO_HEADING
    across, up = size or (max(width, min(_extent(heading), _LONGEST_HEADING)), height + above)
    figure = Figure(figsize=(across, up))
    left = 0.5 * (across - width)
    corners = []
    for part in parts:
        corners.append((left, up - above - part.extent[1]))
        left += part.extent[0]
    if heading:
        figure.text(
            0.1 / across,
            1.0 - 0.1 / up,
            shortened(heading, across - 0.2, LETTER * _LARGER),
            va="top",
            size=10,
        )
    return figure, corners


def _extent(heading):
    """Return the inches that a heading needs, its margins included; mathematics takes less room
    than its letters."""
    plain = re.sub(r"[$_{}^\\]", "", heading)
    return LETTER * _LARGER * len(plain) + 0.2 if plain else 0.0


def shortened(text, room, letter=LETTER):
    """Return `text` with its middle left out if it is longer than `room` (inches)."""
    maximum = max(int(room / letter), 5)
    if len(re.sub(r"[$_{}^\\]", "", text)) <= maximum:
        return text
    return f"{text[: (maximum - 1) // 2]}…{text[len(text) - maximum // 2 :]}"


def inches(axes):
    """Return width and height of axes in inches."""
    box = axes.get_position()
    across, up = axes.figure.get_size_inches()
    return box.width * across, box.height * up


def set_ticks(axis, low, high, room, each):
    """Give an axis as many numbers as have `room` (inches, `each` one), one at least; none beside
    its ends, where neighbours begin."""
    maximum = max(int(room / each), 1)
    edge = min(0.3 * each / room, 0.4) * (high - low)
    found = []
    for steps in ([1, 2, 5, 10], [1, 2, 4, 10]):  # -0.4, 0, 0.4 where five numbers have no room
        for bins in range(maximum + 2, 0, -1) if len(found) < 3 else ():
            places = MaxNLocator(bins, steps=steps).tick_values(low, high)
            inside = [at for at in places if low + edge <= at <= high - edge]
            if len(found) < len(inside) <= maximum:
                found = inside
    for bins in range(2, 8) if len(found) < 2 else ():  # one number does not tell a scale
        places = MaxNLocator(bins, steps=[1, 2, 5, 10]).tick_values(low, high)
        inside = [at for at in places if low + edge <= at <= high - edge]
        if inside and (inside[-1] - inside[0]) / (high - low) * room >= 0.7 * each:
            found = [inside[0], inside[-1]]
            break
    axis.set_ticks(found or [0.5 * (low + high)])


def thinned(places, maximum):
    """Return every n-th of `places`, `maximum` of them at most; zero stays."""
    step = math.ceil(len(places) / maximum) if places else 1
    start = next((n % step for n, at in enumerate(places) if at == 0.0), len(places) // 2 % step)
    return places[start::step][:maximum]
