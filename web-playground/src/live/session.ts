import { ask, type Answer } from "./graph";
import { LOG_IN, LOG_OUT, REFRESH, type Role, type Session as Granted } from "./documents";
import { pause } from "./patience";
import { Store } from "./store";
import { trouble, type Trouble } from "./trouble";

/** Who is signed in. */
export interface Person {
  id: string;
  email: string;
  role: Role;
}

export interface SessionState {
  person?: Person;
  /** Why nobody is signed in any more. */
  ended?: string;
}

/** What became of a wish for a fresh token. */
export type Renewal = "renewed" | "over" | "unreachable";

/** When a token is renewed, as a part of its life. */
const RENEW_AT = 0.75;

/** Codes by which auth says that a session can't be continued, and what a person reads. */
const OVER: Record<string, string> = {
  INVALID_REFRESH_TOKEN: "the session has ended, here or elsewhere, or is too old to be continued",
  UNAUTHENTICATED: "the session has ended",
  FORBIDDEN: "the session was refused",
};

interface Tokens {
  access: string;
  refresh: string;
}

/**
 * The person's session with the shop. Both tokens are in this object and nowhere else: not in storage, not in cookies, not
 * in what React keeps. A reload signs out, and so does whoever leaves the page.
 */
export class Session extends Store<SessionState> {
  #tokens: Tokens | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<Renewal> | undefined;
  #attempt = 0;
  #due = 0;

  constructor() {
    super({});
  }

  /** The access token to show now. */
  readonly token = (): string | undefined => this.#tokens?.access;

  /** Signs in. Throws a `Trouble`. */
  async signIn(email: string, password: string): Promise<void> {
    this.#take(await ask<{ session: Granted }>({ query: LOG_IN, variables: { email, password } }));
  }

  /** Signs out, and ends the session where it is kept, too. */
  signOut(): void {
    this.endThere();
    this.#forget();
  }

  /** Ends the session at auth, though the page be gone before the answer. */
  endThere(): void {
    if (!this.#tokens) return;
    const { access, refresh } = this.#tokens;
    // Where it can't be reached there is nothing left to do: the token dies with the page.
    ask({ query: LOG_OUT, variables: { refreshToken: refresh } }, access, true).catch(() => {});
  }

  /** Gets a fresh access token: once, however many ask for it at the same time. */
  renew(): Promise<Renewal> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** Timers sleep with the computer: whoever wakes up asks whether it is high time. */
  wake(): void {
    if (this.#tokens && Date.now() >= this.#due) void this.renew();
  }

  async #renew(): Promise<Renewal> {
    const before = this.#tokens;
    if (!before) return "over";
    try {
      const answer = await ask<{ session: Granted }>({ query: REFRESH, variables: { refreshToken: before.refresh } });
      // Signed out, or in as somebody else, in the meantime.
      if (this.#tokens !== before) return "over";
      this.#take(answer);
      return "renewed";
    } catch (error) {
      if (this.#tokens !== before) return "over";
      return this.#refused(trouble(error));
    }
  }

  #refused(why: Trouble): Renewal {
    const over = OVER[why.code];
    if (over !== undefined) {
      this.#forget(`You were signed out: ${over}.`);
      return "over";
    }
    this.#renewIn(pause(this.#attempt++));
    return "unreachable";
  }

  #take({ data: { session }, at }: Answer<{ session: Granted }>): void {
    const { accessToken, refreshToken, expiresAt, user } = session;
    this.#tokens = { access: accessToken, refresh: refreshToken };
    this.#attempt = 0;
    // Measured by the server's clock alone: the browser's may be wrong.
    this.#renewIn((Date.parse(expiresAt) - at) * RENEW_AT);
    this.set({ person: { id: user.id, email: user.email ?? user.id, role: user.role } });
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#due = Date.now() + ms;
    this.#timer = setTimeout(() => void this.renew(), ms);
  }

  #forget(ended?: string): void {
    clearTimeout(this.#timer);
    this.#tokens = undefined;
    this.set(ended === undefined ? {} : { ended });
  }
}
