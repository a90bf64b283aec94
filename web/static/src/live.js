// Live parts: htmx swaps in what the server draws at each change. Its element asks for it by attributes.
// A page that was restored from the browser's cache may be old: draw it anew.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
