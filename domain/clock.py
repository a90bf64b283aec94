"""What day it is: every date that people read is the date in China."""

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def day_in_china(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()
