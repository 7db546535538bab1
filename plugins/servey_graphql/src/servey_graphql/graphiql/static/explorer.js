"use strict";

{
  const place = document.getElementById("explorer");
  const loginButton = document.getElementById("open-login");

  /* What the headers pane holds, without credentials. */
  function otherHeaders(text, parse) {
    let found;
    try {
      found = parse(text) ?? {};
    } catch {
      return {}; // what cannot be read cannot be sent either
    }
    return Object.fromEntries(
      Object.entries(found).filter(([name]) => name.toLowerCase() !== "authorization"),
    );
  }

  function show(parts) {
    const { GraphiQL, createElement, useEffect, useHeaderEditor } = parts;

    /* Shows nothing, and puts the credentials of a login into the headers pane. */
    function Credentials() {
      const editor = useHeaderEditor();
      useEffect(() => {
        if (!editor) return undefined;
        const put = ({ detail }) => {
          const headers = { Authorization: detail, ...otherHeaders(editor.getValue(), parts.parseHeaders) };
          editor.setValue(JSON.stringify(headers, null, 2));
        };
        document.addEventListener("servey-login", put);
        if (loginButton) loginButton.disabled = false;
        return () => document.removeEventListener("servey-login", put);
      }, [editor]);
      return null;
    }

    const asked = new URLSearchParams(location.search);
    const properties = {
      defaultEditorToolsVisibility: "headers",
      defaultHeaders: parts.headersHint,
      fetcher: globalThis.graphiqlSubscriptions(
        parts.createFetcher({ url: location.pathname }),
      ),
      initialQuery: asked.get("query") ?? undefined,
      initialVariables: asked.get("variables") ?? undefined,
      isHeadersEditorEnabled: true,
      schema: place.dataset.introspection === "off" ? null : undefined,
    };
    parts
      .createRoot(place)
      .render(createElement(GraphiQL, properties, createElement(Credentials)));
  }

  if (globalThis.graphiqlParts) show(globalThis.graphiqlParts);
  else place.textContent = "GraphiQL could not be loaded.";
}
