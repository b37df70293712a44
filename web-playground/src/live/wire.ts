import { type Client, createClient } from "graphql-ws";

import type { Question } from "./graph";
import { type GraphError, trouble, type Trouble } from "./trouble";

/** Where what a subscription tells goes. */
export interface Ear<T> {
  /** There is a connection; what comes next is an answer. */
  sent(): void;
  /** A result; without `data` where it has errors only. */
  result(data: T | undefined, place: string | undefined, wrong: Trouble | undefined): void;
  /** Everything up to this place has been told, and the subscription is live. */
  told(place: string): void;
  /** It is over. */
  failed(trouble: Trouble): void;
  completed(): void;
}

interface Result<T> {
  data?: T | null;
  errors?: readonly GraphError[];
  extensions?: { place?: string };
}

const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 5_000;

/**
 * A WebSocket to the gateway, opened when there is something to ask, which speaks for one person.
 *
 * graphql-ws would connect again by itself, but ask for the same as the first time: who goes on from a place has another
 * request each time. So it doesn't, and whoever subscribes is told that the connection is lost.
 */
export class Wire {
  #client: Client;
  #socket: WebSocket | undefined;
  #ears = new Map<string, Pick<Ear<unknown>, "sent" | "told">>();
  #last = 0;
  #shown: string | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** `token` says which access token is the right one now, if any. */
  constructor(
    url: string,
    private readonly token: () => string | undefined,
  ) {
    this.#client = createClient({
      url: url.replace(/^http/, "ws"),
      retryAttempts: 0,
      lazyCloseTimeout: 5_000,
      keepAlive: PING_EVERY_MS,
      generateID: () => String(++this.#last),
      connectionParams: () => this.#authorization(),
      on: {
        connected: (socket) => this.#connected(socket as WebSocket),
        closed: () => this.#closed(),
        ping: (received, payload) => (received ? this.#pinged(payload) : this.#listen()),
        pong: (received, payload) => received && this.#ponged(payload),
      },
    });
  }

  /** Subscribes, from a place on or from now on. Returns how to end it, silently. */
  subscribe<T>({ query, variables }: Question, after: string | undefined, ear: Ear<T>): () => void {
    const extensions = after === undefined ? {} : { extensions: { resumeAfter: after } };
    let over = false;
    const end = (then: () => void) => {
      if (over) return;
      over = true;
      this.#ears.delete(id);
      then();
    };
    const stop = this.#client.subscribe<T>({ query, variables: variables ?? {}, ...extensions }, {
      next: (message) => {
        if (over) return;
        const { data, errors, extensions } = message as Result<T>;
        ear.result(errors?.length ? undefined : (data ?? undefined), extensions?.place, errors && trouble(errors));
      },
      error: (error) => end(() => ear.failed(trouble(error))),
      complete: () => end(() => ear.completed()),
    });
    // The id was made while `subscribe` was called; what comes of it comes later.
    const id = String(this.#last);
    this.#ears.set(id, ear);
    if (this.#socket) queueMicrotask(() => over || ear.sent());
    return () => end(stop);
  }

  /** Asks for one answer. Throws a `Trouble`. */
  ask<T>({ query, variables }: Question): Promise<T> {
    return new Promise((answer, refuse) => {
      let data: T | undefined;
      let wrong: Trouble | undefined;
      this.#client.subscribe<T>({ query, variables: variables ?? {} }, {
        next: (result) => {
          data = result.data ?? undefined;
          wrong = result.errors && trouble(result.errors);
        },
        error: (error) => refuse(trouble(error)),
        complete: () => (data === undefined || wrong ? refuse(wrong ?? trouble(undefined)) : answer(data)),
      });
    });
  }

  /** Shows the token that is the right one now on the open socket, so that subscriptions go on. */
  renew(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#shown = this.token();
    this.#socket.send(JSON.stringify({ type: "ping", payload: { Authorization: `Bearer ${this.#shown}` } }));
  }

  /** Gives the connection up; whoever subscribed is told. */
  drop(): void {
    this.#client.terminate();
  }

  /** Nobody needs it any more. */
  close(): void {
    // Where it was still connecting, and couldn't, nobody minds any more.
    Promise.resolve(this.#client.dispose()).catch(() => {});
  }

  #authorization(): Record<string, unknown> | undefined {
    this.#shown = this.token();
    return this.#shown === undefined ? undefined : { Authorization: `Bearer ${this.#shown}` };
  }

  #connected(socket: WebSocket): void {
    this.#socket = socket;
    this.#ears.forEach((ear) => ear.sent());
    // It may have been renewed while the connection was made.
    if (this.token() !== this.#shown) this.renew();
  }

  #closed(): void {
    this.#socket = undefined;
    clearTimeout(this.#silence);
  }

  /** The gateway's own: the places up to which subscriptions have everything. */
  #pinged(payload: Record<string, unknown> | undefined): void {
    for (const [id, place] of Object.entries((payload?.places ?? {}) as Record<string, string>)) {
      this.#ears.get(id)?.told(place);
    }
  }

  /** A connection that died without a word is noticed by the answer that doesn't come. */
  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.drop(), PONG_WITHIN_MS);
  }

  #ponged(payload: Record<string, unknown> | undefined): void {
    clearTimeout(this.#silence);
    // A token that isn't taken on the open socket is shown anew to another one, where its refusal has a reason.
    if (payload?.authorized === false) this.drop();
  }
}
