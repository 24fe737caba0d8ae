"""Cameras, subjects and scenes for the tests of graphics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.graphics.convert import OverlayPicture
from console.graphics.scene import Scene, SceneRenderer, Subject
from console.media.picture import new_picture
from console.show.world import Element, ElementKind, Group
from console.tracking.camera import CameraView, rotation

WIDTH, HEIGHT = 1280, 720


def camera(
    pan_deg: float = 0.0,
    tilt_deg: float = -25.0,
    position_m: tuple[float, float, float] = (0.0, -20.0, 9.0),
    shift_px: tuple[float, float] = (0.0, 0.0),
    distortion: tuple[float, ...] = (),
    focal_px: float = 1800.0,
) -> CameraView:
    """A camera that looks at the origin; `shift_px` moves its whole picture."""
    centre = WIDTH / 2 + shift_px[0], HEIGHT / 2 + shift_px[1]
    turn = rotation(pan_deg, tilt_deg, 0.0)
    return CameraView(WIDTH, HEIGHT, np.array(position_m), turn, focal_px, centre, distortion)


def standing_joints(x: float, y: float) -> NDArray[np.float64]:
    """All 33 joints of someone who stands at x, y and looks along -y."""
    heights = {0: 1.65, 7: 1.68, 8: 1.68, 11: 1.45, 12: 1.45, 13: 1.15, 14: 1.15, 15: 0.9, 16: 0.9, 19: 0.82, 20: 0.82,
               23: 0.95, 24: 0.95, 25: 0.5, 26: 0.5, 27: 0.1, 28: 0.1, 29: 0.05, 30: 0.05,
               31: 0.03, 32: 0.03}  # fmt: skip
    joints = np.full((33, 3), np.nan)
    for joint, height in heights.items():
        side = 0.0 if joint == 0 else (0.18 if joint % 2 else -0.18)
        joints[joint] = (x + side, y - (0.15 if joint in (31, 32) else 0.0), height)
    return joints


def trail(x: float, y: float, metres: float = 5.0, top_mps: float = 11.0) -> NDArray[np.float64]:
    """A straight trail along x that ends there, getting faster."""
    at = np.linspace(0, 1, 60)
    return np.stack((x - metres + metres * at, np.full(60, y), np.zeros(60), 3 + (top_mps - 3) * at), axis=1)


def subject(number: int = 1, x: float = 0.0, y: float = 0.0, **others: object) -> Subject:
    known = {
        "name": f"RUNNER {number}", "bib": str(100 + number), "country": "FIN", "velocity_mps": (10.0, 0.0, 0.0),
        "joints_m": standing_joints(x, y), "trail": trail(x, y),
    }  # fmt: skip
    return Subject(f"psn/{number}", (x, y, 0.0), **{**known, **others})  # type: ignore[arg-type]


K, G = ElementKind, Group.TAG
ELEMENTS: dict[str, Element] = {
    "label": Element("label", K.LABEL, G, subject="*"),
    "trail": Element("trail", K.TRAIL, G, subject="*"),
    "readout": Element("readout", K.READOUT, G, subject="*", text="{speed}"),
    "record": Element("record", K.RECORD_LINE, G, points_m=((-3, -1, 0), (-3, 2, 0)), pace=((0, 0), (10, 100))),
    "ring": Element("ring", K.DECAL, G, subject="*", size_m=0.7),
    "polygon": Element("polygon", K.DECAL, G, points_m=((-2, -1, 0), (2, -1.5, 0), (1, 2, 0))),
    "decal": Element("decal", K.DECAL, G, text="PODIUM", points_m=((-2, 1, 0), (2, 1, 0), (2, -1, 0), (-2, -1, 0))),
    "flag": Element("flag", K.LANE_FLAG, G, subject="*", points_m=((1, 0, 0),), size_m=0.8),
    "standing": Element("standing", K.LANE_FLAG, G, text="KEN K. N.", points_m=((0, 1, 0),), under_subjects=False),
    "board": Element("board", K.BOARD, G, text="BOARD", points_m=((-2, 3, 0), (2, 3, 0)), colour="#ffffff"),
    "skeleton": Element("skeleton", K.SKELETON, G, subject="*", colour="#39c2ff"),
    "offside": Element("offside", K.OFFSIDE_LINE, G, subject="*", points_m=((0, -2, 0), (0, 3, 0))),
    "measure": Element("measure", K.MEASURE, G, points_m=((-2, 0, 0), (2, 1.5, 0))),
}


def scene(
    *names: str, subjects: tuple[Subject, ...] = (subject(),), instant_s: float = 0.0, **changed: object
) -> Scene:
    elements = tuple((replace(ELEMENTS[name], **changed), 1.0) for name in names)  # type: ignore[arg-type]
    return Scene(elements, subjects, 0.32, instant_s)


def overlay() -> OverlayPicture:
    return OverlayPicture(new_picture(WIDTH, HEIGHT, key=True))


def key_of(into: OverlayPicture) -> NDArray[np.uint8]:
    assert into.picture.key is not None
    return into.picture.key


def drawn(what: Scene, view: CameraView, renderer: SceneRenderer | None = None) -> OverlayPicture:
    into = overlay()
    (renderer or SceneRenderer(WIDTH, HEIGHT)).render(what, view, 1.0, into)
    return into
