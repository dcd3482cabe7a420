"""Who is owed another attempt and when, how fast, and what comes back means. Pure.

retry (an answer -> an end, or another attempt)   pace (rates, slowing down, warm-up)   events (what came back)
corrected (who is told of a mistake)
"""

from syndicate.deliveries.corrected import Addressed, Got, addressed
from syndicate.deliveries.events import Heard, heard
from syndicate.deliveries.pace import Limits, Pace, allowance
from syndicate.deliveries.reasons import without_addresses
from syndicate.deliveries.retry import Decision, after, orphaned

__all__ = [
    "Addressed",
    "Decision",
    "Got",
    "Heard",
    "Limits",
    "Pace",
    "addressed",
    "after",
    "allowance",
    "heard",
    "orphaned",
    "without_addresses",
]
