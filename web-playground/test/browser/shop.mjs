import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import pg from "pg";

import { built, natsServer, pageIsBuilt, ready } from "./gateway.mjs";
import { Processes, freePort, run } from "./process.mjs";

const SERVICES = ["products", "orders", "details", "auth"];
const PASSWORD = "correct horse battery";
const ADMIN = "root@example.org";
// What guards passwords against guessing is only slow here.
const CHEAP = { PASSWORD_MEMORY_KIB: "64", PASSWORD_PASSES: "1" };

/**
 * The whole shop with two gateways, of which one can be cut off from the page, on the PostgreSQL and MongoDB that a test run
 * shares (`cargo xtask servers` prints where they are). Access tokens live for ten seconds, the shortest that auth allows.
 */
export class Shop {
  #processes = new Processes();
  #store = mkdtempSync(join(tmpdir(), "tributary-nats-"));
  #gateway;

  static async start() {
    const shop = new Shop();
    try {
      await shop.#start();
      return shop;
    } catch (error) {
      await shop.stop();
      throw new Error(`${error.message}\n${shop.#processes.logs()}`, { cause: error });
    }
  }

  async #start() {
    pageIsBuilt();
    const run = `page_${process.pid}`;
    this.nats = `nats://127.0.0.1:${await freePort()}`;
    const at = ["--addr", "127.0.0.1", "--port", new URL(this.nats).port];
    this.#processes.start(natsServer(), [...at, "--jetstream", "--store_dir", this.#store]);
    const auth = { MONGODB_URL: given("TRIBUTARY_TEST_MONGODB_URL"), MONGODB_DATABASE: `${run}_auth`, ...CHEAP };
    await createAdmin(auth);
    for (const name of SERVICES) {
      const data = name === "auth" ? { ...auth, ACCESS_TOKEN_SECONDS: "10" } : { DATABASE_URL: await database(`${run}_${name}`) };
      this.#processes.start(program(name), [], { NATS_URL: this.nats, ...data });
    }
    this.url = `http://127.0.0.1:${await freePort()}`;
    this.other = `http://127.0.0.1:${await freePort()}`;
    await this.open();
    this.#startGateway(this.other, "gw2");
    await ready(`${this.other}/health/ready`);
    await this.#people();
  }

  #startGateway(url, id, ...flags) {
    // Tokens are good for no longer than they say.
    const args = ["--listen", new URL(url).host, "--gateway-id", id, "--jwt-leeway", "1ms", "--require", SERVICES.join()];
    return this.#processes.start(program("tributary"), ["serve", "--nats", this.nats, ...args, ...flags]);
  }

  /** Starts the gateway that the page is served by. */
  async open(...flags) {
    this.#gateway = this.#startGateway(this.url, "gw1", ...flags);
    await ready(`${this.url}/health/ready`);
  }

  /** Kills it. */
  async cut() {
    await this.#processes.kill(this.#gateway);
  }

  async #people() {
    const credentials = { password: PASSWORD };
    const register = `mutation($email: String!, $password: String!) { register(email: $email, password: $password) { user { id } } }`;
    this.customer = { email: "ada@example.org", ...credentials };
    this.staff = { email: "staff@example.org", ...credentials };
    await this.ask(register, this.customer);
    const { register: granted } = await this.ask(register, this.staff);
    const promote = `mutation($id: ID!) { setRole(userId: $id, role: STAFF) { role } }`;
    await this.ask(promote, { id: granted.user.id }, { email: ADMIN, ...credentials });
  }

  /** Asks the gateway that stays, as somebody. */
  async ask(query, variables = {}, person) {
    const headers = { "content-type": "application/json" };
    if (person) headers.authorization = `Bearer ${await this.token(person)}`;
    const answer = await fetch(`${this.other}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** A fresh access token of somebody's. */
  async token({ email, password }) {
    const login = `mutation($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }`;
    return (await this.ask(login, { email, password })).login.accessToken;
  }

  /** Puts something on the shelf; returns its id. */
  async product(sku, stock) {
    const input = { sku, name: `The ${sku}`, category: "Things", price: { amount: 1000, currency: "EUR" }, stock };
    const create = `mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }`;
    return (await this.ask(create, { input }, this.staff)).createProduct.id;
  }

  async adjust(id, delta) {
    const adjust = `mutation($id: ID!, $delta: Int!) { adjustStock(id: $id, delta: $delta, reason: "counted") { stock } }`;
    await this.ask(adjust, { id, delta }, this.staff);
  }

  /** Orders one of something for the customer; returns the order's number. */
  async order(productId) {
    const address = { recipient: "Ada", line1: "River 1", postalCode: "12345", city: "Town", country: "DE" };
    const input = { items: [{ productId, quantity: 1 }], address };
    const place = `mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { number } }`;
    return (await this.ask(place, { input }, this.customer)).placeOrder.number;
  }

  async advance(number, to) {
    const advance = `mutation($number: String!, $to: OrderStatus!) { advanceOrder(number: $number, to: $to) { status } }`;
    await this.ask(advance, { number, to }, this.staff);
  }

  async stop() {
    await this.#processes.end();
    rmSync(this.#store, { recursive: true, force: true });
  }
}

function program(name) {
  return built(`debug/${name}`, `cargo build -p ${name}`);
}

function given(variable) {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} must name a server: run this by cargo xtask test, or see what cargo xtask servers prints`);
  return url;
}

/** A new database; what it held belongs to the servers' run, and goes with them. */
async function database(name) {
  const url = given("TRIBUTARY_TEST_POSTGRES_URL");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

async function createAdmin(environment) {
  await run(program("auth"), ["create-admin", "--email", ADMIN], { ...environment, AUTH_ADMIN_PASSWORD: PASSWORD });
}
