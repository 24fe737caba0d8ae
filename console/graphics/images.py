"""Picture files that titles show: read once, refused when they are too large or no pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

FILE_BYTES = 30_000_000
SIDE_PX = 8192
_KEPT = 32
_VECTOR_PX = 1080


class Images:
    """Pictures by path, as they are on disk when first asked for. `troubles` tells what could not be read."""

    def __init__(self) -> None:
        self._kept: dict[str, QImage | None] = {}
        self._troubles: dict[str, None] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences for the operator."""
        return tuple(self._troubles)

    def size(self, path: Path) -> tuple[int, int] | None:
        """Width and height in pixels; None when it can't be drawn."""
        image = self.picture(str(path))
        return None if image is None else (image.width(), image.height())

    def picture(self, path: str) -> QImage | None:
        """The picture, premultiplied; None when it can't be drawn."""
        if path not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            try:
                self._kept[path] = _read(Path(path))
            except (OSError, ValueError) as error:
                self._kept[path] = None
                if len(self._troubles) < 50:
                    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                    self._troubles[f"The picture {path} is left out: {reason}"] = None
        return self._kept[path]


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
