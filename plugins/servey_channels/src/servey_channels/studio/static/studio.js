/* The studio: a connection, the channels, a form to send by, and what goes over the wire. */

import { connect } from "../../../servey-client.js";
import { Frames, element } from "./frames.js";
import { Listed, subscribable } from "./listing.js";
import { Login } from "./login.js";
import { fetchDocument, resolve, showDocument } from "./reference.js";
import { prepareForm, sendable } from "./sending.js";

const STATES = {
  closed: "Disconnected",
  connecting: "Connecting …",
  open: "Connected",
  waiting: "Coming back …",
};

const byId = (id) => document.getElementById(id);
const frames = new Frames(byId("log"));
const button = byId("connect");
const { document: documentUrl, login: loginUrl } = document.body.dataset;

try {
  begin(await fetchDocument(documentUrl));
} catch (error) {
  byId("document").textContent = error.message;
}

function begin(described) {
  const title = `${described.info.title}: channels`;
  document.title = byId("title").textContent = title;
  const login = new Login(loginUrl, scopes(described), changed);
  const listed = new Map();
  let client = null;

  function open() {
    if (client !== null) return client;
    client = connect(socketUrl(described), {
      token: () => login.token,
      onMessage: (direction, message) => direction && show(direction, message),
      onState: become,
      onClose: ({ code, reason }) => frames.note("closed", [code, reason].filter(Boolean).join(" ")),
      onError: (error) => error.problem || frames.note("failed", error.message),
    });
    return client;
  }

  function close() {
    const ended = client;
    client = null;
    ended?.close();
    for (const one of listed.values()) one.become(false);
  }

  /* Pings that only follow the protocol would hide what matters. */
  function show(direction, message) {
    if (message.type === "ping" || message.type === "pong") return;
    frames.add(direction, message);
    const channel = listed.get(message.channel);
    if (message.type === "event" || message.type === "subscribed") channel?.reach(message);
    if (message.type === "subscribed") channel?.become(true);
  }

  function become(state, { code, reason } = {}) {
    const shown = byId("state");
    shown.dataset.state = state;
    shown.textContent = code > 1000 ? `${STATES[state]}: ${code} ${reason}` : STATES[state];
    button.textContent = state === "closed" ? "Connect" : "Disconnect";
    if (state !== "closed") return;
    client = null;
    for (const one of listed.values()) one.become(false);
  }

  /* A new token is shown to the server at once; without one, somebody else connects. */
  function changed(token) {
    if (client === null) return;
    if (token !== null) {
      client.authorize();
      return;
    }
    close();
    open();
  }

  function subscribe(channel, since) {
    const subscription = open().subscribe(channel, () => {}, { since, onError: () => {} });
    listed.get(channel).become(true);
    subscription.ready.catch(() => listed.get(channel).become(false));
    return subscription;
  }

  for (const channel of subscribable(described)) {
    let subscription = null;
    const one = new Listed(channel, {
      subscribe: (since) => (subscription = subscribe(channel.name, since)),
      unsubscribe: () => {
        subscription?.unsubscribe();
        one.become(false);
      },
    });
    listed.set(channel.name, one);
  }
  byId("channels").append(...[...listed.values()].map(({ item }) => item));
  if (listed.size === 0) byId("channels").append(element("li", "There is none to subscribe to."));
  prepareForm(byId("send"), sendable(described), (channel, data) => open().send(channel, data));
  button.addEventListener("click", () => (client === null ? open() : close()));
  byId("clear").addEventListener("click", () => frames.clear());
  showDocument(described, byId("document"));
}

/* Where clients connect: on this page's host, whatever the document calls it from outside. */
function socketUrl({ channels }) {
  return new URL(channels.socket.address.slice(1), document.baseURI);
}

function scopes({ components }) {
  const scheme = resolve({ components }, components.securitySchemes?.debug_login);
  return Object.keys(scheme?.flows.password.availableScopes ?? {});
}
