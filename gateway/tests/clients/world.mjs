// What a client's script shares with the test that runs it: `node <client>.mjs <url>`. The script asks the test for
// things by lines of JSON on its output, and each is answered by one line on its input. It ends with 0 if all is well.
import { createInterface } from 'node:readline';

/** Where the gateway is, behind a proxy whose connections the test can cut. */
export const http = process.argv[2];
export const ws = http.replace(/^http/, 'ws');

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(command) {
  process.stdout.write(`${JSON.stringify(command)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error('the test has gone');
  return JSON.parse(value);
}

/** Publishes an order's event. */
export const order = (id, customerId = 'user-1') => ask({ do: 'order', id, customerId });
/** Waits until the gateway has that many members of subscriptions. */
export const members = (count) => ask({ do: 'members', count });
/** Cuts all connections; new ones are taken, and wait. */
export const cut = () => ask({ do: 'cut' });
/** Connections that wait, and new ones, reach the gateway. */
export const heal = () => ask({ do: 'heal' });
/** An `Authorization` for somebody, good for that many seconds. */
export const bearer = (sub, seconds) => ask({ do: 'bearer', sub, seconds });

/** What comes, kept until it is asked for. */
export class Inbox {
  #waiting = [];
  #kept = [];

  put(what) {
    const next = this.#waiting.shift();
    if (next) next(what);
    else this.#kept.push(what);
  }

  next() {
    return new Promise((resolve) => {
      if (this.#kept.length) resolve(this.#kept.shift());
      else this.#waiting.push(resolve);
    });
  }
}

export function equal(found, expected) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, found ${a}`);
}

/**
 * What every client must be able to do. `connect(authorization)` makes one:
 *
 *   subscribe(query, extensions, inbox) -> stop
 *     puts `{ data, place }` for each result, `{ codes }` for an error, `{ complete: true }` at the end into the inbox
 *   ask(query) -> data
 *   close()
 *
 * `comesBack`: it connects again by itself when its connection breaks; otherwise it is subscribed again here.
 */
export async function scenario(connect, { comesBack = true } = {}) {
  const query = 'subscription { orderUpdated { id status } }';
  const updated = (id) => ({ orderUpdated: { id, status: 'new' } });
  const anonymous = await connect();
  const inbox = new Inbox();

  // Live results, and then what was missed while the connection was cut: each once.
  let place;
  // Whatever is sent when the client comes back has the newest place.
  const extensions = { resumeAfter: { toJSON: () => place } };
  const result = async (id) => {
    const found = await inbox.next();
    equal(found.data && strip(found.data), updated(id));
    if (!found.place) throw new Error('a result without its place');
    place = found.place;
  };
  let stop = anonymous.subscribe(query, extensions, inbox);
  await members(1);
  await order('1');
  await result('1');
  await cut();
  await members(0);
  await order('2');
  await heal();
  if (!comesBack) {
    equal(Object.keys(await inbox.next()), ['broken']);
    stop = anonymous.subscribe(query, extensions, inbox);
  }
  await result('2');
  await order('3');
  await result('3');

  // The client's end is the gateway's.
  stop();
  await members(0);

  // A refusal has a code.
  const refused = new Inbox();
  anonymous.subscribe('subscription { nothing }', {}, refused);
  equal(await refused.next(), { codes: ['GRAPHQL_VALIDATION_FAILED'] });

  equal(strip(await anonymous.ask('{ me { id } }')), { me: { id: 'u' } });
  equal(strip(await anonymous.ask('mutation { touch(id: "1") { id } }')), { touch: { id: '1' } });
  await anonymous.close();

  // Somebody hears what is for them.
  const somebody = await connect(await bearer('user-2', 600));
  const mine = new Inbox();
  const end = somebody.subscribe('subscription { mine { id } }', {}, mine);
  await members(1);
  await order('4', 'user-1');
  await order('5', 'user-2');
  equal(strip((await mine.next()).data), { mine: { id: '5' } });
  end();
  await members(0);
  await somebody.close();
}

/** Without what clients add for themselves. */
export function strip(data) {
  if (Array.isArray(data)) return data.map(strip);
  if (data === null || typeof data !== 'object') return data;
  const own = Object.entries(data).filter(([name]) => name !== '__typename');
  return Object.fromEntries(own.map(([name, value]) => [name, strip(value)]));
}

/** The codes of errors as GraphQL writes them. */
export const codes = (errors) => errors.map((error) => error.extensions.code);
