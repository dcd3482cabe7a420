"""One file, or folder, per carrier: hands messages over and says what became of each. Foreign words stop here.

``smtp`` and ``sendgrid`` are imported by whoever opens one: most commands open none, and numpy takes its time.
"""

from syndicate.carriers.outbox import Outbox

__all__ = ["Outbox"]
