"""How a command ends: 0 done, 1 failed, 2 misused; a sentence and never a traceback, and nobody's address in it."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from syndicate.cli import logs
from syndicate.cli.logs import anonymous, where
from syndicate.model import ConfigError, NotFound, SyndicateError

DONE, FAILED, MISUSED = 0, 1, 2


class Interrupted(BaseException):
    """Ctrl-C, or SIGTERM. Not a KeyboardInterrupt: each version of Typer ends that in its own way, without a word."""


def ended(call: Callable[[], None]) -> int:
    """Run ``call``; its exit status. Whatever it raises is told on standard error in a sentence."""
    _prepare()
    try:
        status = _status(call)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough. Nothing may be written to it again, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


def _status(call: Callable[[], None]) -> int:
    try:
        call()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except (ConfigError, NotFound) as error:
        return _told(str(error), MISUSED)
    except SyndicateError as error:
        return _told(str(error), FAILED)
    except Interrupted:
        return _told("interrupted; what was done is kept, and the same command goes on from there", FAILED)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _told(f"{place}{error.strerror or error}", FAILED)
    except Exception as error:
        return _told(f"unexpected {where(error)}; please report it", FAILED)
    return DONE


def _told(text: str, status: int) -> int:
    print(f"syndicate: {anonymous(text)}", file=sys.stderr)  # noqa: T201
    return status


def _prepare() -> None:
    logs.start()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows its number instead of stopping us.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # Ignored means that we run behind something (nohup): then it stays ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted
