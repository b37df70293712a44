// graphql-sse, over server-sent events: a stream for each operation, and one for all (`single`).
import { createClient } from 'graphql-sse';
import { codes, http, scenario } from './world.mjs';

function client(singleConnection, authorization) {
  const client = createClient({
    url: http,
    singleConnection,
    headers: () => (authorization ? { authorization } : {}),
    retryAttempts: 10,
    retry: async () => {},
  });
  return {
    subscribe: (query, extensions, inbox) =>
      client.subscribe(
        { query, extensions },
        {
          next: ({ data, errors, extensions }) =>
            inbox.put(errors ? { codes: codes(errors) } : { data, place: extensions?.place }),
          error: (error) => inbox.put({ broken: error.message }),
          complete: () => inbox.put({ complete: true }),
        },
      ),
    ask: async (query) => {
      for await (const { data } of client.iterate({ query })) return data;
    },
    close: () => client.dispose(),
  };
}

const single = process.argv[3] === 'single';
await scenario((authorization) => client(single, authorization));
process.exit(0);
