"""From the elements of a scene to shapes in the world. No pixels here: how it is seen is for the renderer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from console.graphics import readings as words
from console.graphics.body import bones, head_top_m
from console.graphics.colours import TOPS_MPS, lighter, rgba
from console.graphics.geometry import sane
from console.graphics.moment import Array, Scene, Subject
from console.graphics.paint import SHADE, Rgba
from console.graphics.readings import Facts, Readings
from console.graphics.shapes import SHADE_M, Bones, Face, Fill, Mixing, Shape, Tag, disc, ring, strip, subdivided
from console.graphics.sprites import FaceLook
from console.graphics.trails import pieces_of
from console.show.world import Element, ElementKind

MOST_SUBJECTS = 64
"""Of one element: nobody can tell more apart."""
_WHITE: Rgba = (255, 255, 255, 255)
_LINE_M = 0.10
_MOST_POINTS = 400
_WAKES = 4


@dataclass
class Building:
    """What the building of one picture's shapes needs, and what it finds."""

    scene: Scene
    eye_m: Array
    readings: Readings
    tell: Callable[[str], None]
    pieces: int = 5
    """Into how many pieces long straight edges are cut: some paint quicker than one, and a lens bends them."""
    places: dict[str, int] = field(default_factory=dict)

    def who(self, element: Element) -> list[Subject]:
        """The subjects an element is about, nearest first when they are too many."""
        if not element.subject:
            return []
        found = [
            one
            for one in self.scene.subjects
            if element.subject in ("*", one.id) and one.strength > 0 and sane(np.asarray(one.position_m, np.float64))
        ]
        if len(found) > MOST_SUBJECTS:
            self.tell(f"{element.id} is drawn for the nearest {MOST_SUBJECTS} of {len(found)} subjects")
            found.sort(key=lambda one: float(np.linalg.norm(np.asarray(one.position_m) - self.eye_m)))
        return found[:MOST_SUBJECTS]

    def facts(self, element: Element, subject: Subject) -> Facts:
        """What is known of a subject, in an element's units."""
        instant, text = self.scene.instant_s, element.text or words.DEFAULT_TEXT.get(element.kind, "")
        distance = ""
        if "{distance}" in text:
            distance = self.readings.length(
                f"{element.id} {subject.id}", words.along_m(element, subject), element.unit, instant
            )
        place = ""
        if "{place}" in text:
            if not self.places:
                everyone = [one for one in self.scene.subjects if one.strength > 0]
                along = {one.id: words.along_m(element, one) for one in everyone}
                self.places.update(self.readings.places(everyone, along))
            place = str(self.places.get(subject.id, ""))
        speed = self.readings.speed(subject, element.unit, instant) if "{speed}" in text else ""
        return Facts(subject.name, subject.bib, subject.country, speed, distance, place)


def build(building: Building) -> list[Shape]:
    """All shapes of a scene, in the order of its elements. What can't be drawn is left out and named."""
    shapes: list[Shape] = []
    for element, opacity in building.scene.elements:
        if opacity > 0:
            shapes += _KINDS[element.kind](element, min(opacity, 1.0), building)
    return shapes


def points_of(element: Element, building: Building, least: int) -> list[Array] | None:
    """An element's points; None, and a word about it, when there are too few or they can't be."""
    points = []
    for point in element.points_m[:_MOST_POINTS]:
        values = np.zeros(3)
        values[: len(point[:3])] = point[:3]
        points.append(values)
    if not all(sane(point) for point in points):
        building.tell(f"{element.id} stands at a place that can't be; it is left out")
        return None
    if len(points) < least:
        building.tell(f"{element.id} needs {least} or more points and has {len(points)}; it is left out")
        return None
    return points


def size_of(element: Element) -> float:
    """An element's size within reason."""
    return min(max(element.size_m, 0.01), 1000.0) if math.isfinite(element.size_m) else 1.0


def _direction(element: Element) -> Array:
    """The element's direction along the ground, of length 1."""
    along = np.zeros(3)
    along[: len(element.along_m[:2])] = element.along_m[:2]
    length = float(np.linalg.norm(along))
    return along / length if math.isfinite(length) and length > 1e-9 else np.array([1.0, 0.0, 0.0])


