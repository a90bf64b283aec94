// The queue by keyboard: j and k move, Enter opens (as on any link), n takes the next. Everything works without it.
const KEYS = "onetrip-queue-keys";
const rows = [...document.querySelectorAll("[data-row]")];
const help = document.querySelector("[data-keys]");
const keySwitch = document.querySelector("[data-keys-switch]");
const takeNext = document.querySelector("[data-take-next]");

const keysOn = () => localStorage.getItem(KEYS) !== "off";
const tellKeys = () => (keySwitch.textContent = keysOn() ? keySwitch.dataset.off : keySwitch.dataset.on);
if (help) {
  help.hidden = false;
  tellKeys();
  keySwitch.addEventListener("click", () => {
    localStorage.setItem(KEYS, keysOn() ? "off" : "on");
    tellKeys();
  });
}

const move = (step) => {
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next]?.focus();
};

document.addEventListener("keydown", (event) => {
  if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "n" && takeNext) takeNext.requestSubmit();
  else return;
  event.preventDefault();
});

// Marking many: all at once, and how many are marked.
const all = document.querySelector("[data-mark-all]");
const boxes = [...document.querySelectorAll("[data-bulk] input[name=item]")];
const marked = document.querySelector("[data-marked]");
const tell = () => {
  const count = boxes.filter((box) => box.checked).length;
  if (marked) marked.textContent = count ? `(${count})` : "";
  if (all) all.checked = count > 0 && count === boxes.length;
};
if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}
