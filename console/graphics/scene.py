"""The renderer of the world's graphics: a scene, seen by a camera, onto an overlay.

From below: what lies on the ground, less what bodies hide of it; what stands there, far to near, less who is nearer;
what is in the air; skeletons; the labels' leaders, then their plates.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from PySide6.QtGui import QImage

from console.graphics.body import flesh
from console.graphics.convert import NO_BOX, Box, OverlayPicture, Touched
from console.graphics.elements import MOST_SUBJECTS, Building, build
from console.graphics.faces import Panel, panels
from console.graphics.geometry import (
    Indexes,
    capsule_outlines,
    project_capsules,
    project_points,
    project_polygons,
    sane,
)
from console.graphics.labels import Key, Layout, Placed, Wish, arrange
from console.graphics.moment import NO_TRAIL, Array, Scene, Subject
from console.graphics.occlusion import Mask
from console.graphics.paint import (
    DOT_PX,
    LEADER_PX,
    OUTLINE,
    SPRITE_MARGIN_PX,
    TEXT,
    Canvas,
    Rgba,
    mark_polygon,
)
from console.graphics.readings import Readings
from console.graphics.shapes import Bones, Face, Fill, Mixing, Tag
from console.graphics.sprites import Sprites
from console.tracking.camera import CameraView

__all__ = ["NO_TRAIL", "Array", "Mask", "Scene", "SceneRenderer", "Subject"]

MOST_LABELS = 40
_BENT_PIECES = 12
_BONE_RIM_PX = 1.6
_PARTS_ORDER = (0, 2, 1)
"""The trunk and the knots lie under the limbs."""


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A fill in the picture."""

    polygons: tuple[Array, ...]
    colours: tuple[Rgba, ...]
    opacity: float
    marks: int
    """How many of the polygons, from the first, hold all the others."""
    mixing: Mixing


@dataclass(frozen=True, eq=False)
class _Body:
    """Who may hide something: capsules in the picture, and how far away."""

    outlines: Array
    depth_m: float


@dataclass(frozen=True, eq=False)
class _Skeleton:
    """Outlines (m, n, 2) of bones and of their dark rims, knots (k, 2) and their radii, and which colour each has."""

    bones: Array
    rims: Array
    knots: Array
    radii_px: Array
    parts: tuple[Indexes, Indexes]
    """Of bones and of knots."""
    colours: tuple[Rgba, ...]
    opacity: float


@dataclass(frozen=True, eq=False)
class _Plate:
    """A label in the picture."""

    image: QImage
    placed: Placed
    opacity: float
    colour: str


@dataclass(frozen=True, eq=False)
class _Plan:
    """Everything to be painted, in pixels."""

    ground: list[_Drawn | Panel]
    standing: list[tuple[float, Panel]]
    above: list[_Drawn | Panel]
    skeletons: list[_Skeleton]
    plates: list[_Plate]
    bodies: list[_Body]

    def same_as(self) -> Hashable:
        """Equal for plans that paint the same."""
        parts: list[Hashable] = []
        for one in (*self.ground, *self.above):
            parts += [one.opacity, *_bytes(one)]
        for depth, panel in self.standing:
            parts += [depth, panel.opacity, *_bytes(panel)]
        for skeleton in self.skeletons:
            parts += [skeleton.opacity, skeleton.colours, skeleton.rims.tobytes()]
            parts += [skeleton.knots.tobytes(), skeleton.radii_px.tobytes()]
        parts += [(id(plate.image), plate.placed, plate.opacity) for plate in self.plates]
        parts += [(body.depth_m, body.outlines.tobytes()) for body in self.bodies]
        return tuple(parts)


def _bytes(one: _Drawn | Panel) -> Iterable[Hashable]:
    if isinstance(one, Panel):
        return (id(one.image), *(piece.outline.tobytes() for piece in one.pieces))
    return (*(polygon.tobytes() for polygon in one.polygons), one.colours)


