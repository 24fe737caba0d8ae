"""Qt without a screen, once for all tests that draw."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture(scope="session", autouse=True)
def _qt(qapp: QGuiApplication) -> None:
    """Fonts and painters need an application; the desk's tests share it, so it is pytest-qt's."""
