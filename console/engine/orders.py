"""Commands on their way to their frame: read, kept until due, acted on once, answered once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.show.commands import Command, CommandError, decode_command

_WAITING_MAX = 1000
_ANSWERS_KEPT = 2000
_AHEAD_MAX_FRAMES = 60 * 60 * 60


@dataclass(frozen=True)
class Order:
    """A command with its envelope."""

    id: str
    client: str
    command: Command
    at: int
    names_frame: bool
    """The sender said which frame, rather than the next."""
    encoded: dict[str, Any]
    """The command as it was sent, for the journal."""


class Orders:
    """Waiting orders and the answers that were given; the same id twice acts once and gets the same answer."""

    def __init__(self) -> None:
        self._waiting: list[Order] = []
        self._answers: OrderedDict[str, dict[str, Any] | None] = OrderedDict()

    def accept(self, message: dict[str, Any], at: int) -> dict[str, Any] | None:
        """Take an order for frame `at` or the frame it names; gives an answer when there is one already."""
        order_id = str(message.get("id", ""))
        if order_id in self._answers:
            return self._answers[order_id]
        try:
            command = decode_command(message)
        except CommandError as error:
            return self._answer(order_id, {"reject": {"id": order_id, "reason": str(error)}})
        named = message.get("at")
        due = at if named is None else named
        if type(due) is not int or not at <= due <= at + _AHEAD_MAX_FRAMES:
            reason = f"Frame {due!r:.30} has passed or is too far ahead; it is frame {at}"
            return self._answer(order_id, {"reject": {"id": order_id, "reason": reason}})
        if len(self._waiting) >= _WAITING_MAX:
            return self._answer(order_id, {"reject": {"id": order_id, "reason": "Too many commands are waiting"}})
        encoded = {key: value for key, value in message.items() if key not in ("id", "client", "at")}
        client = str(message.get("client", ""))
        self._waiting.append(Order(order_id, client, command, due, named is not None, encoded))
        self._answers[order_id] = None
        return None

    @property
    def waiting(self) -> Sequence[Order]:
        """The orders that are still to be carried out, in the order in which they came."""
        return self._waiting

    def due(self, at: int) -> list[Order]:
        """The orders for frame `at`, in the order in which they came."""
        return [order for order in self._waiting if order.at <= at]

    def done(self, order: Order) -> None:
        """An order was carried out or refused."""
        self._waiting.remove(order)

    def acked(self, order: Order, frame: int, rev: int) -> dict[str, Any]:
        """The answer to an order that was applied at a frame."""
        return self._answer(order.id, {"ack": {"id": order.id, "frame": frame, "rev": rev}})

    def rejected(self, order: Order, reason: str) -> dict[str, Any]:
        """The answer to an order that was refused."""
        return self._answer(order.id, {"reject": {"id": order.id, "reason": reason}})

    def _answer(self, order_id: str, answer: dict[str, Any]) -> dict[str, Any]:
        self._answers[order_id] = answer
        while len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return answer
