"""What needs somebody's attention, read off the status."""

from __future__ import annotations

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


def _log_alarms(log: dict[str, Any], bitrate_kbps: int) -> list[dict[str, str]]:
    found = []
    if log.get("reason"):
        found.append({"id": "log", "severity": "critical", "text": log["reason"]})
    log["hours_left"] = round(log["disk_free"] / (bitrate_kbps * 125 * 3600), 1)
    if log["disk_free"] and log["hours_left"] < _DISK_LOW_HOURS:
        text = f"The disk of the program log is full in {log['hours_left'] * 60:.0f} minutes"
        found.append({"id": "disk", "severity": "critical", "text": text})
    return found
