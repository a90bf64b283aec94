// Signing on the screen: strokes on a canvas become a PNG in a hidden field. Who cannot draw types the name instead.
for (const part of document.querySelectorAll("[data-signature]")) begin(part);

function begin(part) {
  const find = (name) => part.querySelector(`[data-signature-${name}]`);
  const pad = find("pad");
  const value = find("value");
  const said = find("said");
  const pen = pad.getContext("2d");
  let last = null;
  let drawn = false;
  find("draw").hidden = false;
  pen.lineWidth = 4;
  pen.lineCap = "round";
  pen.lineJoin = "round";

  function wipe() {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, pad.width, pad.height);
    pen.strokeStyle = "#10233f";
  }

  function place(event) {
    const box = pad.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * pad.width, y: ((event.clientY - box.top) / box.height) * pad.height };
  }

  function stroke(to) {
    pen.beginPath();
    pen.moveTo(last.x, last.y);
    pen.lineTo(to.x, to.y);
    pen.stroke();
    last = to;
  }

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    last = place(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!last) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke(place(each));
    drawn = true;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, () => {
      last = null;
      if (!drawn) return;
      value.value = pad.toDataURL("image/png");
      said.textContent = said.dataset.drawn;
    });
  }
  find("clear").addEventListener("click", () => {
    wipe();
    drawn = false;
    value.value = "";
    said.textContent = said.dataset.cleared;
  });

  wipe();
  if (value.value) {
    // Sent back with an error elsewhere: what was signed stays.
    const before = new Image();
    before.addEventListener("load", () => pen.drawImage(before, 0, 0));
    before.src = value.value;
  }
}
