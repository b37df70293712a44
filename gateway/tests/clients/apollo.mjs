// Apollo Client: subscriptions over WebSocket (`ws`) or HTTP in parts (`http`), and a query with @defer.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { codes, equal, http, Inbox, scenario, strip, ws } from './world.mjs';

globalThis.WebSocket ??= WebSocket;

function overWebSocket(authorization) {
  return new GraphQLWsLink(
    createClient({
      url: ws,
      connectionParams: authorization && { authorization },
      retryAttempts: 10,
      retryWait: async () => {},
    }),
  );
}

function overHttp(authorization) {
  const retry = new RetryLink({
    delay: { initial: 1, jitter: false },
    // An answer of the gateway is an answer; what broke off is asked for again.
    attempts: { max: 10, retryIf: (error) => !error.errors },
  });
  return ApolloLink.from([retry, new HttpLink({ uri: http, headers: authorization ? { authorization } : {} })]);
}

function apollo(link) {
  const incrementalHandler = new Defer20220824Handler();
  return new ApolloClient({ link, cache: new InMemoryCache(), incrementalHandler });
}

function client(link) {
  const client = apollo(link);
  return {
    subscribe: (query, extensions, inbox) => {
      const subscription = client
        .subscribe({ query: gql(query), extensions, fetchPolicy: 'no-cache' })
        .subscribe({
          next: ({ data, error, extensions }) =>
            inbox.put(error ? { codes: codes(error.errors) } : { data, place: extensions?.place }),
          complete: () => inbox.put({ complete: true }),
        });
      return () => subscription.unsubscribe();
    },
    ask: async (text) => {
      const document = gql(text);
      const [{ operation }] = document.definitions;
      const { data } =
        operation === 'query' ? await client.query({ query: document }) : await client.mutate({ mutation: document });
      return data;
    },
    close: () => client.stop(),
  };
}

const link = process.argv[3] === 'ws' ? overWebSocket : overHttp;
await scenario((authorization) => client(link(authorization)));

if (process.argv[3] === 'http') {
  const parts = new Inbox();
  const query = gql`query { me { id ... @defer { name } } }`;
  apollo(overHttp()).watchQuery({ query, fetchPolicy: 'no-cache' }).subscribe(({ data, dataState }) => {
    if (data) parts.put([dataState, strip(data)]);
  });
  equal(await parts.next(), ['streaming', { me: { id: 'u' } }]);
  equal(await parts.next(), ['complete', { me: { id: 'u', name: 'name of u' } }]);
}
process.exit(0);