def _line(start: Array, end: Array, width_m: float, colour: Rgba, building: Building) -> list[tuple[Array, Rgba]]:
    """A bright strip on a darker, broader one."""
    rim = SHADE_M * min(width_m / _LINE_M, 2.0)
    along = end - start
    # Edges that lie on each other would be twice anti-aliased, and tremble: the dark one is longer too.
    more = along / max(float(np.linalg.norm(along)), 1e-9) * rim
    broad = strip(start - more, end + more, width_m + 2 * rim, building.pieces)
    return [(broad, SHADE), (strip(start, end, width_m, building.pieces), colour)]


def _fill(
    parts: list[tuple[Array, Rgba]], opacity: float, under: bool, holding: int = 0, mixing: Mixing = Mixing.OVER
) -> list[Shape]:
    kept = [part for part in parts if len(part[0]) >= 3]
    if not kept:
        return []
    return [Fill(tuple(p for p, _ in kept), tuple(c for _, c in kept), opacity, under, holding, mixing)]


def _tags(element: Element, opacity: float, building: Building) -> list[Shape]:
    """Labels and readouts: a plate for each subject, or one at a place."""
    text = element.text or words.DEFAULT_TEXT[element.kind]
    shapes: list[Shape] = []
    for subject in building.who(element):
        rows = words.cells(text, building.facts(element, subject))
        if rows:
            anchor = head_top_m(subject)
            shapes.append(
                Tag((element.id, subject.id), anchor, rows, element.colour, element.size_m, opacity * subject.strength)
            )
    if not element.subject:
        points = points_of(element, building, 1)
        rows = words.cells(text, Facts())
        if points and rows:
            shapes.append(Tag((element.id, ""), points[0], rows, element.colour, element.size_m, opacity))
    return shapes


def _trails(element: Element, opacity: float, building: Building) -> list[Shape]:
    shapes: list[Shape] = []
    everyone = [one for one in building.who(element) if one.trail.ndim == 2 and one.trail.shape[1] == 4]
    fastest = max((float(np.nan_to_num(one.trail[:, 3], posinf=0.0).max(initial=0.0)) for one in everyone), default=0.0)
    top = next((top for top in TOPS_MPS if fastest <= top), TOPS_MPS[-1])
    under = element.under_subjects
    trails = [np.asarray(one.trail[-2000:], np.float64) for one in everyone]
    for subject, parts in zip(everyone, pieces_of(trails, 0.32 * size_of(element), top, under), strict=True):
        dark = sum(colour == SHADE for _, colour in parts)
        shapes += _fill(parts, opacity * subject.strength, under, dark, Mixing.INSTEAD)
    return shapes


def _record_lines(element: Element, opacity: float, building: Building) -> list[Shape]:
    points = points_of(element, building, 2)
    race_s = building.scene.race_s
    if points is None or race_s is None or not math.isfinite(race_s) or race_s < 0:
        return []
    pace = [(t, m) for t, m, *_ in (p for p in element.pace if len(p) >= 2) if math.isfinite(t) and math.isfinite(m)]
    times: list[float] = [t for t, _ in pace] or [0.0]
    metres: list[float] = [m for _, m in pace] or [0.0]
    run = float(np.interp(race_s, times, metres))
    along = _direction(element)
    start, end = (point + along * run for point in points[:2])
    colour, width = rgba(element.colour), _LINE_M * size_of(element)
    wake = []
    for number in range(_WAKES, 0, -1):  # a wake says which way it runs
        behind = along * (width * number * 1.1)
        wake.append((strip(start - behind, end - behind, width * number * 2.2, building.pieces), (*colour[:3], 30)))
    shade, line = _line(start, end, width, colour, building)
    # The broadest of the wake and the line's dark ground hold all others.
    shapes = _fill([wake[0], shade, *wake[1:], line], opacity, element.under_subjects, holding=2)
    speed = float(np.interp(race_s + 0.05, times, metres) - np.interp(race_s - 0.05, times, metres)) / 0.1
    instant = building.scene.instant_s
    facts = Facts(
        distance=building.readings.length(element.id, run, element.unit, instant),
        speed=building.readings.speed(Subject(element.id, (0.0, 0.0, 0.0), (speed, 0.0, 0.0)), element.unit, instant),
    )
    rows = words.cells(element.text, facts)
    if rows:
        shapes.append(Tag((element.id, ""), start, rows, element.colour, 1.0, opacity))
    return shapes


