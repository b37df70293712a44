// @graphql-hive/gateway over the supergraph in the file that is the first argument, in one process; planned by the
// planner of Hive Router.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";

const gateway = createGatewayRuntime({
  supergraph: readFileSync(process.argv[2], "utf8"),
  unifiedGraphHandler,
  logging: false,
  // By default it makes equal requests one; where that is measured, others do so, too.
  transportEntries: { "*.http": { options: { deduplicateInflightRequests: false } } },
  landingPage: false,
});
const server = createServer(gateway);
server.listen(0, "127.0.0.1", () => console.log(`ready at http://127.0.0.1:${server.address().port}/graphql`));
