"""Is this clip of this moment: never shown before, and recorded after the challenge was shown?"""

from collections.abc import Sequence
from datetime import timedelta

from adapters.biometrics import reasons
from adapters.biometrics.clip import Tracks
from adapters.biometrics.policy import Freshness, Policy
from adapters.biometrics.prints import make_prints, picture_likeness, sound_likeness
from domain.identity import CheckResult, Handing, Prints
from domain.text import Bilingual

__all__ = ["check_fresh", "make_prints"]

_Fault = tuple[Bilingual, Bilingual]  # what the applicant is told, and the clerk


def check_fresh(prints: Prints, earlier: Sequence[Prints], tracks: Tracks, handing: Handing, policy: Policy) -> CheckResult:
    """`score`: how like the likest of the `earlier` clips this one is, 0..1, in sound or picture, whichever is nearer to its threshold."""
    limits = policy.fresh
    score, threshold, shown_before = _likest(prints, earlier, limits)
    faults = [*shown_before, *_impossible_times(tracks, handing, limits)]
    if not faults:
        compared = len(earlier)
        note = Bilingual(
            zh=f"与以往视频（{compared} 段）均不相同，录制时间相符。", en=f"Unlike every earlier clip ({compared}); its times agree."
        )
        return CheckResult(name="fresh", passed=True, score=round(score, 3), threshold=threshold, note=note)
    note = Bilingual(zh="".join(note.zh for _, note in faults), en=" ".join(note.en for _, note in faults))
    return CheckResult(name="fresh", passed=False, score=round(score, 3), threshold=threshold, reason=faults[0][0], note=note)


def _likest(prints: Prints, earlier: Sequence[Prints], limits: Freshness) -> tuple[float, float, list[_Fault]]:
    """Score, its threshold, and what is wrong."""
    if any(prints.bytes_digest == other.bytes_digest for other in earlier):
        return 1.0, limits.sound_likeness, [(reasons.SEEN_BEFORE, _SAME_FILE)]
    sound = max((sound_likeness(prints.sound, other.sound) for other in earlier), default=0.0)
    picture = max((picture_likeness(prints.picture, other.picture) for other in earlier), default=0.0)
    faults = [
        (reasons.SEEN_BEFORE, _same(zh, en, score, threshold))
        for zh, en, score, threshold in (
            ("声音", "sound", sound, limits.sound_likeness),
            ("画面", "picture", picture, limits.picture_likeness),
        )
        if score > threshold
    ]
    nearest = max((sound, limits.sound_likeness), (picture, limits.picture_likeness), key=lambda pair: pair[0] - pair[1])
    return *nearest, faults


_SAME_FILE = Bilingual(zh="与以往提交的视频是同一个文件。", en="The same file was handed in before.")


def _same(zh: str, en: str, score: float, threshold: float) -> Bilingual:
    return Bilingual(
        zh=f"{zh}与以往的一段视频相同（相似度 {score:.2f}，上限 {threshold:.2f}）。",
        en=f"Its {en} is that of an earlier clip (likeness {score:.2f}, at most {threshold:.2f}).",
    )


def _impossible_times(tracks: Tracks, handing: Handing, limits: Freshness) -> list[_Fault]:
    checks = (_longer_than_the_attempt, _created_at_another_time, _stated_otherwise, _sound_and_picture_part, _interrupted)
    return [fault for check in checks if (fault := check(tracks, handing, limits))]


def _seconds(tracks: Tracks) -> float:
    return max(tracks.video_seconds, tracks.sound_seconds or 0.0)


def _longer_than_the_attempt(tracks: Tracks, handing: Handing, limits: Freshness) -> _Fault | None:
    length, since = _seconds(tracks), (handing.received_at - handing.shown_at).total_seconds()
    if length <= since + limits.slack_seconds:
        return None
    return reasons.RECORDED_BEFORE, Bilingual(
        zh=f"视频长 {length:.1f} 秒，而题目显示后只过了 {since:.1f} 秒。",
        en=f"The clip is {length:.1f} s long, but its challenge had been shown for only {since:.1f} s.",
    )


def _created_at_another_time(tracks: Tracks, handing: Handing, limits: Freshness) -> _Fault | None:
    created, slack = tracks.created_at, timedelta(minutes=limits.clock_slack_minutes)
    if created is None or handing.shown_at - slack <= created <= handing.received_at + slack:
        return None
    return reasons.OTHER_CLOCK, Bilingual(
        zh=f"文件注明的录制时间（{created:%Y-%m-%d %H:%M:%S%z}）不在本次核验期间。",
        en=f"The file says that it was made at {created:%Y-%m-%d %H:%M:%S%z}, which is outside this attempt.",
    )


def _stated_otherwise(tracks: Tracks, handing: Handing, limits: Freshness) -> _Fault | None:
    length, stated = _seconds(tracks), handing.stated_seconds
    if stated is None or abs(stated - length) <= limits.stated_seconds_differ:
        return None
    return reasons.RECORDED_BEFORE, Bilingual(
        zh=f"录制页面报告的时长为 {stated:.1f} 秒，视频实际为 {length:.1f} 秒。",
        en=f"The recording page says {stated:.1f} s; the clip has {length:.1f} s.",
    )


def _sound_and_picture_part(tracks: Tracks, handing: Handing, limits: Freshness) -> _Fault | None:
    if tracks.sound_seconds is None:
        return None
    video, sound = tracks.video_seconds, tracks.sound_seconds
    share = max(limits.lengths_differ_least_seconds, limits.lengths_differ_share * max(video, sound))
    if abs(video - sound) <= min(limits.lengths_differ_seconds, share):
        return None
    return reasons.SPLICED, Bilingual(
        zh=f"画面长 {video:.1f} 秒，声音长 {sound:.1f} 秒。", en=f"The picture lasts {video:.1f} s, the sound {sound:.1f} s."
    )


def _interrupted(tracks: Tracks, handing: Handing, limits: Freshness) -> _Fault | None:
    gap = tracks.longest_gap_seconds
    if gap <= limits.gap_seconds:
        return None
    return reasons.SPLICED, Bilingual(zh=f"画面中断了 {gap:.1f} 秒。", en=f"The picture breaks off for {gap:.1f} s.")
