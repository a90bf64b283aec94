"""Quiet hours: nobody's phone rings between nine in the evening and eight in the morning, China time."""

from datetime import datetime, time, timedelta

from domain.clock import CHINA

QUIET_FROM = time(21)  # from this minute on
QUIET_UNTIL = time(8)  # until before this minute


def next_allowed(moment: datetime) -> datetime:
    """The moment itself by day; in quiet hours the next morning's eight o'clock in China, in the zone of `moment`.

    Raises:
        ValueError: a moment without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    local = moment.astimezone(CHINA)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return moment
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, CHINA).astimezone(moment.tzinfo)
