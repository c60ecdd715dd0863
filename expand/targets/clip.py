"""Clip rings at the border of a view, and at other convex areas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Size
from expand.targets.rings import Floats, Rings, Wholes

TOLERANCE = 1e-6
"""Pixels by which rounding may put a corner outside."""
SPECK = 1e-9
"""Square pixels below which an area is none."""


class Clipped(NamedTuple):
    """What is left of R rings inside the border of a view."""

    pieces: Rings
    """A concave ring can leave several."""
    ring: Wholes
    """The ring that each piece comes from."""
    cut: Wholes
    """The rings that are not wholly inside."""
    areas: Floats
    """The area of each piece."""
    whole: Floats
    """The area of each of the R rings."""


def frame_corners(size: Size) -> Floats:
    """Return the corners of a view, 4×2."""
    width, height = float(size.width), float(size.height)
    return np.array([[0, 0], [width, 0], [width, height], [0, height]])


def clip_rings(rings: Rings, size: Size) -> Clipped:
    """Clip R rings at the border of a view, with new corners where they cross it.

    The sides of `size` are numbers, or arrays of R: each ring is in a view of its own.
    """
    bounds, whole = rings.bounds(), rings.areas()
    sides = np.empty((len(bounds), 2))
    sides[:, 0], sides[:, 1] = size
    over = (bounds[:, :2] < -TOLERANCE) | (bounds[:, 2:] > sides + TOLERANCE)
    outside = over.any(axis=1)
    cut, ring = np.flatnonzero(outside), np.arange(len(bounds))
    pieces, areas = rings, whole
    if len(cut):
        parts, came = _clip_frame(rings.take(cut), sides[cut])
        part_areas, came = parts.areas(), cut[came]
        # what only touches the border is outside; lines have no area at all
        solid = np.flatnonzero((part_areas >= SPECK) | (whole[came] < SPECK))
        inside = np.flatnonzero(~outside)
        ring = np.concatenate([inside, came[solid]])
        order = np.argsort(ring, kind="stable")
        chosen, ring = np.concatenate([inside, len(bounds) + solid])[order], ring[order]
        pieces = Rings.join([rings, parts]).take(chosen)
        areas = np.concatenate([whole, part_areas])[chosen]
    limits = np.repeat(sides[ring], pieces.ends - pieces.begins, axis=0)
    pieces = Rings(np.minimum(np.maximum(pieces.corners, 0.0), limits), pieces.begins)
    return Clipped(pieces, ring, cut, areas, whole)


FRAME = ((1, False, (-1, 0)), (0, True, (0, -1)), (1, True, (1, 0)), (0, False, (0, 1)))
"""The borders of a view: their axis, whether they are at its end, and their direction."""


def _clip_frame(rings: Rings, sides: Floats) -> tuple[Rings, Wholes]:
    """Return the parts of R rings inside their views, with sides R×2; and the ring of each."""
    ring = np.arange(len(rings.begins))
    for axis, at_end, along in FRAME:
        depth = rings.corners[:, axis]
        if at_end:
            depth = np.repeat(sides[ring, axis], rings.ends - rings.begins) - depth
        if len(depth) and depth.min() < 0:
            rings, came = _clip_line(rings, depth, np.array(along, np.float64))
            ring = ring[came]
    return rings, ring


def inward_lines(area: Floats) -> list[list[float]]:
    """Return the sides of a convex area (K×2 corners), each as x, y, across, down.

    (x, y) is a corner; (across, down) is the direction that leads into the area.
    """
    edges = area[[*range(1, len(area)), 0]] - area
    turning = np.sign(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0])
    lines: list[list[float]] = np.concatenate(
        [area, -turning * edges[:, 1:], turning * edges[:, :1]], axis=1
    ).tolist()
    return lines


def clip_convex(rings: Rings, area: Floats) -> tuple[Rings, Wholes]:
    """Return the parts of R rings inside a convex area (K×2 corners), and the ring of each."""
    ring = np.arange(len(rings.begins))
    for x, y, across, down in inward_lines(area):
        depth = across * (rings.corners[:, 0] - x) + down * (rings.corners[:, 1] - y)
        if len(depth) and depth.min() < 0:
            rings, came = _clip_line(rings, depth, np.array([-down, across]))
            ring = ring[came]
    return rings, ring


def in_convex(places: Floats, area: Floats) -> NDArray[np.bool_]:
    """Return which points (… × 2) lie in a convex area, given by its corners (K×2)."""
    inside = np.ones(places.shape[:-1], bool)
    for x, y, across, down in inward_lines(area):
        inside &= across * (places[..., 0] - x) + down * (places[..., 1] - y) >= 0
    return inside


def _clip_line(rings: Rings, depth: Floats, along: Floats) -> tuple[Rings, Wholes]:
    """Return the parts of rings where `depth` is not negative, and the ring of each.

    `depth` is that of each corner, and `along` the direction of the line where it is 0. A ring that
    crosses the line twice leaves one part: its corners inside, and the two crossings, in order.
    """
    inside, after = depth >= 0, rings.after()
    crosses = inside != inside[after]
    often = np.flatnonzero(np.add.reduceat(crosses, rings.begins, dtype=np.int64) > 2)
    # a corner on the line is its own crossing
    adds = crosses & (np.where(inside, depth, depth[after]) > 0)
    counts = inside.astype(np.int64) + adds
    places = np.cumsum(counts) - counts
    corners = np.empty((int(counts.sum()), 2))
    corners[places[inside]] = rings.corners[inside]
    begin, end = np.flatnonzero(adds), after[adds]
    share = depth[begin] / (depth[begin] - depth[end])
    corners[places[begin] + inside[begin]] = (
        rings.corners[begin] + (rings.corners[end] - rings.corners[begin]) * share[:, None]
    )
    lengths = np.add.reduceat(counts, rings.begins)
    came = np.flatnonzero(lengths)
    clipped = Rings(corners, places[rings.begins[came]])
    return (clipped, came) if not len(often) else _split(rings, depth, along, clipped, came, often)


def _split(
    rings: Rings, depth: Floats, along: Floats, clipped: Rings, came: Wholes, often: Wholes
) -> tuple[Rings, Wholes]:
    """Replace the clipped rings that cross the line `often` by their separate parts."""
    once = np.flatnonzero(~np.isin(came, often))
    parts, ring = [clipped.take(once).corners], [came[once]]
    lengths = [(clipped.ends - clipped.begins)[once]]
    for index, begin, end in zip(often, rings.begins[often], rings.ends[often], strict=True):
        pieces = keep_side(rings.corners[begin:end], depth[begin:end], along)
        parts += pieces
        ring.append(np.full(len(pieces), index))
        lengths.append(np.array([len(piece) for piece in pieces]))
    counts, of = np.concatenate(lengths), np.concatenate(ring)
    order = np.argsort(of, kind="stable")
    return Rings(np.concatenate(parts), np.cumsum(counts) - counts).take(order), of[order]


def keep_side(ring: Floats, depth: Floats, along: Floats) -> list[Floats]:
    """Return the parts of a ring (M×2) on one side of a line: where `depth` (M) is not negative.

    `along` is the direction of the line. The points at which the ring crosses the line, sorted
    along it, enter and leave the ring's area by turns: each pair of them is joined. So a concave
    ring falls into parts without edges between them, as the algorithm of Sutherland and Hodgman
    would leave.
    """
    inside = depth >= 0
    if inside.all():
        return [ring]
    after = np.roll(inside, -1)
    enters, leaves = np.flatnonzero(~inside & after), np.flatnonzero(inside & ~after)
    if not len(enters):
        return []
    # the first leaving edge after each entering edge ends the chain that begins there
    leaves = np.roll(leaves, -np.searchsorted(leaves, enters[0]))
    first, last = _crossings(ring, depth, enters), _crossings(ring, depth, leaves)
    count = len(ring)
    chains = [
        np.concatenate(
            [
                [begin],
                ring[np.arange(enter + 1, leave + 1 + count * (leave < enter)) % count],
                [end],
            ]
        )
        for begin, enter, leave, end in zip(first, enters, leaves, last, strict=True)
    ]
    parts = chains if len(chains) == 1 else _join(chains, along)
    return [_without_repeats(part) for part in parts]


def _crossings(ring: Floats, depth: Floats, edges: Wholes) -> Floats:
    """Return the points at which edges (each begins at a corner) cross the line."""
    ends = (edges + 1) % len(ring)
    share = depth[edges] / (depth[edges] - depth[ends])
    return ring[edges] + (ring[ends] - ring[edges]) * share[:, None]


def _join(chains: list[Floats], along: Floats) -> list[Floats]:
    """Join chains, whose 2n ends lie on a line of the direction `along`, into rings."""
    ends = np.array([end for chain in chains for end in (chain[0], chain[-1])])
    order = np.argsort(ends @ along, kind="stable").tolist()
    partner = dict(zip(order[::2], order[1::2], strict=True))
    partner |= {second: first for first, second in partner.items()}
    left, rings = set(range(len(chains))), []
    while left:
        parts, end = [], 2 * min(left)
        while end // 2 in left:
            left.remove(end // 2)
            parts.append(chains[end // 2][:: -1 if end % 2 else 1])
            end = partner[end ^ 1]
        rings.append(np.concatenate(parts))
    return rings


def _without_repeats(ring: Floats) -> Floats:
    """Leave out corners that are equal to the one before; at least one corner remains."""
    differs = (ring != np.roll(ring, 1, axis=0)).any(axis=1)
    return ring[differs] if differs.any() else ring[:1]
