/* The document, read and shown by AsyncAPI's own renderer. */

const PARSED = { "x-parser-spec-parsed": true, "x-parser-api-version": 1 };
const SHOWN = { sidebar: false, messages: false };

/* Fetch the document. */
export async function fetchDocument(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The document cannot be had: ${response.status}.`);
  return response.json();
}

/* What a reference within a document stands for. */
export function resolve(document, value) {
  let found = value;
  while (found && typeof found === "object" && typeof found.$ref === "string") {
    const parts = found.$ref.replace(/^#\//, "").split("/");
    found = parts.reduce((within, part) => within?.[part], document);
  }
  return found;
}

/* Show a document. */
export function showDocument(document, place) {
  const renderer = globalThis.AsyncApiStandalone;
  if (!renderer) {
    place.textContent = "What renders the document could not be loaded.";
    return;
  }
  const schema = { ...named(whole(document)), ...PARSED };
  renderer.render({ schema, config: { show: SHOWN } }, place);
}

/* The document with what is referred to in the place of references. */
function whole(document) {
  const made = new Map();

  function opened(value) {
    if (Array.isArray(value)) return value.map(opened);
    if (value === null || typeof value !== "object") return value;
    if (typeof value.$ref !== "string") return each(value, opened);
    if (!made.has(value.$ref)) {
      made.set(value.$ref, { description: "The same again, within itself." });
      made.set(value.$ref, opened(resolve(document, value)));
    }
    return made.get(value.$ref);
  }

  return opened(document);
}

/* The document with the names of its parts in them, where the renderer looks for them. */
function named(document) {
  const known = (parts, member) => each(parts ?? {}, (part, name) => ({ ...part, [member]: name }));
  const id = "x-parser-unique-object-id";
  const channels = each(document.channels, (channel) => ({
    ...channel,
    messages: known(channel.messages, id),
  }));
  return {
    ...document,
    channels: known(channels, id),
    operations: known(document.operations, id),
    components: {
      ...document.components,
      schemas: known(document.components.schemas, "x-parser-schema-id"),
    },
  };
}

function each(object, change) {
  const changed = Object.entries(object).map(([name, part]) => [name, change(part, name)]);
  return Object.fromEntries(changed);
}
