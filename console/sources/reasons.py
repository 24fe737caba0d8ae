"""What went wrong with a source, in words that a user can act on."""

from __future__ import annotations

import errno

import av

from console.errors import ConsoleError
from console.sources.address import Address, Kind

_LIVE_REMEDY = "Check the address and the sender; it is tried again by itself"
_BY_TYPE: tuple[tuple[type[BaseException], str, str], ...] = (
    (av.error.FileNotFoundError, "does not exist", "Check the path"),
    (av.error.PermissionError, "can't be read: no permission", "Give this user the right to read it"),
    (av.error.IsADirectoryError, "is a folder", "Give the path of a file"),
    (av.error.ConnectionRefusedError, "refuses the connection", "Start the sender, or check host and port"),
    (av.error.ConnectionResetError, "ended the connection", _LIVE_REMEDY),
    (av.error.BrokenPipeError, "ended the connection", _LIVE_REMEDY),
    (av.error.HTTPUnauthorizedError, "wants a user name and password", "Add them to the address: user:password@host"),
    (av.error.HTTPForbiddenError, "refuses access", "Check the token or password in the address"),
    (av.error.HTTPNotFoundError, "does not exist on the server", "Check the path of the address"),
    (av.error.HTTPServerError, "answers with a server error", _LIVE_REMEDY),
    (av.error.TimeoutError, "does not answer", _LIVE_REMEDY),
    (av.error.ExitError, "does not answer", _LIVE_REMEDY),
    (av.error.EOFError, "ended before there was a picture", _LIVE_REMEDY),
    (av.error.PatchWelcomeError, "has a format that is not supported here", "Convert it with ffmpeg"),
    (av.error.ProtocolNotFoundError, "has a protocol that is not supported here", "Use another kind of address"),
)
_BY_ERRNO = {
    errno.EADDRINUSE: ("can't be listened to: the port is in use", "Choose another port or end the other program"),
    errno.EADDRNOTAVAIL: ("can't be listened to: this machine has no such address", "Use 0.0.0.0 for all addresses"),
    errno.EHOSTUNREACH: ("can't be reached: no route to the host", "Check the network"),
    errno.ENETUNREACH: ("can't be reached: the network is unreachable", "Check the network"),
    errno.ENOSPC: ("can't be read: no space left", "Free some space"),
}


def reason(error: BaseException, address: Address) -> ConsoleError:
    """The sentence and the remedy for an error of opening or reading an address."""
    if isinstance(error, ConsoleError):
        return error
    if address.listens and isinstance(error, av.error.TimeoutError | av.error.ExitError):
        return unanswered(address)
    if address.kind is not Kind.LIVE and isinstance(error, av.error.EOFError):
        return not_media(address)
    for kind, says, remedy in _BY_TYPE:
        if isinstance(error, kind):
            return ConsoleError(f"{address.shown} {says}", remedy)
    number = getattr(error, "errno", None)
    if number in _BY_ERRNO:
        says, remedy = _BY_ERRNO[number]
        return ConsoleError(f"{address.shown} {says}", remedy)
    if isinstance(error, av.error.InvalidDataError):
        return not_media(address)
    if number == errno.EIO:
        # What FFmpeg says when a name can't be resolved, among others.
        return ConsoleError(f"{address.shown} can't be reached or read (input/output error)", _LIVE_REMEDY)
    if isinstance(error, IndexError):  # from PyAV, when a stream appears that was not there at the beginning
        return ConsoleError(f"{address.shown} has changed its streams", "It is opened again by itself")
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ConsoleError(f"{address.shown} can't be opened: {text}", "Check the address")


def not_media(address: Address) -> ConsoleError:
    """The bytes are no pictures and no sound."""
    if address.kind is Kind.LIVE:
        return ConsoleError(
            f"What {address.shown} sends is no stream that can be understood", "Check what the sender is set to"
        )
    return ConsoleError(
        f"{address.shown} is not a media file, or is damaged", "Choose another file, or convert it with ffmpeg"
    )


def no_streams(address: Address) -> ConsoleError:
    """It opened, but there is nothing to see or hear."""
    return ConsoleError(f"{address.shown} has neither pictures nor sound in it", "Choose another file or stream")


def silent(address: Address, seconds: float) -> ConsoleError:
    """Nothing has come for a while."""
    if address.listens:
        return ConsoleError(f"Nothing arrives at {address.shown}", "Start the sender; it is waited for")
    return ConsoleError(f"{address.shown} has sent nothing for {seconds:.1f} s", _LIVE_REMEDY)


def unanswered(address: Address) -> ConsoleError:
    """It was not opened in time."""
    if address.listens:
        return ConsoleError(f"Nobody has sent to {address.shown} yet", "Start the sender; it is waited for")
    return ConsoleError(f"{address.shown} does not answer", _LIVE_REMEDY)


def undecodable(address: Address, codec: str) -> ConsoleError:
    """Packets come, pictures don't."""
    return ConsoleError(f"No picture of {address.shown} can be decoded ({codec})", "Check what the sender is set to")


def no_key_frame(address: Address) -> ConsoleError:
    """Packets come, but none with which a decoder can begin."""
    return ConsoleError(
        f"{address.shown} has sent no key frame yet", "Set the sender to a key frame every 2 s; it is waited for"
    )


def too_much(address: Address, codec: str) -> ConsoleError:
    """This machine does not keep up with the pictures."""
    return ConsoleError(
        f"{address.shown} is too much to decode on this machine ({codec})", "Send smaller or fewer pictures"
    )


def ended(address: Address) -> ConsoleError:
    """The far end closed an open stream."""
    return ConsoleError(f"{address.shown} ended the stream", _LIVE_REMEDY)
