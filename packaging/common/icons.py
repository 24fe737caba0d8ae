"""All icons from the one drawing, resources/icons/podium.svg: PNG of every size, and Windows' and macOS' containers.

Run in the build's environment, which has Qt: `icons.py SVG FOLDER` writes `N.png`, `podium.ico` and `podium.icns`.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

PNG_SIZES_PX = (16, 24, 32, 48, 64, 128, 256, 512, 1024)
ICO_SIZES_PX = (16, 24, 32, 48, 64, 256)
ICNS_TYPES = {"icp4": 16, "icp5": 32, "ic07": 128, "ic08": 256, "ic09": 512, "ic10": 1024, "ic11": 32, "ic12": 64}
"""Type of an entry -> its size in pixels (the last two are 16 and 32 points at double density)."""


def draw(svg: Path, size_px: int) -> bytes:
    """The drawing as a square PNG."""
    from PySide6.QtCore import QBuffer, QIODevice  # noqa: PLC0415 - the containers can be made without Qt
    from PySide6.QtGui import QImage, QPainter  # noqa: PLC0415
    from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415

    drawing = QSvgRenderer(str(svg))
    if not drawing.isValid():
        raise ValueError(f"{svg} is no drawing")
    image = QImage(size_px, size_px, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    drawing.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def ico(pngs: dict[int, bytes]) -> bytes:
    """Windows' container: a header, 16 bytes for each picture, the pictures (PNG is allowed since Vista)."""
    offset = 6 + 16 * len(pngs)
    entries, pictures = b"", b""
    for size_px, png in sorted(pngs.items()):
        side = size_px % 256  # 256 is written as 0
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(png), offset + len(pictures))
        pictures += png
    return struct.pack("<HHH", 0, 1, len(pngs)) + entries + pictures


def icns(pngs: dict[int, bytes]) -> bytes:
    """macOS' container: entries of a type, their length with this header, and a PNG."""
    entries = b"".join(
        kind.encode() + struct.pack(">I", 8 + len(pngs[size_px])) + pngs[size_px]
        for kind, size_px in ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(entries)) + entries


def write_all(svg: Path, folder: Path) -> None:
    """Every size and both containers."""
    folder.mkdir(parents=True, exist_ok=True)
    pngs = {size_px: draw(svg, size_px) for size_px in PNG_SIZES_PX}
    for size_px, png in pngs.items():
        (folder / f"{size_px}.png").write_bytes(png)
    (folder / "podium.ico").write_bytes(ico({size_px: pngs[size_px] for size_px in ICO_SIZES_PX}))
    (folder / "podium.icns").write_bytes(icns(pngs))


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), Path(sys.argv[2]))
