"""The camera page in a browser: hints, what is asked for while recording, an upload that is cut off, and refusals."""

import base64
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from adapters.biometrics.clip import MAX_SECONDS
from domain.application import Status
from simulators.demo_clip import demo_portrait
from stack.doctor import CHROMIUM_NAMES
from tests.serving import serve
from tests.web import fake_office as fake
from tests.web.fake_face import challenge, uploads
from tests.web.fake_office import CASE, CSRF, TOKEN, World, pages
from tests.web.test_face import awaiting, identity

pytestmark = pytest.mark.browser
HERE = f"/applications/{CASE}/face"
PHONE = ViewportSize(width=390, height=844)
RECORDED_MS = 30_000
# The finder takes seconds where there is no graphics card; a worker that answers at once stands in for it.
FINDER = "addEventListener('message', () => postMessage({{ faces: {faces} }}))"
NOTE_WHAT_SHOWS_AT_THE_START = """
  window.begun = [];
  const start = MediaRecorder.prototype.start;
  MediaRecorder.prototype.start = function (...how) {
    begun.push(document.querySelector('[data-part=digits]').textContent);
    return start.apply(this, how);
  };"""
NOTE_WHAT_IS_WANTED = """
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) => { window.wanted = wanted; return ask(wanted); };"""
LIGHT = """
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    draw.apply(this, what);
    this.fillStyle = window.light ?? 'gray';
    this.fillRect(0, 0, 999, 999);
  };"""
VOICE = """
  window.said = [];
  const voice = { lang: "zh-CN", name: "a voice" };
  class Utterance extends EventTarget {
    constructor(text) { super(); this.text = text; }
  }
  Object.defineProperty(window, "SpeechSynthesisUtterance", { value: Utterance });
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [voice],
    cancel() {},
    speak(one) {
      said.push(one.text + (window.recording ? " while recording" : ""));
      setTimeout(() => one.dispatchEvent(new Event("end")), 50);
    },
  } });
  const start = MediaRecorder.prototype.start;
  MediaRecorder.prototype.start = function (...how) { window.recording = true; return start.apply(this, how); };"""
LOOK = """async portrait => {
  const picture = new Image();
  picture.src = `data:image/jpeg;base64,${portrait}`;
  await picture.decode();
  const paper = Object.assign(document.createElement("canvas"), { width: 192, height: 256 }).getContext("2d");
  const worker = new Worker("/static/face-finder.js");
  const look = () => new Promise((done, broken) => {
    worker.onmessage = ({ data }) => (data.broken ? broken(new Error(data.broken)) : done(data.faces));
    worker.onerror = (error) => broken(new Error(error.message));
    worker.postMessage(paper.getImageData(0, 0, 192, 256));
  });
  paper.drawImage(picture, 0, 0, 192, 256);
  const one = await look();
  paper.fillStyle = "gray";
  paper.fillRect(0, 0, 192, 256);
  const none = await look();
  worker.terminate();
  return [one, none];
}"""
ONE_FACE, SMALL_FACE, NOBODY, TWO = "[[.25, .2, .5, .5]]", "[[.45, .4, .1, .1]]", "[]", "[[.1, .2, .3, .3], [.6, .2, .3, .3]]"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def fresh(world: World) -> None:
    world.__init__()  # type: ignore[misc]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        site = pages(world, patch)
        site.include_router(uploads(world))
        with serve(site) as base:
            yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--no-first-run", *camera])
        yield browser
        browser.close()


def context_of(chromium: Browser, address: str, **options: Any) -> BrowserContext:
    context = chromium.new_context(viewport=PHONE, base_url=address, **options)
    context.add_cookies([{"name": "onetrip_session", "value": TOKEN, "url": address}])
    context.set_default_timeout(60_000)
    return context


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Page]:
    context = context_of(chromium, address)
    sees(context, ONE_FACE)
    yield context.new_page()
    context.close()


def sees(context: BrowserContext, faces: str) -> None:
    context.unroute("**/face-finder.js*")
    context.route("**/face-finder.js*", lambda route: route.fulfill(content_type="text/javascript", body=FINDER.format(faces=faces)))


