"""Working days in China: the published calendar where it reaches, the public holidays after it."""

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
import holidays


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """By the State Council's arrangement, make-up days included; after its last published year provisionally.

    Provisional means: weekends and statutory holidays off, no make-up days, since those are decided each autumn.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and day not in holidays.country_holidays("CN", years=day.year)


class ChineseWorkingDays:
    """The `WorkingDays` port."""

    def add(self, day: date, working_days: int) -> date:
        while working_days > 0:
            day += timedelta(days=1)
            if is_working_day(day):
                working_days -= 1
        return day
