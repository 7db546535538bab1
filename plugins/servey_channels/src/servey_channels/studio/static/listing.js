/* The channels that can be subscribed to, each with its buttons. */

import { element } from "./frames.js";
import { resolve } from "./reference.js";

/* What the document says that can be subscribed to: names and descriptions. */
export function subscribable(document) {
  return Object.entries(document.operations)
    .filter(([name, { action }]) => action === "send" && name.endsWith(".event"))
    .map(([name, { messages, security }]) => ({
      name: name.slice(0, -".event".length),
      description: resolve(document, messages[0]).description ?? "",
      guarded: security !== undefined,
    }));
}

/* One channel's place in the list. */
export class Listed {
  #since = document.createElement("input");
  #toggle = element("button", "Subscribe");
  #place = element("span", "", "place");

  constructor({ name, description, guarded }, { subscribe, unsubscribe }) {
    this.name = name;
    this.subscribed = false;
    this.item = document.createElement("li");
    this.item.dataset.channel = name;
    const head = element("div", "", "row");
    const title = element("strong", name);
    title.id = `channel-${name}`;
    if (guarded) title.append(element("span", "log in", "guarded"));
    this.#toggle.type = "button";
    this.#toggle.setAttribute("aria-describedby", title.id);
    this.#toggle.addEventListener("click", () => (this.subscribed ? unsubscribe() : subscribe(null)));
    head.append(title, this.#place, this.#toggle);
    const replay = document.createElement("form");
    replay.className = "row replay";
    const label = element("label", "Since ");
    Object.assign(this.#since, {
      name: "since",
      required: true,
      pattern: "[^:]*:[0-9]+",
      placeholder: "epoch:offset",
      title: "A position: epoch:offset",
      autocomplete: "off",
      spellcheck: false,
    });
    label.append(this.#since);
    const button = element("button", "Replay");
    button.setAttribute("aria-describedby", title.id);
    replay.append(label, button);
    replay.addEventListener("submit", (event) => {
      event.preventDefault();
      const [epoch, offset] = this.#since.value.trim().split(":");
      subscribe({ epoch, offset: Number(offset) });
    });
    this.item.append(head, ...(description ? [element("p", description)] : []), replay);
  }

  /* Show whether it is subscribed to. */
  become(subscribed) {
    this.subscribed = subscribed;
    this.#toggle.textContent = subscribed ? "Unsubscribe" : "Subscribe";
    this.item.toggleAttribute("data-subscribed", subscribed);
    if (!subscribed) this.#place.textContent = "";
  }

  /* Show where the channel is; the first place that is known is offered for a replay. */
  reach({ epoch, offset }) {
    this.#place.textContent = `at ${offset}`;
    if (!this.#since.value) this.#since.value = `${epoch}:${offset}`;
  }
}
