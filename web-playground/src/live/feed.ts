import type { Trouble } from "./trouble";

/**
 * How a section of the page keeps up with the shop, without its means: `step` says what follows from what happened, and
 * what is to be done.
 *
 * ```text
 *            begin                told a place           answered
 *   idle ─────────▶ subscribing ───────────────▶ asking ──────────▶ live ◀──────────────┐
 *                    results are held            results are held     │                 │ told a place
 *                        ▲                                            │ failed          │
 *                        │ again, without a place     again, with one ▼                 │
 *                        └────────────────────────── cut off ──────────────▶ catching up┘
 * ```
 *
 * It subscribes first and asks for the snapshot second, when it knows that the subscription is live: so what changes in
 * between is told, and nothing is missed. What is both told and in the snapshot is recognised by its version.
 */
export interface Feed<R> {
  phase: Phase;
  /** Whether the subscription was sent; until then it is an attempt. */
  sent: boolean;
  /** Up to where the subscription has told everything. */
  place?: string | undefined;
  /** Whether what is on display has everything up to `place`, so that it can be gone on from there. */
  whole: boolean;
  /** Results that wait for the snapshot. */
  held: R[];
  /** Whether what was missed has been told. */
  caughtUp: boolean;
  /** Which snapshot is waited for; answers to earlier questions are late. */
  round: number;
  /** Where it was when the snapshot was asked for. */
  askedAt?: string | undefined;
  /** From where it last went on because it was too slow. */
  slowAt?: string | undefined;
  /** Why it isn't live. */
  trouble?: Trouble | undefined;
  /** Something that the person should know of, though it is over. */
  notice?: string | undefined;
}

export type Phase = "idle" | "subscribing" | "asking" | "catching-up" | "live" | "cut-off" | "stopped";

/** What happened. */
export type Happening<R> =
  /** It is to begin, or to try again. */
  | { is: "again" }
  /** There is a connection, and the subscription was sent by it. */
  | { is: "sent" }
  /** It has another connection from now on. */
  | { is: "moved" }
  /** The gateway told where the subscription is: it is live. */
  | { is: "told"; place: string }
  /** A result, or in its place what went wrong with it. */
  | { is: "result"; row?: R | undefined; place?: string | undefined; trouble?: Trouble | undefined }
  /** The snapshot is there. */
  | { is: "answered"; round: number; rows: R[] }
  /** There is no snapshot. */
  | { is: "unanswered"; round: number; trouble: Trouble }
  /** The subscription is over. */
  | { is: "failed"; trouble: Trouble }
  /** The person has read the notice. */
  | { is: "read" };

/** What is to be done. */
export type Deed<R> =
  | { do: "subscribe"; after?: string | undefined }
  | { do: "unsubscribe" }
  | { do: "ask"; round: number }
  /** Put these on display, newer than what is there. */
  | { do: "show"; rows: R[]; place?: string | undefined }
  /** Put nothing but these on display; `since`: whoever goes on from there misses nothing of them. */
  | { do: "replace"; rows: R[]; held: R[]; since?: string | undefined }
  /** Let it happen `again`, a little later. */
  | { do: "wait" }
  /** Get a fresh token, then let it happen `again`. */
  | { do: "renew" }
  /** It works. */
  | { do: "settle" };

export type Step<R> = [Feed<R>, Deed<R>[]];

const NEVER_COMPLETES: Trouble = { remedy: "wait", code: "COMPLETE", text: "The gateway ended the subscription." };

/** One that begins with nothing; or, with a place, with a display that is whole up to there. */
export function newFeed<R>(place?: string): Feed<R> {
  return { phase: "idle", sent: false, place, whole: place !== undefined, held: [], caughtUp: false, round: 0 };
}

/** What a person is shown: while it tries to get a connection, it is still cut off. */
export function shown({ phase, sent, trouble }: Feed<unknown>): Phase {
  const isAttempt = (phase === "subscribing" || phase === "catching-up") && !sent && trouble;
  return isAttempt ? "cut-off" : phase;
}

/** The subscription was completed, which none of the page's is before its time. */
export function completed<R>(): Happening<R> {
  return { is: "failed", trouble: NEVER_COMPLETES };
}

/** What follows. */
export function step<R>(feed: Feed<R>, happening: Happening<R>): Step<R> {
  switch (happening.is) {
    case "again":
      return again(feed);
    case "sent":
      return [{ ...feed, sent: true }, []];
    case "moved":
      return feed.phase === "stopped" ? [feed, []] : again({ ...cutOff(feed), trouble: undefined });
    case "told":
      return told(feed, happening.place);
    case "result":
      return result(feed, happening);
    case "answered":
      return happening.round === feed.round && feed.phase === "asking" ? answered(feed, happening.rows) : [feed, []];
    case "unanswered":
      return happening.round === feed.round && feed.phase === "asking" ? unanswered(feed, happening.trouble) : [feed, []];
    case "failed":
      return failed(feed, happening.trouble);
    case "read":
      return [{ ...feed, notice: undefined }, []];
  }
}

