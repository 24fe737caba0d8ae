"""Boards, decals and flags in perspective: where their outline lies in the picture, and how their image comes there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtGui import QColor, QImage, QTransform

from console.graphics.geometry import project_points, project_polygons
from console.graphics.moment import Array
from console.graphics.paint import qpolygon
from console.graphics.shapes import Face, subdivided
from console.graphics.sprites import Sprites
from console.tracking.camera import CameraView

_CELLS = 6
_OVERLAP_PX = 1.6
"""Cells lie over each other by so much, or seams would show."""


@dataclass(frozen=True, eq=False)
class Piece:
    """An outline (n, 2) in the picture, and from the image to the picture."""

    outline: Array
    transform: QTransform


@dataclass(frozen=True, eq=False)
class Panel:
    """A face as it is seen."""

    pieces: tuple[Piece, ...]
    image: QImage
    opacity: float
    depth_m: float
    """Of its middle."""


def panels(face: Face, view: CameraView, sprites: Sprites) -> Panel | None:
    """A face as a camera sees it; None when it is out of sight, edge on, or its image can't be had."""
    outline = project_polygons(view, [subdivided(face.corners_m, _CELLS if any(view.distortion) else 1)])[0]
    if not len(outline):
        return None
    pixels, depth = project_points(view, face.corners_m)
    whole = bool(np.isfinite(depth).all())
    seen = _sides(pixels) if whole else (float(view.width), float(view.height))
    image = sprites.face(face.look, *seen)
    middle = float((face.corners_m.mean(axis=0) - view.position_m) @ view.rotation[2])
    if image is None:
        return None
    if face.standing and _from_behind(face, view):
        image = QImage(4, 4, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor(face.look.colour).darker(140))
        return Panel((Piece(outline, QTransform()),), image, face.opacity, middle)
    if whole and any(view.distortion):
        overlap = min(_OVERLAP_PX / max(min(seen), 1.0), 0.5 / _CELLS)
        pieces = _cells(face.corners_m, view, image, overlap)
    else:
        transform = _through_corners(pixels, image) if whole else _through_plane(face.corners_m, view, image)
        pieces = (Piece(outline, transform),) if transform is not None else ()
    return Panel(pieces, image, face.opacity, middle) if pieces else None


def _sides(pixels: Array) -> tuple[float, float]:
    """The longest width and height of a quadrangle."""
    top, right, bottom, left = np.hypot(*(np.roll(pixels, -1, axis=0) - pixels).T).tolist()
    return max(top, bottom), max(right, left)


def _from_behind(face: Face, view: CameraView) -> bool:
    across, down = face.corners_m[1] - face.corners_m[0], face.corners_m[3] - face.corners_m[0]
    return bool((face.corners_m[0] - view.position_m) @ np.cross(across, down) < 0)


def _through_corners(pixels: Array, image: QImage) -> QTransform | None:
    """The projective map of an image onto four pixels."""
    width, height = float(image.width()), float(image.height())
    source = qpolygon(np.array([(0, 0), (width, 0), (width, height), (0, height)]))
    found = QTransform()
    return found if QTransform.quadToQuad(source, qpolygon(pixels), found) else None


def _through_plane(corners_m: Array, view: CameraView, image: QImage) -> QTransform | None:
    """The same where some corners are behind the camera: from the plane itself, without the lens's distortion."""
    across = (corners_m[1] - corners_m[0]) / image.width()
    down = (corners_m[3] - corners_m[0]) / image.height()
    camera = np.array([[view.focal_px, 0, view.centre_px[0]], [0, view.focal_px, view.centre_px[1]], [0, 0, 1]])
    plane = camera @ view.rotation @ np.stack((across, down, corners_m[0] - view.position_m), axis=1)
    if abs(plane[2, 2]) < 1e-9:
        return None
    transform = QTransform(*(plane.T / plane[2, 2]).ravel().tolist())
    return transform if transform.isInvertible() else None


def _cells(corners_m: Array, view: CameraView, image: QImage, overlap: float) -> tuple[Piece, ...]:
    """A face in cells so small that the lens does not bend them, larger than that by a share of the face."""
    at = np.linspace(0, 1, _CELLS + 1)
    a, b, c, d = corners_m
    quads: list[Array] = []
    sources: list[Array] = []
    for top, bottom in pairwise(at):
        for left, right in pairwise(at):
            over_right, over_bottom = min(right + overlap, 1.0), min(bottom + overlap, 1.0)
            shares = np.array([(left, top), (over_right, top), (over_right, over_bottom), (left, over_bottom)])
            u, v = shares[:, :1], shares[:, 1:]
            quads.append((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v)
            sources.append(shares * (image.width(), image.height()))
    pixels, _ = project_points(view, np.concatenate(quads))
    outlines = project_polygons(view, quads)
    pieces = []
    for number, (source, outline) in enumerate(zip(sources, outlines, strict=True)):
        transform = QTransform()
        corners = pixels[number * 4 : number * 4 + 4]
        if len(outline) and QTransform.quadToQuad(qpolygon(source), qpolygon(corners), transform):
            pieces.append(Piece(outline, transform))
    return tuple(pieces)
