/** The types of `servey-client.js`. */

/** What the connection is doing. */
export type State = "connecting" | "open" | "waiting" | "closed";

/** Where an event stands in its channel. */
export interface Position {
  /** Names the history; another one means that what was before is forgotten. */
  epoch: string;
  /** The number of the event in it. */
  offset: number;
}

/** Where an event came from. */
export interface At extends Position {
  channel: string;
}

/** What went wrong, as RFC 9457 has it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  errors?: { pointer: string; detail: string; type: string }[];
  [extension: string]: unknown;
}

/** What was asked for was refused, or has failed. */
export declare class ProblemError extends Error {
  constructor(problem: Problem);
  readonly problem: Problem;
  readonly status: number;
}

/** The connection ended before the answer came; whether it was done is not known. */
export declare class ConnectionLost extends Error {
  constructor(message?: string);
}

export interface Options {
  /**
   * A token, or what gets one. A function is called for each connection, before a token expires
   * (`exp` of a JWT), and when the server says that it has expired (4401).
   */
  token?: string | null | (() => string | null | Promise<string | null>);
  /** The implementation of websockets; that of the platform where it is left out. */
  WebSocket?: new (url: string, protocols: string[]) => any;
  /** Called when the connection does something else; with the delay in milliseconds for `waiting`,
   * and with code and reason for `closed`. */
  onState?: (state: State, detail: { delay?: number; code?: number; reason?: string }) => void;
  /** Called when a connection ends, which comes back in most cases. */
  onClose?: (end: { code: number; reason: string }) => void;
  /** Called with what nobody else is told of. */
  onError?: (error: Error) => void;
  /** Called when the server hears of events late, and when it does not any more. */
  onHealth?: (kind: "degraded" | "restored") => void;
  /** Called with every message. */
  onMessage?: (direction: "in" | "out", message: any) => void;
  /** The first delay before the client comes back, in milliseconds; it doubles each time. */
  minDelay?: number;
  /** The longest delay. */
  maxDelay?: number;
  /** After how long a silence the server is asked whether it is there, in milliseconds. */
  pingAfter?: number;
  /** How long the server has to answer that, and to open a connection. */
  patience?: number;
  /** How long an answer to `send` may take. */
  sendTimeout?: number;
  /** How long before its end a token is renewed; never before half of its life. */
  refreshBefore?: number;
  /** A number from 0 to 1, which delays are mixed with. */
  random?: () => number;
}

export interface SubscribeOptions {
  /** The last position that is known; events after it come first. */
  since?: Position | null;
  /** Called when events are lost: load afresh what they are about. */
  onGap?: (place: At) => void;
  /**
   * Called when the subscription is refused; it is tried again with a new token, or, where the
   * server is busy (429, 503), a little later.
   */
  onError?: (error: ProblemError) => void;
}

/** A channel that is subscribed to. */
export declare class Subscription {
  readonly channel: string;
  /** The last position that is known; keep it to go on from there another time. */
  readonly position: Position | null;
  /**
   * Fulfilled when the server has agreed for the first time; rejected when it refuses for another
   * reason than that it is busy, and when the client is closed.
   */
  readonly ready: Promise<Position & { recovered: boolean }>;
  /** Get no more events. */
  unsubscribe(): void;
}

/** One connection, and all that is subscribed to over it. */
export declare class Client {
  constructor(url: string | URL, options: Options);
  readonly state: State;
  /** The server's name for the connection, while there is one. */
  readonly connectionId: string | null;
  /** Get a channel's events, from now on or since a position, in place of who got them before. */
  subscribe<Event = any>(
    channel: string,
    onEvent: (data: Event, at: At) => void,
    options?: SubscribeOptions,
  ): Subscription;
  /**
   * Send something to a channel, once there is a connection.
   *
   * Rejects with `ProblemError` where it is refused, and with `ConnectionLost` where nobody knows.
   */
  send<Result = any>(channel: string, data?: unknown): Promise<Result>;
  /** Get a token anew, and show it to the server over the connection that there is. */
  authorize(): Promise<void>;
  /** Hang up for good. */
  close(): void;
}

/** Connect to an application's channels. */
export declare function connect(url: string | URL, options?: Options): Client;
