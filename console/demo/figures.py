"""Drawing people: limbs as tapered capsules, trunks as hulls of spheres, tones of shade, shadows on the ground.

All people of a picture are projected at once with numpy; OpenCV then fills convex polygons with smooth edges, person
by person and limb by limb from far to near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from console.demo.body import INDEX, JOINTS
from console.demo.optics import CameraPose
from console.demo.paint import SHIFT, Canvas, Paint, Rgb, fill, fixed, mixed, paint
from console.demo.race import Array, Athlete

SUN = np.array([-0.42, -0.62, 0.66]) / np.linalg.norm([-0.42, -0.62, 0.66])
"""Towards the sun."""
_HALF = np.linspace(-1, 1, 6)
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 22, endpoint=False)) for f in (np.cos, np.sin)], axis=1)
_TONES = ((0.70, 1.0, 0.0), (0.86, 0.80, 0.24), (1.0, 0.56, 0.42), (1.10, 0.28, 0.52))
"""Light, size and shift towards the sun (in radii) of the layers of a rounded limb."""


@dataclass(frozen=True)
class _Limb:
    """Two spheres between two joints: their radii in metres, what the limb wears, and which part of it is meant."""

    a: str
    b: str
    radius_a: float
    radius_b: float
    wear: str
    start: float = 0.0
    end: float = 1.0
    small: bool = False
    """Two tones do."""


_SIDED = (
    _Limb("heel", "toe", 0.038, 0.027, "shoes", small=True),
    _Limb("ankle", "knee", 0.040, 0.056, "skin"),
    _Limb("ankle", "knee", 0.052, 0.064, "skin", 0.48, 0.80),
    _Limb("ankle", "knee", 0.045, 0.047, "trim", 0.02, 0.14, small=True),
    _Limb("knee", "hip", 0.058, 0.092, "skin"),
    _Limb("knee", "hip", 0.088, 0.106, "shorts", 0.46, 1.0),
    _Limb("shoulder", "elbow", 0.056, 0.043, "skin"),
    _Limb("elbow", "wrist", 0.042, 0.030, "skin"),
    _Limb("wrist", "hand", 0.034, 0.036, "skin", small=True),
)
_MIDDLE = (
    _Limb("neck", "head", 0.064, 0.054, "skin", -0.15, 0.6),
    _Limb("jaw", "head", 0.056, 0.086, "skin"),
    _Limb("crown", "crown", 0.094, 0.094, "hair"),
)
_HULLS = (
    ("vest", (("waist", 0.118), ("chest", 0.140), ("shoulder_l", 0.060), ("shoulder_r", 0.060), ("neck", 0.075))),
    ("shorts", (("waist", 0.112), ("hip_l", 0.100), ("hip_r", 0.100), ("pelvis", 0.125))),
)


def _limbs() -> tuple[_Limb, ...]:
    sided = (
        _Limb(f"{one.a}_{s}", f"{one.b}_{s}", one.radius_a, one.radius_b, one.wear, one.start, one.end, one.small)
        for one in _SIDED
        for s in "lr"
    )
    return (*sided, *_MIDDLE)


LIMBS = _limbs()
_A, _B = np.array([INDEX[one.a] for one in LIMBS]), np.array([INDEX[one.b] for one in LIMBS])
_START, _END = np.array([[one.start, one.end] for one in LIMBS]).T[:, :, None]
_RADII = np.array([[one.radius_a, one.radius_b] for one in LIMBS])
# What is worn on a limb is drawn with it, just after it: depths are those of the whole limb.
_AFTER = np.arange(len(LIMBS)) * 1e-4
_HULL_AT = [np.array([INDEX[name] for name, _ in spheres]) for _, spheres in _HULLS]
_HULL_RADII = [np.array([radius for _, radius in spheres]) for _, spheres in _HULLS]
_HULL_DEPTH = (("chest", -0.02), ("pelvis", 0.02))


class Wardrobe:
    """Somebody's colours as brushes, one per tone."""

    def __init__(self, colours: dict[str, Rgb]) -> None:
        self.tones = {wear: [paint(rgb, light) for light, _, _ in _TONES] for wear, rgb in colours.items()}
        self.flat = {wear: paint(rgb, 0.86) for wear, rgb in colours.items()}

    @classmethod
    def of(cls, athlete: Athlete) -> Wardrobe:
        """What an athlete wears."""
        return cls({name: getattr(athlete, name) for name in ("vest", "shorts", "trim", "shoes", "skin", "hair")})


