import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";

import { examples } from "./examples";
import { graphUrl } from "./graph-url";

const explorer = explorerPlugin();
const fetcher = createGraphiQLFetcher({ url: graphUrl(window.location) });

/** GraphiQL with the explorer, on the gateway that serves the page. */
export function Playground() {
  return (
    <GraphiQL fetcher={fetcher} plugins={[explorer]} defaultTabs={examples} defaultEditorToolsVisibility="headers">
      <GraphiQL.Logo>
        <span className="brand">
          <img src="/river.svg" alt="" />
          Tributary
        </span>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}
