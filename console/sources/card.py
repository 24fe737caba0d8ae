"""The picture of a source that has none: a plain card that says so."""

from __future__ import annotations

import cv2

from console.media.picture import Picture

_TEXT = "SOUND ONLY"


def draw_card(picture: Picture, _slot: int) -> None:
    """Draw the card."""
    picture.fill(40)
    scale = picture.height / 360
    (width, height), _ = cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_DUPLEX, scale, max(1, round(scale)))
    at = ((picture.width - width) // 2, (picture.height + height) // 2)
    cv2.putText(
        picture.y, _TEXT, at, cv2.FONT_HERSHEY_DUPLEX, scale, (180,), max(1, round(scale)), lineType=cv2.LINE_AA
    )
