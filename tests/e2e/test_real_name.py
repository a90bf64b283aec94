"""A phone and an ID card: photographed on both sides, held against the registers, proven by a face."""

import io
import re
from random import Random

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, expect

from domain.cards import CardSide
from settings import Settings
from simulators.card_photos import Shot, photographed
from tests.e2e import visitor
from tests.e2e.program import DemoAccess

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
READ_MS = 120_000  # two readings, the first of which loads the models, on a busy machine


def photo_of(settings: Settings, id_number: str, side: CardSide, shot: Shot) -> FilePayload:
    """The demo person's own card, as their phone takes it."""
    asked = {"id_number": id_number, "side": side.value}
    headers = {"Authorization": f"Bearer {settings.registries_token}"}
    drawn = httpx.post(f"{settings.registries}/_card", json=asked, headers=headers, timeout=20).raise_for_status().content
    with Image.open(io.BytesIO(drawn)) as card:
        return FilePayload(name=f"{side}.jpg", mimeType="image/jpeg", buffer=photographed(card.copy(), shot, Random(3)))


def test_a_photographed_card_and_a_face_make_a_real_name_account(running_stack: Settings, access: DemoAccess, browser: Browser) -> None:
    person = access.people["with-record"]
    page = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    page.set_default_timeout(READ_MS)
    page.goto("/my/identity")
    visitor.sign_in(page, running_stack, person)
    page.locator("main a.govuk-button[href$='/card/front']").click()
    for side, shot in ((CardSide.FRONT, Shot(turned=90, slant=2, blur=0.7)), (CardSide.BACK, Shot(slant=-3, shadow=0.4))):
        page.set_input_files("input[type=file]", files=[photo_of(running_stack, person["id_number"], side, shot)])
        page.locator("[data-card-photo] button[type=submit]").click(timeout=READ_MS)
        page.wait_for_url(re.compile("/card/back$|/details$"), timeout=READ_MS)
    expect(page.locator("[name=name]")).to_have_value(person["name"])
    expect(page.locator("[name=id_number]")).to_have_value(person["id_number"])
    visitor.go_on(page)  # as the registers have it: nothing is asked again
    expect(page).to_have_url(re.compile("/face$"))
    page.goto(page.url.removesuffix("/face"))
    visitor.use_demo_clip(page)
    visitor.wait_for_status(page, "办结|完成")
    page.goto("/my/identity")
    expect(page.locator("main")).to_contain_text("已实名")
    page.goto("/my-data")
    expect(page.locator("main")).to_contain_text("从照片上读取身份证信息")
