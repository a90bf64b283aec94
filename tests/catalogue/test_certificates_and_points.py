"""Certificates say what a registry said and no more, points are counted to the day, queries show little."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.simulation import Simulation, by_hand, sample_person, simulate_example
from domain.decision import Outcome
from domain.service_item import Delivery, Example, IdentityLevel, Kind, ServiceItem
from tests.builders import make_id_number
from tests.packaged import packaged_catalogue

CATALOGUE = packaged_catalogue()
CERTIFICATES = [
    "birth-record",
    "cancelled-registration",
    "driving-licence-record",
    "household-members",
    "id-card-validity",
    "kinship-child",
    "kinship-parent",
    "kinship-sibling",
    "kinship-spouse",
    "marital-fields",
    "move-in-certificate",
    "move-out-certificate",
    "registered-address",
    "registration-page",
    "residence-certificate",
    "same-person-name",
    "same-person-number",
]
QUERIES = ["exit-entry-documents-query", "household-query", "id-card-progress", "residence-permit-status", "vehicles-and-violations"]
NOTICES = {
    "notice-fees": "fees",
    "notice-limits": "limits",
    "notice-materials": "materials",
    "notice-registries": "registries",
    "notice-trips": "trips",
}
OF_PEOPLE_REGISTERED_ELSEWHERE = ["move-out-certificate", "residence-certificate"]
SIGNED_IN = ["id-card-progress", "residence-permit-status"]
STRANGER = make_id_number(9, born="19700101")
TODAY = date(2026, 6, 1)
POINTS = "points-settlement"
HONEST = {"settle_at": "public-household", "banned_organisation": "no", "fees": "none-due", "bad_credit": "no"}
NUMBER = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")


def item_of(code: str) -> ServiceItem:
    return CATALOGUE.get(code, TODAY)


def told(code: str, answers: dict[str, Any], registries: dict[str, Any] | None = None, **person: Any) -> Simulation:
    """What the item comes to; `today` and `applicant` may be named."""
    today = person.pop("today", TODAY)
    return by_hand(item_of(code), answers, registries or {}, today, CATALOGUE.sources, person.get("applicant"))


def example_of(code: str, decision: str) -> Example:
    return next(example for example in item_of(code).examples if example.decision == decision)


def varied(example: Example, **registries: Any) -> Example:
    return example.model_copy(update={"registries": {**example.registries, **registries}})


def said(simulation: Simulation) -> str:
    """The whole document as text, the applicant's own name and number left out."""
    assert simulation.document is not None
    text = json.dumps(simulation.document.model_dump(), ensure_ascii=False)
    applicant = simulation.facts["applicant"]
    return text.replace(applicant["name"], "").replace(applicant["id_number"], "")


# --- certificates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CERTIFICATES)
def test_every_certificate_is_zero_trip_and_asks_for_no_paper(code: str) -> None:
    item = item_of(code)
    assert item.trips == 0
    assert item.delivery == [Delivery.ONLINE]
    assert not item.uploads and not item.originals


@pytest.mark.parametrize("code", CERTIFICATES)
def test_a_certificate_that_the_machine_issues_leaves_no_sentence_out(code: str) -> None:
    approved = [example for example in item_of(code).examples if example.decision == "approved"]
    assert approved
    for example in approved:
        document = simulate_example(item_of(code), example, CATALOGUE.sources).document
        assert document is not None and document.statement and document.unfilled == 0


@pytest.mark.parametrize("code", CERTIFICATES)
def test_with_any_one_registry_down_the_machine_does_not_approve(code: str) -> None:
    for fact in item_of(code).fact_names:
        simulated = simulate_example(item_of(code), varied(example_of(code, "approved"), **{fact: "down"}), CATALOGUE.sources)
        assert simulated.decision is Outcome.REFERRED, fact


@pytest.mark.parametrize("answer", ["none", "down"])
@pytest.mark.parametrize("code", CERTIFICATES)
def test_a_certificate_never_states_what_no_registry_said(code: str, answer: str) -> None:
    silent = varied(example_of(code, "approved"), **dict.fromkeys(item_of(code).fact_names, answer))
    document = simulate_example(item_of(code), silent, CATALOGUE.sources).document
    assert document is not None
    assert document.statement == []
    assert document.table is None


