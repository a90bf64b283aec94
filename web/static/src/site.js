// Every page: the components' behaviour, and small helps that pages work without.
import { initAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
initAll();

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

// What only one of several answers needs is asked when that answer is chosen. (GOV.UK's conditional radios carry
// aria-expanded, which radios may not have.)
for (const part of document.querySelectorAll("[data-when]")) {
  const [name, value] = part.dataset.when.split("=");
  const radios = [...document.getElementsByName(name)].filter((field) => field.type === "radio");
  const follow = () => (part.hidden = radios.find((radio) => radio.checked)?.value !== value);
  for (const radio of radios) radio.addEventListener("change", follow);
  follow();
}
