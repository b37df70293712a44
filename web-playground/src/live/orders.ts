import { type Order, ORDER_UPDATED, ORDERS, ORDERS_PLACED, ONE_ORDER } from "./documents";
import type { Phase } from "./feed";
import { newer } from "./newest";
import { type Change, type Means, Section, type View } from "./section";
import { Store } from "./store";

/** So many orders are shown, and each of them is subscribed to. */
export const SHOWN = 12;

/** Newest first. */
export function newestFirst(orders: readonly Order[]): Order[] {
  return [...orders].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt)).slice(0, SHOWN);
}

/**
 * The shop's newest orders: one subscription hears of those that are placed, and each order that is shown has one that
 * hears of its changes. That one goes on from the place at which the order was heard of, so no change falls in between.
 */
export class LiveOrders extends Store<View<Order>> {
  #list: Section<Order>;
  #followers = new Map<string, Section<Order>>();

  constructor(private readonly means: Means) {
    super({ phase: "idle", filled: false, rows: [], changes: new Map() });
    const plan = {
      subscription: { query: ORDERS_PLACED },
      snapshot: async (wire: Means["wire"]) => {
        const { orders } = await wire.ask<{ orders: { nodes: Order[] } }>({ query: ORDERS, variables: { first: SHOWN } });
        return orders.nodes;
      },
      came: (rows: readonly Order[], place: string | undefined) => this.#follow(rows, place),
    };
    this.#list = new Section<Order>(plan, means);
    this.#list.watch(() => this.#combine());
  }

  readonly again = (): void => [this.#list, ...this.#followers.values()].forEach((section) => section.again());

  readonly read = (): void => [this.#list, ...this.#followers.values()].forEach((section) => section.read());

  close(): void {
    [this.#list, ...this.#followers.values()].forEach((section) => section.close());
  }

  #follow(rows: readonly Order[], place: string | undefined): void {
    const known = [...this.#followers.values()].flatMap(({ get }) => get().rows);
    const shown = newestFirst([...known.filter(({ id }) => !rows.some((row) => row.id === id)), ...rows]);
    for (const row of shown) {
      if (!this.#followers.has(row.id)) this.#followers.set(row.id, this.#follower(row, place));
    }
    for (const [id, follower] of this.#followers) {
      if (shown.some((row) => row.id === id)) continue;
      follower.close();
      this.#followers.delete(id);
    }
  }

  #follower(row: Order, place: string | undefined): Section<Order> {
    const plan = {
      subscription: { query: ORDER_UPDATED, variables: { id: row.id } },
      snapshot: async (wire: Means["wire"]) => {
        const { order } = await wire.ask<{ order: Order | null }>({ query: ONE_ORDER, variables: { number: row.number } });
        return order ? [order] : [];
      },
      place,
      rows: [row],
    };
    const follower = new Section<Order>(plan, this.means);
    follower.watch(() => this.#combine());
    return follower;
  }

  #combine(): void {
    const followers = [...this.#followers.values()].map(({ get }) => get());
    const list = this.#list.get();
    const told = new Map(followers.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
    const rows = newestFirst(list.rows.map((row) => newer(row, told.get(row.id))));
    const changes = new Map<string, Change<Order>>([list, ...followers].flatMap((view) => [...view.changes]));
    const behind = list.phase === "live" ? followers.find(isBehind) : undefined;
    const notice = list.notice ?? followers.find((view) => view.notice)?.notice;
    this.set({ ...list, rows, changes, phase: behind?.phase ?? list.phase, trouble: list.trouble ?? behind?.trouble, notice });
  }
}

/** One that has just begun to follow isn't: that belongs to every new order. */
function isBehind({ phase, liveAt }: View<Order>): boolean {
  const wasLive = liveAt !== undefined;
  const behind: Phase[] = wasLive ? ["cut-off", "stopped", "catching-up", "asking"] : ["cut-off", "stopped"];
  return behind.includes(phase);
}
