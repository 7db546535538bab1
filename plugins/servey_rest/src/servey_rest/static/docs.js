"use strict";

const docs = document.getElementById("docs");

window.ui = SwaggerUIBundle({
  domNode: docs,
  url: docs.dataset.document,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
