// The file of a service item: line numbers beside it, links that jump to a line, and a word before unsaved text is left.
const text = document.getElementById("file-text");
const numbers = document.querySelector(".ot-editor__numbers");

function number() {
  const lines = text.value.split("\n").length;
  if (numbers.childElementCount === lines) return;
  numbers.replaceChildren(
    ...Array.from({ length: lines }, (_, n) => Object.assign(document.createElement("div"), { textContent: n + 1 })),
  );
}

function follow() {
  numbers.scrollTop = text.scrollTop;
}

function goTo(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  text.focus({ preventScroll: true });
  text.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  text.scrollTop = (line - 4) * parseFloat(getComputedStyle(text).lineHeight);
  text.scrollLeft = 0;
  text.scrollIntoView({ block: "nearest" });
}

numbers.hidden = false;
number();
text.addEventListener("input", number);
text.addEventListener("scroll", follow);

for (const link of document.querySelectorAll("[data-line]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(Number(link.dataset.line));
  });
}

const saved = text.value;
let sending = false;
document.getElementById("editor").addEventListener("submit", () => (sending = true));
addEventListener("beforeunload", (event) => {
  if (!sending && text.value !== saved) event.preventDefault();
});

// Ctrl+S keeps the draft.
addEventListener("keydown", (event) => {
  if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
  const save = document.querySelector('[name="editor:action"][value="save"]');
  if (!save) return;
  event.preventDefault();
  save.click();
});
