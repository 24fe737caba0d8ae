"""One line that says what was refused and why, what a key is being held for, and what was done last."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desk import tokens
from console.desk.director import Director
from console.desk.eventlog import Event
from console.desk.keys import Hold
from console.desk.plates import draw_mark, font

_REFUSAL_MS = 4000
_STEP_MS = 40


class Notice(QWidget):
    """Refusals stand out for four seconds; otherwise the line is quiet."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director
        self._refusal = ""
        self._last = ""
        self._hold: Hold | None = None
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Notice")
        self._fade = QTimer(self, singleShot=True, interval=_REFUSAL_MS)
        self._fade.timeout.connect(self._calm)
        self._step = QTimer(self, interval=_STEP_MS)
        self._step.timeout.connect(self.update)
        director.refused.connect(self.refuse)
        director.logged.connect(self._logged)
        director.holding.connect(self._holding)

    @property
    def text(self) -> str:
        """What stands there."""
        if self._hold is not None:
            return f"Keep holding {self._hold.chord}"
        return self._refusal or self._last

    def refuse(self, reason: str) -> None:
        """Show why something was not done."""
        self._refusal = reason
        self._fade.start()
        self._changed()

    def _calm(self) -> None:
        self._refusal = ""
        self._changed()

    def _logged(self, event: Event) -> None:
        if event.result in ("", "done"):
            self._refusal = ""
            self._last = f"{event.text}  {event.timecode}".strip()
            self._changed()

    def _holding(self, hold: Hold | None) -> None:
        self._hold = hold
        if hold is None:
            self._step.stop()
        else:
            self._refusal = ""
            self._step.start()
        self._changed()

    def _changed(self) -> None:
        self.setAccessibleDescription(self.text)
        self.setToolTip(self.text)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(4, 2, -4, -2)
        ink, left = tokens.SECONDARY, area.left() + 4
        if self._hold is not None:
            done = self._hold.progress(self._director.clock.now())
            painter.fillRect(area, QColor(tokens.RAISED))
            painter.fillRect(
                QRect(area.left(), area.top(), round(area.width() * done), area.height()), QColor(tokens.ARMED)
            )
            ink = tokens.ON_ARMED if done > 0.5 else tokens.TEXT
        elif self._refusal:
            painter.fillRect(area, QColor(tokens.ARMED))
            ink = tokens.ON_ARMED
            draw_mark(painter, QRect(left, area.top() + 4, 13, 12).toRectF(), "hollow", ink, 1.0)
            left += 20
        painter.setPen(QColor(ink))
        painter.setFont(font(tokens.BODY_PX, bold=bool(self._refusal)))
        line = QRect(left, area.top(), area.right() - left - 4, area.height())
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()
