// Builds web/static/dist from web/static/src and from what npm brought: styles compiled, scripts copied as they are.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(fileURLToPath(import.meta.url));
const modules = join(web, "..", "node_modules");
const source = join(web, "static", "src");
const target = join(web, "static", "dist");

const scripts = {
  "govuk-frontend.min.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
  "htmx-ext-sse.min.js": "htmx-ext-sse/dist/sse.min.js",
  "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "tus.min.js": "tus-js-client/dist/tus.min.js",
  // The camera page's face finder: loaded by its worker, on that page alone.
  "human/human.js": "@vladmandic/human/dist/human.js",
  "human/blazeface.json": "@vladmandic/human/models/blazeface.json",
  "human/blazeface.bin": "@vladmandic/human/models/blazeface.bin",
};

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

for (const [name, path] of Object.entries(scripts)) {
  mkdirSync(dirname(join(target, name)), { recursive: true });
  copyFileSync(join(modules, path), join(target, name));
}

const own = existsSync(source) ? readdirSync(source) : [];
for (const name of own.filter((name) => name.endsWith(".js"))) copyFileSync(join(source, name), join(target, name));

// Every sheet that is not a part of another one (those begin with an underscore).
const sheets = own.filter((name) => name.endsWith(".scss") && !name.startsWith("_"));
if (sheets.length > 0) {
  const sass = await import("sass");
  for (const name of sheets) {
    const { css } = sass.compile(join(source, name), { loadPaths: [modules], style: "compressed", quietDeps: true });
    writeFileSync(join(target, name.replace(/\.scss$/, ".css")), css);
  }
}
console.log(`web/static/dist: ${readdirSync(target).join(", ")}`);
