"""The results in words: one line for each study as it ends, and RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promises import promises

from console.engine.cadence import HISTOGRAM_MS


def sentence(name: str, result: dict[str, Any]) -> str:
    """What came out, on one line."""
    kind = name.partition("-")[0]
    if "failed" in result:
        return f"{name}: FAILED: {result['failed']}"
    told = _SENTENCES.get(kind, _row_sentence)(result)
    return f"{name}: {told}"


def _row_sentence(row: dict[str, Any]) -> str:
    frames, tiles = row["frames"], row["tiles"]
    kinds = ("lost", "doubled", "skipped", "backwards", "wrong", "unreadable", "dissolve_held")
    faults = ", ".join(f"{frames[kind]} {kind}" for kind in kinds if frames[kind])
    return (
        f"{'holds' if row['holds'] else 'DOES NOT HOLD'}; {faults or 'no fault'} in {frames['due']} frames; tiles "
        f"{tiles.get('median')} fps, least {tiles.get('min')}; {row['cores']['podium']} cores, desk "
        f"{row['cores'].get('desk', '-')}, others {row['others_cores']}; {row['memory_mb']['total']:.0f} MB"
    )


def _search_sentence(result: dict[str, Any]) -> str:
    tried = ", ".join(f"{row['sources']} {'held' if row['holds'] else 'failed'}" for row in result["rows"])
    return f"largest {result['largest']} ({tried})"


def _hot_sentence(result: dict[str, Any]) -> str:
    return (
        f"asked to shown {_spread(result['asked_to_shown_frames'])} frames over {result['cuts']} cuts, acked to shown "
        f"{_spread(result['acked_to_shown_frames'])}, promised {_spread(result['promised_frames'])}; "
        f"{result['frames']['faults']} faults; before the cut {result['tier_before']}"
    )


def _line_sentence(result: dict[str, Any]) -> str:
    if "cores_line" not in result:
        return f"{result['points']}"
    cores, memory = result["cores_line"], result["memory_line"]
    return (
        f"{cores['slope']:.4f} cores and {memory['slope']:.1f} MB for each more source, off the line by at most "
        f"{cores['residual_max']:.3f} cores; tiers {result['points'][-1]['tiers']}"
    )


def _death_sentence(result: dict[str, Any]) -> str:
    return (
        f"{result['frames_delivered']} of {result['frames_due']} frames came; held after {result['held_after_s']} s, "
        f"slate after {result['slate_after_s']} s, back {result['back_after_s']} s after the restart"
    )


def _peers_sentence(result: dict[str, Any]) -> str:
    held = ", ".join(f"{p['peer']} {_held(p)}" for p in result["peers"])
    return (
        f"we hold {result['ours_largest']}; {held}: {result['to_best_switcher'] or '-'} times the best switcher, "
        f"{result['to_fixed_graph'] or '-'} times the fixed graph"
    )


def _held(peer: dict[str, Any]) -> str:
    if "missing" in peer:
        return "not installed"
    return f"{peer['largest']}{' or more' if peer['at_most_tried'] else ''}"


def _parts_sentence(result: dict[str, Any]) -> str:
    ticks = "; ".join(f"{f} {r['mix and key']['median_ms']:.2f} ms" for f, r in result["tick"].items())
    desk = result["desk"]["median"] if result.get("desk") else "-"
    return f"a tick with mix and key: {ticks}; desk with 8 tiles: {desk} % of a core"


_SENTENCES = {
    "search": _search_sentence,
    "hot": _hot_sentence,
    "key": _line_sentence,
    "line": _line_sentence,
    "death": _death_sentence,
    "peers": _peers_sentence,
    "parts": _parts_sentence,
}


def _spread(values: dict[str, float] | None) -> str:
    return "-" if values is None else f"{values['median']:g} ({values['min']:g} to {values['max']:g})"


def markdown(document: dict[str, Any]) -> str:
    """RESULTS.md."""
    machine, studies = document["machine"], document["studies"]
    parts = [
        "# What Podium holds, and what it costs\n",
        f"Measured on {document['when']} by `packaging/bench/switcher.py` on {machine['cores']} cores of "
        f"{machine['cpu']}, {machine['memory_gb']} GB, {machine['system']}; Python {machine['python']}, Podium "
        f"{machine['podium']} ({machine['commit']}), PyAV {machine['av']}, FFmpeg {machine['ffmpeg']}. "
        "Written by the program; nothing is left out. *Others* is what the rest of the machine used meanwhile, feeds "
        "and receiver not counted; where it is not near 0, a row that fails says little.\n",
    ]
    parts.append(_promised(studies))
    failed = [(name, result["failed"]) for name, result in studies.items() if "failed" in result]
    studies = {name: result for name, result in studies.items() if "failed" not in result}
    by_kind: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, result in studies.items():
        kind = name.partition("-")[0]
        by_kind.setdefault(kind if kind in _SECTIONS else "row", []).append((name, result))
    for kind, section in _SECTIONS.items():
        if kind in by_kind:
            parts.append(section(by_kind[kind]))
    if failed:
        parts.append("## What could not be measured\n\n" + "\n".join(f"- {name}: {why}" for name, why in failed) + "\n")
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * (lines[0].count("|") - 1))
    lines += ["| " + " | ".join("-" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _promised(studies: dict[str, dict[str, Any]]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    table = [(p.what, p.promised, p.measured, words[p.kept]) for p in promises(studies)]
    return "## What is promised of two cores without a GPU\n\n" + _table(
        ("what", "promised", "measured", "kept"), table
    )


def _rows(results: list[tuple[str, dict[str, Any]]]) -> str:
    table = _table(
        ("row", "holds", "in sequence", "lost", "doubled", "skipped", "other faults", "tiles fps: median, least",
         "cores", "desk", "others", "MB", "tiers"),
        [
            (
                name, "yes" if row["holds"] else "**no**", f"{row['frames']['in_sequence_share']:.2%}",
                row["frames"]["lost"], row["frames"]["doubled"], row["frames"]["skipped"],
                sum(row["frames"][kind] for kind in ("backwards", "wrong", "unreadable", "dissolve_held")),
                f"{row['tiles'].get('median')}, {row['tiles'].get('min')}", row["cores"]["podium"],
                row["cores"].get("desk"), row["others_cores"], round(row["memory_mb"]["total"]),
                ", ".join(f"{value:g} {tier}" for tier, value in sorted(row["tiers"].items())),
            )
            for name, row in results
        ],
    )  # fmt: skip
    late = _table(
        ("row", *(f"< {bound:g} ms" for bound in HISTOGRAM_MS), "more", "late ticks"),
        [(name, *row["lateness"], row["late_ticks"]) for name, row in results],
    )
    start = _table(
        ("row", "cut from preview, frames", "hot cut, frames", "to the receiver, ms", "first program frame, s",
         "first camera, s", "first delivered, s"),
        [
            (
                name, _spread(row["latency_preview"]["asked_to_shown_frames"]),
                _spread(row["latency_hot"]["asked_to_shown_frames"]), _spread(row["latency"]["asked_to_received_ms"]),
                row["start"]["first_program_frame_s"], row["start"]["first_camera_on_program_s"],
                row["start"]["first_delivered_s"],
            )
            for name, row in results
        ],
    )  # fmt: skip
    where = _table(
        ("row", "cores by process"),
        [(n, ", ".join(f"{role} {share:.2f}" for role, share in row["cores_by_role"].items())) for n, row in results],
    )
    return (
        "## Rows\n\nA row holds when no program frame is lost, doubled, skipped, wrong or unreadable at the receiver "
        "and the tiles move as promised. Other faults: backwards, wrong source, unreadable, a dissolve that stood "
        f"still.\n\n{table}\nWhere the time goes:\n\n{where}\nHow late ticks were begun:\n\n{late}\n"
        f"Cuts and start, median (least to most):\n\n{start}"
    )


def _search(results: list[tuple[str, dict[str, Any]]]) -> str:
    rows = [
        (r["format"], r["largest"], ", ".join(f"{x['sources']}: {'yes' if x['holds'] else 'no'}" for x in r["rows"]))
        for _, r in results
    ]
    return "## The largest number that holds, tiles at key-frame rate\n\n" + _table(
        ("format", "sources", "tried"), rows
    )


def _hot(results: list[tuple[str, dict[str, Any]]]) -> str:
    rows = [
        (
            r["format"], r["asked_tier"], r["tier_before"], r["cuts"], _spread(r["asked_to_shown_frames"]),
            _spread(r["acked_to_shown_frames"]), _spread(r["promised_frames"]), r["later_than_promised"],
            r["frames"]["faults"],
        )
        for _, r in results
    ]  # fmt: skip
    head = ("format", "tier asked", "tier before", "cuts", "asked to shown, frames", "acked to shown",
            "promised", "later than promised", "faults")  # fmt: skip
    return "## Hot cuts\n\nFrames from the request, made at a random moment; 1 is the very next.\n\n" + _table(
        head, rows
    )


def _lines(results: list[tuple[str, dict[str, Any]]]) -> str:
    rows = [
        (
            r["format"], r["asked_tier"], ", ".join(f"{p['sources']}: {p['cores']:.2f}" for p in r["points"]),
            r.get("cores_line", {}).get("slope"), r.get("cores_line", {}).get("residual_max"),
            r.get("memory_line", {}).get("slope"), r["points"][-1]["tiers"],
            max(p["others_cores"] for p in r["points"]),
        )
        for _, r in results
    ]  # fmt: skip
    head = ("format", "tier asked", "cores by number of sources", "cores for one more", "most off the line",
            "MB for one more", "tiers at the end", "others, most")  # fmt: skip
    return "## What one more source costs\n\nSound included; encoder not counted.\n\n" + _table(head, rows)


def _death(results: list[tuple[str, dict[str, Any]]]) -> str:
    rows = [
        (
            r["format"], f"{r['frames_delivered']} of {r['frames_due']}", r["held_after_s"], r["slate_after_s"],
            r["state_while_dead"], r["back_after_s"],
        )
        for _, r in results
    ]  # fmt: skip
    head = ("format", "frames delivered", "held after, s", "slate after, s", "state", "back after the restart, s")
    return "## The source on air dies\n\n" + _table(head, rows)


def _parts(results: list[tuple[str, dict[str, Any]]]) -> str:
    ticks = [(f, what, *(f"{v:.2f}" for v in row.values())) for _, r in results for f, t in r["tick"].items()
             for what, row in t.items()]  # fmt: skip
    desk = next((r["desk"] for _, r in results if r.get("desk")), None)
    text = "## Parts\n\n" + _table(("tick", "what", "median ms", "95 % below, ms", "most, ms"), ticks)
    if desk:
        text += f"\nThe desk with {desk['sources']} moving tiles at {desk['size']}: {desk['median']} % of a core.\n"
    return text


def _peers(results: list[tuple[str, dict[str, Any]]]) -> str:
    rows = []
    for _, r in results:
        for p in r["peers"]:
            mine = (p["cores"], p["ours_cores"], p["cost_ratio"]) if "missing" not in p else (None,) * 3
            rows.append((r["format"], p["peer"], _held(p), *mine))
        rows.append((r["format"], "**Podium**", r["ours_largest"], None, None, None))
    ratios = [
        (r["format"], r["preset"], r["ours_largest"], r["best_switcher"], r["to_best_switcher"], r["fixed_graph"],
         r["to_fixed_graph"])
        for _, r in results
    ]  # fmt: skip
    return (
        "## Beside the tools of today\n\nIn the same session, in turn. A peer holds when 98 % of its frames carry a "
        "new picture; Podium must not lose or double one. Cores are CPU seconds for a second of programme, ours at the "
        "peer's number of sources.\n\n"
        + _table(("format", "tool", "holds", "cores", "ours there", "times ours"), rows)
        + "\n"
        + _table(("format", "preset", "Podium", "best switcher", "times", "fixed graph", "times"), ratios)
    )


_SECTIONS = {
    "row": _rows,
    "search": _search,
    "peers": _peers,
    "hot": _hot,
    "key": _lines,
    "line": _lines,
    "death": _death,
    "parts": _parts,
}
