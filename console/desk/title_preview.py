"""The picture of a title that is being written: at rest, over a checkerboard, drawn when something has changed."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.plates import font
from console.desk.title_painting import Order, TitlePainter
from console.graphics.template import Template, Values
from console.media.clock import Clock
from console.media.time import Format

_CALM_MS = 80
"""Who types fast sees it when a word is done."""
_SQUARE_PX = 8
_DARK, _LIGHT = QColor("#2A2F36"), QColor("#3A4049")
_HEIGHT_MIN_PX, _HEIGHT_MAX_PX = 96, 360


class TitlePreview(QWidget):
    """Shows one title."""

    seen = Signal(tuple)
    """What the machine lacks for the title that is shown now, a sentence each."""
    clicked = Signal()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.picture: QImage | None = None
        self.drawn = 0
        """How many pictures were ever shown."""
        self._what: tuple[Template, Values, Format] | None = None
        self._word, self._tag = "", ""
        self._close_up = False
        self._painter = TitlePainter()
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self._draw)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Preview of the title")
        self.setToolTip("How the title will look, with the data as they are now. A click shows it close up.")
        self.setFixedHeight(_HEIGHT_MIN_PX)

    @property
    def settled(self) -> bool:
        """Whether what is shown is what was asked for last."""
        return not self._calm.isActive()

    def show_title(self, template: Template, values: Values, form: Format, tag: str = "") -> None:
        """Show a title soon. `tag` is a word in the corner."""
        what = (template, dict(values), form)
        if tag != self._tag:
            self._tag = tag
            self.update()
        if what != self._what:
            self._what, self._word = what, ""
            self._calm.start()

    def show_nothing(self, word: str) -> None:
        """Show why there is no title."""
        self._calm.stop()
        self._what, self.picture, self._word, self._tag = None, None, word, ""
        self.setAccessibleDescription(word)
        self.update()

    def stop(self) -> None:
        """Draw no more."""
        self._calm.stop()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(300, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw it anew in that size."""
        super().resizeEvent(event)
        if self._what is not None:
            self._calm.start()

    def fit_into(self, height_px: int, form: Format) -> None:
        """Be as high as the width asks for, but no higher than a quarter of the panel."""
        wanted = round(self.width() * form.height / form.width)
        most = max(_HEIGHT_MIN_PX, min(_HEIGHT_MAX_PX, height_px // 4))
        self.setFixedHeight(max(_HEIGHT_MIN_PX, min(most, wanted)))

    def show_close_up(self, close_up: bool) -> None:
        """Show only the part where the title is, or the whole picture."""
        self._close_up = close_up
        if self._what is not None:
            self._calm.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close up, or the whole picture."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def _draw(self) -> None:
        if self._what is None or self.width() < 16:
            return
        template, values, form = self._what
        ratio = self.devicePixelRatioF()
        room = (round(self.width() * ratio), round(self.height() * ratio))
        day_ms = _day_ms(self._clock.unix_ns())
        painted = self._painter.paint(Order(template, values, form, room, self._close_up, day_ms))
        self.picture = painted.picture
        if self.picture is not None:
            self.picture.setDevicePixelRatio(self.devicePixelRatioF())
        self.drawn += 1
        self._word = "" if painted.picture else "Nothing is seen of it: fill in a field"
        self.setAccessibleDescription(self._word or self._tag)
        self.seen.emit(painted.troubles)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw squares, the title, a word."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        picture = self.picture
        if picture is None:
            painter.fillRect(area, QColor(tokens.BACKGROUND))
        else:
            size = picture.deviceIndependentSize()
            shape = QRectF(0, 0, min(size.width(), area.width()), min(size.height(), area.height()))
            shape.moveCenter(area.center())
            shape = QRectF(shape.toAlignedRect())
            _checker(painter, shape)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(shape.topLeft(), picture)
        if self._word:
            painter.setPen(QColor(tokens.SECONDARY))
            painter.setFont(font(tokens.BODY_PX))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(8, 8, -8, -8), int(flags), self._word)
        elif self._tag:
            painter.setFont(font(tokens.CAPTION_PX, bold=True))
            width = painter.fontMetrics().horizontalAdvance(self._tag) + 12
            plate = QRectF(area.right() - width - 4, area.bottom() - 22, width, 18)  # where titles are least often
            painter.fillRect(plate, QColor(tokens.ARMED))
            painter.setPen(QColor(tokens.ON_ARMED))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self._tag)
        painter.end()


def _checker(painter: QPainter, area: QRectF) -> None:
    """Grey squares: what is transparent is told from what is grey."""
    painter.save()
    painter.setClipRect(area)
    painter.fillRect(area, _DARK)
    left, top = int(area.left()), int(area.top())
    for row in range(int(area.height()) // _SQUARE_PX + 1):
        for column in range(row % 2, int(area.width()) // _SQUARE_PX + 1, 2):
            painter.fillRect(left + column * _SQUARE_PX, top + row * _SQUARE_PX, _SQUARE_PX, _SQUARE_PX, _LIGHT)
    painter.restore()


def _day_ms(unix_ns: int) -> int:
    """Milliseconds since midnight here."""
    local = datetime.fromtimestamp(unix_ns / 1e9, UTC).astimezone()
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1000
