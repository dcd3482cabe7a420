"""Moments as staff read them: the newsroom's clock, and how long ago."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta, get_datetime_format
from markupsafe import Markup

from syndicate.languages import format_date
from syndicate.languages.locales import locale_for

SECOND = timedelta(seconds=1)

_DATED = re.compile(r"(until|ready) (\d{4}-\d\d-\d\d \d\d:\d\d) UTC")


def local_time(moment: datetime | None, zone: str, language: str) -> Markup:
    """A ``<time>`` with date and clock of ``zone``; a dash for none."""
    if moment is None:
        return Markup("–")
    local = moment.astimezone(ZoneInfo(zone))
    joined = str(get_datetime_format("medium", locale=locale_for(language)))
    shown = joined.replace("{1}", format_date(local, language, "long")).replace("{0}", f"{local:%H:%M}")
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def ago(moment: datetime | None, now: datetime, language: str) -> str:
    """``3 minutes ago``, ``in 2 hours``; a dash for none."""
    if moment is None:
        return "–"
    apart = moment - now
    # What is just now would be told as "in 0 seconds".
    apart = -SECOND if -SECOND < apart <= SECOND else apart
    return format_timedelta(apart, add_direction=True, locale=locale_for(language))


def span(length: timedelta, language: str) -> str:
    """``5 minutes``, ``2 hours``."""
    return format_timedelta(length, locale=locale_for(language))


def dated(detail: str) -> tuple[str, datetime] | None:
    """What ``Choice.detail`` says of a time, as (``until`` or ``ready``, UTC); None where it says something else."""
    if not (found := _DATED.fullmatch(detail)):
        return None
    return found[1], datetime.strptime(found[2], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
