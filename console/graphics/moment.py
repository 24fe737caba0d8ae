"""What is drawn over one picture, as data: subjects and elements at the picture's instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.show.world import Element

Array: TypeAlias = NDArray[np.float64]
Triple: TypeAlias = tuple[float, float, float]

NO_TRAIL: Array = np.empty((0, 4))


@dataclass(frozen=True, eq=False)
class Subject:
    """One athlete or object at the picture's instant."""

    id: str
    """`INPUT/NUMBER`."""
    position_m: Triple
    """Where it stands: the ground under an athlete."""
    velocity_mps: Triple = (0.0, 0.0, 0.0)
    """nan: not known."""
    name: str = ""
    bib: str = ""
    country: str = ""
    joints_m: Array | None = None
    """(33, 3) in BlazePose's order; a row of nan is a joint that is not seen."""
    trail: Array = field(default_factory=lambda: NO_TRAIL)
    """(n, 4): x, y, z and speed in m/s, oldest first."""
    strength: float = 1.0
    """0..1, less as its data grow old."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything drawn over one picture."""

    elements: tuple[tuple[Element, float], ...] = ()
    """With opacities 0..1."""
    subjects: tuple[Subject, ...] = ()
    race_s: float | None = None
    """Seconds since the start, for record lines; None: nobody has started."""
    instant_s: float = 0.0
    """The picture's instant in seconds on any steady clock: labels move and figures change by it."""
