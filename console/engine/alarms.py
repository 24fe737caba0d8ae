"""What needs somebody's attention, read off the status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DISK_LOW_HOURS = 0.5
_BY_LAMP = {"program": "critical", "both": "critical", "preview": "major"}


def alarms(status: dict[str, Any], bitrate_kbps: int) -> list[dict[str, str]]:
    """The alarms of a status; also notes in its `log` for how many hours the disk lasts."""
    found = []
    if not status["on_air"]:
        found.append({"id": "engine", "severity": "critical", "text": "The engine is not on air"})
    lamps = status.get("tally", {})
    for source, told in status["sources"].items():
        if told["state"] != "live":
            severity = _BY_LAMP.get(lamps.get(source, ""), "minor")
            text = f"{source} is {told['state']}" + (f": {told['reason']}" if told.get("reason") else "")
            found.append({"id": f"source:{source}", "severity": severity, "text": text})
    for url, told in status["outputs"].items():
        if told["state"] in ("retrying", "refused"):
            reason = told.get("reason") or "it does not answer"
            found.append({"id": f"output:{url}", "severity": "major", "text": f"{url}: {reason}"})
    return found + _log_alarms(status["log"], bitrate_kbps)


def graphics_alarms(
    graphics: Mapping[str, Any] | None, setup: Mapping[str, Any], air: Mapping[str, Any], lamps: Mapping[str, str]
) -> list[dict[str, str]]:
    """The alarms of graphics: worse while they are on air. Set-up and air are the show's, as JSON."""
    if graphics is None:
        return []
    tracked = any(group["on"] for group in air["tracked"])
    titles = [title for title, on in zip(setup["titles"], air["titles"], strict=True) if title and on["on"]]
    found = []
    if graphics["state"] == "away":
        severity = "critical" if tracked or titles else "minor"
        text = "Graphics are gone from the air until their process is back"
        found.append({"id": "graphics", "severity": severity, "text": _with_reason(text, graphics.get("reason"))})
    if tracked:
        found += _tracking_alarms(graphics["cameras"], setup["world"]["cameras"], lamps)
    shown = "".join(field["value"] for title in titles for field in title["fields"])
    for feed, told in graphics["feeds"].items():
        if f"{{{feed}." in shown and told.get("state") not in (None, "ok"):
            text = _with_reason(f"A title on air shows old data of {feed}", told.get("reason"))
            found.append({"id": f"feed:{feed}", "severity": "major", "text": text})
    for number, text in enumerate(graphics["troubles"], 1):
        found.append({"id": f"graphics:{number}", "severity": "minor", "text": text})
    return found


def _tracking_alarms(
    cameras: Mapping[str, Any], models: list[dict[str, Any]], lamps: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    for model in models:
        told = cameras.get(model["source"], {})
        if not model["input"] or told.get("state") not in ("silent", "never heard"):
            continue
        severity = "major" if lamps.get(model["source"]) in ("program", "both") else "minor"
        text = f"The tracking of {model['source']} has stopped: its graphics are not shown"
        yield {"id": f"tracking:{model['source']}", "severity": severity, "text": text}


def _with_reason(text: str, reason: str | None) -> str:
    return f"{text}: {reason}" if reason else text


def _log_alarms(log: dict[str, Any], bitrate_kbps: int) -> list[dict[str, str]]:
    found = []
    if log.get("reason"):
        found.append({"id": "log", "severity": "critical", "text": log["reason"]})
    log["hours_left"] = round(log["disk_free"] / (bitrate_kbps * 125 * 3600), 1)
    if log["disk_free"] and log["hours_left"] < _DISK_LOW_HOURS:
        text = f"The disk of the program log is full in {log['hours_left'] * 60:.0f} minutes"
        found.append({"id": "disk", "severity": "critical", "text": text})
    return found
