/* Bundles the explorer's scripts, styles and workers into the folder that is named. */

import { build } from "esbuild";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const target = process.argv[2];

const { metafile } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: {
    graphiql: "src/graphiql.js",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
  outdir: target,
  assetNames: "[name]",
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  format: "iife",
  legalComments: "none",
  loader: { ".ttf": "file" },
  logLevel: "warning",
  metafile: true,
  minify: true,
  target: "es2022",
});

writeFileSync(join(target, "LICENSES.txt"), licences(Object.keys(metafile.inputs)));

/* What the packages that the files are of ask to be told with every copy. */
function licences(files) {
  const folders = new Set(files.map(packageFolder).filter(Boolean));
  return [...folders].sort().map(licence).join("\n");
}

function packageFolder(file) {
  if (!file.includes("node_modules/")) return null;
  let folder = dirname(file);
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

function isPackage(folder) {
  const file = join(folder, "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version !== undefined;
}

function licence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const found = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)\b/i.test(file));
  const texts = found.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`==== ${name} ${version} (${license})`, ...texts, ""].join("\n\n");
}
