// Every page: the components' behaviour, and small helps that pages work without.
import { initAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
initAll();

// What a page tells first, where that is no error: read out, and in view.
document.querySelector("[data-focus]")?.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = document.getElementById(button.dataset.said);
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({ url: button.dataset.copy });
      else {
        await navigator.clipboard.writeText(button.dataset.copy);
        said.textContent = said.dataset.done;
      }
    } catch (refused) {
      if (refused.name !== "AbortError") said.textContent = said.dataset.failed;
    }
  });
}

// Demo help: fill a form's fields from a button's data, never submitting it.
for (const button of document.querySelectorAll("[data-fill]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const [id, value] of Object.entries(JSON.parse(button.dataset.fill))) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    document.getElementById(button.dataset.then)?.focus();
  });
}

for (const standIn of document.querySelectorAll("[data-without-script]")) standIn.remove();

// A chosen template goes into the clerk's own words, which stay editable.
for (const select of document.querySelectorAll("[data-template-for]")) {
  select.closest(".govuk-form-group").hidden = false;
  select.addEventListener("change", () => {
    const field = document.getElementById(select.dataset.templateFor);
    if (select.value) field.value = field.value.trim() ? `${field.value.trim()}\n${select.value}` : select.value;
    select.value = "";
    field.focus();
  });
}

// Fields that are asked after certain answers only: shown and hidden as those are given. Without a script all are shown
// with a sentence, and what is not asked is left out when the form is read.
const conditional = [...document.querySelectorAll("[data-asked-when]")];
if (conditional.length > 0) {
  const saidMore = document.querySelector("[data-asked-more]");
  const valueOf = (name) => {
    const fields = [...document.getElementsByName(name)].filter((field) => !field.closest("[data-asked-when][hidden]"));
    const chosen = fields.find((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : true));
    return chosen ? chosen.value : "";
  };
  const controls = (when) => Object.keys(when).flatMap((name) => [...document.getElementsByName(name)]);
  for (const sentence of document.querySelectorAll("[data-said-without-script]")) sentence.hidden = true;
  conditional.forEach((part, number) => {
    part.id ||= `asked-${number}`;
    for (const field of controls(JSON.parse(part.dataset.askedWhen))) {
      const others = field.getAttribute("aria-controls");
      field.setAttribute("aria-controls", others ? `${others} ${part.id}` : part.id);
    }
  });
  const follow = (event) => {
    let more = false;
    // A field behind a hidden one is hidden too, so look again until nothing changes.
    for (let changed = true; changed; ) {
      changed = false;
      for (const part of conditional) {
        const asked = Object.entries(JSON.parse(part.dataset.askedWhen)).every(([name, values]) => values.includes(valueOf(name)));
        if (part.hidden !== asked) continue;
        part.hidden = !asked;
        changed = true;
        more ||= asked;
      }
    }
    if (event && saidMore) saidMore.textContent = more ? saidMore.dataset.askedMore : "";
  };
  for (const field of conditional.flatMap((part) => controls(JSON.parse(part.dataset.askedWhen)))) field.addEventListener("change", follow);
  follow();
}

// What only one of several answers needs is asked when that answer is chosen. (GOV.UK's conditional radios carry
// aria-expanded, which radios may not have.)
for (const part of document.querySelectorAll("[data-when]")) {
  const [name, value] = part.dataset.when.split("=");
  const radios = [...document.getElementsByName(name)].filter((field) => field.type === "radio");
  const follow = () => (part.hidden = radios.find((radio) => radio.checked)?.value !== value);
  for (const radio of radios) radio.addEventListener("change", follow);
  follow();
}