def aim(tab: Page, path: str = "/record") -> None:
    tab.goto(HERE + path)
    tab.get_by_role("button", name="打开摄像头").click()


def record(tab: Page, path: str = "/record") -> None:
    aim(tab, path)
    tab.locator("#camera[data-hint=good] button[aria-disabled=false]").click()


def done(world: World, name: str) -> list[Any]:
    return [what for act, what in world.done if act == name]


def test_digits_and_then_the_turn_are_asked_for_while_it_records(world: World, tab: Page) -> None:
    tab.add_init_script(NOTE_WHAT_SHOWS_AT_THE_START)
    record(tab)
    digits, arrow = tab.locator("[data-part=digits]"), tab.locator("[data-part=arrow]")
    expect(digits).to_be_visible()
    assert digits.inner_text() == "3582" and tab.evaluate("begun") == [""], "they come after the recording has begun"
    expect(arrow).to_be_visible()
    assert arrow.get_attribute("data-to") == "left" and "请向左转头" in tab.locator("[data-part=say]").inner_text()
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)
    assert world.clip_facts["filetype"] == "video/webm" and world.clip_size > 20_000
    assert 6.5 <= float(world.clip_facts["seconds"]) <= 9 and max(map(len, world.parts)) <= 256 * 1024
    assert done(world, "upload_begun") == [CSRF] and done(world, "clip_arrived") == [world.clip_size]


def test_who_does_not_speak_is_not_recorded_with_sound(world: World, tab: Page) -> None:
    world.asked = challenge("movements", movements=["up"])
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)
    tab.add_init_script(NOTE_WHAT_IS_WANTED)
    record(tab)
    expect(tab.locator("[data-part=arrow][data-to=up]")).to_be_visible()
    expect(tab.locator("[data-part=digits]")).to_be_hidden()
    assert tab.evaluate("window.wanted.audio") is False
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)


def test_who_cannot_turn_the_head_reads_six_digits_and_carries_the_phone_to_the_other_side(world: World, tab: Page) -> None:
    world.asked = challenge("digits")
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)
    record(tab)
    expect(tab.locator("[data-part=digits]")).to_have_text("358219")
    arrow, said = tab.locator("[data-part=arrow]"), tab.locator("[data-part=say]")
    expect(arrow).to_be_visible(timeout=RECORDED_MS)
    assert (arrow.get_attribute("data-kind"), arrow.get_attribute("data-to")) == ("carry", "right"), "the head is asked to the left"
    assert arrow.locator(".ot-camera__carry").is_visible() and arrow.locator(".ot-camera__turn").is_hidden()
    expect(said).to_contain_text("头不动，请把手机移向右边")
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)
    assert 10.5 <= float(world.clip_facts["seconds"]) < MAX_SECONDS, "the clip is not longer than one may be"


def test_the_same_movement_twice_is_seen_to_be_asked_twice_and_no_arrow_covers_the_words(world: World, tab: Page) -> None:
    world.asked = challenge("movements", movements=["up", "up", "left"])
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)
    record(tab)
    said, arrow = tab.locator("[data-part=say]"), tab.locator("[data-part=arrow]")
    for count, way in (("1/3", "抬头"), ("2/3", "抬头"), ("3/3", "向左转头")):
        expect(said).to_contain_text(re.compile(f"{count}.*{way}"))
        expect(arrow).to_have_attribute("data-new", "")
        words, drawn, panel = (where.bounding_box() for where in (said, arrow, tab.locator(".ot-camera__ask")))
        assert words and drawn and panel
        assert drawn["y"] >= words["y"] + words["height"] - 1, "below the words"
        assert drawn["y"] + drawn["height"] <= panel["y"] + panel["height"] + 1, "within the panel"
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)


def test_what_another_tab_has_replaced_is_not_recorded_the_page_shows_the_new_way(world: World, tab: Page) -> None:
    aim(tab)
    world.asked = challenge("movements", id=uuid4())
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked, identity=identity(way="movements"))
    tab.locator("#camera[data-hint=good] button[aria-disabled=false]").click()
    expect(tab.locator("main")).to_contain_text("五个头部动作", timeout=RECORDED_MS)
    expect(tab.get_by_role("button", name="打开摄像头")).to_be_visible()
    assert done(world, "upload_begun") == []


