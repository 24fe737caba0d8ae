"""Picture files that titles show: read once, refused when they are too large or no pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

FILE_BYTES = 30_000_000
SIDE_PX = 8192
_KEPT = 32
_Stamp: TypeAlias = tuple[int, int]
_VECTOR_PX = 1080


class Images:
    """Pictures by path. `troubles` tells what could not be read."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[_Stamp, QImage | None]] = {}
        self._troubles: dict[str, str] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences for the operator, one for each file that can't be shown now."""
        return tuple(self._troubles.values())

    def size(self, path: Path) -> tuple[int, int] | None:
        """Width and height of a file as it is on disk now, in pixels; None when it can't be drawn."""
        name = str(path)
        kept = self._kept.get(name)
        if kept is not None and kept[0] != _stamp(path):
            del self._kept[name]
        return self.known_size(path)

    def known_size(self, path: Path) -> tuple[int, int] | None:
        """The same, as the file was when it was last looked at."""
        image = self.picture(str(path))
        return None if image is None else (image.width(), image.height())

    def picture(self, path: str) -> QImage | None:
        """The picture, premultiplied; None when it can't be drawn."""
        if path not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            stamp, image = _stamp(Path(path)), None
            try:
                image = _read(Path(path))
                self._troubles.pop(path, None)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                if len(self._troubles) < _KEPT:
                    self._troubles[path] = f"The picture {path} is left out: {reason}"
            self._kept[path] = stamp, image
        return self._kept[path][1]


def _stamp(path: Path) -> _Stamp:
    """What tells a file from what was there before."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


def _read(path: Path) -> QImage:
    if not path.is_file():
        raise ValueError("there is no such file")
    if path.stat().st_size > FILE_BYTES:
        raise ValueError(f"it is larger than {FILE_BYTES // 1_000_000} MB")
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if max(size.width(), size.height()) > SIDE_PX:
        raise ValueError(f"it has {size.width()} x {size.height()} pixels, {SIDE_PX} a side is the most")
    if bytes(reader.format().data()).startswith(b"svg") and size.isValid() and not size.isEmpty():
        reader.setScaledSize(size.scaled(QSize(_VECTOR_PX, _VECTOR_PX), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        raise ValueError(reader.errorString())
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
