/* The renderer as the page uses it, by the name that its makers' own bundle has. */

import Renderer from "@asyncapi/react-component/lib/esm/without-parser.js";
import "@asyncapi/react-component/styles/default.min.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

globalThis.AsyncApiStandalone = {
  render: (properties, place) => createRoot(place).render(createElement(Renderer, properties)),
};
