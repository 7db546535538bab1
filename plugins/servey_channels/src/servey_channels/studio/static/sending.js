/* The form by which something is sent to a channel, with the document's examples filled in. */

import { told } from "./frames.js";
import { resolve } from "./reference.js";

/* What the document says that can be sent: for each channel, its examples. */
export function sendable(document) {
  const found = Object.entries(document.operations)
    .filter(([name, { action }]) => action === "receive" && name.endsWith(".send"))
    .map(([name, { messages }]) => [
      name.slice(0, -".send".length),
      resolve(document, messages[0]).examples ?? [],
    ]);
  return new Map(found);
}

/* Fill in the form, and send by it. */
export function prepareForm(form, channels, send) {
  const { "send-channel": channel, "send-example": example, "send-data": data } = form.elements;
  const hint = document.getElementById("send-hint");
  form.hidden = channels.size === 0;
  channel.append(...[...channels.keys()].map((name) => new Option(name)));

  function showExample() {
    const shown = channels.get(channel.value)?.[example.value];
    data.value = JSON.stringify(shown?.payload.data ?? {}, null, 2);
    hint.textContent = "";
  }

  function showExamples() {
    const examples = channels.get(channel.value) ?? [];
    example.replaceChildren(...examples.map(({ name }, number) => new Option(name, number)));
    example.disabled = examples.length === 0;
    showExample();
  }

  channel.addEventListener("change", showExamples);
  example.addEventListener("change", showExample);
  data.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    let value;
    try {
      value = JSON.parse(data.value || "{}");
    } catch (error) {
      hint.textContent = `This is no JSON: ${error.message}`;
      return;
    }
    hint.textContent = "";
    send(channel.value, value).catch((error) => {
      hint.textContent = error.problem ? told(error.problem) : error.message;
    });
  });
  showExamples();
}
