"""A tracking input as it is written into fields: text in, `TrackingInput` out, each fault in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from console.show.world import TrackingInput

PROTOCOLS = {"freed": "FreeD D1", "opentrackio": "OpenTrackIO 1.0.1", "psn": "PosiStageNet 2.03"}
PORTS = {"freed": 40000, "opentrackio": 55555, "psn": 56565}
GROUPS = {"freed": "", "opentrackio": "239.135.1.1", "psn": "236.10.10.10"}
AXES = {"freed": "+x +y +z", "opentrackio": "+x +y +z", "psn": "+x +z +y"}
ANGLES = {"freed": "+pan +tilt +roll", "opentrackio": "-pan +tilt +roll", "psn": "+pan +tilt +roll"}
"""What holds when nothing is written."""


@dataclass(frozen=True)
class Quirk:
    """What a sender may do in its own way."""

    protocol: str
    words: str
    hint: str


QUIRKS = {
    "freed_zero_checksum": Quirk("freed", "A checksum of 0 is not checked", "Some senders do not make the checksum"),
    "freed_spare_is_iris_and_sequence": Quirk(
        "freed", "The spare bytes hold iris and sequence", "Losses can be counted then; one vendor sends them so"
    ),
    "opentrackio_mod255": Quirk(
        "opentrackio",
        "Refuse the checksum of version 1.0.0",
        "Version 1.0.0 counted modulo 255; it is taken with a warning unless this is on",
    ),
    "opentrackio_sequence_is_unused": Quirk(
        "opentrackio", "The sequence number does not count", "For senders that always send the same one"
    ),
    "opentrackio_tangential_per_f2": Quirk(
        "opentrackio",
        "Tangential distortion is per F squared",
        "For senders that follow a published note with q = p/F^2; right is q = p/F",
    ),
}
"""By their names in `tracking.mapping.Quirks`; each switch turns over what holds by default."""


class DraftError(ValueError):
    """What is written can't be read; the text says what."""


def suggested_id(protocol: str, taken: Collection[str]) -> str:
    """A free id for an input of a protocol."""
    return next(
        name for number in range(1, len(taken) + 2) if (name := protocol + str(number) * (number > 1)) not in taken
    )


def numbers(what: str, text: str, count: int) -> tuple[float, ...]:
    """Numbers with blanks or commas between; nothing is zeros. Raises DraftError."""
    parts = text.replace(",", " ").split()
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    if not parts:
        return (0.0,) * count
    if len(found) != count:
        raise DraftError(f"{what} needs {count} numbers, such as {' '.join(['0'] * count)}, not '{text.strip():.40}'")
    return found


def written(values: tuple[float, ...]) -> str:
    """Numbers as they are written into a field; nothing for zeros."""
    return " ".join(f"{value:g}" for value in values) if any(values) else ""


def read_input(texts: Mapping[str, str], quirks: Collection[str]) -> TrackingInput:
    """An input from what its fields say, by their names. Raises DraftError; whether it can be is for the engine."""
    try:
        scale = float(texts["scale"].strip() or 1.0)
        delay_ms = float(texts["delay_ms"].strip() or 0.0)
    except ValueError:
        raise DraftError("Scale and delay are numbers, such as 1 and 12.5") from None
    protocol = texts["protocol"]
    return TrackingInput(
        texts["id"].strip(),
        protocol,
        texts["bind"].strip(),
        texts["group"].strip(),
        " ".join(texts["axes"].split()),
        " ".join(texts["angles"].split()),
        scale,
        numbers("The offset", texts["offset_m"], 3),
        numbers("The angle offset", texts["angle_offset_deg"], 3),
        tuple(name for name in QUIRKS if name in quirks and QUIRKS[name].protocol == protocol),
        delay_ms,
    )
