// The photograph of an ID card: shown before it is sent, and a word while it is read. The page works without this.
for (const form of document.querySelectorAll("[data-card-photo]")) {
  const preview = form.querySelector("[data-part=preview]");
  const picture = preview.querySelector("img");
  const waiting = form.querySelector("[data-part=waiting]");

  const show = (file) => {
    if (picture.src) URL.revokeObjectURL(picture.src);
    preview.hidden = !file;
    if (file) picture.src = URL.createObjectURL(file);
    else picture.removeAttribute("src");
  };
  picture.addEventListener("error", () => (preview.hidden = true)); // HEIC, where a browser cannot show it: sent all the same
  form.addEventListener("change", (event) => event.target.type === "file" && show(event.target.files[0]));
  form.addEventListener("submit", () => (waiting.textContent = waiting.dataset.text));
}
