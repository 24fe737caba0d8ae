"""The style sheet and palette made from the tokens; Fusion beneath, so that every platform looks the same."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from console.desk import tokens as t

_ROLES = {
    QPalette.ColorRole.Window: t.BACKGROUND,
    QPalette.ColorRole.Base: t.PANEL,
    QPalette.ColorRole.AlternateBase: t.RAISED,
    QPalette.ColorRole.Button: t.RAISED,
    QPalette.ColorRole.Text: t.TEXT,
    QPalette.ColorRole.WindowText: t.TEXT,
    QPalette.ColorRole.ButtonText: t.TEXT,
    QPalette.ColorRole.ToolTipBase: t.RAISED,
    QPalette.ColorRole.ToolTipText: t.TEXT,
    QPalette.ColorRole.PlaceholderText: t.SECONDARY,
    QPalette.ColorRole.Highlight: "#27496D",
    QPalette.ColorRole.HighlightedText: t.TEXT,
    QPalette.ColorRole.Link: t.INFORMATION,
}


def style_sheet() -> str:
    """The style sheet. Properties `lamp`, `asked` and `severity` carry meaning; colours carry nothing else."""
    return f"""
* {{ font-size: {t.BODY_PX}px; }}
QMainWindow, QDialog {{ background: {t.BACKGROUND}; }}
QToolTip {{ background: {t.RAISED}; color: {t.TEXT}; border: 1px solid {t.LINE}; padding: 4px; }}
QMainWindow::separator {{ background: {t.BACKGROUND}; width: 4px; height: 4px; }}
QDockWidget {{ color: {t.TEXT}; }}
QDockWidget::title {{ background: {t.PANEL}; padding: 6px 8px; }}
QTabBar::tab {{ background: {t.BACKGROUND}; color: {t.SECONDARY}; padding: 8px 6px; border: none;
  border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {t.TEXT}; background: {t.PANEL}; border-bottom: 2px solid {t.INFORMATION}; }}
