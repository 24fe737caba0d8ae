"""Adding or editing a source: one field for the address, probed while you look; Enter adds. Never modal."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from console.desk import tokens
from console.desk.director import Director
from console.desk.inspecting import Finding, Inspection
from console.desk.panels.parts import caption, set_severity
from console.media.address import scheme_of
from console.show.commands import AddSource, EditSource
from console.show.model import Source
from console.show.reduce import LATENCY_MS_MAX

_PROBE_AFTER_MS = 400
_PICTURE = (320, 180)


def suggest(url: str, taken: Collection[str]) -> tuple[str, str]:
    """An id that is free and a name for a source at an address: a file's stem, else `cam` and the next number."""
    numbers = (number for number in range(1, len(taken) + 2) if f"cam{number}" not in taken)
    number = next(numbers)
    if scheme_of(url) == "file":
        stem = PurePath(urlsplit(url).path if url.startswith("file:") else url.partition("?")[0]).stem
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:28].lower()
        if base:
            free = (
                base if base not in taken else next(f"{base}-{n}" for n in range(2, 200) if f"{base}-{n}" not in taken)
            )
            return free, stem.replace("_", " ")[:40]
    return f"cam{number}", f"Camera {number}"


class SourceDialog(QDialog):
    """For a new source, or for an existing one (`source`)."""

    def __init__(self, director: Director, parent: QWidget, source: Source | None = None) -> None:
        super().__init__(parent)
        self._director = director
        self._source = source
        self._inspection: Inspection | None = None
        self._touched: set[QLineEdit] = set()
        self.setWindowTitle(f"Edit {source.name}" if source else "Add a source")
        self.setModal(False)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(720)
        self._make_fields(source)
        self._make_buttons(source)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=_PROBE_AFTER_MS)
        self._later.timeout.connect(self._look)
        self.url.textChanged.connect(self._url_changed)
        self.identity.textEdited.connect(lambda: self._touched.add(self.identity))
        self.name.textEdited.connect(lambda: self._touched.add(self.name))
        if source:
            self._later.start()
        else:
            self._url_changed("")

    def _make_fields(self, source: Source | None) -> None:
        self.url = QLineEdit(source.url if source else "")
        self.url.setPlaceholderText("Paste an address (rtmp, rtsp, srt, http, udp, pattern:) or drop a file")
        self.url.setAccessibleName("Address of the source")
        self.identity = QLineEdit(source.id if source else "")
        self.identity.setAccessibleName("Short id of the source")
        self.identity.setToolTip("Short id: letters, digits, - and _")
        self.identity.setEnabled(source is None)
        self.name = QLineEdit(source.name if source else "")
        self.name.setAccessibleName("Name of the source")
        self.latency = QSpinBox()
        self.latency.setRange(20, LATENCY_MS_MAX)
        self.latency.setSingleStep(20)
        self.latency.setSuffix(" ms")
        self.latency.lineEdit().setTextMargins(6, 0, 6, 0)
        self.latency.setValue(source.latency_ms if source else 200)
        self.latency.setAccessibleName("Latency of the source")
        self.latency.setToolTip("How long pictures wait to even out the network; more is smoother and later")
        self.proxy = QLineEdit(source.proxy_url if source else "")
        self.proxy.setPlaceholderText("Sub-stream or lower rendition")
        self.proxy.setAccessibleName("Tile address of the source, optional")
        self.proxy.setToolTip(
            "A second, smaller address of the same camera, which costs less to decode: its sub-stream, or a lower HLS "
            "rendition.\nThe tile shows it; program and preview show the main address."
        )
        self.picture = QLabel("No picture yet")
        self.picture.setFixedSize(*_PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setStyleSheet(f"background: {tokens.BLACK}; color: {tokens.SECONDARY};")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(88)

    def _make_buttons(self, source: Source | None) -> None:
        self.browse = QPushButton("File...")
        self.browse.setToolTip("Choose a clip or a still")
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.done_button = QPushButton("Save" if source else "Add")
        self.done_button.setDefault(True)
        self.done_button.setProperty("kind", "primary")
        self.done_button.setToolTip("Enter")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Esc")
        self.cancel_button.setAutoDefault(False)
        self.done_button.clicked.connect(self._give)
        self.cancel_button.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        fields = (
            ("Id", self.identity),
            ("Name", self.name),
            ("Latency", self.latency),
            ("Tile address (optional)", self.proxy),
        )
        for number, (word, field) in enumerate(fields):
            grid.addWidget(caption(word), 2 * number, 1)
            grid.addWidget(field, 2 * number + 1, 1)
        grid.addWidget(self.picture, 0, 0, 2 * len(fields) + 1, 1, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(2 * len(fields), 1)
        top = QHBoxLayout()
        top.addWidget(self.url, 1)
        top.addWidget(self.browse)
        buttons = QHBoxLayout()
        buttons.addWidget(self.said, 1)
        buttons.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignBottom)
        buttons.addWidget(self.done_button, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addLayout(grid)
        column.addLayout(buttons)

    # -- looking ----------------------------------------------------------------------------------------------

    def _url_changed(self, _text: str) -> None:
        self._stop_looking()
        url = self.url.text().strip()
        self.done_button.setEnabled(bool(url))
        self.picture.clear()
        self.picture.setText("No picture yet")
        if not url:
            self._say("Podium looks into the address while you type and shows what it finds.", "")
            return
        if self._source is None:
            identity, name = suggest(url, {source.id for source in self._director.world.setup.sources})
            for field, text in ((self.identity, identity), (self.name, name)):
                if field not in self._touched:
                    field.setText(text)
        self._say("Looking...", "")
        self._later.start()

    def _look(self) -> None:
        self._stop_looking()
        self._inspection = Inspection(self.url.text().strip(), self)
        self._inspection.found.connect(self._found)

    def _stop_looking(self) -> None:
        self._later.stop()
        if self._inspection is not None:
            self._inspection.cancel()
            self._inspection.deleteLater()
            self._inspection = None

    def _found(self, finding: Finding) -> None:
        if not finding.ok:
            self.picture.setText("No picture")
            remedy = f"\n{finding.remedy}." if finding.remedy else ""
            self._say(
                f"{finding.reason.rstrip('.')}.{remedy}\nIt can be added all the same and is tried again.", "warning"
            )
            return
        self._say("\n".join(finding.lines), "good")
        pixmap = QPixmap()
        if finding.picture and pixmap.loadFromData(finding.picture):
            ratio = self.devicePixelRatioF()
            pixmap = pixmap.scaled(
                round(_PICTURE[0] * ratio),
                round(_PICTURE[1] * ratio),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            pixmap.setDevicePixelRatio(ratio)
            self.picture.setPixmap(pixmap)
        else:
            self.picture.setText("No picture")

    def _say(self, text: str, severity: str) -> None:
        self.said.setText(text)
        set_severity(self.said, severity)

    # -- doing ------------------------------------------------------------------------------------------------

    def _give(self) -> None:
        url, name, proxy = (field.text().strip() for field in (self.url, self.name, self.proxy))
        self.done_button.setEnabled(False)
        if self._source is None:
            command: AddSource | EditSource = AddSource(
                self.identity.text().strip(), url, name or None, self.latency.value(), proxy or None
            )
        else:
            old = self._source
            changed, smaller = url if url != old.url else None, proxy if proxy != old.proxy_url else None
            command = EditSource(old.id, changed, name or None, self.latency.value(), smaller)
        self._director.request(command, self._given)

    def _given(self, refusal: str) -> None:
        if refusal:
            self.done_button.setEnabled(True)
            self._say(refusal, "warning")
        else:
            self.accept()

    def _browse(self) -> None:
        chooser = QFileDialog(self, "Choose a clip or a still")
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setModal(False)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self.url.setText)
        chooser.show()
        chooser.activateWindow()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and addresses."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put what was dropped into the field."""
        self.drop(event)

    def drop(self, event: QDropEvent) -> None:
        """Put what was dropped, here or on the main window, into the field."""
        data = event.mimeData()
        if data.hasUrls():
            first = data.urls()[0]
            self.url.setText(first.toLocalFile() if first.isLocalFile() else first.toString())
        elif data.hasText():
            self.url.setText(data.text().strip())
        event.acceptProposedAction()

    def done(self, result: int) -> None:
        """Close, however it came about, and stop looking."""
        self._stop_looking()
        super().done(result)