function again<R>(feed: Feed<R>): Step<R> {
  if (feed.phase === "live" || feed.phase === "subscribing" || feed.phase === "catching-up") return [feed, []];
  // The subscription is there, only the snapshot isn't.
  if (feed.phase === "asking") return ask(feed);
  const after = feed.whole ? feed.place : undefined;
  if (after === undefined) return afresh(feed);
  return [{ ...feed, phase: "catching-up", sent: false, caughtUp: false, held: [] }, [{ do: "subscribe", after }]];
}

function afresh<R>(feed: Feed<R>): Step<R> {
  const next = { ...feed, place: undefined, whole: false, caughtUp: true, held: [] };
  return [{ ...next, phase: "subscribing", sent: false }, [{ do: "subscribe" }]];
}

function ask<R>(feed: Feed<R>): Step<R> {
  const round = feed.round + 1;
  return [{ ...feed, phase: "asking", round, askedAt: feed.place }, [{ do: "ask", round }]];
}

function told<R>(feed: Feed<R>, place: string): Step<R> {
  const next = { ...feed, place, caughtUp: true };
  switch (feed.phase) {
    case "subscribing":
      return ask(next);
    case "catching-up":
      return [{ ...next, phase: "live", trouble: undefined }, [{ do: "settle" }]];
    default:
      return [next, []];
  }
}

function result<R>(feed: Feed<R>, { row, place = feed.place, trouble }: Happening<R> & { is: "result" }): Step<R> {
  const next = { ...feed, place };
  if (row === undefined) return incomplete(next, trouble);
  const isHeld = feed.phase === "subscribing" || feed.phase === "asking";
  if (isHeld) return [{ ...next, held: [...feed.held, row] }, []];
  return [next, [{ do: "show", rows: [row], place }]];
}

/** A change isn't known in full: what is there now says more than it would have. */
function incomplete<R>(feed: Feed<R>, trouble: Trouble | undefined): Step<R> {
  const next = { ...feed, whole: false, trouble: trouble ?? feed.trouble };
  return feed.phase === "subscribing" ? [next, []] : ask(next);
}

function answered<R>(feed: Feed<R>, rows: R[]): Step<R> {
  const { held, askedAt, caughtUp } = feed;
  const phase = caughtUp ? "live" : "catching-up";
  const next: Feed<R> = { ...feed, phase, held: [], whole: true, askedAt: undefined, trouble: undefined };
  const shown: Deed<R> = { do: "replace", rows, held, since: askedAt };
  return [next, caughtUp ? [shown, { do: "settle" }] : [shown]];
}

function unanswered<R>(feed: Feed<R>, trouble: Trouble): Step<R> {
  switch (trouble.remedy) {
    case "none":
    case "schema":
      return stop(feed, trouble);
    case "token":
      return [{ ...feed, trouble }, [{ do: "renew" }]];
    default:
      return [{ ...feed, trouble }, [{ do: "wait" }]];
  }
}

function stop<R>(feed: Feed<R>, trouble: Trouble): Step<R> {
  return [{ ...feed, phase: "stopped", trouble, held: [] }, [{ do: "unsubscribe" }]];
}

/** What was held goes with the subscription, and the place would be beyond it. */
function cutOff<R>(feed: Feed<R>): Feed<R> {
  const whole = feed.whole && feed.phase !== "asking" && feed.phase !== "subscribing";
  return { ...feed, phase: "cut-off", whole, held: [] };
}

function failed<R>(feed: Feed<R>, trouble: Trouble): Step<R> {
  const cut = { ...cutOff(feed), place: trouble.place ?? feed.place, trouble };
  switch (trouble.remedy) {
    case "none":
      return stop(feed, trouble);
    case "wait":
      return [cut, [{ do: "wait" }]];
    case "token":
      return [cut, [{ do: "renew" }]];
    case "snapshot":
    case "schema":
      // Where it had just begun it would only fail again.
      if (feed.phase === "subscribing") return [cut, [{ do: "wait" }]];
      return afresh({ ...cut, notice: `${trouble.text} This is a fresh snapshot.` });
    case "resume":
      return tooSlow(cut, trouble);
  }
}

/** It goes on where it was; where it doesn't get on that way, a snapshot is shorter. */
function tooSlow<R>(feed: Feed<R>, trouble: Trouble): Step<R> {
  if (!feed.whole || feed.place === undefined || feed.place === feed.slowAt) {
    return afresh({ ...feed, slowAt: undefined, notice: `${trouble.text} This is a fresh snapshot.` });
  }
  const notice = `${trouble.text} It went on from where it was, and nothing is missing.`;
  return again({ ...feed, slowAt: feed.place, notice });
}
