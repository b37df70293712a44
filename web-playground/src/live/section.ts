import { completed, newFeed, type Deed, type Feed, type Happening, type Phase, shown, step } from "./feed";
import type { Question } from "./graph";
import { putNewest, type Versioned } from "./newest";
import type { Patience } from "./patience";
import { Store } from "./store";
import { trouble } from "./trouble";
import type { Renewal } from "./session";
import type { Wire } from "./wire";

/** What a section shows. */
export interface View<R> {
  phase: Phase;
  /** Whether anything was ever there to be shown. */
  filled: boolean;
  rows: readonly R[];
  /** Rows that changed since the page shows them: what they were before, and when that was told. */
  changes: ReadonlyMap<string, Change<R>>;
  /** When it was live last. */
  liveAt?: number | undefined;
  trouble?: string | undefined;
  notice?: string | undefined;
}

export interface Change<R> {
  before?: R | undefined;
  at: number;
}

/** What a section is of. */
export interface Plan<R> {
  subscription: Question;
  /** Asks for all rows; throws a `Trouble`. */
  snapshot(wire: Wire): Promise<R[]>;
  /** A place up to which the rows are known already. */
  place?: string | undefined;
  rows?: R[];
  /** Is called when rows came, with the place from which nothing of them is missed. */
  came?(rows: readonly R[], place: string | undefined): void;
}

/** What all sections share. */
export interface Means {
  wire: Wire;
  patience: Patience;
  renew(): Promise<Renewal>;
}

/** React needn't draw more often. */
const DRAW_EVERY_MS = 16;

/** A part of the shop that is kept up to date: a feed with its means. */
export class Section<R extends Versioned> extends Store<View<R>> {
  #feed: Feed<R>;
  #rows = new Map<string, R>();
  #changes = new Map<string, Change<R>>();
  #filled: boolean;
  #liveAt: number | undefined;
  #end: (() => void) | undefined;
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly plan: Plan<R>,
    private means: Means,
  ) {
    super({ phase: "idle", filled: false, rows: [], changes: new Map() });
    this.#feed = newFeed(plan.place);
    this.#filled = plan.rows !== undefined;
    putNewest(this.#rows, plan.rows ?? []);
    this.again();
  }

  /** Tries again. */
  readonly again = (): void => this.#happened({ is: "again" });

  /** The person has read the notice. */
  readonly read = (): void => this.#happened({ is: "read" });

  /** Goes on by other means, from where it is. */
  move(means: Means): void {
    this.means.patience.forget(this.again);
    this.means = means;
    this.#leave();
    this.#happened({ is: "moved" });
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    this.#leave();
    clearTimeout(this.#drawing);
    this.means.patience.forget(this.again);
  }

  #happened(happening: Happening<R>): void {
    if (this.#closed) return;
    if (this.#feed.phase === "live") this.#liveAt = Date.now();
    const [feed, deeds] = step(this.#feed, happening);
    this.#feed = feed;
    deeds.forEach((deed) => this.#does(deed));
    this.#draw();
  }

  #does(deed: Deed<R>): void {
    switch (deed.do) {
      case "subscribe":
        return this.#subscribe(deed.after);
      case "unsubscribe":
        return this.#leave();
      case "ask":
        return void this.#ask(deed.round);
      case "show":
        return this.#show(deed.rows, deed.place);
      case "replace":
        return this.#replace(deed.rows, deed.held, deed.since);
      case "wait":
        return this.means.patience.wait(this.again);
      case "renew":
        // Not at once, lest a token that is renewed and refused makes a circle.
        return void this.means.renew().then(() => this.#closed || this.means.patience.wait(this.again));
      case "settle":
        return this.means.patience.settle();
    }
  }

  #subscribe(after: string | undefined): void {
    this.#leave();
    this.#end = this.means.wire.subscribe<{ row: R }>(this.plan.subscription, after, {
      result: (data, place, wrong) => this.#happened({ is: "result", row: data?.row, place, trouble: wrong }),
      sent: () => this.#happened({ is: "sent" }),
      told: (place) => this.#happened({ is: "told", place }),
      failed: (why) => this.#happened({ is: "failed", trouble: why }),
      completed: () => this.#happened(completed()),
    });
  }

  #leave(): void {
    this.#end?.();
    this.#end = undefined;
  }

  async #ask(round: number): Promise<void> {
    try {
      const rows = await this.plan.snapshot(this.means.wire);
      this.#happened({ is: "answered", round, rows });
    } catch (error) {
      this.#happened({ is: "unanswered", round, trouble: trouble(error) });
    }
  }

  #show(rows: R[], place: string | undefined): void {
    const before = rows.map((row) => this.#rows.get(row.id));
    const news = putNewest(this.#rows, rows);
    const at = Date.now();
    rows.forEach((row, index) => news.includes(row) && this.#changes.set(row.id, { before: before[index], at }));
    if (news.length > 0) this.plan.came?.(news, place);
  }

  #replace(rows: R[], held: R[], since: string | undefined): void {
    const known = this.#rows;
    const at = Date.now();
    this.#rows = new Map();
    putNewest(this.#rows, rows);
    putNewest(this.#rows, held);
    for (const row of this.#rows.values()) {
      const before = known.get(row.id);
      if (this.#filled && before?.version !== row.version) this.#changes.set(row.id, { before, at });
    }
    this.#filled = true;
    this.plan.came?.([...this.#rows.values()], since);
  }

  /** Many changes at once are drawn together. */
  #draw(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      const { trouble, notice } = this.#feed;
      const phase = shown(this.#feed);
      const rows = [...this.#rows.values()];
      const changes = new Map(this.#changes);
      this.set({ phase, filled: this.#filled, rows, changes, liveAt: this.#liveAt, trouble: trouble?.text, notice });
    }, DRAW_EVERY_MS);
  }
}
