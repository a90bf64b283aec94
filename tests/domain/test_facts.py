"""The facts that rules read, and the names that registries give."""

from domain.facts import station_name

FACTS = {
    "resident_population": {"found": True, "station_code": "330304510000", "station_name": "梧田派出所"},
    "property": {"found": True, "properties": [{"address": "公园路"}, {"station_code": "330302510000", "station_name": "五马派出所"}]},
}


def test_a_station_is_named_as_the_registries_name_it_wherever_it_stands() -> None:
    assert station_name(FACTS, "330304510000") == "梧田派出所"
    assert station_name(FACTS, "330302510000") == "五马派出所"


def test_a_station_that_no_registry_names_has_no_name() -> None:
    assert station_name(FACTS, "330303510000") is None
    assert station_name({"property": {"station_code": "330303510000"}}, "330303510000") is None