def _decals(element: Element, opacity: float, building: Building) -> list[Shape]:
    size, colour = size_of(element), rgba(element.colour)
    if element.subject:
        shapes: list[Shape] = []
        for subject in building.who(element):
            ground = np.array([subject.position_m[0], subject.position_m[1], 0.0])
            shapes += _ring(ground, size, colour, opacity * subject.strength, element.under_subjects)
        return shapes
    points = points_of(element, building, 1)
    if points is None:
        return []
    if len(points) < 3:
        return _ring(points[0], size, colour, opacity, element.under_subjects)
    corners = np.array(points)
    if len(points) == 4 and (element.image or element.text):
        look = FaceLook(element.image, words.filled(element.text, Facts()), "", element.colour, _aspect(corners))
        return [Face(corners, look, opacity, element.under_subjects, standing=False)]
    middle = corners.mean(axis=0)
    inner = middle + (corners - middle) * 0.94
    edge = np.concatenate((corners, corners[:1], inner[:1], inner[::-1]))
    filling = middle + (corners - middle) * 0.97
    parts = [(subdivided(filling, building.pieces), (*colour[:3], 96)), (subdivided(edge, building.pieces), colour)]
    return _fill(parts, opacity, element.under_subjects)


def _ring(centre: Array, radius_m: float, colour: Rgba, opacity: float, under: bool) -> list[Shape]:
    width = min(0.12 * radius_m, 0.2)
    shade = ring(centre, radius_m + width * 0.4, width * 1.8)
    parts = [
        (disc(centre, radius_m - width / 2), (*colour[:3], 64)),
        (shade, SHADE),
        (ring(centre, radius_m, width), colour),
    ]
    return _fill(parts, opacity, under, holding=2, mixing=Mixing.ALONE)


def _aspect(corners: Array) -> float:
    """Width by height of a rectangle, to a tenth."""
    width = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
    height = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
    return round(float(width) / max(float(height), 1e-6), 1)


def _lane_flags(element: Element, opacity: float, building: Building) -> list[Shape]:
    points = points_of(element, building, 1)
    if points is None:
        return []
    template = element.text or words.DEFAULT_TEXT[element.kind]
    shapes: list[Shape] = []
    along = _direction(element)
    for subject in building.who(element):
        spot = points[0]
        if element.subject == "*":  # one flag a lane: beside the point, where the subject's lane is
            place = np.array([*subject.position_m[:2], points[0][2]])
            spot = place - along * float((place - points[0]) @ along)
        text = words.filled(template.replace("{country}", ""), building.facts(element, subject))
        look = FaceLook(element.image, text, subject.country or "?", "#141a29", 4.0)
        corners = np.array(points) if len(points) == 4 and element.subject != "*" else _spread(spot, element, building)
        shapes.append(
            Face(corners, look, opacity * subject.strength, element.under_subjects, not element.under_subjects)
        )
    if not element.subject:
        country, _, name = element.text.partition(" ")
        look = FaceLook(element.image, name, country or "?", "#141a29", 4.0)
        corners = np.array(points) if len(points) == 4 else _spread(points[0], element, building)
        shapes.append(Face(corners, look, opacity, element.under_subjects, not element.under_subjects))
    return shapes


def _spread(spot: Array, element: Element, building: Building) -> Array:
    """A flag's corners: lying in the lane, read from where the camera is, or standing up facing it."""
    size = size_of(element)
    along = _direction(element)
    if element.under_subjects:
        right, up = along * 4.0 * size, np.array([-along[1], along[0], 0.0]) * size
        if (building.eye_m - spot) @ up > 0:  # it is read from the other side
            right, up = -right, -up
    else:
        view = spot - building.eye_m
        flat = max(float(np.hypot(view[0], view[1])), 1e-6)
        right, up = np.array([view[1], -view[0], 0.0]) / flat * 4.0 * size, np.array([0.0, 0.0, size])
        spot = spot + up * 0.75
    corners = ((-0.5, 0.5), (0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))
    return np.array([spot + right * x + up * y for x, y in corners])


