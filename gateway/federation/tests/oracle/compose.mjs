// Composes one set of subgraphs for each line of standard input, and says what came of it in one line of output.
import { createInterface } from 'node:readline';

import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** What a subgraph that doesn't even parse is called by the rules. */
const INVALID = 'INVALID_GRAPHQL';

function compose(subgraphs) {
  const services = [];
  for (const { name, sdl } of subgraphs) {
    try {
      services.push({ name, typeDefs: parse(sdl), url: '' });
    } catch (error) {
      return { codes: [INVALID], messages: [`[${name}] ${error.message}`] };
    }
  }
  try {
    const { errors = [], publicSdl, supergraphSdl } = composeServices(services);
    const codes = errors.map((error) => error.extensions?.code ?? 'NO_CODE');
    const messages = errors.map((error) => error.message);
    return errors.length ? { codes, messages } : { codes, messages, api: publicSdl, supergraph: supergraphSdl };
  } catch (error) {
    return { codes: ['CRASH'], messages: [String(error.stack ?? error)] };
  }
}

/** The verdict, and the CPU time in milliseconds that it took. */
function timed(subgraphs) {
  const before = process.cpuUsage();
  const verdict = compose(subgraphs);
  const { user, system } = process.cpuUsage(before);
  return { ...verdict, cpu: (user + system) / 1000 };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(timed(JSON.parse(line)))}\n`);
}