@pytest.mark.parametrize(
    ("faces", "said"), [(NOBODY, "没有看到脸"), (TWO, "画面里不止一个人"), (SMALL_FACE, "请靠近一点")], ids=["nobody", "two", "far"]
)
def test_hints_say_what_is_wrong_and_hold_nobody_up(tab: Page, faces: str, said: str) -> None:
    tab.clock.install()
    sees(tab.context, faces)
    aim(tab)
    hint = tab.locator("[data-part=say]")
    expect(hint).to_contain_text(said)
    assert hint.get_attribute("aria-live") == "polite"
    button = tab.locator("#camera button")
    assert button.get_attribute("aria-disabled") == "true"
    tab.clock.fast_forward(11_000)
    expect(button).to_have_text("仍然录制")
    assert button.get_attribute("aria-disabled") == "false"


def test_too_dark_and_too_bright_are_told_apart(tab: Page) -> None:
    tab.add_init_script(LIGHT)
    aim(tab)
    for light, said in (("#0a0a0a", "光线太暗"), ("#f4f4f4", "光线太强"), ("#808080", "很好")):
        tab.evaluate("light => { window.light = light; }", light)
        expect(tab.locator("[data-part=say]")).to_contain_text(said)


def test_without_the_face_finder_light_alone_is_told_and_nothing_waits(tab: Page) -> None:
    tab.context.unroute("**/face-finder.js*")
    tab.context.route("**/face-finder.js*", lambda route: route.abort())
    aim(tab)
    expect(tab.locator("#camera[data-hint=good] button[aria-disabled=false]")).to_be_visible()


def asks_little(world: World) -> None:
    """A recording of two seconds."""
    world.asked = challenge(code="3", movements=[])
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)


def test_an_upload_that_is_cut_off_goes_on_where_it_stopped(world: World, tab: Page) -> None:
    asks_little(world)
    world.upload_breaks = 1

    def cut(route: Any) -> None:
        if route.request.method == "PATCH" and world.parts and not done(world, "cut"):
            world.done.append(("cut", None))
            tab.context.set_offline(True)
            route.abort("internetdisconnected")
        else:
            route.fallback()

    tab.route("**/uploads/1", cut)
    record(tab)
    expect(tab.locator("[data-part=say]")).to_contain_text("网络断了", timeout=RECORDED_MS)
    arrived = sum(map(len, world.parts))
    assert 0 < arrived < world.clip_size
    tab.context.set_offline(False)
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)
    assert done(world, "upload_resumed")[-1] == arrived and len(done(world, "upload_begun")) == 1
    assert done(world, "clip_arrived") == [world.clip_size]


def test_a_reload_in_the_middle_of_an_upload_costs_nothing(world: World, tab: Page) -> None:
    asks_little(world)
    world.upload_breaks = 1
    tab.route("**/uploads/1", lambda route: route.fallback() if not world.parts or done(world, "reloaded") else route.abort())
    record(tab)
    expect(tab.locator("[data-part=say]")).to_contain_text("网络断了", timeout=RECORDED_MS)
    arrived = sum(map(len, world.parts))
    tab.reload()  # first: the page before it goes on trying, too
    world.done.append(("reloaded", None))
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)
    assert done(world, "upload_resumed") == [arrived] and len(done(world, "upload_begun")) == 1
    assert done(world, "clip_arrived") == [world.clip_size]
    assert tab.evaluate("sessionStorage.getItem('onetrip-clip')") is None, "nothing of the clip stays behind"