_BIB, _INK = paint((246, 246, 244)), paint((18, 20, 30))


def _capsules(a: Array, b: Array, ra: Array, rb: Array) -> Array:
    """Outlines around two circles each: centres (..., 2) and radii (...), shape (..., 12, 2)."""
    line = b - a
    angle = np.arctan2(line[..., 1], line[..., 0])[..., None]
    # The tangents lean towards the smaller circle.
    length = np.maximum(np.hypot(line[..., 0], line[..., 1]), 1e-3)
    lean = np.arcsin(np.clip((ra - rb) / length, -0.95, 0.95))[..., None]
    turns = np.concatenate((angle + (np.pi / 2 - lean) * _HALF, angle + np.pi + (np.pi / 2 + lean) * _HALF), axis=-1)
    half = len(_HALF)
    radii = np.concatenate((np.repeat(rb[..., None], half, -1), np.repeat(ra[..., None], half, -1)), axis=-1)
    outline = np.empty((*turns.shape, 2))
    outline[..., 0], outline[..., 1] = radii * np.cos(turns), radii * np.sin(turns)
    outline[..., :half, :] += b[..., None, :]
    outline[..., half:, :] += a[..., None, :]
    return outline


def _hulls(centres: Array, radii: Array) -> Array:
    """Outlines around some circles: centres (people, circles, 2), radii (people, circles); (people, points, 2).

    In every direction the point that lies farthest out.
    """
    out = centres @ _CIRCLE.T + radii[..., None]
    best = out.argmax(axis=1)[..., None]
    chosen = np.take_along_axis(centres, best, axis=1)
    return np.asarray(chosen + np.take_along_axis(radii[..., None], best, axis=1) * _CIRCLE)


def _tones_for(height_px: float) -> tuple[int, ...]:
    """Which tones a person of that size deserves."""
    if height_px > 280:
        return (0, 1, 2, 3)
    if height_px > 100:
        return (0, 1, 2)
    return (0, 2) if height_px > 24 else ()


