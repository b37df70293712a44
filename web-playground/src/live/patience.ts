import { Store } from "./store";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait before the attempt of that number, from 0: twice as long each time, and not all clients at once. */
export function pause(attempt: number, random = Math.random()): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (0.5 + random / 2);
}

/** When what waits is tried again; nothing waits: undefined. In milliseconds since 1970. */
export type Next = number | undefined;

/** Whoever was cut off waits here, and all try again at once: they share a connection. */
export class Patience extends Store<Next> {
  #waiting = new Set<() => void>();
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super(undefined);
  }

  /** Calls `again` a little later, once, however often it is asked to. */
  wait(again: () => void): void {
    this.#waiting.add(again);
    if (this.#timer !== undefined) return;
    const ms = pause(this.#attempt++);
    this.#timer = setTimeout(() => this.#try(), ms);
    this.set(Date.now() + ms);
  }

  /** Doesn't call `again` any more. */
  forget(again: () => void): void {
    this.#waiting.delete(again);
    if (this.#waiting.size === 0) this.#stop();
  }

  /** The person, or the browser, believes that it would work now. */
  now(): void {
    if (this.#waiting.size > 0) this.#try();
  }

  /** Something works: the next time the pause is a short one. */
  settle(): void {
    this.#attempt = 0;
  }

  #try(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#stop();
    all.forEach((again) => again());
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.set(undefined);
  }
}
