import { readFileSync } from "node:fs";

import { buildSchema, parse, validate } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import * as documents from "../src/live/documents";
import { runningOut } from "../src/live/LowStock";
import { newer, putNewest } from "../src/live/newest";
import { newestFirst, SHOWN } from "../src/live/orders";
import { Patience, pause } from "../src/live/patience";
import { trouble } from "../src/live/trouble";
import { money, summary } from "../src/live/words";

const api = buildSchema(readFileSync(new URL("../../schema/api.graphql", import.meta.url), "utf8"));

describe("what the page asks", () => {
  it.each(Object.entries(documents))("%s is valid", (_, document) => {
    expect(validate(api, parse(document)).map(String)).toEqual([]);
  });
});

describe("putNewest", () => {
  it("keeps the newer of two states, whichever comes first, and returns the news", () => {
    const known = new Map([["a", { id: "a", version: 2 }]]);
    const states = [1, 2, 3].map((version) => ({ id: "a", version }));
    expect(putNewest(known, [...states, { id: "b", version: 1 }, states[1]!])).toEqual([states[2], { id: "b", version: 1 }]);
    expect([...known.values()]).toEqual([states[2], { id: "b", version: 1 }]);
    expect(newer(states[0]!, states[1])).toBe(states[1]);
    expect(newer(states[0]!, undefined)).toBe(states[0]);
  });
});

describe("trouble", () => {
  it("takes the place along", () => {
    const found = trouble([{ message: "m", extensions: { code: "SLOW_CONSUMER", place: "p" } }]);
    expect(found).toMatchObject({ remedy: "resume", code: "SLOW_CONSUMER", place: "p" });
  });

  it("is decided by the error that needs most", () => {
    const errors = ["SUBGRAPH_TIMEOUT", "TOKEN_EXPIRED", "RESUME_GAP"].map((code) => ({ message: "", extensions: { code } }));
    expect(trouble(errors).remedy).toBe("token");
  });

  it("knows a closed connection from one that must not be tried again, and no code from a known one", () => {
    expect(trouble({ code: 1001, reason: "Going away" })).toMatchObject({ remedy: "wait", text: "The connection was lost." });
    expect(trouble({ code: 4403, reason: "Forbidden: expired" })).toMatchObject({ remedy: "token" });
    expect(trouble({ code: 4400, reason: "Invalid" }).text).toContain("(Invalid)");
    expect(trouble(new TypeError("Failed to fetch"))).toMatchObject({ remedy: "wait", code: "UNREACHABLE" });
    expect(trouble([{ message: "Boom" }])).toMatchObject({ remedy: "wait", code: "UNKNOWN", text: "Boom" });
  });
});

describe("patience", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("grows, up to a limit", () => {
    expect([0, 1, 2, 20].map((attempt) => pause(attempt, 1))).toEqual([500, 1000, 2000, 30_000]);
    expect(pause(20, 0)).toBe(15_000);
  });

  it("lets all try again at once, each once, and at the person's word", () => {
    const patience = new Patience();
    const [one, other] = [vi.fn(), vi.fn()];
    [one, one, other].forEach((again) => patience.wait(again));
    vi.runAllTimers();
    expect([one, other].map((again) => again.mock.calls.length)).toEqual([1, 1]);
    expect(patience.get()).toBeUndefined();
    patience.wait(one);
    patience.wait(other);
    expect(patience.get()).toBeGreaterThan(Date.now());
    patience.forget(other);
    patience.now();
    vi.runAllTimers();
    expect([one, other].map((again) => again.mock.calls.length)).toEqual([2, 1]);
  });
});

describe("what is shown", () => {
  const product = (id: string, stock: number, version: number) =>
    ({ id, version, stock, archived: false, name: id, sku: id, category: "" }) satisfies documents.Product;
  const order = (id: string, createdAt: string) => ({ id, createdAt }) as documents.Order;

  it("is out of danger when there is enough again, of which only the stock tells", () => {
    const low = [product("a", 3, 1), product("b", 0, 1)];
    expect(runningOut(low, [product("a", 50, 2)], 10).map(({ id }) => id)).toEqual(["b"]);
    expect(runningOut(low, [product("a", 50, 0)], 10).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("is so many orders, the newest first", () => {
    const days = Array.from({ length: SHOWN + 2 }, (_, day) => order(String(day), `2026-01-${String(day + 10)}T00:00:00Z`));
    const shown = newestFirst(days).map(({ id }) => id);
    expect(shown).toHaveLength(SHOWN);
    expect(shown[0]).toBe(String(SHOWN + 1));
  });

  it("says amounts by their currency's digits, and the worst of all sections", () => {
    expect(money({ amount: 18930, currency: "EUR" }, "en")).toBe("€189.30");
    expect(money({ amount: "500", currency: "JPY" }, "en")).toBe("¥500");
    expect(summary(["live", "catching-up"])).toMatch(/Catching up/);
    expect(summary(["live", "cut-off", "catching-up"])).toMatch(/Cut off/);
    expect(summary(["live"])).toMatch(/is live/);
  });
});
