// urql: subscriptions over WebSocket by graphql-ws (`ws`), or by its own fetch, as server-sent events (`sse`).
import { Client, createRequest, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { codes, http, scenario, ws } from './world.mjs';

function overWebSocket(authorization) {
  const sockets = createClient({
    url: ws,
    webSocketImpl: WebSocket,
    connectionParams: authorization && { authorization },
    retryAttempts: 10,
    retryWait: async () => {},
  });
  return subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: sockets.subscribe(request, sink) }),
    }),
  });
}

const kind = process.argv[3];

function client(authorization) {
  const exchanges = kind === 'ws' ? [overWebSocket(authorization), fetchExchange] : [fetchExchange];
  const client = new Client({
    url: http,
    exchanges,
    fetchSubscriptions: kind === 'sse',
    preferGetMethod: false,
    fetchOptions: { headers: authorization ? { authorization } : {} },
  });
  const told = ({ data, error, extensions }) => {
    if (error?.graphQLErrors.length) return { codes: codes(error.graphQLErrors) };
    return error ? { broken: error.message } : { data, place: extensions?.place };
  };
  return {
    subscribe: (query, extensions, inbox) => {
      const request = createRequest(query, {}, extensions);
      const { unsubscribe } = client.executeSubscription(request).subscribe((result) => inbox.put(told(result)));
      return unsubscribe;
    },
    ask: async (query) => {
      const operation = query.startsWith('mutation') ? client.mutation(query, {}) : client.query(query, {});
      return (await operation.toPromise()).data;
    },
    close: () => {},
  };
}

await scenario(client, { comesBack: kind === 'ws' });
process.exit(0);
