"use strict";

/* GraphiQL as the CDN has it, by the names that `explorer.js` knows. */
if (globalThis.React && globalThis.ReactDOM && globalThis.GraphiQL) {
  globalThis.graphiqlParts = {
    GraphiQL,
    createElement: React.createElement,
    createFetcher: GraphiQL.createFetcher,
    createRoot: ReactDOM.createRoot,
    headersHint: undefined, // it takes no comments there
    parseHeaders: JSON.parse,
    useEffect: React.useEffect,
    useHeaderEditor: () => GraphiQL.React.useEditorContext({ nonNull: true }).headerEditor,
  };
}
