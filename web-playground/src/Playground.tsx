import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";

import { examples } from "./examples";
import { graphUrl } from "./graph-url";

const explorer = explorerPlugin();
const url = graphUrl(window.location);
// What stands in the headers' editor goes along when the WebSocket introduces itself.
const fetcher = createGraphiQLFetcher({ url, subscriptionUrl: url.replace(/^http/, "ws") });

/** GraphiQL with the explorer, on the gateway that serves the page. */
export function Playground() {
  return (
    <GraphiQL fetcher={fetcher} plugins={[explorer]} defaultTabs={examples} defaultEditorToolsVisibility="headers">
      <GraphiQL.Logo>
        <span className="brand">
          <img src="/river.svg" alt="" />
          Tributary
          <a href="/live">The shop, live</a>
        </span>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}
