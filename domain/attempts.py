"""How often somebody may try the face check: so many failed tries a day, with pauses that grow, over all their cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.clock import CHINA, day_in_china
from domain.errors import TooManyAttempts
from domain.records import Try
from domain.text import Bilingual

TRIES_A_DAY = 10
# After the first failed try of a day, the second, and so on; the last one holds for all that follow.
PAUSES = (timedelta(0), timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
UPLOAD_PATIENCE = timedelta(minutes=10)  # a clip whose upload began in time may come so long after its challenge expired

_TOMORROW = Bilingual(
    zh="今天的人脸核验次数已用完。您可以到窗口由工作人员核验，也可以明天再试。",
    en="You have used today's tries of the face check. A clerk can check who you are at the counter, or try again tomorrow.",
)


@dataclass(frozen=True)
class Tries:
    """Of one person on one day. `wait_until` None: they may try now."""

    today: int  # failed ones
    wait_until: datetime | None
    used_up: bool  # no more today


def begin_of_day(now: datetime) -> datetime:
    """Midnight in China: tries count from there."""
    return datetime.combine(day_in_china(now), time(), CHINA)


def tries_made(tries: Sequence[Try], now: datetime) -> Tries:
    """What the day's `tries`, oldest first, leave somebody.

    A try without a verdict is none: a registry or a worker of ours is late, or nobody can be compared with. While it is open it
    keeps its place, so that clips handed in side by side are no way round the limit.
    """
    begin = begin_of_day(now)
    today = [t for t in tries if t.received_at >= begin]
    failed = [t for t in today if t.passed is False]
    undecided = sum(1 for t in today if t.passed is None)
    if len(failed) + undecided >= TRIES_A_DAY:
        return Tries(len(failed), begin + timedelta(days=1), True)
    until = failed[-1].received_at + pause_after(len(failed)) if failed else now
    return Tries(len(failed), until if until > now else None, False)


def pause_after(failed: int) -> timedelta:
    """How long to wait after so many failed tries in a day."""
    return PAUSES[min(failed, len(PAUSES)) - 1] if failed > 0 else timedelta(0)


def require_room(tries: Sequence[Try], now: datetime, *, pauses: bool = True) -> None:
    """
    Raises:
        TooManyAttempts: with the moment from which they may try again; the counter is open meanwhile.
    """
    made = tries_made(tries, now)
    if made.wait_until is None or not (made.used_up or pauses):
        return
    raise TooManyAttempts(_TOMORROW if made.used_up else _pause_text(made.wait_until - now), until=made.wait_until)


def _pause_text(pause: timedelta) -> Bilingual:
    seconds = -(-pause // timedelta(seconds=1))
    minutes = -(-seconds // 60)
    zh, en = (
        (f"{seconds} 秒", f"{seconds} second{'' if seconds == 1 else 's'}")
        if seconds < 60
        else (f"{minutes} 分钟", f"{minutes} minute{'' if minutes == 1 else 's'}")
    )
    return Bilingual(
        zh=f"请等 {zh}后再试。您也可以选择到窗口由工作人员核验。",
        en=f"Please wait {en} before you try again. You may also have a clerk check who you are at the counter.",
    )
