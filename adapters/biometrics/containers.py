"""What is read of a clip's container before any decoder sees it: its kind, whether it is whole, and when it says it was made."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import av

from adapters.biometrics import reasons
from domain.text import Bilingual

Fault = Literal[
    "unreadable", "truncated", "damaged", "no_picture", "no_frames", "codec", "too_large", "too_short", "too_long", "too_small", "too_much",
    "too_slow", "times",
]  # fmt: skip
_EBML = b"\x1a\x45\xdf\xa3"
_EARLIEST_YEAR = 2001  # phones that do not know the time write the epoch of the format, 1904 or 1970
# Boxes that hold boxes, and boxes whose first number makes libav set aside memory for that many samples (ISO/IEC 14496-12).
_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts"})
_COUNTED = {b"stsz": 8, b"stz2": 8, b"sbgp": 8} | dict.fromkeys((b"stts", b"ctts", b"stsc", b"stco", b"co64", b"stss", b"trun", b"elst"), 4)
_MAX_BOXES = 20_000


class UnusableClip(Exception):
    """The clip cannot be checked: `name` is for machines and counts, `reason` says it to the applicant."""

    def __init__(self, name: Fault) -> None:
        self.name: Fault = name
        self.reason: Bilingual = reasons.CLIP[name]
        super().__init__(f"{name}: {self.reason.en}")


def admit_container(data: bytes, max_samples: int) -> Literal["matroska", "mp4"]:
    """libav's name for what the bytes are.

    Raises:
        UnusableClip: neither webm nor mp4, an mp4 without its index, or one that claims more samples than `max_samples` a table.
    """
    if data[:4] == _EBML:
        return "matroska"
    if data[4:8] != b"ftyp":
        raise UnusableClip("unreadable")
    kinds = set()
    for kind, begin, end in _boxes(data, 0, len(data)):
        kinds.add(kind)
        if kind in (b"cmov", b"moov") and data[begin + 4 : begin + 8] == b"cmov":  # a compressed index: no phone writes one
            raise UnusableClip("unreadable")
        counted = _COUNTED.get(kind)
        if counted and begin + counted + 4 <= end and struct.unpack_from(">I", data, begin + counted)[0] > max_samples:
            raise UnusableClip("too_much")
    if b"moov" not in kinds:
        raise UnusableClip("truncated" if b"mdat" in kinds else "unreadable")
    return "mp4"


def creation_time(container: av.container.InputContainer) -> datetime | None:
    """When the recorder says the clip was made; None where it says nothing, or nothing that can be."""
    for key in ("com.apple.quicktime.creationdate", "creation_time"):
        try:
            said = datetime.fromisoformat(container.metadata.get(key, ""))
        except ValueError:
            continue
        if said.year >= _EARLIEST_YEAR:
            return said if said.tzinfo else said.replace(tzinfo=UTC)
    return None


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Every box in [begin, end) and in the folders among them: kind, begin and end of its content, cut off where the file is."""
    seen = 0
    waiting = [(begin, end)]
    while waiting:
        at, end = waiting.pop()
        while at + 8 <= end:
            seen += 1
            if seen > _MAX_BOXES:
                raise UnusableClip("too_much")
            size, kind = struct.unpack_from(">I4s", data, at)
            header = 8
            if size == 1 and at + 16 <= end:
                size, header = struct.unpack_from(">Q", data, at + 8)[0], 16
            if size == 0:
                size = end - at
            if size < header:
                break
            stop = min(at + size, end)
            yield kind, at + header, stop
            if kind in _FOLDERS:
                waiting.append((at + header, stop))
            at += size
