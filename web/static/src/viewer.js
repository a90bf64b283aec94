// Uploads on one stage: page by page, larger and smaller, turned, and beside the scan of the original. The page shows them
// all without this script; keys count only while the focus is inside, so that nobody turns a page by typing a reason.
const STEP = 1.25;
const LARGEST = 8;
const SMALLEST = 0.5;

for (const viewer of document.querySelectorAll("[data-viewer]")) {
  const part = (name) => viewer.querySelector(`[data-part="${name}"]`);
  const pages = [...viewer.querySelectorAll(".ot-viewer__page")];
  if (pages.length === 0) continue;
  const stage = part("stage");
  const said = part("said");
  const buttons = Object.fromEntries([...viewer.querySelectorAll("[data-do]")].map((button) => [button.dataset.do, button]));
  let current = 0;
  let zoom = 1; // 1: the whole page fits the stage
  let degrees = 0;
  let beside = false;

  const place = (page) => {
    const sheet = page.querySelector(".ot-viewer__sheet");
    const picture = sheet.querySelector("img");
    if (!picture.naturalWidth) return;
    const lying = degrees % 180 !== 0;
    const width = lying ? picture.naturalHeight : picture.naturalWidth;
    const height = lying ? picture.naturalWidth : picture.naturalHeight;
    const scale = Math.min(sheet.parentElement.clientWidth / width, stage.clientHeight / height) * zoom;
    sheet.style.width = `${width * scale}px`;
    sheet.style.height = `${height * scale}px`;
    picture.style.width = `${picture.naturalWidth * scale}px`;
    picture.style.height = `${picture.naturalHeight * scale}px`;
    picture.style.transform = `translate(-50%, -50%) rotate(${degrees}deg)`;
  };

  // The other side of a page: the scan of the original, or what the applicant sent, of the same material and number.
  const partnerOf = (page) =>
    pages.find(
      (other) =>
        other.dataset.material === page.dataset.material &&
        other.dataset.number === page.dataset.number &&
        (other.dataset.origin === "counter") !== (page.dataset.origin === "counter"),
    );

  const draw = () => {
    const page = pages[current];
    const partner = partnerOf(page);
    buttons.beside.hidden = !partner;
    buttons.beside.setAttribute("aria-pressed", String(beside && Boolean(partner)));
    const shown = beside && partner ? [page, partner] : [page];
    for (const one of pages) one.hidden = !shown.includes(one);
    stage.classList.toggle("ot-viewer__stage--two", shown.length === 2);
    shown.forEach(place);
    [...part("list").querySelectorAll("button")].forEach((button, number) => {
      if (number === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    buttons.previous.disabled = current === 0;
    buttons.next.disabled = current === pages.length - 1;
    const facts = { place: current + 1, total: pages.length, percent: Math.round(zoom * 100), degrees };
    said.textContent = viewer.dataset.said.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  };

  const show = (number) => {
    if (number < 0 || number >= pages.length || number === current) return;
    current = number;
    zoom = 1;
    degrees = 0;
    stage.scrollTo(0, 0);
    draw();
  };

  const acts = {
    previous: () => show(current - 1),
    next: () => show(current + 1),
    in: () => { zoom = Math.min(LARGEST, zoom * STEP); draw(); },
    out: () => { zoom = Math.max(SMALLEST, zoom / STEP); draw(); },
    fit: () => { zoom = 1; draw(); },
    turn: () => { degrees = (degrees + 90) % 360; draw(); },
    beside: () => { beside = !beside; draw(); },
  };
  const keys = { "+": "in", "=": "in", "-": "out", 0: "fit", r: "turn", n: "next", p: "previous", b: "beside" };

  viewer.classList.add("ot-viewer--live");
  part("tools").hidden = false;
  part("keys").hidden = false;
  part("list").hidden = pages.length === 1;
  pages.forEach((page, number) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: page.dataset.short });
    button.setAttribute("aria-label", page.dataset.caption);
    button.addEventListener("click", () => show(number));
    part("list").appendChild(document.createElement("li")).append(button);
    const picture = page.querySelector("img");
    picture.loading = "eager";
    picture.addEventListener("load", () => !page.hidden && place(page));
  });
  stage.tabIndex = 0;
  stage.setAttribute("role", "region");
  stage.setAttribute("aria-describedby", "viewer-keys");
  for (const [name, button] of Object.entries(buttons)) button.addEventListener("click", acts[name]);
  viewer.addEventListener("keydown", (event) => {
    const act = keys[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || (act === "beside" && buttons.beside.hidden)) return;
    event.preventDefault();
    acts[act]();
  });
  new ResizeObserver(() => pages.filter((page) => !page.hidden).forEach(place)).observe(stage);
  draw();
}
