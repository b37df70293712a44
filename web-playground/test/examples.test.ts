import { readFileSync } from "node:fs";

import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";

import { examples } from "../src/examples";
import { graphUrl } from "../src/graph-url";

/** What the shop's subgraphs compose to, as clients see it; the gateway's tests keep it true. */
const api = buildSchema(readFileSync(new URL("../../schema/api.graphql", import.meta.url), "utf8"));

describe("examples", () => {
  it.each(examples.map((example) => [example.query.split("\n")[1], example] as const))("%s is valid", (_, example) => {
    expect(validate(api, parse(example.query)).map(String)).toEqual([]);
  });

  it("have variables and headers that are JSON objects", () => {
    for (const text of examples.flatMap(({ variables, headers }) => [variables, headers])) {
      if (text !== undefined) expect(JSON.parse(text)).toBeTypeOf("object");
    }
  });
});

describe("graphUrl", () => {
  it("is on the page's own origin", () => {
    expect(graphUrl({ origin: "https://shop.example:8443" })).toBe("https://shop.example:8443/graphql");
  });
});
