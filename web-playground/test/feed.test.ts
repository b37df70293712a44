import { describe, expect, it } from "vitest";

import { completed, type Deed, type Feed, type Happening, newFeed, shown, step } from "../src/live/feed";
import { trouble } from "../src/live/trouble";

interface Row {
  id: string;
  version: number;
}

const row = (version: number): Row => ({ id: "a", version });
const gone = (code: string, place?: string) => trouble([{ message: code, extensions: { code, ...(place && { place }) } }]);
const LOST = trouble({ code: 1006, reason: "" });

/** A feed to which things happen, and what it does then. */
class Played {
  feed: Feed<Row>;
  constructor(place?: string) {
    this.feed = newFeed(place);
  }

  then(happening: Happening<Row>): Deed<Row>[] {
    const [feed, deeds] = step(this.feed, happening);
    this.feed = feed;
    return deeds;
  }

  get phase() {
    return this.feed.phase;
  }

  /** Live, with a snapshot that was asked for at the place `p1`. */
  static live(): Played {
    const played = new Played();
    played.then({ is: "again" });
    played.then({ is: "told", place: "p1" });
    played.then({ is: "answered", round: 1, rows: [row(1)] });
    return played;
  }
}

describe("the beginning", () => {
  it("subscribes first, asks when that is live, and holds what is told until the answer is there", () => {
    const played = new Played();
    expect(played.then({ is: "again" })).toEqual([{ do: "subscribe" }]);
    expect(played.then({ is: "result", row: row(2), place: "p2" })).toEqual([]);
    expect(played.then({ is: "told", place: "p2" })).toEqual([{ do: "ask", round: 1 }]);
    expect(played.then({ is: "result", row: row(3), place: "p3" })).toEqual([]);
    const shownAll = { do: "replace", rows: [row(1)], held: [row(2), row(3)], since: "p2" };
    expect(played.then({ is: "answered", round: 1, rows: [row(1)] })).toEqual([shownAll, { do: "settle" }]);
    expect(played.phase).toBe("live");
    expect(played.then({ is: "result", row: row(4), place: "p4" })).toEqual([{ do: "show", rows: [row(4)], place: "p4" }]);
    expect(played.feed.held).toEqual([]);
  });

  it("begins anew where the connection is lost before the snapshot, since what was held is lost, too", () => {
    const played = new Played();
    played.then({ is: "again" });
    played.then({ is: "told", place: "p1" });
    played.then({ is: "result", row: row(2), place: "p2" });
    expect(played.then({ is: "failed", trouble: LOST })).toEqual([{ do: "wait" }]);
    expect(played.then({ is: "again" })).toEqual([{ do: "subscribe" }]);
    expect(played.then({ is: "answered", round: 1, rows: [row(1)] })).toEqual([]);
  });

  it("asks again where only the snapshot fails, and believes no late answer", () => {
    const played = new Played();
    played.then({ is: "again" });
    played.then({ is: "told", place: "p1" });
    expect(played.then({ is: "unanswered", round: 1, trouble: gone("SUBGRAPH_UNAVAILABLE") })).toEqual([{ do: "wait" }]);
    expect(played.then({ is: "again" })).toEqual([{ do: "ask", round: 2 }]);
    expect(played.then({ is: "answered", round: 1, rows: [] })).toEqual([]);
    played.then({ is: "answered", round: 2, rows: [] });
    expect(played.phase).toBe("live");
  });

  it("goes on from a place where what is there is known already", () => {
    expect(new Played("p7").then({ is: "again" })).toEqual([{ do: "subscribe", after: "p7" }]);
  });
});

describe("a lost connection", () => {
  it("is gone on from the last place, be it a result's or told by itself", () => {
    for (const [happening, place] of [
      [{ is: "result", row: row(2), place: "p2" }, "p2"],
      [{ is: "told", place: "p9" }, "p9"],
    ] as const) {
      const played = Played.live();
      played.then(happening);
      expect(played.then({ is: "failed", trouble: LOST })).toEqual([{ do: "wait" }]);
      expect(played.phase).toBe("cut-off");
      expect(played.then({ is: "again" })).toEqual([{ do: "subscribe", after: place }]);
      expect(played.then({ is: "result", row: row(3), place: "p10" })).toEqual([{ do: "show", rows: [row(3)], place: "p10" }]);
      expect(played.phase).toBe("catching-up");
      expect(played.then({ is: "told", place: "p10" })).toEqual([{ do: "settle" }]);
      expect(played.phase).toBe("live");
    }
  });

  it("is shown as cut off until there is a connection again", () => {
    const played = Played.live();
    played.then({ is: "failed", trouble: LOST });
    played.then({ is: "again" });
    expect(shown(played.feed)).toBe("cut-off");
    played.then({ is: "sent" });
    expect(shown(played.feed)).toBe("catching-up");
  });

  it("is tried again once, however often somebody asks for that", () => {
    const played = Played.live();
    expect(played.then({ is: "again" })).toEqual([]);
    played.then({ is: "failed", trouble: LOST });
    played.then({ is: "again" });
    expect(played.then({ is: "again" })).toEqual([]);
  });

  it("that is made anew for somebody else goes on from the place, too, and isn't shown as trouble", () => {
    const played = Played.live();
    expect(played.then({ is: "moved" })).toEqual([{ do: "subscribe", after: "p1" }]);
    expect(shown(played.feed)).toBe("catching-up");
  });
});