@pytest.mark.parametrize(
    ("name", "said"),
    [("NotAllowedError", "浏览器不允许使用摄像头"), ("NotFoundError", "没有找到摄像头"), ("NotReadableError", "摄像头打不开")],
)
def test_a_camera_that_cannot_be_had_is_explained_beside_the_other_ways(tab: Page, name: str, said: str) -> None:
    tab.add_init_script(f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'))")
    aim(tab)
    problem = tab.locator('[data-part="problem"]')
    expect(problem).to_contain_text(said)
    expect(problem).to_be_focused()
    assert tab.get_by_role("button", name="打开摄像头").is_visible(), "one may try again"
    assert tab.get_by_role("button", name="改到窗口核验身份").is_visible()
    assert tab.get_by_role("link", name="用手机自带的相机录好再上传").is_visible()


def test_a_browser_that_cannot_record_is_led_to_the_phones_own_camera(tab: Page) -> None:
    tab.add_init_script("delete window.MediaRecorder")
    tab.goto(f"{HERE}/record")
    expect(tab.locator("#unsupported a")).to_have_attribute("href", f"{HERE}/file")
    assert tab.locator("#camera").is_hidden()


def test_without_a_script_the_plain_form_takes_a_clip(chromium: Browser, address: str, world: World) -> None:
    context = context_of(chromium, address, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{HERE}/record")
    assert not tab.locator("#camera").is_visible()
    tab.locator("noscript a").click()
    assert tab.locator("#code").inner_text() == "3582"
    tab.set_input_files("#clip", {"name": "clip.mp4", "mimeType": "video/mp4", "buffer": b"\0\0\0\x18ftypmp42".ljust(1000, b"0")})
    tab.get_by_role("button", name="上传视频").click()
    tab.wait_for_url(re.compile("/face/result$"))
    assert done(world, "hand_in_clip") == [(1000, "video/mp4")]
    context.close()


def test_a_pause_runs_down_and_frees_the_next_try(tab: Page, world: World) -> None:
    awaiting(world, attempts_used=1, wait_until=datetime.now(UTC) + timedelta(seconds=100))
    tab.clock.install()
    tab.goto(f"{HERE}/result")
    again = tab.get_by_role("button", name="再录一次")
    expect(tab.locator("[data-wait]")).to_contain_text("还要等 1:")
    expect(again).to_be_disabled()
    tab.clock.run_for(101_000)
    expect(again).to_be_enabled()


def test_who_does_not_see_the_screen_is_told_everything_before_the_recording(world: World, tab: Page) -> None:
    world.asked = challenge(code="35", movements=["left"])
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)
    tab.add_init_script(VOICE)
    record(tab, "/record?aloud=1")
    tab.wait_for_function("() => said.length > 0")
    (said,) = tab.evaluate("said")
    assert "3, 5." in said and "请向左转头" in said and "while recording" not in said
    tab.wait_for_url(f"**{HERE}/result", timeout=RECORDED_MS)


def test_who_does_not_see_and_cannot_turn_hears_where_the_phone_goes(world: World, tab: Page) -> None:
    world.asked = challenge("digits", movements=["right"])
    world.case = fake.case_view(Status.VERIFYING, challenge=world.asked)
    tab.add_init_script(VOICE)
    record(tab, "/record?aloud=1")
    tab.wait_for_function("() => said.length > 0")
    (said,) = tab.evaluate("said")
    assert "3, 5, 8, 2, 1, 9." in said and "把手机移向左边" in said and "可以请人帮忙拿手机" in said and "转头" not in said


def test_a_device_without_a_voice_says_what_else_there_is(tab: Page) -> None:
    tab.add_init_script("Object.defineProperty(window, 'speechSynthesis', { value: undefined })")
    aim(tab, "/record?aloud=1")
    expect(tab.locator('[data-part="problem"]')).to_contain_text("不能朗读中文")


def test_the_face_finder_itself_runs_in_the_page_under_its_strict_rules(tab: Page) -> None:
    """The worker, its library and its model come from our own files; the demonstration's portrait is one face, a wall none."""
    tab.context.unroute("**/face-finder.js*")
    tab.goto(f"{HERE}/record")
    portrait = base64.b64encode(demo_portrait()).decode()
    faces = tab.evaluate(LOOK, portrait)
    assert [len(found) for found in faces] == [1, 0]
    left, top, width, height = faces[0][0]
    assert 0.1 < left < 0.4 and 0 < top < 0.5 and 0.3 < width < 0.8 and 0.2 < height < 0.7
