"""The uplink process: one destination, fed from the program log's files alone, so nothing here holds the show up."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

from console.errors import ConsoleError
from console.media.clock import SystemClock
from console.outputs.log import ProgramLog
from console.uplink.cmaf import CmafUplink
from console.uplink.delivery import REFUSED, Cursor, Delivery
from console.uplink.destination import Destination, parse_destination
from console.uplink.rtmp import RtmpUplink
from console.wire.child import UPLINK_NICE, Parent, set_priority

DRAIN_SECONDS = 4.0
"""When told to finish, this long is left to deliver what the log still has."""
log = logging.getLogger("console.uplink")


async def deliver(destination: Destination, directory: Path, delivery: Delivery, finished: threading.Event) -> None:
    """Deliver until `finished`, and then what is left, for a short while."""
    finish = asyncio.Event()
    loop = asyncio.get_running_loop()

    def pass_on() -> None:
        finished.wait()
        loop.call_soon_threadsafe(finish.set)

    threading.Thread(target=pass_on, name="uplink-finish", daemon=True).start()
    kind = RtmpUplink if destination.scheme.startswith("rtmp") else CmafUplink
    uplink = kind(destination, ProgramLog(directory), delivery)
    running = asyncio.create_task(uplink.run(finish))
    finishing = asyncio.create_task(finish.wait())
    await asyncio.wait((running, finishing), return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait((running,), timeout=DRAIN_SECONDS)
    finishing.cancel()
    if not running.done():
        running.cancel()
    await asyncio.gather(running, finishing, return_exceptions=True)
    if not running.cancelled() and (error := running.exception()) is not None:
        raise error


def main() -> int:
    """The child process `_uplink`."""
    parent = Parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(levelname)s: %(message)s")
    set_priority(UPLINK_NICE)
    try:
        directory, cursor = Path(parent.config["log"]), Path(parent.config["cursor"])
        destination = parse_destination(str(parent.config["url"]))
    except KeyError as error:
        parent.tell("trouble", reason=f"The uplink's configuration has no {error}", remedy="Start the engine")
        parent.close()
        return 2
    except ConsoleError as error:
        parent.tell("output", state=REFUSED, reason=str(error), queued=0, sent=0, acked=0, lost=0, lag_ms=None)
        parent.finish.wait()  # asking again would not help; the supervisor ends it when the destination is changed
        parent.close()
        return 0
    delivery = Delivery(destination.shown, Cursor(cursor), SystemClock(), parent.tell)
    try:
        asyncio.run(deliver(destination, directory, delivery, parent.finish))
        delivery.report()
    except ConsoleError as error:
        parent.tell("trouble", reason=error.sentence, remedy=error.remedy)
        return error.exit_status  # the supervisor starts it again, with a pause
    finally:
        parent.close()
    return 0