def _boards(element: Element, opacity: float, building: Building) -> list[Shape]:
    points = points_of(element, building, 2)
    if points is None:
        return []
    corners = np.array(points[:4])
    if len(points) < 4:  # its foot, from left to right
        up = np.array([0.0, 0.0, size_of(element)])
        corners = np.array([points[0] + up, points[1] + up, points[1], points[0]])
    look = FaceLook(element.image, words.filled(element.text, Facts()), "", element.colour, _aspect(corners))
    return [Face(corners, look, opacity, element.under_subjects, standing=True)]


def _skeletons(element: Element, opacity: float, building: Building) -> list[Shape]:
    colour = rgba(element.colour)
    palette = (_WHITE, colour, lighter(colour, 0.55))
    shapes: list[Shape] = []
    for subject in building.who(element):
        found = bones(subject)
        if found is not None:
            ends, radius, parts = found
            scale = min(max(size_of(element), 0.2), 5.0)
            shapes.append(Bones(ends, radius * scale, parts, palette, opacity * subject.strength))
    return shapes


def _offside_lines(element: Element, opacity: float, building: Building) -> list[Shape]:
    points = points_of(element, building, 2)
    if points is None:
        return []
    start, end = points[:2]
    along = _direction(element)
    who = building.who(element)
    if element.subject and not who:
        return []
    if who:  # the foremost part of the foremost
        reach = max(_foremost(one, along) for one in who)
        start, end = (point + along * (reach - float(point @ along)) for point in (start, end))
        opacity *= min(one.strength for one in who)
    colour = rgba(element.colour)
    shapes = _fill(_line(start, end, 0.12 * size_of(element), colour, building), opacity, element.under_subjects)
    rows = words.cells(element.text, building.facts(element, who[0]) if who else Facts())
    if rows:
        shapes.append(Tag((element.id, ""), start, rows, element.colour, 1.0, opacity))
    return shapes


def _foremost(subject: Subject, along: Array) -> float:
    best = float(np.asarray(subject.position_m, np.float64) @ along)
    if subject.joints_m is not None and subject.joints_m.shape == (33, 3):
        reach = subject.joints_m @ along
        best = max([best, *reach[np.isfinite(reach) & (np.abs(reach) < 1e5)].tolist()])
    return best


def _measures(element: Element, opacity: float, building: Building) -> list[Shape]:
    """Between two points, or from a point to a subject."""
    who = building.who(element)
    points = points_of(element, building, 1 if who else 2)
    if points is None:
        return []
    start = points[0]
    end = np.asarray(who[0].position_m, np.float64) if who else points[1]
    colour, width = rgba(element.colour), 0.07 * size_of(element)
    along = end - start
    length = float(np.linalg.norm(along))
    parts = _line(start, end, width, colour, building)
    flat = float(np.hypot(along[0], along[1]))
    if flat > 1e-6:
        side = np.array([-along[1], along[0], 0.0]) / flat * width * 3.5
        for tick in (start, end):
            parts += _line(tick - side, tick + side, width, colour, building)
    shapes = _fill(parts, opacity, element.under_subjects)
    known = building.readings.length(element.id, length, element.unit, building.scene.instant_s, exact=not who)
    rows = words.cells(element.text or "{distance}", Facts(distance=known))
    if rows:
        shapes.append(Tag((element.id, ""), (start + end) / 2, rows, element.colour, 1.0, opacity))
    return shapes


_KINDS: dict[ElementKind, Callable[[Element, float, Building], list[Shape]]] = {
    ElementKind.LABEL: _tags,
    ElementKind.TRAIL: _trails,
    ElementKind.READOUT: _tags,
    ElementKind.RECORD_LINE: _record_lines,
    ElementKind.DECAL: _decals,
    ElementKind.LANE_FLAG: _lane_flags,
    ElementKind.BOARD: _boards,
    ElementKind.SKELETON: _skeletons,
    ElementKind.OFFSIDE_LINE: _offside_lines,
    ElementKind.MEASURE: _measures,
}
