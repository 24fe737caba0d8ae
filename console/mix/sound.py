"""Mixing sound: what is heard at a frame, with gains that ramp over the frame so that a cut does not click."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from console.media.picture import Samples
from console.show.model import SourceId


def mix_sound(
    before: Mapping[SourceId, float],
    after: Mapping[SourceId, float],
    take: Callable[[SourceId], Samples],
    out: Samples,
) -> None:
    """Sum the sources into `out` (samples, 2), each going from its gain `before` to its gain `after`.

    `take` gives a source's samples for this frame, as many as `out` has. Peaks beyond full scale are clipped.
    """
    out.fill(0.0)
    for source in before.keys() | after.keys():
        old, new = before.get(source, 0.0), after.get(source, 0.0)
        heard = take(source)
        if old == new:
            out += heard * np.float32(new)
        else:
            out += heard * np.linspace(old, new, len(out), endpoint=False, dtype=np.float32)[:, None]
    np.clip(out, -1.0, 1.0, out=out)
