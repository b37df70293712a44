import { graphUrl } from "../graph-url";
import { LOW_STOCK, MY_ORDER_UPDATED, MY_ORDERS, type Order, type Page, type Product, SHELF, STOCK_CHANGED } from "./documents";
import { LiveOrders, SHOWN } from "./orders";
import { Patience } from "./patience";
import { type Means, Section } from "./section";
import { type Person, Session } from "./session";
import { Store } from "./store";
import { Wire } from "./wire";

/** What is on the desk, as far as whoever is signed in may see it. */
export interface Sections {
  person?: Person | undefined;
  stock: Section<Product>;
  mine?: Section<Order> | undefined;
  orders?: LiveOrders | undefined;
  low?: Section<Product> | undefined;
  threshold: number;
}

const FIRST_THRESHOLD = 10;
/** A shop with more products than so many pages of a hundred is shown in part. */
const MOST_PAGES = 10;

/** The whole page but for its looks: who is signed in, the connection, and the sections. */
export class Desk extends Store<Sections> {
  readonly session: Session;
  readonly patience: Patience;
  #means: Means;

  constructor(private readonly location: Location) {
    const patience = new Patience();
    const session = new Session();
    const means = { wire: new Wire(graphUrl(location), session.token), patience, renew: () => session.renew() };
    super({ stock: new Section<Product>(stockPlan(), means), threshold: FIRST_THRESHOLD });
    this.#means = means;
    this.patience = patience;
    this.session = session;
    session.watch(() => this.#signed());
  }

  /** From how few of a product on it is shown as running out. */
  warnAt(threshold: number): void {
    const { low, ...rest } = this.get();
    if (!low || threshold === rest.threshold) return;
    low.close();
    this.set({ ...rest, threshold, low: new Section(lowPlan(threshold), this.#means) });
  }

  /** The browser is back: from sleep, from being offline, from another tab. */
  wake(): void {
    this.session.wake();
    this.patience.now();
  }

  /** The network is gone; the connection needn't find out by itself. */
  sleep(): void {
    this.#means.wire.drop();
  }

  #signed(): void {
    const { person } = this.session.get();
    const before = this.get();
    if (person?.id === before.person?.id && person?.role === before.person?.role) {
      // The same with a fresh token.
      return this.#means.wire.renew();
    }
    const { stock, threshold } = before;
    [before.mine, before.orders, before.low].forEach((section) => section?.close());
    const old = this.#means.wire;
    this.#means = { ...this.#means, wire: new Wire(graphUrl(this.location), this.session.token) };
    stock.move(this.#means);
    old.close();
    this.set({ person, stock, threshold, ...(person && this.#sectionsOf(person, threshold)) });
  }

  #sectionsOf({ role }: Person, threshold: number): Partial<Sections> {
    const mine = new Section<Order>(myPlan(), this.#means);
    if (role === "CUSTOMER") return { mine };
    return { mine, orders: new LiveOrders(this.#means), low: new Section(lowPlan(threshold), this.#means) };
  }
}

function stockPlan() {
  return { subscription: { query: STOCK_CHANGED }, snapshot: shelf };
}

function lowPlan(threshold: number) {
  const snapshot = async (wire: Wire) => (await shelf(wire)).filter(({ stock }) => stock <= threshold);
  return { subscription: { query: LOW_STOCK, variables: { threshold } }, snapshot };
}

function myPlan() {
  const snapshot = async (wire: Wire) => {
    const question = { query: MY_ORDERS, variables: { first: SHOWN } };
    const { me } = await wire.ask<{ me: { orders: { nodes: Order[] } } | null }>(question);
    return me?.orders.nodes ?? [];
  };
  return { subscription: { query: MY_ORDER_UPDATED }, snapshot };
}

/** All products, page by page. */
async function shelf(wire: Wire): Promise<Product[]> {
  const products: Product[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const question = { query: SHELF, variables: { after } };
    const answer: { products: Page<Product> } = await wire.ask(question);
    products.push(...answer.products.nodes);
    after = answer.products.pageInfo.endCursor;
    if (!answer.products.pageInfo.hasNextPage) break;
  }
  return products;
}
