"""SpamAssassin, where it is installed: what it would say of a message. Without the network: its local rules alone."""

import re
import shutil
import subprocess
from typing import NamedTuple

from syndicate.model import CarrierError

SECONDS = 60.0
_STATUS = re.compile(
    rb"^X-Spam-Status: \w+, score=(-?[\d.]+) required=(-?[\d.]+) tests=([\w,\s]*?)(?:\s+\w+=|\r?\n\r?\n|\r?\n\S)",
    re.MULTILINE,
)


class Spamminess(NamedTuple):
    """Points, how many are spam, and the rules that gave or took some."""

    points: float
    limit: float
    rules: tuple[str, ...]


def is_installed() -> bool:
    return shutil.which("spamassassin") is not None


def spamminess(message: bytes, seconds: float = SECONDS) -> Spamminess:
    """Raises CarrierError when SpamAssassin is not there, is too slow or says nothing."""
    program = shutil.which("spamassassin")
    if program is None:
        raise CarrierError("SpamAssassin is not installed here")
    try:
        done = subprocess.run(
            [program, "--local", "--test-mode"],
            input=message,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CarrierError(f"SpamAssassin did not answer ({type(error).__name__})") from error
    found = _STATUS.search(done.stdout)
    if found is None:
        raise CarrierError("SpamAssassin said nothing that can be read")
    rules = tuple(one for one in found[3].decode().replace(",", " ").split() if one != "none")
    return Spamminess(float(found[1]), float(found[2]), rules)
