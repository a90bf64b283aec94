"""Compares what the authorities say about everybody and finds where two of them differ."""

from collections.abc import Iterator
from typing import Any

from simulators.people import Disagreement, DisagreementKind
from simulators.population import Population
from simulators.records import RECORDS
from simulators.records.registration import page_of

Record = dict[str, Any]
Found = tuple[DisagreementKind, str, str]  # kind, whom it concerns, number of the entry


class Checker:
    """Reads records alone, as OneTrip would, and everybody's page of the household book; never what lies behind them."""

    def __init__(self, population: Population) -> None:
        self.population = population
        # Of those registered in other cities too, whose books no authority here has.
        self.residents: dict[str, Record] = {person.id_number: page_of(population, person) for person in population}

    def ask(self, source: str, id_number: str, **parameters: str) -> Record | None:
        return RECORDS[source](self.population, id_number, parameters)

    def disagreements(self) -> set[Found]:
        return {found for id_number in self.residents for found in self._about(id_number)}

    def _about(self, id_number: str) -> Iterator[Found]:
        yield from self._owners(id_number)
        yield from self._marriage(id_number)
        yield from self._mother(id_number)
        yield from self._card(id_number)
        yield from self._insurance(id_number)
        yield from self._permit(id_number)

    def _owners(self, id_number: str) -> Iterator[Found]:
        for home in (self.ask("property", id_number) or {"properties": []})["properties"]:
            for owner in home["owners"]:
                if owner["id_number"] == id_number and owner["name"] != self.residents[id_number]["name"]:
                    yield "owner_name", id_number, home["certificate_number"]

    def _marriage(self, id_number: str) -> Iterator[Found]:
        marriage, resident = self.ask("marriage", id_number), self.residents[id_number]
        if marriage is None:
            assert resident["marital_status"] == "single"
            return
        spouse = self.residents[marriage["spouse"]["id_number"]]
        assert spouse["name"] == marriage["spouse"]["name"]
        if marriage["status"] == "married" and resident["marital_status"] == "single":
            yield "marriage_unknown_to_household", id_number, marriage["certificate_number"]
        elif marriage["status"] == "divorced" and resident["marital_status"] == "married":
            yield "divorce_unknown_to_household", id_number, marriage["certificate_number"]
        elif resident["marital_status"] == "widowed":
            assert self.ask("death", spouse["id_number"]), "a widow's spouse has died"
        else:
            assert resident["marital_status"] == marriage["status"]

    def _mother(self, id_number: str) -> Iterator[Found]:
        own = (self.ask("birth_certificate", id_number) or {}).get("own")
        if own and own["mother"]["name"] != self.residents[own["mother"]["id_number"]]["name"]:
            yield "mother_name_on_birth_certificate", id_number, ""

    def _card(self, id_number: str) -> Iterator[Found]:
        card, resident = self.ask("id_card_issue", id_number), self.residents[id_number]
        assert card is not None
        if card["name"] != resident["name"]:
            assert card["name"] == resident["former_name"]
            yield "card_shows_former_name", id_number, ""

    def _insurance(self, id_number: str) -> Iterator[Found]:
        insurance = self.ask("social_security", id_number)
        if insurance and insurance["active"] and self.ask("death", id_number):
            yield "insured_after_death", id_number, ""

    def _permit(self, id_number: str) -> Iterator[Found]:
        permit, residence = self.ask("residence_permits", id_number), self.ask("floating_population", id_number)
        if permit is None:
            return
        assert residence is not None, "a permit holder is registered as living here"
        if permit["address"] != residence["address"]:
            yield "permit_address_outdated", id_number, permit["number"]


def listed(disagreements: list[Disagreement]) -> set[Found]:
    return {(d.kind, d.id_number, d.certificate_number) for d in disagreements}
