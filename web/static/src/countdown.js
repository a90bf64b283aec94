// A pause before the next try runs down on the page; what must wait for its end can then be pressed. Parts may be swapped in at any time.
const ends = new WeakMap();

function tick() {
  for (const line of document.querySelectorAll("[data-wait]")) {
    if (!ends.has(line)) ends.set(line, performance.now() + Number(line.dataset.wait) * 1000);
    const left = Math.max(0, Math.ceil((ends.get(line) - performance.now()) / 1000));
    const text = left ? line.dataset.left.replace("{m}", Math.floor(left / 60)).replace("{s}", String(left % 60).padStart(2, "0")) : line.dataset.over;
    if (line.textContent !== text) line.textContent = text;
    for (const button of document.querySelectorAll("[data-after-wait]")) button.disabled = left > 0;
  }
}

tick();
setInterval(tick, 500);
