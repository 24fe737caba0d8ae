"""The status as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from console.wire.tier import Tier

_FRAME = (
    ("frames", "counter", "podium_frames_total", "Frames made since the engine started"),
    ("late_ticks", "counter", "podium_late_ticks_total", "Frames repeated or left out because the engine was late"),
    ("gap_frames", "counter", "podium_gap_frames_total", "Frames left out"),
    ("torn", "counter", "podium_torn_total", "Frames drawn again because a source overwrote its picture"),
    ("faults", "counter", "podium_faults_total", "Frames that failed and were repeated"),
    ("tick_ms", "gauge", "podium_tick_milliseconds", "Time one frame takes to make"),
    ("late_ms", "gauge", "podium_late_milliseconds", "How late the last frame was begun"),
    ("on_air", "gauge", "podium_on_air", "1 while the engine makes frames"),
)
_SOURCE = (
    ("in", "counter", "podium_source_in_total", "Pictures that came"),
    ("drop", "counter", "podium_source_drop_total", "Pictures skipped by the frame sync"),
    ("out", "counter", "podium_source_out_total", "Frames for which the source gave a picture"),
    ("duplicate", "counter", "podium_source_duplicate_total", "Frames for which it gave the same again"),
    (
        "overlay_late",
        "counter",
        "podium_source_overlay_late_total",
        "Frames with graphics of a picture before",
    ),
    (
        "overlay_missing",
        "counter",
        "podium_source_overlay_missing_total",
        "Frames whose graphics did not come",
    ),
    ("fps", "gauge", "podium_source_fps", "New pictures per second"),
    ("age_ms", "gauge", "podium_source_age_milliseconds", "Age of the newest picture"),
    ("cost", "gauge", "podium_source_cost_cores", "Share of a core that decoding it takes"),
    ("hot_in_frames", "gauge", "podium_source_hot_in_frames", "Frames that a cut to it would wait for its picture"),
)
_DECODING = (
    ("cost", "gauge", "podium_decoding_cost_cores", "Cores that all sources take"),
    ("budget", "gauge", "podium_decoding_budget_cores", "Cores that sources off program may take"),
    ("shedding", "gauge", "podium_decoding_shedding", "1 while less is decoded than is looked at"),
    ("busy", "gauge", "podium_machine_busy", "Share of the machine in use, by all that runs on it"),
    ("cores", "gauge", "podium_machine_cores", "Cores that may be used"),
)
_GRAPHICS = (
    ("running", "gauge", "podium_graphics_running", "1 while the graphics process works"),
    ("render_ms", "gauge", "podium_graphics_render_milliseconds", "Median time to draw one picture's graphics"),
    ("subjects", "gauge", "podium_graphics_subjects", "Athletes and objects seen by tracking"),
)
_HEADROOM = (("headroom", "gauge", "podium_decoding_headroom", "How many more sources would fit at a tier"),)
_OUTPUT = (
    ("queued", "gauge", "podium_output_queued_frames", "Frames not yet acknowledged by the destination"),
    ("sent", "counter", "podium_output_sent_frames_total", "Frames sent"),
    ("acked", "counter", "podium_output_acked_frames_total", "Frames acknowledged"),
    ("lost", "counter", "podium_output_lost_frames_total", "Frames that can't be delivered any more"),
    ("lag_ms", "gauge", "podium_output_lag_milliseconds", "Age of the newest acknowledged frame"),
)
_LOG = (
    ("frames", "counter", "podium_log_frames_total", "Frames in the program log"),
    ("bytes", "gauge", "podium_log_bytes", "Size of the program log"),
    ("disk_free", "gauge", "podium_log_disk_free_bytes", "Space left for it"),
    ("missing_frames", "counter", "podium_log_missing_frames_total", "Frames known to be missing in it"),
)


def metrics(status: dict[str, Any]) -> str:
    """The whole page."""
    lines = [*_family(_FRAME, "", [("", status)])]
    lines += _family(_SOURCE, "source", status["sources"].items())
    lines += _source_states(status["sources"])
    lines += _source_tiers(status["sources"])
    lines += _family(_DECODING, "", [("", status["decoding"])])
    lines += _family(_HEADROOM, "tier", [(tier, {"headroom": n}) for tier, n in status["decoding"]["headroom"].items()])
    if graphics := status["graphics"]:
        lines += _family(_GRAPHICS, "", [("", graphics | {"running": int(graphics["state"] == "running")})])
    lines += _family(_OUTPUT, "output", status["outputs"].items())
    lines += _family(_LOG, "", [("", status["log"])])
    return "\n".join(lines) + "\n"


def _family(
    specs: Iterable[tuple[str, str, str, str]], label: str, rows: Iterable[tuple[str, dict[str, Any]]]
) -> Iterator[str]:
    rows = list(rows)
    for field, kind, name, text in specs:
        values = [(key, row[field]) for key, row in rows if isinstance(row.get(field), int | float)]
        if values:
            yield f"# HELP {name} {text}."
            yield f"# TYPE {name} {kind}"
        for key, value in values:
            yield f"{name}{_label(label, key)} {float(value):.10g}"


def _source_states(sources: dict[str, dict[str, Any]]) -> Iterator[str]:
    if sources:
        yield "# HELP podium_source_live 1 while new pictures come."
        yield "# TYPE podium_source_live gauge"
    for source, row in sources.items():
        yield f"podium_source_live{_label('source', source)} {int(row['state'] == 'live')}"


def _source_tiers(sources: dict[str, dict[str, Any]]) -> Iterator[str]:
    if sources:
        yield "# HELP podium_source_tier How far it is decoded: 1 parked, 2 key frames, 3 tile, 4 in full."
        yield "# TYPE podium_source_tier gauge"
    for source, row in sources.items():
        yield f"podium_source_tier{_label('source', source)} {Tier[row['tier'].upper()].value}"


def _label(label: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{{{label}="{escaped}"}}' if label else ""
