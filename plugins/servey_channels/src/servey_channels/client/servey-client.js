/**
 * A client for Servey's channels, for browsers and for Node: one websocket for all channels, which
 * comes back by itself and asks for what it has missed. `servey-client.d.ts` has the types.
 */

const DEFAULTS = {
  minDelay: 500,
  maxDelay: 30_000,
  pingAfter: 25_000,
  patience: 10_000,
  sendTimeout: 30_000,
  refreshBefore: 30_000,
};

const TRY_AGAIN_LATER = 1013;
const LATER = 1000;
const EXPIRED = 4401;
const FINAL = new Set([1003, 1008, 4403]);
const BUSY = new Set([429, 503]);
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** What was asked for was refused, or has failed. */
export class ProblemError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.name = "ProblemError";
    this.problem = problem;
    this.status = problem.status;
  }
}

/** The connection ended before the answer came; whether it was done is not known. */
export class ConnectionLost extends Error {
  constructor(message = "The connection ended before the answer came.") {
    super(message);
    this.name = "ConnectionLost";
  }
}

/**
 * Connect to an application's channels.
 *
 * @param {string | URL} url where clients connect: `/subscription`, relative to the page, or whole
 * @param {import("./servey-client.d.ts").Options} [options]
 * @returns {Client}
 */
export function connect(url, options = {}) {
  return new Client(url, options);
}

/** One connection, and all that is subscribed to over it. */
export class Client {
  #options;
  #url;
  #socket = null;
  #state = "closed";
  #subscriptions = new Map();
  #asked = new Map();
  #waiting = [];
  #lastId = 0;
  #attempts = 0;
  #after = null;
  #timers = {};
  #renewed = false;

  constructor(url, options) {
    this.#options = { ...DEFAULTS, WebSocket: globalThis.WebSocket, random: Math.random, ...options };
    this.#url = websocketUrl(url);
    this.connectionId = null;
    this.#open();
  }

  /** What the connection is doing: `connecting`, `open`, `waiting` to come back, or `closed`. */
  get state() {
    return this.#state;
  }