class People:
    """Some people as one camera sees them: projected, ready to be drawn."""

    def __init__(self, joints: Array, wardrobes: Sequence[Wardrobe], pose: CameraPose, width: int, height: int) -> None:
        """`joints` has shape (people, joints, 3)."""
        self._joints, self._wardrobes = joints, wardrobes
        self._pose, self._size = pose, (width, height)
        self._focal = pose.focal_px(height)
        self._pixels, self._depths = pose.project(joints, width, height)
        self.depths = self._depths[:, INDEX["pelvis"]]
        self._metre_px = self._focal / np.maximum(self.depths, 0.5)
        reach = 0.25 * self._metre_px[:, None]
        low, high = self._pixels.min(axis=1) - reach, self._pixels.max(axis=1) + reach
        ahead = self._depths.min(axis=1) > 0.5
        inside = (high > 0).all(axis=1) & (low[:, 0] < width) & (low[:, 1] < height)
        self.visible = ahead & inside
        light = pose.rotation @ SUN
        self._light = light[:2] * (0.55 if light[2] > 0.3 else 0.8)
        self._outlines = self._shape_limbs()
        self._hulls = self._shape_hulls()
        self._bibs = self._shape_bibs()

    def _shape_limbs(self) -> dict[int, NDArray[np.int32]]:
        """The outline of every limb of everybody for every tone: shape (people, limbs, points, 2)."""
        a, b = self._joints[:, _A], self._joints[:, _B]
        a, b = a + (b - a) * _START, a + (b - a) * _END
        (pa, da), (pb, db) = (self._pose.project(ends, *self._size) for ends in (a, b))
        ra, rb = _RADII[:, 0] * self._focal / np.maximum(da, 0.5), _RADII[:, 1] * self._focal / np.maximum(db, 0.5)
        line = pb - pa
        line /= np.maximum(np.hypot(line[..., 0], line[..., 1]), 1e-3)[..., None]
        most = float(self._metre_px[self.visible].max(initial=0.0)) * 1.8
        outlines = {}
        for tone in _tones_for(most) or (0,):
            _, size, shift = _TONES[tone]
            longer = line * (1 - size)  # the lit part reaches to the joint, or every joint would show a dark ring
            near = pa + ra[..., None] * (self._light * shift - longer)
            far = pb + rb[..., None] * (self._light * shift + longer)
            outlines[tone] = fixed(_capsules(near, far, ra * size, rb * size))
        return outlines

    def draw(self, canvas: Canvas, person: int, bib: int | None = None) -> None:
        """Paint one of them."""
        depths = self._depths[person]
        wardrobe = self._wardrobes[person]
        tones = tuple(t for t in _tones_for(1.8 * float(self._metre_px[person])) if t in self._outlines)
        order = list(zip(((depths[_A] + depths[_B]) / 2 - _AFTER).tolist(), range(len(LIMBS)), strict=True))
        order += [(float(depths[INDEX[at]]) + more, ~hull) for hull, (at, more) in enumerate(_HULL_DEPTH)]
        order.sort(reverse=True)
        # Between tones of one limb an edge need not be smooth, except close by.
        inner = cv2.LINE_AA if self._metre_px[person] > 190 else cv2.LINE_8
        layers = [self._outlines[tone][person] for tone in tones]
        for _, part in order:
            if part < 0:
                hull, wear = self._hulls[~part], _HULLS[~part][0]
                for tone in tones:
                    edge = inner if tone else cv2.LINE_AA
                    cv2.fillConvexPoly(canvas, hull[tone][person], wardrobe.tones[wear][tone], edge, SHIFT)
                if not tones:
                    outline = next(iter(hull.values()))[person]
                    cv2.fillConvexPoly(canvas, outline, wardrobe.flat[wear], cv2.LINE_AA, SHIFT)
                if part == ~0 and bib is not None:
                    self._draw_bib(canvas, person, bib)
                continue
            limb = LIMBS[part]
            if not tones:
                outline = next(iter(self._outlines.values()))[person]
                cv2.fillConvexPoly(canvas, outline[part], wardrobe.flat[limb.wear], cv2.LINE_AA, SHIFT)
                continue
            brushes = wardrobe.tones[limb.wear]
            for layer, tone in zip(layers, tones, strict=True):
                if not (limb.small and tone & 1):
                    cv2.fillConvexPoly(canvas, layer[part], brushes[tone], inner if tone else cv2.LINE_AA, SHIFT)

    def _shape_hulls(self) -> list[dict[int, NDArray[np.int32]]]:
        """The outlines of everybody's trunk and seat for every tone: shape (people, points, 2)."""
        shaped = []
        for at, radii_m in zip(_HULL_AT, _HULL_RADII, strict=True):
            radii = radii_m * self._focal / np.maximum(self._depths[:, at], 0.5)
            outline = _hulls(self._pixels[:, at], radii)
            middle = outline.mean(axis=1, keepdims=True)
            mean = radii.mean(axis=1)[:, None, None] * 0.8
            layers = {}
            for tone in self._outlines:
                _, size, shift = _TONES[tone]
                layers[tone] = fixed(middle + (outline - middle) * (0.25 + 0.75 * size) + self._light * shift * mean)
            shaped.append(layers)
        return shaped

    def _shape_bibs(self) -> tuple[Array, NDArray[np.bool_]]:
        """The corners of the number on the chest, or on the back where that is seen: (people, 4, 2); who shows one."""
        names = ("chest", "waist", "shoulder_l", "shoulder_r")
        chest, waist, left, right = (self._joints[:, INDEX[name]] for name in names)
        across = (right - left) / np.linalg.norm(right - left, axis=1, keepdims=True)
        up = (chest - waist) / np.linalg.norm(chest - waist, axis=1, keepdims=True)
        front = np.cross(up, across)
        facing = front @ self._pose.rotation[2]
        side = np.where(facing > 0, -1.0, 1.0)[:, None]
        middle = chest * 0.62 + waist * 0.38 + front * 0.135 * side
        # On the back, seen from behind, it reads the other way round.
        aside, tall = across * 0.120 * -side, up * 0.088
        corners = np.stack(
            (middle - aside + tall, middle + aside + tall, middle + aside - tall, middle - aside - tall), 1
        )
        pixels, _ = self._pose.project(corners, *self._size)
        return pixels, (np.abs(facing) > 0.28) & (self._metre_px > 36)

    def _draw_bib(self, canvas: Canvas, person: int, number: int) -> None:
        corners, shown = self._bibs
        if shown[person]:
            fill(canvas, corners[person], _BIB)
            if self._metre_px[person] > 110:
                _digits(canvas, corners[person], number, _INK)

    def cast(self, canvas: Canvas, strength: float = 0.52) -> None:
        """Darken the ground where they keep the sun off."""
        chosen = np.flatnonzero((self._metre_px > 5) & (self._depths.min(axis=1) > 0.5))
        outlines = self._shadows(chosen)
        height, width = canvas.shape[:2]
        low, high = outlines.min(axis=1), outlines.max(axis=1)
        kept = (high > 0).all(axis=1) & (low[:, 0] < width) & (low[:, 1] < height)
        if not kept.any():
            return
        left, top = np.maximum(np.floor(low[kept].min(axis=0)).astype(int) - 4, 0)
        right, bottom = np.ceil(high[kept].max(axis=0)).astype(int) + 5
        window = canvas[top : min(bottom, height), left : min(right, width)]
        mask = np.zeros(window.shape[:2], np.uint8)
        for outline in fixed(outlines[kept] - (left, top)):
            cv2.fillConvexPoly(mask, outline, 255, cv2.LINE_AA, SHIFT)
        softness = int(self._metre_px[chosen].max() * 0.025)
        if softness:
            cv2.blur(mask, (softness * 2 + 1, softness * 2 + 1), dst=mask)
        luma = cv2.extractChannel(window, 0)
        shade = cv2.multiply(np.maximum(luma, 16) - 16, mask, scale=strength / 255)
        cv2.insertChannel(cv2.subtract(luma, shade), window, 0)

    def _shadows(self, chosen: NDArray[np.intp]) -> Array:
        """The outlines of the shadows on the ground in pixels, shape (n, points, 2)."""
        joints = self._joints[chosen]
        a = np.concatenate((joints[:, _A[_SHADE]], joints[:, _TRUNK]), axis=1)
        b = np.concatenate((joints[:, _B[_SHADE]], joints[:, np.roll(_TRUNK, -1)]), axis=1)
        radii = np.concatenate((_RADII[_SHADE], np.full((len(_TRUNK), 2), 0.14)))
        slope = SUN[:2] / SUN[2]
        ga, gb = (p[..., :2] - slope * p[..., 2:3] for p in (a, b))
        flat = _capsules(ga, gb, np.broadcast_to(radii[:, 0], ga.shape[:2]), np.broadcast_to(radii[:, 1], gb.shape[:2]))
        flat = flat.reshape(-1, *flat.shape[2:])
        ground = np.concatenate((flat, np.zeros((*flat.shape[:2], 1))), axis=-1)
        pixels, depth = self._pose.project(ground, *self._size)
        return np.asarray(pixels[depth.min(axis=1) > 0.5])


