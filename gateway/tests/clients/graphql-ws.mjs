// graphql-ws, over WebSocket.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { bearer, codes, equal, Inbox, members, order, scenario, ws } from './world.mjs';

const settings = {
  url: ws,
  webSocketImpl: WebSocket,
  retryAttempts: 10,
  retryWait: async () => {},
};

function client(authorization) {
  const client = createClient({ ...settings, connectionParams: authorization && { authorization } });
  return {
    subscribe: (query, extensions, inbox) =>
      client.subscribe(
        { query, extensions },
        {
          next: ({ data, extensions }) => inbox.put({ data, place: extensions?.place }),
          error: (errors) => inbox.put({ codes: codes(errors) }),
          complete: () => inbox.put({ complete: true }),
        },
      ),
    ask: async (query) => {
      for await (const { data } of client.iterate({ query })) return data;
    },
    close: () => client.dispose(),
  };
}

await scenario(client);

// A fresh token on the open socket: without it the subscription would end with the first one.
let socket;
const pongs = new Inbox();
const renewed = createClient({
  ...settings,
  connectionParams: { authorization: await bearer('user-1', 3) },
  on: {
    opened: (opened) => (socket = opened),
    pong: (received, payload) => received && payload && pongs.put(payload),
  },
});
const results = new Inbox();
const sink = {
  next: ({ data }) => results.put(data),
  error: (errors) => results.put({ codes: codes(errors) }),
  complete: () => {},
};
renewed.subscribe({ query: 'subscription { mine { id } }' }, sink);
await members(1);
const authorization = await bearer('user-2', 600);
socket.send(JSON.stringify({ type: 'ping', payload: { authorization } }));
equal((await pongs.next()).authorized, true);
await order('6', 'user-2');
equal(await results.next(), { mine: { id: '6' } });
// Without a fresh one it ends, with a code and the place.
const short = new Inbox();
const stale = createClient({ ...settings, connectionParams: { authorization: await bearer('user-1', 2) } });
stale.subscribe({ query: 'subscription { mine { id } }' }, { ...sink, error: (errors) => short.put(errors) });
const [expired] = await short.next();
equal([expired.extensions.code, typeof expired.extensions.place], ['TOKEN_EXPIRED', 'string']);
await renewed.dispose();
await stale.dispose();

// A token that isn't one closes the socket, for good.
const refused = new Inbox();
const bad = createClient({ ...settings, connectionParams: { authorization: 'Bearer bad' } });
bad.subscribe({ query: 'subscription { mine { id } }' }, { ...sink, error: ({ code }) => refused.put(code) });
equal(await refused.next(), 4403);
process.exit(0);
