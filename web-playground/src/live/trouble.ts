/** What the page does about a trouble. */
export type Remedy =
  /** It passes: try again a little later, from the same place. */
  | "wait"
  /** Show a fresh access token, then try again from the same place. */
  | "token"
  /** Go on at once from the place that came along. */
  | "resume"
  /** What was missed can't be told any more: take a fresh snapshot. */
  | "snapshot"
  /** The graph is another one: take a fresh snapshot, if it still offers this. */
  | "schema"
  /** Nothing but a person changes it. */
  | "none";

/** Why something failed, in words for people, and what to do about it. */
export interface Trouble {
  remedy: Remedy;
  /** The gateway's or the shop's code, or what the browser said instead of one. */
  code: string;
  text: string;
  /** From where a subscription can go on, if the gateway said so. */
  place?: string;
}

/** One of a GraphQL response's `errors`. */
export interface GraphError {
  message: string;
  extensions?: { code?: unknown; place?: unknown } & Record<string, unknown>;
}

const KNOWN: Record<string, [Remedy, string]> = {
  RESUME_GAP: ["snapshot", "Some changes can’t be told any more."],
  STREAM_GAP: ["snapshot", "Some changes were lost on their way."],
  SLOW_CONSUMER: ["resume", "Changes came faster than this page read them."],
  SCHEMA_CHANGED: ["schema", "The graph has changed."],
  TOKEN_EXPIRED: ["token", "The access token has expired."],
  TOKEN_INVALID: ["token", "The access token isn’t taken any more."],
  TOKEN_REVOKED: ["token", "The access token was taken back."],
  UNAUTHENTICATED: ["token", "Only who is signed in may see this."],
  UNAUTHORIZED_FIELD_OR_TYPE: ["none", "You may not see this."],
  FORBIDDEN: ["none", "You may not see this."],
  GRAPHQL_VALIDATION_FAILED: ["none", "The graph of this gateway doesn’t offer this."],
  GRAPHQL_PARSE_FAILED: ["none", "The gateway doesn’t understand this page."],
  OPERATION_NOT_TRUSTED: ["none", "The gateway wasn’t told to trust what this page asks."],
  SUBSCRIPTION_UNSUPPORTED: ["none", "The gateway doesn’t serve subscriptions here."],
  SUBSCRIPTION_REFUSED: ["none", "The service refuses the subscription."],
  PLANNING_FAILED: ["none", "The graph of this gateway can’t answer this."],
  BAD_USER_INPUT: ["none", "The gateway doesn’t take what was entered."],
  BAD_REQUEST: ["none", "The gateway doesn’t understand this page."],
  LIMIT_EXCEEDED: ["none", "This exceeds a limit of the gateway."],
  EVENTS_UNAVAILABLE: ["wait", "Changes can’t be heard right now."],
  NATS_UNAVAILABLE: ["wait", "The gateway doesn’t reach the shop right now."],
  GRAPH_UNAVAILABLE: ["wait", "The gateway has no graph yet."],
  SUBGRAPH_UNAVAILABLE: ["wait", "A part of the shop isn’t there right now."],
  SUBGRAPH_TIMEOUT: ["wait", "A part of the shop took too long."],
  AUTH_UNAVAILABLE: ["wait", "Tokens can’t be checked right now."],
  OVERLOADED: ["wait", "The gateway has too much to do right now."],
  DEADLINE_EXCEEDED: ["wait", "It took too long."],
};

/** Close codes of the subprotocol `graphql-transport-ws` that trying again doesn't help against, and 4403. */
const CLOSED: Record<number, [Remedy, string]> = {
  4400: ["none", "The gateway doesn’t understand this page."],
  4403: ["token", "The gateway doesn’t take the access token."],
  4406: ["none", "The gateway speaks another protocol."],
  4409: ["none", "The gateway doesn’t understand this page."],
  4429: ["none", "The gateway doesn’t understand this page."],
};

/** Reads what a GraphQL response, graphql-ws or the browser gives as an error. */
export function trouble(error: unknown): Trouble {
  if (isTrouble(error)) return error;
  if (Array.isArray(error) && error.length > 0) return ofErrors(error as GraphError[]);
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "number") return ofClose(code, (error as { reason?: unknown }).reason);
  return { remedy: "wait", code: "UNREACHABLE", text: "The gateway can’t be reached." };
}

/** The trouble of a response's errors: that which needs most is decisive, so that none is taken too lightly. */
function ofErrors(errors: GraphError[]): Trouble {
  const order: Remedy[] = ["token", "none", "schema", "snapshot", "resume", "wait"];
  const troubles = errors.map(ofError);
  return troubles.sort((a, b) => order.indexOf(a.remedy) - order.indexOf(b.remedy))[0]!;
}

function ofError({ message, extensions }: GraphError): Trouble {
  const code = typeof extensions?.code === "string" ? extensions.code : "UNKNOWN";
  const [remedy, text] = KNOWN[code] ?? ["wait", message];
  const place = typeof extensions?.place === "string" ? extensions.place : undefined;
  return { remedy, code, text, ...(place && { place }) };
}

function ofClose(code: number, reason: unknown): Trouble {
  const [remedy, text] = CLOSED[code] ?? ["wait", "The connection was lost."];
  const why = remedy !== "wait" && typeof reason === "string" && reason ? ` (${reason})` : "";
  return { remedy, code: String(code), text: text + why };
}

function isTrouble(error: unknown): error is Trouble {
  return typeof error === "object" && error !== null && "remedy" in error && "text" in error;
}
