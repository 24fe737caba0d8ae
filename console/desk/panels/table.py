"""Tables of the panels: rows of cells, changed in place so that selection and scrolling stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from console.desk import tokens
from console.desk.plates import font

Index = QModelIndex | QPersistentModelIndex
_SPARK_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_ROOT = QModelIndex()
_STRETCH_MIN_PX = 88


@dataclass(frozen=True)
class Cell:
    """What stands in one field. `spark` draws numbers as a line instead of text."""

    text: str = ""
    colour: str = tokens.TEXT
    hint: str = ""
    right: bool = False
    spark: tuple[float, ...] | None = None


Row = tuple[str, tuple[Cell, ...]]
"""A row's id and its cells."""


class Rows(QAbstractTableModel):
    """The rows of one table."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self._columns = columns
        self._rows: list[Row] = []

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; only what is different is told to the view."""
        if [row[0] for row in rows] != [row[0] for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        changed = [at for at, (new, old) in enumerate(zip(rows, self._rows, strict=True)) if new != old]
        self._rows = list(rows)
        if changed:  # one signal: each makes the header measure its columns anew
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(self._columns) - 1))

    def row_id(self, number: int) -> str | None:
        """The id of a row."""
        return self._rows[number][0] if 0 <= number < len(self._rows) else None

    def row_of(self, row_id: str) -> int:
        """Where the row of an id is, -1 when it is not there."""
        return next((number for number, row in enumerate(self._rows) if row[0] == row_id), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's name."""
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            over_figures = bool(self._rows) and self._rows[0][1][section].right
            side = Qt.AlignmentFlag.AlignRight if over_figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's part."""
        cell = self._rows[index.row()][1][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.hint or cell.text
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(cell.colour)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if cell.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == _SPARK_ROLE:
            return cell.spark
        return None


class SparkDelegate(QStyledItemDelegate):
    """Draws a cell's `spark` as a small line, from zero to its own maximum."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the cell."""
        super().paint(painter, option, index)
        values = index.data(_SPARK_ROLE)
        if not values:
            return
        area: QRect = option.rect
        box = QRectF(area).adjusted(4, 4, -4, -4)
        top = 1.25 * max((*values, 1e-9))
        step = box.width() / max(1, len(values) - 1)
        points = [
            QPointF(box.left() + at * step, box.bottom() - value / top * box.height())
            for at, value in enumerate(values)
        ]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.INFORMATION), 1.2))
        painter.drawPolyline(QPolygonF(points))
        painter.restore()


class Table(QTableView):
    """A table as all panels have it: whole rows, no grid, columns that elide."""

    def __init__(self, columns: Sequence[str], stretch: int, name: str, parent: QWidget | None = None) -> None:
        """`stretch` is the column that takes the room that is left."""
        super().__init__(parent)
        self.rows = Rows(columns)
        self.setModel(self.rows)
        self.setItemDelegate(SparkDelegate(self))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setFont(font(tokens.CAPTION_PX))
        header.setMinimumSectionSize(28)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Fixed)
        header.sectionResized.connect(self._fit)
        self._stretch = stretch

    def _fit(self, *_: int) -> None:
        """Give the stretched column the room that is left, but enough to say something; then the table scrolls."""
        header = self.horizontalHeader()
        others = header.length() - header.sectionSize(self._stretch)
        header.resizeSection(self._stretch, max(_STRETCH_MIN_PX, self.viewport().width() - others))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room out."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Small; the panel decides."""
        return QSize(280, 120)

    def chosen(self) -> str | None:
        """The id of the selected row."""
        index = self.currentIndex()
        return self.rows.row_id(index.row()) if index.isValid() else None

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows and keep the selected one selected."""
        chosen, at = self.chosen(), self.verticalScrollBar().value()
        self.rows.show_rows(rows)
        if chosen is not None and self.chosen() != chosen and (number := self.rows.row_of(chosen)) >= 0:
            self.selectRow(number)
            self.verticalScrollBar().setValue(at)

    def row_at(self, position: QPoint) -> str | None:
        """The id of the row at a point of the viewport."""
        index = self.indexAt(position)
        return self.rows.row_id(index.row()) if index.isValid() else None