@pytest.mark.parametrize("code", [code for code in CERTIFICATES if code not in OF_PEOPLE_REGISTERED_ELSEWHERE])
def test_a_certificate_about_a_cancelled_registration_states_nothing(code: str) -> None:
    simulated = simulate_example(
        item_of(code), varied(example_of(code, "approved"), resident_population={"status": "cancelled"}), CATALOGUE.sources
    )
    assert simulated.decision is Outcome.REFERRED
    assert simulated.document is not None
    assert simulated.document.statement == [] or code == "driving-licence-record"  # the licence does not end with the registration


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("kinship-parent", {"parent": "mother"}),
        ("kinship-parent", {"parent": "father"}),
        ("kinship-child", {}),
        ("kinship-spouse", {}),
        ("kinship-sibling", {"relative_name": "王五"}),
        ("cancelled-registration", {"relative_name": "王五"}),
    ],
)
def test_kinship_with_a_stranger_is_referred_and_the_document_does_not_name_them(code: str, answers: dict[str, str]) -> None:
    stranger = {"id_number": STRANGER, "name": "王五", "father": None, "mother": None, "reason": "death"}
    registries: dict[str, Any] = {fact: stranger for fact in ("sibling", "relative") if fact in item_of(code).fact_names}
    simulated = told(code, {"reason": "other", "relative_id": STRANGER, **answers}, registries)
    assert simulated.decision is Outcome.REFERRED
    assert simulated.path == ["review", "online"]
    assert code == "cancelled-registration" or STRANGER not in said(simulated)


def test_parents_whose_numbers_nobody_recorded_make_nobody_a_sibling() -> None:
    nameless = {"father": {"id_number": None, "name": "林某"}, "mother": {"id_number": None, "name": "王某"}}
    answers = {"reason": "inheritance", "relative_id": STRANGER, "relative_name": "王五"}
    simulated = told(
        "kinship-sibling", answers, {"resident_population": nameless, "sibling": {"id_number": STRANGER, "name": "王五", **nameless}}
    )
    assert simulated.finding.against == ["same-parent"]


@pytest.mark.parametrize("parent", ["mother", "father"])
def test_one_common_parent_makes_a_sibling(parent: str) -> None:
    other = "father" if parent == "mother" else "mother"
    answers = {"reason": "inheritance", "relative_id": STRANGER, "relative_name": "林晓峰"}
    for stepparent in (None, {"id_number": make_id_number(3, born="19600101"), "name": "赵某"}):
        half = {"id_number": STRANGER, "name": "林晓峰", other: stepparent}
        simulated = told("kinship-sibling", answers, {"sibling": half})
        assert simulated.decision is Outcome.APPROVED
        assert simulated.document is not None and simulated.document.unfilled == 0


def test_nobody_is_their_own_sibling() -> None:
    me = sample_person(CATALOGUE.sources)
    answers = {"reason": "other", "relative_id": me["id_number"], "relative_name": me["name"]}
    assert told("kinship-sibling", answers).decision is Outcome.REFERRED


def test_a_parent_is_certified_only_as_the_parent_that_they_are() -> None:
    page = CATALOGUE.sources["resident_population"].sample
    for stated, named in (("mother", "father"), ("father", "mother")):
        answers = {"reason": "abroad", "parent": stated, "relative_id": page[named]["id_number"]}
        simulated = told("kinship-parent", answers)
        assert simulated.finding.against == ["parent-on-record"]
        assert page[named]["name"] not in said(simulated)


def test_a_death_is_told_to_close_relatives_alone() -> None:
    late = {"id_number": STRANGER, "name": "王五", "reason": "death"}
    answers = {"reason": "inheritance", "relative_id": STRANGER, "relative_name": "王五"}
    assert told("cancelled-registration", answers, {"relative": late}).finding.against == ["close-relative"]
    mother = {"mother": {"id_number": STRANGER, "name": "王五"}}
    assert told("cancelled-registration", answers, {"relative": late, "resident_population": mother}).decision is Outcome.APPROVED


def test_a_former_spouse_is_no_close_relative() -> None:
    late = {"id_number": STRANGER, "name": "王五", "reason": "death"}
    divorced = {"status": "divorced", "spouse": {"id_number": STRANGER, "name": "王五"}}
    answers = {"reason": "inheritance", "relative_id": STRANGER, "relative_name": "王五"}
    assert told("cancelled-registration", answers, {"relative": late, "marriage": divorced}).finding.against == ["close-relative"]


def test_the_members_of_a_collective_household_are_not_shown_to_one_another() -> None:
    others = [member["id_number"] for member in CATALOGUE.sources["household"].sample["members"][1:]]
    certificate = told("household-members", {"reason": "school"}, {"household": {"kind": "collective"}})
    query = told("household-query", {}, {"resident_population": {"registration_kind": "collective"}})
    for simulated in (certificate, query):
        assert not [number for number in others if number in said(simulated)]
    family = told("household-query", {})
    assert all(number in said(family) for number in others)


# --- points -------------------------------------------------------------------------------------------------------


def months_before(today: date, months: int) -> str:
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, today.day).isoformat()


def home(since: str, owner: str | None = None, usage: str = "住宅") -> dict[str, Any]:
    sample: dict[str, Any] = CATALOGUE.sources["property"].sample["properties"][0]
    owners = [{"id_number": owner or sample_person(CATALOGUE.sources)["id_number"], "name": "某", "share": 100}]
    return {"properties": [{**sample, "registered_on": since, "owners": owners, "usage": usage}]}


