/* Bundles what renders the AsyncAPI document, and its styles, into the folder that is named. */

import { build } from "esbuild";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const target = process.argv[2];
const parsers = [
  /^@asyncapi\/parser(\/cjs\/document)?$/,
  /^@asyncapi\/(avro|openapi|protobuf)-schema-parser$/,
  /^@asyncapi\/specs$/,
  /^@stoplight\//,
];

/* What checks documents is left out; see `src/checks.js`. */
const stands = [
  [/^@asyncapi\/parser(\/cjs\/document)?$/, "parser.js"],
  [/^@asyncapi\/((avro|openapi|protobuf)-schema-parser|specs)$/, "checks.js"],
  [/^@stoplight\//, "checks.js"],
];
const withoutChecks = {
  name: "without-checks",
  setup({ onResolve }) {
    for (const [filter, file] of stands) {
      onResolve({ filter }, () => ({ path: join(here, "src", file) }));
    }
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { asyncapi: "src/asyncapi.js" },
  outdir: target,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  format: "iife",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  minify: true,
  plugins: [withoutChecks],
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
