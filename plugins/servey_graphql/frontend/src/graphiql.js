/* GraphiQL as the page uses it: its parts, by the names that `static/explorer.js` knows. */

import { tryParseJSONC, useGraphiQL } from "@graphiql/react";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createElement, useEffect } from "react";
import { createRoot } from "react-dom/client";

const home = document.currentScript.src;
const workers = { graphql: "graphql.worker.js", json: "json.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(new URL(workers[label] ?? "editor.worker.js", home)),
};

globalThis.graphiqlParts = {
  GraphiQL,
  createElement,
  createFetcher: createGraphiQLFetcher,
  createRoot,
  headersHint: '// { "Authorization": "Bearer …" }',
  parseHeaders: tryParseJSONC,
  useEffect,
  useHeaderEditor: () => useGraphiQL((state) => state.headerEditor),
};