_SHADE = np.array([i for i, one in enumerate(LIMBS) if one.a != "crown" and (one.start, one.end) == (0, 1)])
_TRUNK = np.array([INDEX[name] for name in ("chest", "waist", "pelvis")])
# Seven segments of a digit in a box 1 wide and 2 high, as (x0, y0, x1, y1); which are lit by each digit.
_SEGMENTS = ((0, 0, 1, 0), (1, 0, 1, 1), (1, 1, 1, 2), (0, 2, 1, 2), (0, 1, 0, 2), (0, 0, 0, 1), (0, 1, 1, 1))
_LIT = ("012345", "12", "01643", "01623", "5612", "05623", "056234", "012", "0123456", "012356")


@cache
def _strokes(number: int) -> Array:
    """The strokes of a number on a square of side 1: shape (strokes, 2, 2)."""
    text = str(number)
    pitch = 0.84 / len(text)
    strokes = []
    for place, digit in enumerate(text):
        left = 0.08 + pitch * (place + 0.2)
        for segment in _LIT[int(digit)]:
            x0, y0, x1, y1 = _SEGMENTS[int(segment)]
            strokes.append([(left + x * pitch * 0.58, 0.2 + y * 0.3) for x, y in ((x0, y0), (x1, y1))])
    return np.array(strokes)