class SceneRenderer:
    """Draws the scenes of one camera, picture after picture. Lives in the thread it was made in, with a Qt application.

    Between pictures it keeps where labels stand, what figures show, and sprites.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._canvas = Canvas(width, height)
        self._sprites = Sprites(width, height)
        self._readings = Readings()
        self._layout = Layout()
        self._plate_of: dict[Key, tuple[QImage, float, str]] = {}
        self._painted: Hashable = None
        self._boxes: tuple[Box, ...] = ()
        self._serial = 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """What could not be drawn, in plain words, each once."""
        return self._sprites.troubles

    def render(
        self, scene: Scene, view: CameraView, strength: float, into: OverlayPicture, ground: Mask | None = None
    ) -> None:
        """Draw a scene as a camera sees it, at a strength of 0..1, onto an overlay of the renderer's size.

        `ground` says where the picture shows the ground; outside its box, and without it, bodies are taken to hide
        what lies there. What is the same as before is not painted again.
        """
        if not strength > 0 or not scene.elements:
            self._layout = Layout()
            into.clear()
            return
        plan = self._plan(scene, view)
        same = plan.same_as()
        if ground is not None or same != self._painted:
            self._paint(plan, ground)
            self._painted = same if ground is None else None
            self._serial += 1
        drawn = (id(self), self._serial, min(strength, 1.0))
        if into.drawn != drawn:
            into.lay(self._canvas.pixels, self._boxes, min(strength, 1.0))
            into.drawn = drawn

    def ground_box(self, scene: Scene, view: CameraView) -> Box:
        """Where a mask of the ground would be of use: what of the scene lies under subjects. `NO_BOX`: nowhere."""
        building = self._building(scene, view, Readings())
        touched = Touched(self._width, self._height)
        shapes = [one for one in build(building) if isinstance(one, Fill | Face) and one.under]
        outlines = [polygon for one in shapes if isinstance(one, Fill) for polygon in one.polygons_m]
        outlines += [one.corners_m for one in shapes if isinstance(one, Face) and not one.standing]
        for polygon in project_polygons(view, outlines):
            if len(polygon):
                mark_polygon(touched, polygon)
        boxes = touched.boxes()
        if not boxes:
            return NO_BOX
        left, top = min(box.x for box in boxes), min(box.y for box in boxes)
        right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
        return Box(left, top, right - left, bottom - top)

    def _building(self, scene: Scene, view: CameraView, readings: Readings) -> Building:
        building = Building(scene, view.position_m, readings, self._sprites.tell)
        if any(view.distortion):
            building.pieces = _BENT_PIECES
        return building

    def _plan(self, scene: Scene, view: CameraView) -> _Plan:
        shapes = build(self._building(scene, view, self._readings))
        fills = [one for one in shapes if isinstance(one, Fill)]
        projected = iter(project_polygons(view, [polygon for fill in fills for polygon in fill.polygons_m]))
        ground: list[_Drawn | Panel] = []
        above: list[_Drawn | Panel] = []
        standing: list[tuple[float, Panel]] = []
        for shape in shapes:
            if isinstance(shape, Fill):
                seen = [(next(projected), colour) for colour in shape.colours]
                pairs = [pair for pair in seen if len(pair[0])]
                holding = sum(len(polygon) > 0 for polygon, _ in seen[: shape.holding])
                if pairs:
                    marks = holding if shape.holding else len(pairs)
                    polygons, colours = zip(*pairs, strict=True)
                    drawn = _Drawn(polygons, colours, shape.opacity, marks, shape.mixing)
                    (ground if shape.under else above).append(drawn)
            elif isinstance(shape, Face):
                panel = panels(shape, view, self._sprites)
                if panel is None:
                    continue
                if shape.standing and shape.under:
                    standing.append((panel.depth_m, panel))
                else:
                    (ground if shape.under else above).append(panel)
        standing.sort(key=lambda one: -one[0])
        bodies = self._bodies(scene, view) if ground or standing else []
        skeletons = self._skeletons([one for one in shapes if isinstance(one, Bones)], view)
        shown_ids = {element.id for element, opacity in scene.elements if opacity > 0}
        tags = [one for one in shapes if isinstance(one, Tag)]
        plates = self._plates(tags, shown_ids, view, scene.instant_s)
        return _Plan(ground, standing, above, skeletons, plates, bodies)

    def _bodies(self, scene: Scene, view: CameraView) -> list[_Body]:
        everyone = [one for one in scene.subjects if one.strength > 0 and sane(np.asarray(one.position_m, np.float64))]
        if not everyone:
            return []
        places = np.array([one.position_m for one in everyone], np.float64)
        _, depth = project_points(view, places + np.array([0.0, 0.0, 1.0]))
        near = [at for at in np.argsort(depth).tolist() if np.isfinite(depth[at])][:MOST_SUBJECTS]
        parts = [flesh(everyone[at]) for at in near]
        if not parts:
            return []
        ends, radius = np.concatenate([e for e, _ in parts]), np.concatenate([r for _, r in parts])
        pixels, wide, kept = project_capsules(view, ends, radius)
        outlines = capsule_outlines(pixels, wide)
        owner = np.repeat(np.arange(len(parts)), [len(ends) for ends, _ in parts])[kept]
        return [_Body(outlines[owner == n], float(depth[at])) for n, at in enumerate(near) if (owner == n).any()]

    def _skeletons(self, bones: Sequence[Bones], view: CameraView) -> list[_Skeleton]:
        """Far to near."""
        if not bones:
            return []
        ends, radius = np.concatenate([b.ends_m for b in bones]), np.concatenate([b.radius_m for b in bones])
        pixels, wide, kept = project_capsules(view, ends, radius, 0.9 * self._height / 1080)
        is_knot = (ends[kept, 0] == ends[kept, 1]).all(axis=1)
        part, radii_px = np.concatenate([b.parts for b in bones])[kept], wide.mean(axis=1)
        rim_px = _BONE_RIM_PX * self._height / 1080
        outlines, rims = capsule_outlines(pixels, wide), capsule_outlines(pixels, wide + rim_px)
        stops = np.searchsorted(kept, np.cumsum([len(b.ends_m) for b in bones]))
        found: list[tuple[float, _Skeleton]] = []
        for one, start, stop in zip(bones, [0, *stops.tolist()], stops.tolist(), strict=False):
            mine = np.arange(start, stop)
            if len(mine):
                knot, bone = mine[is_knot[mine]], mine[~is_knot[mine]]
                depth = float((one.ends_m[:, 0].mean(axis=0) - view.position_m) @ view.rotation[2])
                parts = part[bone], part[knot]
                skeleton = _Skeleton(
                    outlines[bone], rims[bone], pixels[knot, 0], radii_px[knot], parts, one.colours, one.opacity
                )
                found.append((depth, skeleton))
        found.sort(key=lambda each: -each[0])
        return [one for _, one in found]

    def _plates(self, tags: Sequence[Tag], shown_ids: set[str], view: CameraView, instant_s: float) -> list[_Plate]:
        wishes: list[tuple[float, Wish]] = []
        if tags:
            pixels, depth = project_points(view, np.array([tag.anchor_m for tag in tags]))
            for tag, (x, y), far in zip(tags, pixels.tolist(), depth.tolist(), strict=True):
                if not (far > 0 and 0 <= x <= self._width and 0 <= y <= self._height * 1.05):
                    continue
                image = self._sprites.plate(tag.rows, tag.colour, tag.size)
                rim = 2 * SPRITE_MARGIN_PX
                wishes.append((far, Wish(tag.key, x, y, image.width() - rim, image.height() - rim)))
                self._plate_of[tag.key] = image, tag.opacity, tag.colour
        if len(wishes) > MOST_LABELS:
            shown = {placed.key for placed in self._layout.labels}
            wishes.sort(key=lambda one: (one[1].key not in shown, one[0], one[1].key))
            self._sprites.tell(f"Only {MOST_LABELS} labels fit a picture; those furthest away are left out")
        kept = [wish for _, wish in wishes[:MOST_LABELS]]
        # What was switched off has faded already; a label whose subject is lost fades here.
        still = tuple(placed for placed in self._layout.labels if placed.key[0] in shown_ids)
        self._layout = replace(self._layout, labels=still)
        self._layout = arrange(kept, self._layout, instant_s, self._width, self._height)
        self._plate_of = {placed.key: self._plate_of[placed.key] for placed in self._layout.labels}
        return [
            _Plate(image, placed, opacity * placed.opacity, colour)
            for placed in self._layout.labels
            for image, opacity, colour in (self._plate_of[placed.key],)
        ]

    def _paint(self, plan: _Plan, ground: Mask | None) -> None:
        canvas = self._canvas
        canvas.begin()
        try:
            _draw_all(canvas, plan.ground)
            if plan.ground:
                _hide_ground(canvas, plan.bodies, ground)
            for depth, panel in plan.standing:
                _draw_all(canvas, [panel])
                for body in plan.bodies:
                    if body.depth_m < depth:
                        canvas.erase(body.outlines)
            _draw_all(canvas, plan.above)
            for skeleton in plan.skeletons:
                with canvas.layer(skeleton.opacity) as layer:
                    _draw_skeleton(layer, skeleton, _BONE_RIM_PX * self._height / 1080)
            self._draw_plates(plan.plates)
        finally:
            self._boxes = canvas.end()

    def _draw_plates(self, plates: Sequence[_Plate]) -> None:
        _draw_leaders(self._canvas, plates, self._height / 1080)
        for plate in plates:
            x, y = plate.placed.x - SPRITE_MARGIN_PX, plate.placed.y - SPRITE_MARGIN_PX
            self._canvas.sprite(plate.image, x, y, plate.opacity)


def _draw_all(canvas: Canvas, drawn: Sequence[_Drawn | Panel]) -> None:
    """Paint in order; what has the same opacity as its neighbour comes onto the canvas together."""
    for opacity, together in groupby(drawn, key=lambda one: round(one.opacity * 255) / 255):
        with canvas.layer(opacity) as layer:
            for one in together:
                if isinstance(one, Panel):
                    for piece in one.pieces:
                        layer.picture(piece.outline, one.image, piece.transform)
                else:
                    instead = one.mixing is Mixing.INSTEAD or (
                        one.mixing is Mixing.ALONE and not layer.holds(one.polygons[: one.marks])
                    )
                    layer.polygons(one.polygons, one.colours, one.marks, instead=instead)


def _hide_ground(canvas: Canvas, bodies: Sequence[_Body], ground: Mask | None) -> None:
    """Take away what is not to be seen of the ground."""
    if ground is None or not ground.shown.size:
        for body in bodies:
            canvas.erase(body.outlines)
        return
    with canvas.sparing(ground.box):
        for body in bodies:
            canvas.erase(body.outlines)
    canvas.keep(ground.shown, ground.x, ground.y)


def _draw_skeleton(canvas: Canvas, skeleton: _Skeleton, rim_px: float) -> None:
    """First the dark rim of all, then bones and knots, of one colour at a time."""
    bones, knots, radii = skeleton.bones, skeleton.knots, skeleton.radii_px
    canvas.outlines(skeleton.rims, OUTLINE)
    canvas.dots(knots, radii + rim_px, OUTLINE)
    bone_part, knot_part = skeleton.parts
    for part in _PARTS_ORDER:
        canvas.outlines(bones[bone_part == part], skeleton.colours[part])
        canvas.dots(knots[knot_part == part], radii[knot_part == part], skeleton.colours[part])
    beyond = float(radii.max(initial=0.0)) + rim_px + 1
    everywhere = np.concatenate((skeleton.rims.reshape(-1, 2), knots))
    canvas.touched.mark(*(everywhere.min(axis=0) - beyond).tolist(), *(everywhere.max(axis=0) + beyond).tolist())


def _draw_leaders(canvas: Canvas, plates: Sequence[_Plate], scale: float) -> None:
    """The lines from plates to what they name: white, on a dark one, ending in a dot."""
    by_alpha: dict[float, list[tuple[tuple[float, float], tuple[float, float]]]] = {}
    for plate in plates:
        placed = plate.placed
        x, y = placed.anchor
        foot = placed.y + placed.height
        if y > foot:
            top = min(max(x, placed.x + 8 * scale), placed.x + placed.width - 8 * scale), foot
            by_alpha.setdefault(plate.opacity, []).append((top, (x, y)))
            wide = 2 * DOT_PX * scale
            canvas.touched.mark(min(x, top[0]) - wide, foot - wide, max(x, top[0]) + wide, y + wide)
    for alpha, leaders in by_alpha.items():
        ends = np.array(leaders)
        for width, radius, (red, green, blue, full) in (
            (LEADER_PX + 2.2, DOT_PX + 1.3, OUTLINE),
            (LEADER_PX, DOT_PX, TEXT),
        ):
            colour = (red, green, blue, round(full * alpha))
            canvas.lines(ends, width * scale, colour)
            canvas.dots(ends[:, 1], np.full(len(ends), radius * scale), colour)
