"""What a sample says, as plain data: for scripts, and for those who look at a stream to find out what is wrong."""

from __future__ import annotations

from typing import Any

from console.tracking import psn
from console.tracking.freed import FreedSample
from console.tracking.opentrackio import OpenTrackIOPacket
from console.tracking.stream import Decoded


def described(sample: Decoded, names: dict[int, str]) -> dict[str, Any]:
    """The JSON object of a packet, its values as they were sent. `names` are those of PosiStageNet trackers."""
    if isinstance(sample, FreedSample):
        fields = ("camera", "pan_deg", "tilt_deg", "roll_deg", "x_m", "y_m", "z_m", "zoom", "focus")
        return {"protocol": "freed", **{name: getattr(sample, name) for name in fields}}
    if isinstance(sample, OpenTrackIOPacket):
        return {
            "protocol": "opentrackio",
            "source": sample.sample.source_number,
            "sequence": sample.sequence,
            "encoding": sample.encoding.name.lower(),
            "checksum": sample.checksum.value,
            "sample": sample.object,
        }
    found: dict[str, Any] = {"protocol": "psn", "frame": sample.header.frame}
    if isinstance(sample, psn.InfoPacket):
        found["trackers"] = [_psn_tracker(psn.Tracker(number), name) for number, name in sample.names]
        return found
    found["trackers"] = [_psn_tracker(tracker, names.get(tracker.id)) for tracker in sample.trackers]
    if sample.refused:
        found["error"] = "; ".join(sample.refused)
    return found


def _psn_tracker(tracker: psn.Tracker, name: str | None) -> dict[str, Any]:
    return {
        "id": tracker.id,
        "name": name,
        "position_m": tracker.position_m,
        "speed_mps": tracker.speed_mps,
        "validity": tracker.validity,
    }
