"""The record that each authority answers with: plain JSON values, made from the population."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.population import Population
from simulators.records.family import birth_certificate, death, marriage, overseas_return
from simulators.records.living import floating_population, property_certificates, residence_permits, social_security
from simulators.records.police import criminal_records, exit_entry_documents, wanted_persons
from simulators.records.registration import cancelled_persons, household, id_card_issue, resident_population
from simulators.records.traffic import drivers, vehicles, violations

Record = dict[str, Any]

# Asked with an ID number and parameters; None: no record.
RECORDS: dict[str, Callable[[Population, str, Mapping[str, str]], Record | None]] = {
    "resident_population": resident_population,
    "criminal_records": criminal_records,
    "property": property_certificates,
    "marriage": marriage,
    "social_security": social_security,
    "death": death,
    "birth_certificate": birth_certificate,
    "overseas_return": overseas_return,
    "household": household,
    "wanted_persons": wanted_persons,
    "residence_permits": residence_permits,
    "floating_population": floating_population,
    "exit_entry_documents": exit_entry_documents,
    "vehicles": vehicles,
    "drivers": drivers,
    "violations": violations,
    "id_card_issue": id_card_issue,
    "cancelled_persons": cancelled_persons,
}

# What each authority can be asked for; catalogue/sources/*.yaml describes the same fields.
FIELDS: dict[str, frozenset[str]] = {
    source: frozenset(fields.split())
    for source, fields in {
        "resident_population": """id_number name former_name former_names former_id_numbers sex birth_date ethnicity birth_place
            native_place address division station_code station_name station_name_en household_number household_head relation_to_head
            household_members
            father mother children marital_status education blood_type height_cm religion military_service occupation workplace
            registration_kind registered_on move_in_date move_in_reason moved_from status""",
        "criminal_records": "records criminal_count administrative_count latest_on",
        "property": "properties count first_registered_on years_owned as_of",
        "marriage": "status certificate_number registered_on registered_at married_on divorced_on spouse",
        "social_security": """name id_number employer employer_division city_division kind since months_paid active pension_months
            pension_continuous_months pension_years medical_months as_of""",
        "death": "id_number name sex birth_date died_on place cause_kind certificate_number issuer issued_on cremated_on",
        "birth_certificate": """certificate_number child_name sex birth_date born_at weight_g length_cm gestation_weeks hospital
            hospital_division birth_place mother father issued_on registered child_id_number children own""",
        "overseas_return": """id_number name approval_number approved_on valid_until status settle_division settle_address station_code
            station_name country left_on returned_on passport_number former_address""",
        "household": """number address division station_code station_name station_name_en kind collective_unit dwelling head members
            member_count established_on book_issued_on status""",
        "wanted_persons": "reference_number since authority",
        "residence_permits": """number holder first_issued_on issued_on valid_until status years_held address division station_code
            station_name station_name_en endorsements""",
        "floating_population": """id_number name home_division home_address address division station_code station_name living_here since
            continuous_months leased_years registrations as_of""",
        "exit_entry_documents": "documents valid_kinds settled_abroad as_of",
        "vehicles": "vehicles count",
        "drivers": "licence_number name archive_number classes first_issued_on valid_from valid_until points cycle_ends_on status issuer",
        "violations": "violations unsettled_count unsettled_fine_fen unsettled_points",
        "id_card_issue": """id_number name status issued_on valid_until long_term issuer fingerprints collected collected_on
            application""",
        "cancelled_persons": """id_number name reason cancelled_on former_household_number former_address division station_code station_name
            station_name_en destination move_certificate_number settled current_id_number current_name""",
    }.items()
}
