"""The controls that change program: buttons lit only by the engine's confirmation, and the T-bar.

None of them takes the keyboard focus, or Space would press them, and each acts when it is pressed, not let go.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.plates import font
from console.desk.world import PREVIEW, PROGRAM

_LIT = {
    PROGRAM: (tokens.PROGRAM, tokens.ON_PROGRAM),
    PREVIEW: (tokens.PREVIEW, tokens.ON_PREVIEW),
    "armed": (tokens.ARMED, tokens.ON_ARMED),
}
_OUTLINES = {PROGRAM: tokens.ALARM, PREVIEW: tokens.PREVIEW_BORDER, "armed": tokens.ARMED}


def _draw_label(painter: QPainter, area: QRect, label: str) -> None:
    """A name as large as it fits: smaller, then on two lines, and only then elided."""
    for size_px in (tokens.BODY_PX, tokens.CAPTION_PX):
        painter.setFont(font(size_px, bold=True))
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(label) <= area.width():
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, label)
            return
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    needed = metrics.boundingRect(area, flags, label)
    if needed.width() <= area.width() and needed.height() <= area.height():
        painter.drawText(area, flags, label)
    else:
        text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


class OnAirButton(QWidget):
    """A button with its key printed on it. `lamp` lights it, `asked` outlines it."""

    pressed = Signal()

    def __init__(self, label: str, key: str, kind: str, name: str) -> None:
        """`kind` is the colour it has when lit: program, preview or armed; `name` is for screen readers."""
        super().__init__()
        self._label, self._key, self._kind = label, key, kind
        self._lit = self._asked = self._down = self._hovered = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({key})" if key else name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(44, 32)

    @property
    def lit(self) -> bool:
        """Whether the engine has confirmed it."""
        return self._lit

    @property
    def asked(self) -> bool:
        """Whether it is asked for and not confirmed."""
        return self._asked

    def sizeHint(self) -> QSize:
        """What it would like."""
        return QSize(84, 44)

    def show_state(self, *, lit: bool, asked: bool = False, label: str | None = None, key: str | None = None) -> None:
        """Light it, outline it, name it, and say which key does the same."""
        label = self._label if label is None else label
        if key is not None and key != self._key:
            self.setToolTip(f"{self.accessibleName()} ({key})" if key else self.accessibleName())
        key = self._key if key is None else key
        if (lit, asked, label, key) != (self._lit, self._asked, self._label, self._key):
            self._lit, self._asked, self._label, self._key = lit, asked, label, key
            self.setAccessibleDescription("on" if lit else "asked for" if asked else "off")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, ink = _LIT[self._kind] if self._lit else (tokens.RAISED, tokens.TEXT)
        if not self.isEnabled():
            fill, ink = tokens.PANEL, tokens.DISABLED
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        edge = QPen(QColor(tokens.SECONDARY if self._hovered and self.isEnabled() else tokens.LINE), 1)
        if self._asked and not self._lit:
            edge = QPen(QColor(_OUTLINES[self._kind]), 2, Qt.PenStyle.DashLine)
        painter.setPen(edge)
        painter.setBrush(QColor(tokens.LINE if self._down and not self._lit else fill))
        painter.drawRoundedRect(box, tokens.CORNER_PX, tokens.CORNER_PX)
        self._paint_text(painter, ink)
        painter.end()

    def _paint_text(self, painter: QPainter, ink: str) -> None:
        area = self.rect().adjusted(5, 3, -5, -3)
        painter.setPen(QColor(ink))
        two_lines = self.height() >= 40 and bool(self._key)
        if self._key:
            painter.setFont(font(tokens.CAPTION_PX))
            painter.setOpacity(1.0 if self._lit else 0.75)
            line = QRect(area.left(), area.top(), area.width(), 14)
            painter.drawText(
                line if two_lines else area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._key
            )
            painter.setOpacity(1.0)
        if two_lines:
            area.setTop(area.top() + 12)
        elif self._key:
            area.setLeft(area.left() + 18)
        _draw_label(painter, area, self._label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Act."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._down = True
            self.update()
            self.pressed.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press of a double click is a bouncing finger."""
        event.accept()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Come up again."""
        self._down = False
        self.update()

    def enterEvent(self, _event: object) -> None:
        """Show that it can be pressed."""
        self._hovered = True
        self.update()

    def leaveEvent(self, _event: object) -> None:
        """Be quiet again."""
        self._hovered = self._down = False
        self.update()


class HoldButton(OnAirButton):
    """A button that acts only after it was held down (fade to black)."""

    held = Signal(bool)
    """Down, up."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to hold."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._down = True
            self.update()
            self.held.emit(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        super().mouseReleaseEvent(event)
        self.held.emit(False)


class TBar(QWidget):
    """How far the running transition is, as the engine says."""

    def __init__(self) -> None:
        super().__init__()
        self._position = -1
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Transition position")
        self.setToolTip("How far the transition is")
        self.setMinimumSize(60, 16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_position(self, position: float | None) -> None:
        """Move to a position 0..1; None when no transition runs."""
        permille = -1 if position is None else round(position * 1000)
        if permille != self._position:
            self._position = permille
            self.setAccessibleDescription("" if permille < 0 else f"{permille // 10} %")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the groove and the handle."""
        painter = QPainter(self)
        groove = QRect(4, self.height() // 2 - 2, self.width() - 8, 4)
        painter.fillRect(groove, QColor(tokens.LINE))
        at = max(0, self._position)
        travelled = groove.width() * at // 1000
        if self._position >= 0:
            painter.fillRect(QRect(groove.left(), groove.top(), travelled, 4), QColor(tokens.PROGRAM))
        handle = QRect(min(groove.left() + travelled, groove.right() - 7), self.height() // 2 - 8, 8, 16)
        painter.fillRect(handle, QColor(tokens.TEXT if self._position >= 0 else tokens.DISABLED))
        painter.end()