  /**
   * Get a channel's events, from now on or since a position, until `unsubscribe`.
   *
   * @param {string} channel
   * @param {(data: any, at: import("./servey-client.d.ts").At) => void} onEvent
   * @param {import("./servey-client.d.ts").SubscribeOptions} [options]
   * @returns {Subscription}
   */
  subscribe(channel, onEvent, options = {}) {
    this.#subscriptions.get(channel)?.unsubscribe();
    const subscription = new Subscription(channel, onEvent, options, () => this.#leave(subscription));
    this.#subscriptions.set(channel, subscription);
    if (this.#state === "open") this.#ask(subscription);
    else if (this.#state === "closed") subscription.end();
    return subscription;
  }

  /**
   * Send something to a channel, once there is a connection.
   *
   * @param {string} channel
   * @param {any} [data] the arguments of the channel's action
   * @returns {Promise<any>} what the action gives; rejects with `ProblemError` where it refuses, and
   *   with `ConnectionLost` where nobody knows
   */
  send(channel, data = {}) {
    if (this.#state === "closed") return Promise.reject(new ConnectionLost("The client is closed."));
    return new Promise((resolve, reject) => {
      const entry = { message: { type: "send", channel, data }, resolve, reject };
      entry.timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== entry);
        this.#asked.delete(entry.id);
        reject(new ConnectionLost("No answer came in time."));
      }, this.#options.sendTimeout);
      if (this.#state === "open") this.#request(entry);
      else this.#waiting.push(entry);
    });
  }

  /** Get a token anew, and show it to the server over the connection that there is. */
  async authorize() {
    const token = await this.#token();
    if (token === null || this.#state !== "open") return;
    this.#renewLater(token);
    try {
      await this.#tell({ type: "authorize", token });
    } catch (error) {
      if (!(error instanceof ConnectionLost)) this.#options.onError?.(error);
      return;
    }
    for (const one of this.#subscriptions.values()) if (one.refused) this.#ask(one);
  }

  /** Hang up for good. */
  close() {
    this.#end({ code: 1000, reason: "" });
  }

  async #open() {
    this.#become("connecting");
    let token;
    try {
      token = await this.#token();
    } catch (error) {
      this.#options.onError?.(error);
      if (this.#state !== "closed") this.#comeBack();
      return;
    }
    if (this.#state !== "connecting") return;
    const offered = token === null ? ["servey"] : ["servey", `bearer.${token}`];
    const socket = new this.#options.WebSocket(this.#url, offered);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#hear(JSON.parse(data), token);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#lost(code, String(reason));
    };
    socket.onerror = () => {}; // `onclose` follows
    this.#watch(socket);
  }

  async #token() {
    const { token } = this.#options;
    return (typeof token === "function" ? await token() : token) || null;
  }

  #hear(message, token) {
    this.#options.onMessage?.("in", message);
    this.#watch(this.#socket);
    const asked = this.#asked.get(message.id ?? undefined);
    switch (message.type) {
      case "welcome":
        this.#welcomed(message, token);
        break;
      case "event":
        this.#subscriptions.get(message.channel)?.take(message);
        break;
      case "gap":
        this.#missed(message);
        break;
      case "reconnect":
        this.#after = message.after_ms;
        break;
      case "degraded":
      case "restored":
        this.#options.onHealth?.(message.type);
        break;
      case "error":
        this.#answered(message.id, asked, () => asked.reject(new ProblemError(message.problem)));
        if (!asked) this.#options.onError?.(new ProblemError(message.problem));
        break;
      default:
        this.#answered(message.id, asked, () => asked.resolve(message));
    }
  }

  #answered(id, asked, settle) {
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    settle();
  }

  #welcomed(message, token) {
    this.connectionId = message.connection_id;
    this.#attempts = 0;
    this.#renewed = false;
    this.#become("open");
    this.#renewLater(token);
    for (const one of this.#subscriptions.values()) this.#ask(one);
    for (const entry of this.#waiting.splice(0)) this.#request(entry);
  }

  /* Events are missing on the server's side too: those since the last one are asked for again. */
  #missed({ channel, epoch, offset }) {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription) return;
    if (subscription.position) this.#ask(subscription);
    else subscription.lose({ channel, epoch, offset });
  }

  #ask(subscription) {
    const { channel, position } = subscription;
    const attempt = (subscription.attempt = Symbol(channel));
    const current = () => subscription.attempt === attempt;
    let place = null;
    this.#request({
      message: { type: "subscribe", channel, ...(position ? { since: position } : {}) },
      resolve: (answer) => {
        place = answer;
        if (current()) subscription.begin(answer);
      },
      reject: (error) => {
        if (!(error instanceof ProblemError && current())) return;
        if (!subscription.refuse(error)) this.#options.onError?.(error);
        if (!BUSY.has(error.status)) return;
        setTimeout(() => current() && this.#state === "open" && this.#ask(subscription), LATER);
      },
    });
    // The server answers in order: after this, everything that was missed has come.
    this.#request({
      message: { type: "ping" },
      resolve: () => current() && place && subscription.reach(place),
      reject: () => {},
    });
  }

  #leave(subscription) {
    if (this.#subscriptions.get(subscription.channel) !== subscription) return;
    this.#subscriptions.delete(subscription.channel);
    if (this.#state === "open") {
      this.#tell({ type: "unsubscribe", channel: subscription.channel }).catch(() => {});
    }
  }

  /* Say something; the promise is that of the answer. */
  #tell(message) {
    return new Promise((resolve, reject) => this.#request({ message, resolve, reject }));
  }

  #request(entry) {
    entry.id = ++this.#lastId;
    if (entry.message.type === "send") {
      const { resolve } = entry;
      entry.resolve = ({ data }) => resolve(data);
    }
    this.#asked.set(entry.id, entry);
    const message = { ...entry.message, id: entry.id };
    this.#options.onMessage?.("out", message);
    this.#socket.send(JSON.stringify(message));
  }

  #lost(code, reason) {
    this.#socket = null;
    this.connectionId = null;
    this.#clear();
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const entry of asked) {
      clearTimeout(entry.timer);
      entry.reject(new ConnectionLost());
    }
    for (const one of this.#subscriptions.values()) one.attempt = null;
    this.#options.onClose?.({ code, reason });
    const hopeless = code === EXPIRED && typeof this.#options.token !== "function";
    if (FINAL.has(code) || hopeless) {
      this.#end({ code, reason });
    } else if (code === EXPIRED && !this.#renewed) {
      this.#renewed = true; // a second time in a row, the new token is no good either
      this.#open();
    } else {
      this.#comeBack(code === TRY_AGAIN_LATER ? LATER : 0);
    }
  }

  /* Come back when the server has said, or else after a while that grows, and is never the same. */
  #comeBack(least = 0) {
    const { minDelay, maxDelay, random } = this.#options;
    const most = Math.min(maxDelay, minDelay * 2 ** this.#attempts);
    const delay = this.#after ?? least + (most / 2) * (1 + random());
    this.#after = null;
    this.#attempts += 1;
    this.#become("waiting", { delay });
    this.#timers.back = setTimeout(() => this.#open(), delay);
  }

  #end({ code, reason }) {
    if (this.#state === "closed") return;
    const socket = this.#socket;
    this.#socket = null;
    this.connectionId = null;
    this.#clear();
    this.#become("closed", { code, reason });
    socket?.close();
    const left = [...this.#asked.values(), ...this.#waiting.splice(0)];
    this.#asked.clear();
    for (const entry of left) {
      clearTimeout(entry.timer);
      entry.reject(new ConnectionLost());
    }
    for (const one of this.#subscriptions.values()) one.end();
  }

  /* A connection may die without a word: after a silence the server is asked, and then left. */
  #watch(socket) {
    clearTimeout(this.#timers.silence);
    const { pingAfter, patience } = this.#options;
    const give = () => {
      socket.onclose = null;
      socket.close();
      this.#lost(1006, "the server is silent");
    };
    const wait = this.#state === "open" ? pingAfter : patience;
    this.#timers.silence = setTimeout(() => {
      if (socket !== this.#socket) return;
      if (this.#state !== "open") return give();
      this.#tell({ type: "ping" }).catch(() => {});
      this.#timers.silence = setTimeout(() => socket === this.#socket && give(), patience);
    }, wait);
    this.#timers.silence.unref?.();
  }

  #renewLater(token) {
    clearTimeout(this.#timers.renew);
    if (typeof this.#options.token !== "function") return;
    const end = expiryOf(token);
    if (end === null) return;
    const left = end - Date.now();
    const delay = Math.max(left - this.#options.refreshBefore, left / 2);
    if (delay > LONGEST_TIMEOUT) return;
    const renew = () => this.authorize().catch((error) => this.#options.onError?.(error));
    this.#timers.renew = setTimeout(renew, Math.max(0, delay));
  }

  #clear() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  #become(state, detail = {}) {
    this.#state = state;
    this.#options.onState?.(state, detail);
  }
}

/** A channel that is subscribed to. */
export class Subscription {
  #onEvent;
  #options;
  #leave;
  #settle;

  constructor(channel, onEvent, options, leave) {
    this.channel = channel;
    this.position = options.since ?? null;
    this.refused = false;
    this.attempt = null;
    this.begun = null;
    this.#onEvent = onEvent;
    this.#options = options;
    this.#leave = leave;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // who does not look is told by `onError`
  }

  /** Get no more events. */
  unsubscribe() {
    this.attempt = null;
    this.#leave();
  }

  /** @internal */
  begin({ epoch, offset, recovered }) {
    this.refused = false;
    this.begun = this.attempt;
    if (!recovered || this.position === null) this.position = { epoch, offset };
    if (!recovered) this.lose({ channel: this.channel, epoch, offset });
    this.#settle.resolve({ epoch, offset, recovered });
  }

  /** @internal */
  take({ epoch, offset, data }) {
    // Between a question and its answer, what comes will come again.
    if (this.attempt === null || this.begun !== this.attempt) return;
    const known = this.position;
    if (known?.epoch === epoch && offset <= known.offset) return;
    this.position = { epoch, offset };
    this.#onEvent(data, { channel: this.channel, epoch, offset });
  }

  /** @internal */
  reach({ epoch, offset }) {
    const known = this.position;
    if (known?.epoch !== epoch || known.offset < offset) this.position = { epoch, offset };
  }

  /** @internal */
  lose(place) {
    this.#options.onGap?.(place);
  }

  /** @internal */
  end() {
    this.#settle.reject(new ConnectionLost("The client is closed."));
  }

  /** @internal */
  refuse(error) {
    const busy = BUSY.has(error.status);
    if (busy && this.refused) return true; // it is told once
    this.refused = true;
    if (!busy) this.#settle.reject(error);
    this.#options.onError?.(error);
    return this.#options.onError !== undefined;
  }
}

/* An address relative to the page, or one of HTTP, as that of a websocket. */
function websocketUrl(url) {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace(/^http/, "ws");
  return whole.href;
}

/* When a token ends, in milliseconds since the epoch; null where it does not say. */
function expiryOf(token) {
  try {
    const text = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(text));
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}