def lease(since: str, until: str | None = None, number: str | None = "ZL-1", kind: str = "rented") -> dict[str, Any]:
    return {"registrations": [{"kind": kind, "since": since, "until": until, "lease_number": number}]}


def counted(**registries: Any) -> Simulation:
    """Somebody registered elsewhere with 60 months of pension insurance and no home, unless said otherwise."""
    person = {
        "resident_population": "none",
        "criminal_records": "none",
        "violations": "none",
        "property": "none",
        "floating_population": "none",
    }
    answers, today, applicant = registries.pop("answers", {}), registries.pop("today", TODAY), registries.pop("applicant", None)
    return told(
        POINTS, {**HONEST, **answers}, {**person, "social_security": {"pension_months": 60}, **registries}, today=today, applicant=applicant
    )


def line(simulation: Simulation, name: str) -> int | None:
    assert simulation.finding.points is not None
    return next(found.amount for found in simulation.finding.points.lines if found.id == name)


@pytest.mark.parametrize(("months", "enough"), [(59, False), (60, True), (61, True)])
def test_five_years_of_a_home_are_sixty_full_months(months: int, enough: bool) -> None:
    since = months_before(TODAY, months)
    for home_or_lease in ({"property": home(since)}, {"floating_population": lease(since)}):
        assert ("home-five-years" not in counted(**home_or_lease).finding.against) is enough


def test_a_day_short_of_five_years_is_short() -> None:
    since = date.fromisoformat(months_before(TODAY, 60)) + timedelta(days=1)
    assert "home-five-years" in counted(property=home(since.isoformat())).finding.against
    assert line(counted(property=home(since.isoformat())), "owned-home") == 59


@pytest.mark.parametrize(("months", "enough"), [(59, False), (60, True)])
def test_five_years_of_pension_insurance_are_sixty_months(months: int, enough: bool) -> None:
    simulated = counted(social_security={"pension_months": months}, property=home("2010-01-01"))
    assert ("pension-five-years" not in simulated.finding.against) is enough


@pytest.mark.parametrize(("sex", "limit"), [("female", 50), ("male", 55)])
def test_the_age_limit_is_reached_on_the_birthday(sex: str, limit: int) -> None:
    born = date(1974, 6, 1)
    number = make_id_number(1 if sex == "male" else 2, born=f"{born:%Y%m%d}")
    for today, within in ((date(born.year + limit, 5, 31), True), (date(born.year + limit, 6, 1), False)):
        simulated = counted(applicant={"id_number": number}, today=today)
        assert simulated.facts["applicant"]["sex"] == sex
        assert ("under-age-limit" not in simulated.finding.against) is within


def test_a_home_that_somebody_else_owns_or_no_home_at_all_counts_for_nothing() -> None:
    for owned in (home("2010-01-01", owner=STRANGER), home("2010-01-01", usage="商业")):
        simulated = counted(property=owned)
        assert line(simulated, "owned-home") == 0
        assert "home-five-years" in simulated.finding.against


def test_a_lease_counts_only_where_it_is_on_record_and_ends_when_it_ends() -> None:
    assert line(counted(floating_population=lease("2016-06-01", number=None)), "rented-home") == 0
    assert line(counted(floating_population=lease("2016-06-01", kind="dormitory")), "rented-home") == 0
    assert line(counted(floating_population=lease("2016-06-01", until="2018-06-01")), "rented-home") == 12


def test_owning_and_renting_at_the_same_time_is_not_counted_twice() -> None:
    both = counted(property=home(months_before(TODAY, 20)), floating_population=lease(months_before(TODAY, 60)))
    assert (line(both, "owned-home"), line(both, "rented-home")) == (20, 10)
    three_years_each = counted(property=home(months_before(TODAY, 36)), floating_population=lease(months_before(TODAY, 36)))
    assert "home-five-years" in three_years_each.finding.against


