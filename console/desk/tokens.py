"""The look in one place: colours, sizes and fonts, for the style sheet and for everything that is painted.

One meaning per colour; text has a contrast of at least 4.5:1 on what it stands on (kept by a test).
"""

from __future__ import annotations

from enum import StrEnum

BACKGROUND = "#121417"
PANEL = "#1B1F24"
RAISED = "#252A31"
LINE = "#343B44"
TEXT = "#E6E9ED"
SECONDARY = "#9AA4B0"
DISABLED = "#5B6470"
BLACK = "#000000"

PROGRAM = "#D00000"
ON_PROGRAM = "#FFFFFF"
PREVIEW = "#00A63C"
PREVIEW_BORDER = "#00D000"
ON_PREVIEW = "#06130A"
ARMED = "#F2A900"
ON_ARMED = "#1A1200"
ALARM = "#FF4D4D"
ON_ALARM = "#1D0000"
WARNING = "#F2A900"
GOOD = "#3DBE7B"
INFORMATION = "#4C9AFF"
FOCUS = INFORMATION

STEP_PX = 4
"""All spacing is a multiple of this, so edges fall on whole device pixels at 125, 150 and 175 % too."""
CORNER_PX = 4
BODY_PX, CAPTION_PX, CLOCK_PX, TILE_NAME_PX = 13, 11, 20, 14
STRIP_HEIGHT_PX = 36
BUS_HEIGHT_PX = 152
FOCUS_RING_PX = 2
PLATE_OPACITY = 0.6

COLOUR_PAIRS = (
    (TEXT, BACKGROUND),
    (TEXT, PANEL),
    (TEXT, RAISED),
    (SECONDARY, BACKGROUND),
    (SECONDARY, PANEL),
    (SECONDARY, RAISED),
    (ON_PROGRAM, PROGRAM),
    (ON_PREVIEW, PREVIEW),
    (ON_ARMED, ARMED),
    (ON_ALARM, ALARM),
    (ALARM, PANEL),
    (WARNING, PANEL),
    (GOOD, PANEL),
    (INFORMATION, PANEL),
)
"""Text colours and what they stand on."""


class Severity(StrEnum):
    """How bad something is; each has a colour and a shape of its own."""

    QUIET = "quiet"
    GOOD = "good"
    INFORMATION = "information"
    WARNING = "warning"
    ALARM = "alarm"


SEVERITY_COLOURS = {
    Severity.QUIET: SECONDARY,
    Severity.GOOD: GOOD,
    Severity.INFORMATION: INFORMATION,
    Severity.WARNING: WARNING,
    Severity.ALARM: ALARM,
}


def severity_of(word: object) -> Severity:
    """The severity an engine's alarm names, in our words or a monitoring product's."""
    names = {"critical": Severity.ALARM, "major": Severity.WARNING, "minor": Severity.WARNING, "error": Severity.ALARM}
    text = str(word).lower()
    return names.get(text) or next((known for known in Severity if known == text), Severity.WARNING)


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB`, 0..1 (WCAG 2)."""
    linear = []
    for at in (1, 3, 5):
        value = int(colour[at : at + 2], 16) / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