QTabBar::tab:hover {{ color: {t.TEXT}; }}
QTabBar {{ qproperty-drawBase: 0; qproperty-elideMode: ElideNone; font-size: 12px; }}
QTabBar:focus {{ outline: none; }}
QTabBar::tab:focus {{ border: 2px solid {t.FOCUS}; }}
QWidget#panel, QWidget#strip, QWidget#buses {{ background: {t.PANEL}; }}
QLabel#caption, QLabel[role="caption"] {{ color: {t.SECONDARY}; font-size: {t.CAPTION_PX}px; }}
QLabel[role="title"] {{ font-size: 16px; font-weight: 600; }}
QLabel[severity="alarm"] {{ color: {t.ALARM}; }}
QLabel[severity="warning"] {{ color: {t.WARNING}; }}
QLabel[severity="good"] {{ color: {t.GOOD}; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QPlainTextEdit {{ background: {t.BACKGROUND}; color: {t.TEXT};
  border: 1px solid {t.LINE};
  border-radius: {t.CORNER_PX}px; padding: 5px 8px; selection-background-color: #27496D; }}
QPlainTextEdit:focus {{ border: 2px solid {t.FOCUS}; padding: 4px 7px; }}
QSpinBox, QDoubleSpinBox {{ padding: 3px 4px; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
  subcontrol-origin: border; width: 0px; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {{ border: 2px solid {t.FOCUS}; padding: 4px 7px; }}
QSpinBox:focus, QDoubleSpinBox:focus {{ padding: 2px 3px; }}
QLineEdit#title {{ background: transparent; border: 1px solid transparent; padding: 3px 4px; font-weight: 600; }}
QLineEdit#title:hover {{ border-color: {t.LINE}; }}
QLineEdit#title:focus {{ border: 2px solid {t.FOCUS}; padding: 2px 3px; }}
QPushButton {{ background: {t.RAISED}; color: {t.TEXT}; border: 1px solid {t.LINE};
  border-radius: {t.CORNER_PX}px; padding: 5px 12px; }}
QPushButton:hover {{ border-color: {t.SECONDARY}; }}
QPushButton:pressed {{ background: {t.LINE}; }}
QPushButton:disabled {{ color: {t.DISABLED}; }}
QPushButton:focus {{ border: 2px solid {t.FOCUS}; padding: 4px 11px; }}
QPushButton:checked {{ background: #27496D; border-color: {t.INFORMATION}; }}
QPushButton[kind="primary"] {{ background: #1F4E82; border-color: {t.INFORMATION}; }}
QPushButton[kind="primary"]:disabled {{ background: {t.RAISED}; border-color: {t.LINE}; }}
QPushButton[kind="air"] {{ border-color: {t.ALARM}; }}
QPushButton[kind="air"]:disabled {{ border-color: {t.LINE}; }}
QPushButton[kind="bank"] {{ font-size: {t.CAPTION_PX}px; padding: 2px; }}
QPushButton[kind="choice"], QPushButton[kind="first"] {{ font-size: 15px; padding: 14px 20px; }}
QPushButton[kind="first"] {{ background: #1F4E82; border-color: {t.INFORMATION}; }}
QToolButton {{ background: transparent; color: {t.TEXT}; border: 1px solid {t.LINE}; font-weight: 600;
  border-radius: {t.CORNER_PX}px; padding: 4px 18px 4px 8px; }}
QTabBar QToolButton {{ padding: 0; border-color: {t.RAISED}; background: {t.PANEL}; }}
QToolButton:hover {{ background: {t.RAISED}; }}
QToolButton:focus {{ border: 2px solid {t.FOCUS}; padding: 3px 17px 3px 7px; }}
QToolButton::menu-indicator {{ subcontrol-position: right center; right: 5px; }}
QTableView, QListView, QTreeView {{ background: {t.PANEL}; alternate-background-color: #1F242A; color: {t.TEXT};
  border: 1px solid {t.LINE}; border-radius: {t.CORNER_PX}px; gridline-color: {t.RAISED}; outline: none; }}
QTableView:focus, QListView:focus {{ border: 2px solid {t.FOCUS}; }}
QTableView::item {{ padding: 2px 2px; }}
QTableView::item:selected {{ background: #27496D; color: {t.TEXT}; }}
QHeaderView {{ background: {t.PANEL}; }}
QHeaderView::section {{ background: {t.PANEL}; color: {t.SECONDARY}; font-size: {t.CAPTION_PX}px; border: none;
  border-bottom: 1px solid {t.LINE}; padding: 4px 1px; }}
QScrollBar:vertical {{ background: {t.PANEL}; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: {t.PANEL}; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {t.LINE}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
  border: none; width: 0; height: 0; }}
QComboBox {{ combobox-popup: 0; background: {t.BACKGROUND}; color: {t.TEXT}; border: 1px solid {t.LINE};
  border-radius: {t.CORNER_PX}px; padding: 5px 8px; }}
QComboBox:focus {{ border: 2px solid {t.FOCUS}; padding: 4px 7px; }}
QComboBox:disabled {{ color: {t.DISABLED}; }}
QComboBox QAbstractItemView {{ background: {t.RAISED}; color: {t.TEXT}; border: 1px solid {t.LINE};
  selection-background-color: #27496D; selection-color: {t.TEXT}; outline: none; }}
QComboBox QAbstractItemView::item {{ min-height: 24px; padding: 0 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QCheckBox {{ spacing: 6px; border: 2px solid transparent; border-radius: {t.CORNER_PX}px; padding: 2px; }}
QCheckBox:focus {{ border-color: {t.FOCUS}; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.SECONDARY}; border-radius: 3px;
  background: {t.BACKGROUND}; }}
QCheckBox::indicator:checked {{ background: {t.INFORMATION}; border-color: {t.TEXT}; }}
QMenu {{ background: {t.RAISED}; color: {t.TEXT}; border: 1px solid {t.LINE}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: {t.CORNER_PX}px; }}
QMenu::item:selected {{ background: #27496D; }}
QMenu::item:disabled {{ color: {t.DISABLED}; }}
QMenu::separator {{ height: 1px; background: {t.LINE}; margin: 4px 8px; }}
QSlider::groove:horizontal {{ background: {t.LINE}; height: 4px; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {t.TEXT}; width: 14px; margin: -6px 0; border-radius: 7px; }}
QSlider:focus {{ border: 2px solid {t.FOCUS}; border-radius: {t.CORNER_PX}px; }}
QProgressBar {{ background: {t.BACKGROUND}; border: 1px solid {t.LINE}; border-radius: {t.CORNER_PX}px;
  text-align: center; color: {t.TEXT}; max-height: 8px; }}
QProgressBar::chunk {{ background: {t.INFORMATION}; }}
"""


def dress(app: QApplication) -> None:
    """Give the application its look."""
    app.setStyle("Fusion")
    palette = QPalette()
    for role, colour in _ROLES.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(t.DISABLED))
    app.setPalette(palette)
    app.setStyleSheet(style_sheet())