@given(owned=st.integers(0, 300), rented=st.integers(0, 300), insured=st.integers(0, 500), unsettled=st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_the_total_is_what_the_lines_say_and_owning_never_gives_less_than_renting(
    owned: int, rented: int, insured: int, unsettled: int
) -> None:
    simulated = counted(
        property=home(months_before(TODAY, owned)),
        floating_population=lease(months_before(TODAY, rented)),
        social_security={"pension_months": insured},
        violations={"unsettled_count": unsettled},
    )
    tally = simulated.finding.points
    assert tally is not None
    assert tally.total == max(min(owned, 180), min(rented // 2, 90)) + min(insured, 180) - min(2 * unsettled, 20)
    as_tenant = counted(floating_population=lease(months_before(TODAY, owned)), social_security={"pension_months": insured}).finding.points
    as_owner = counted(property=home(months_before(TODAY, owned)), social_security={"pension_months": insured}).finding.points
    assert as_tenant is not None and as_owner is not None
    assert (as_owner.total or 0) >= (as_tenant.total or 0)


def test_just_enough_is_enough_and_one_point_less_is_not() -> None:
    enough = counted(floating_population=lease(months_before(TODAY, 60)))
    assert enough.finding.points is not None and enough.finding.points.total == enough.finding.points.needed
    assert enough.finding.against == []
    less = counted(floating_population=lease(months_before(TODAY, 60)), violations={"unsettled_count": 1})
    assert less.finding.against == ["enough-points"]


def test_a_judgment_takes_points_away_and_an_administrative_penalty_does_not() -> None:
    def record(nature: str) -> dict[str, Any]:
        return {"records": [{"case_number": "-", "kind": "-", "decided_on": "2014-03-11", "nature": nature}]}

    assert line(counted(criminal_records=record("criminal")), "criminal-record") == -100
    assert line(counted(criminal_records=record("administrative")), "criminal-record") == 0


def test_a_registry_that_does_not_answer_leaves_no_total_rather_than_a_low_one() -> None:
    for fact in ("property", "floating_population", "social_security", "criminal_records", "violations"):
        simulated = counted(**{fact: "down"})
        assert simulated.finding.points is not None and simulated.finding.points.total is None
        assert "enough-points" in simulated.finding.against


def test_settlement_is_decided_by_people_even_when_everything_holds() -> None:
    simulated = counted(property=home("2010-01-01"))
    assert simulated.finding.against == []
    assert simulated.decision is Outcome.REFERRED
    assert simulated.path == ["pre_review", "approval", "counter"]


@pytest.mark.parametrize(
    ("field", "value", "rule"), [("banned_organisation", "yes", "no-banned-organisation"), ("fees", "owed", "fees-settled")]
)
def test_what_the_applicant_declares_against_themselves_is_shown_to_the_clerk(field: str, value: str, rule: str) -> None:
    assert rule in counted(property=home("2010-01-01"), answers={field: value}).finding.against


def test_the_points_table_says_that_it_is_an_illustration() -> None:
    points = item_of(POINTS).points
    assert points is not None and points.illustrative and points.note is not None
    assert "演示" in points.note.zh and "illustration" in points.note.en


def test_the_case_goes_to_the_station_where_the_applicant_lives() -> None:
    assert counted().station == CATALOGUE.sources["residence_permits"].sample["station_code"]


# --- queries and notices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", QUERIES)
def test_a_query_asks_nothing_of_the_applicant_and_shows_its_answer_at_once(code: str) -> None:
    item = item_of(code)
    assert item.kind is Kind.QUERY
    assert item.identity is (IdentityLevel.SIGNED_IN if code in SIGNED_IN else IdentityLevel.FACE)
    assert item.form["properties"] == {} and item.materials == []
    for example in item.examples:
        if example.decision == "approved":
            document = simulate_example(item, example, CATALOGUE.sources).document
            assert document is not None and document.statement and document.unfilled == 0


@pytest.mark.parametrize("code", SIGNED_IN)
def test_a_query_without_a_face_check_shows_no_number_and_no_address(code: str) -> None:
    for example in item_of(code).examples:
        simulated = simulate_example(item_of(code), example, CATALOGUE.sources)
        assert not NUMBER.search(json.dumps(simulated.document.model_dump() if simulated.document else {}))
        assert "街道" not in said(simulated)


@pytest.mark.parametrize("code", [code for code in QUERIES if code != "household-query"])
def test_a_query_that_finds_nothing_says_so_without_a_person(code: str) -> None:
    simulated = told(code, {}, dict.fromkeys(item_of(code).fact_names, "none"))
    assert simulated.decision is Outcome.APPROVED
    assert simulated.document is not None and "0" in simulated.document.statement[0].zh


def test_a_document_past_its_last_day_is_not_shown_as_valid() -> None:
    past = told("residence-permit-status", {}, {"residence_permits": {"status": "valid", "valid_until": "2026-05-31"}})
    assert "逾期未签注" in said(past)
    passport = {"kind": "passport", "number_masked": "E****1", "issued_on": "2016-05-01", "valid_until": "2026-05-31", "status": "valid"}
    assert "已过期" in said(told("exit-entry-documents-query", {}, {"exit_entry_documents": {"documents": [passport]}}))


@pytest.mark.parametrize(("code", "table"), NOTICES.items())
def test_a_notice_is_drawn_from_the_catalogue_and_cannot_be_applied_for(code: str, table: str) -> None:
    item = item_of(code)
    assert item.notice is not None and item.notice.table == table
    assert not item.can_be_applied_for
    assert item.certificate is None and item.rules == [] and item.evidence == []
