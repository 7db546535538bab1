/* The log of what goes over the wire. */

const MOST = 500;
const ARROWS = { in: "←", out: "→", note: "·" };
const WORDS = { in: "received", out: "sent", note: "note" };

/* A list of messages, the newest at its end. */
export class Frames {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /* Add a message, with what it is about. */
  add(direction, message) {
    const followed = this.#isAtEnd();
    const item = document.createElement("li");
    item.dataset.direction = direction;
    item.dataset.kind = message.type;
    const head = element("summary", "");
    const now = new Date();
    const time = element("time", clock(now));
    time.dateTime = now.toISOString();
    const arrow = element("span", ARROWS[direction], "arrow");
    arrow.setAttribute("aria-label", WORDS[direction]);
    arrow.setAttribute("role", "img");
    head.append(time, arrow, element("b", message.type, "kind"));
    if (message.channel) head.append(element("span", message.channel, "channel"));
    head.append(element("span", gist(message), "gist"));
    const whole = document.createElement("details");
    whole.append(head, element("pre", JSON.stringify(masked(message), null, 2)));
    item.append(whole);
    this.#list.append(item);
    while (this.#list.childElementCount > MOST) this.#list.firstElementChild.remove();
    if (followed) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /* Add a remark of our own. */
  note(type, text) {
    this.add("note", { type, text });
  }

  clear() {
    this.#list.replaceChildren();
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollTop + clientHeight >= scrollHeight - 24;
  }
}

/* An element with a text. */
export function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* What a problem says, and what is wrong where. */
export function told({ title, detail, errors = [] }) {
  const faults = errors.map((one) => `${one.pointer}: ${one.detail}`);
  return [detail ?? title, ...faults].join(" · ");
}

function clock(moment) {
  const time = moment.toLocaleTimeString([], { hour12: false });
  return `${time}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

/* What matters of a message, in a line. */
function gist(message) {
  const { type, data, problem, recovered, offset, text } = message;
  if (problem) return `${problem.status} ${told(problem)}`;
  if (type === "subscribed") return recovered ? `at ${offset}` : `at ${offset}, some were missed`;
  if (type === "event") return `${offset}: ${JSON.stringify(data)}`;
  if (type === "gap") return `up to ${offset}`;
  if (data !== undefined) return JSON.stringify(data);
  return text ?? message.subject ?? message.connection_id ?? "";
}

/* A message without what nobody should see over a shoulder. */
function masked(message) {
  return "token" in message ? { ...message, token: "…" } : message;
}