describe("the end of a subscription", () => {
  it("for lack of what was missed is followed by a fresh snapshot, and a word on it", () => {
    const played = Played.live();
    played.then({ is: "failed", trouble: LOST });
    played.then({ is: "again" });
    expect(played.then({ is: "failed", trouble: gone("RESUME_GAP") })).toEqual([{ do: "subscribe" }]);
    expect(played.then({ is: "told", place: "q1" })).toEqual([{ do: "ask", round: 2 }]);
    expect(played.then({ is: "answered", round: 2, rows: [row(8)] })[0]).toMatchObject({ do: "replace", rows: [row(8)] });
    expect(played.feed.notice).toMatch(/fresh snapshot/);
    played.then({ is: "read" });
    expect(played.feed.notice).toBeUndefined();
  });

  it("for lack of speed is gone on from its place at once, and shortened where that doesn't get on", () => {
    const played = Played.live();
    expect(played.then({ is: "failed", trouble: gone("SLOW_CONSUMER", "p5") })).toEqual([{ do: "subscribe", after: "p5" }]);
    expect(played.feed.notice).toMatch(/nothing is missing/);
    played.then({ is: "result", row: row(6), place: "p6" });
    expect(played.then({ is: "failed", trouble: gone("SLOW_CONSUMER", "p6") })).toEqual([{ do: "subscribe", after: "p6" }]);
    expect(played.then({ is: "failed", trouble: gone("SLOW_CONSUMER", "p6") })).toEqual([{ do: "subscribe" }]);
    expect(played.feed.notice).toMatch(/fresh snapshot/);
  });

  it("for an expired token is gone on from the place that came along, with a fresh one", () => {
    const played = Played.live();
    expect(played.then({ is: "failed", trouble: gone("TOKEN_EXPIRED", "p4") })).toEqual([{ do: "renew" }]);
    expect(played.then({ is: "again" })).toEqual([{ do: "subscribe", after: "p4" }]);
  });

  it("for another schema is tried once afresh, and stays where that one doesn't offer it", () => {
    const played = Played.live();
    expect(played.then({ is: "failed", trouble: gone("SCHEMA_CHANGED", "p4") })).toEqual([{ do: "subscribe" }]);
    expect(played.then({ is: "failed", trouble: gone("GRAPHQL_VALIDATION_FAILED") })).toEqual([{ do: "unsubscribe" }]);
    expect(played.phase).toBe("stopped");
    expect(played.then({ is: "moved" })).toEqual([]);
    expect(played.then({ is: "again" })).toEqual([{ do: "subscribe" }]);
  });

  it("for what passes is waited out, from the same place", () => {
    for (const code of ["EVENTS_UNAVAILABLE", "NATS_UNAVAILABLE", "OVERLOADED", "SOMETHING_NEW"]) {
      const played = Played.live();
      expect(played.then({ is: "failed", trouble: gone(code) }), code).toEqual([{ do: "wait" }]);
      expect(played.then({ is: "again" })).toEqual([{ do: "subscribe", after: "p1" }]);
    }
    expect(Played.live().then(completed())).toEqual([{ do: "wait" }]);
  });

  it("that comes again at once makes no circle", () => {
    const played = new Played();
    played.then({ is: "again" });
    expect(played.then({ is: "failed", trouble: gone("RESUME_GAP") })).toEqual([{ do: "wait" }]);
  });
});

describe("a result that isn't known in full", () => {
  it("is replaced by a snapshot, while what comes meanwhile is held", () => {
    const played = Played.live();
    expect(played.then({ is: "result", place: "p2", trouble: gone("SUBGRAPH_TIMEOUT") })).toEqual([{ do: "ask", round: 2 }]);
    expect(played.then({ is: "result", row: row(3), place: "p3" })).toEqual([]);
    const deeds = played.then({ is: "answered", round: 2, rows: [row(2)] });
    expect(deeds[0]).toEqual({ do: "replace", rows: [row(2)], held: [row(3)], since: "p2" });
    expect(played.phase).toBe("live");
  });

  it("makes what is shown incomplete until then, so it isn't gone on from its place", () => {
    const played = Played.live();
    played.then({ is: "result", place: "p2", trouble: gone("SUBGRAPH_TIMEOUT") });
    played.then({ is: "failed", trouble: LOST });
    expect(played.then({ is: "again" })).toEqual([{ do: "subscribe" }]);
  });

  it("doesn't end the catching up", () => {
    const played = Played.live();
    played.then({ is: "failed", trouble: LOST });
    played.then({ is: "again" });
    played.then({ is: "result", place: "p2", trouble: gone("SUBGRAPH_TIMEOUT") });
    played.then({ is: "answered", round: 2, rows: [row(2)] });
    expect(played.phase).toBe("catching-up");
    played.then({ is: "told", place: "p3" });
    expect(played.phase).toBe("live");
  });
});