def _digits(canvas: Canvas, corners: Array, number: int, ink: Paint) -> None:
    """A number on a quadrilateral, as strokes."""
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    strokes = corners[0] + _strokes(number) @ np.stack((along, down))
    thick = max(1, round(float(np.hypot(*down)) * 0.06))
    cv2.polylines(canvas, list(fixed(strokes)), False, ink, thick, cv2.LINE_AA, SHIFT)


def official(place_m: tuple[float, float], facing_deg: float, seated: float = 0.0) -> Array:
    """The joints of somebody who stands (0) or sits (1) and watches; facing 0 is +x, turning left."""
    joints = np.zeros((len(JOINTS), 3))
    middle = {
        "pelvis": (0, 0, 0.95), "waist": (0.0, 0, 1.14), "chest": (0.01, 0, 1.33), "neck": (0, 0, 1.52),
        "head": (0.03, 0, 1.66), "crown": (-0.01, 0, 1.70), "jaw": (0.06, 0, 1.58),
    }  # fmt: skip
    sided = {
        "shoulder": (0, 0.19, 1.44), "elbow": (-0.04, 0.24, 1.16), "wrist": (0.12, 0.20, 1.02),
        "hand": (0.18, 0.17, 1.0), "hip": (0, 0.095, 0.93), "knee": (0.03 + 0.36 * seated, 0.11, 0.49),
        "ankle": (0.34 * seated, 0.11, 0.08), "heel": (0.34 * seated - 0.05, 0.11, 0.04),
        "ball": (0.34 * seated + 0.15, 0.12, 0.03), "toe": (0.34 * seated + 0.2, 0.12, 0.03),
    }  # fmt: skip
    for name, at in middle.items():
        joints[INDEX[name]] = at
    for name, (x, y, height) in sided.items():
        joints[INDEX[f"{name}_l"]] = x, y, height
        joints[INDEX[f"{name}_r"]] = x, -y, height
    joints[joints[:, 2] > 0.7, 2] -= 0.42 * seated
    turn = np.radians(facing_deg)
    spin = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return np.asarray(joints @ spin + np.array([place_m[0], place_m[1], 0.0]))


def everyday(seed: int) -> Wardrobe:
    """The clothes of an official or a helper."""
    vests: tuple[Rgb, ...] = ((232, 232, 236), (28, 50, 104), (214, 96, 30), (40, 44, 52), (232, 232, 236))
    skins: tuple[Rgb, ...] = ((222, 176, 148), (124, 84, 60), (178, 128, 98), (92, 60, 44))
    dark = mixed((30, 32, 40), (70, 64, 60), seed % 3 / 2)
    return Wardrobe({
        "vest": vests[seed % len(vests)], "shorts": dark, "trim": dark, "shoes": (24, 24, 26),
        "skin": skins[(seed // 2) % len(skins)], "hair": (40, 30, 26),
    })  # fmt: skip
