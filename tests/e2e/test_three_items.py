"""The three service items by program, real face and speech, from application to end."""

import io
import json

import pytest
from PIL import Image

from settings import Settings
from tests.e2e.program import Clerk, DemoAccess, Integrator

pytestmark = [pytest.mark.stack, pytest.mark.identity]


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 800), "lightgrey").save(out, "JPEG")
    return out.getvalue()


def test_no_criminal_record_is_completed_by_the_machine_alone(running_stack: Settings, integrator: Integrator) -> None:
    case = integrator.apply("no-criminal-record", "no-record", {"reason": "abroad"}, {"method": "online"})
    assert case["status"] == "verifying"
    assert len(case["challenge"]["code"]) == 4
    integrator.record_clip(case)
    view = integrator.wait_for(case, "completed")
    assert view["decision"]["outcome"] == "approved"
    assert view["decision"]["by"] == "machine"
    assert {r["rule"] for r in view["decision"]["reasons"]} == {"resident-matches", "no-record-found"}
    assert all(r["legal_basis"]["title"]["zh"] for r in view["decision"]["reasons"])
    assert {e["source"] for e in view["evidence"]} == {"resident_population", "criminal_records"}
    assert view["waiting_for"] == []

    number = view["documents"][0]["number"]
    pdf = integrator.http.get(view["documents"][0]["url"]).content
    public = integrator.ok(integrator.http.get(f"/v1/certificates/{number}", headers={"Authorization": ""}))
    assert public["valid"]
    assert view["acceptance_number"] not in json.dumps(public)
    verdict = integrator.ok(integrator.http.post("/v1/certificates/verify", content=pdf, headers={"Content-Type": "application/pdf"}))
    assert (verdict["result"], verdict["number"]) == ("genuine", number)
    changed = bytearray(pdf)
    changed[len(changed) // 2] ^= 1
    verdict = integrator.ok(
        integrator.http.post("/v1/certificates/verify", content=bytes(changed), headers={"Content-Type": "application/pdf"})
    )
    assert verdict["result"] != "genuine"


def test_a_criminal_record_goes_to_a_person_who_refuses_with_a_reason(
    running_stack: Settings, integrator: Integrator, access: DemoAccess
) -> None:
    case = integrator.apply("no-criminal-record", "with-record", {"reason": "employment"}, {"method": "online"})
    integrator.record_clip(case)
    view = integrator.wait_for(case, "reviewing")
    assert view["decision"]["outcome"] == "referred"
    assert view["waiting_for"][0]["who"] == "clerk"
    approver = Clerk(running_stack, access, "lucheng-approver")
    work_item = approver.take(case)
    refused = approver.http.post(f"/v1/work-items/{work_item['id']}/complete", json={"outcome": "refuse"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "/reason"
    approver.complete(work_item, "refuse", reason="2019年有一条盗窃记录，不能出具无犯罪记录证明。")
    view = integrator.wait_for(case, "refused")
    assert view["decision"]["by"] == "clerk:approver"
    assert "盗窃" in view["decision"]["reason"]
    assert view["documents"] == []


def test_purchase_migration_by_machine_then_one_visit(running_stack: Settings, integrator: Integrator, access: DemoAccess) -> None:
    person = access.people["mover"]
    answers = {"property_certificate": person["certificate_number"], "movers": []}
    case = integrator.apply("purchase-migration", "mover", answers, {"method": "counter"})
    integrator.record_clip(case)
    view = integrator.wait_for(case, "awaiting_counter")
    assert view["decision"]["by"] == "machine"
    assert view["window"]["closes_at"]
    assert view["window"]["counter"].endswith("五马派出所")
    counter = Clerk(running_stack, access, "lucheng-counter")  # the new home's station
    work_item = counter.take(case)
    incomplete = counter.http.post(f"/v1/work-items/{work_item['id']}/complete", json={"outcome": "match"})
    assert incomplete.status_code == 422
    counter.complete(work_item, "match", originals={"household-book": "same"})
    view = integrator.wait_for(case, "completed")
    assert len(view["documents"]) == 1


def test_purchase_migration_by_post(integrator: Integrator, access: DemoAccess) -> None:
    answers = {"property_certificate": access.people["mover"]["certificate_number"], "movers": []}
    case = integrator.apply("purchase-migration", "mover", answers, {"method": "post", "address": "温州市鹿城区公园路1号"})
    integrator.record_clip(case)
    view = integrator.wait_for(case, "posting", "completed")
    assert view["tracking_number"]
    integrator.wait_for(case, "completed")


def test_name_change_by_people_with_a_supplement(running_stack: Settings, integrator: Integrator, access: DemoAccess) -> None:
    case = integrator.apply("name-change", "new-name", {"new_name": "马安然", "reason": "same-name"}, {"method": "counter"})
    integrator.consent(case)
    too_early = integrator.http.put(f"/v1/applications/{case['id']}/identity-clip", content=b"x", headers={"Content-Type": "video/webm"})
    assert too_early.status_code == 409
    assert too_early.json()["type"] == "urn:onetrip:problem:material-missing"
    integrator.upload(case, "proof", a_photo(), "image/jpeg")
    integrator.record_clip(case)
    view = integrator.wait_for(case, "reviewing")

    reviewer = Clerk(running_stack, access, "lucheng-review")
    requests = [{"target": "materials.proof", "reason": "照片不清楚，请重拍"}, {"target": "answers.reason", "reason": "与材料不符"}]
    reviewer.complete(reviewer.take(case), "supplement", supplement=requests)
    view = integrator.wait_for(case, "supplementing")
    assert [r["reason"] for r in view["supplement"]["requests"]] == [r["reason"] for r in requests]
    early = integrator.http.post(f"/v1/applications/{case['id']}/supplement", json={"answers": {"reason": "custom"}})
    assert early.status_code == 409  # the photo is still missing
    integrator.upload(case, "proof", a_photo(), "image/jpeg")
    integrator.ok(integrator.http.post(f"/v1/applications/{case['id']}/supplement", json={"answers": {"reason": "custom"}}))
    integrator.wait_for(case, "reviewing")

    reviewer.complete(reviewer.take(case), "pass", reason="材料齐全")
    integrator.wait_for(case, "approving")
    approver = Clerk(running_stack, access, "lucheng-approver")
    approver.complete(approver.take(case), "approve", reason="同意")
    integrator.wait_for(case, "awaiting_counter")
    counter = Clerk(running_stack, access, "lucheng-counter")
    counter.complete(counter.take(case), "match", originals={"proof": "same", "household-book": "same"})
    view = integrator.wait_for(case, "completed")
    assert view["answers"] == {"new_name": "马安然", "reason": "custom"}
    assert view["decision"]["outcome"] == "approved"
    assert view["decision"]["by"] == "clerk:approver"


def test_the_same_key_is_the_same_application_and_withdrawing_ends_it(integrator: Integrator) -> None:
    answers, delivery = {"reason": "abroad"}, {"method": "online"}
    first = integrator.apply("no-criminal-record", "no-record", answers, delivery, key="once")
    again = integrator.apply("no-criminal-record", "no-record", answers, delivery, key="once")
    assert again["id"] == first["id"]
    view = integrator.ok(integrator.http.post(f"/v1/applications/{first['id']}/withdraw"))
    assert view["status"] == "withdrawn"
    twice = integrator.http.post(f"/v1/applications/{first['id']}/withdraw")
    assert twice.status_code == 409
