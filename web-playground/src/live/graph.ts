import { graphUrl } from "../graph-url";
import { type GraphError, trouble } from "./trouble";

/** A GraphQL request, as text. */
export interface Question {
  query: string;
  variables?: Record<string, unknown>;
}

/** An answer, and how long ago its server's clock read what. */
export interface Answer<T> {
  data: T;
  /** The server's time when it answered, in milliseconds since 1970, to the second; the browser's where it doesn't say. */
  at: number;
}

/**
 * Asks the gateway by HTTP.
 *
 * @throws a `Trouble`, also where there is data beside errors: the page asks for nothing that it could do without.
 */
export async function ask<T>({ query, variables }: Question, token?: string, keepalive = false): Promise<Answer<T>> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const request: RequestInit = { method: "POST", headers, body: JSON.stringify({ query, variables }), credentials: "omit", keepalive };
  let answer: { data?: T | null; errors?: GraphError[] };
  let date: string | null;
  try {
    const response = await fetch(graphUrl(window.location), request);
    date = response.headers.get("date");
    answer = await response.json();
  } catch (error) {
    throw trouble(error);
  }
  if (answer.errors?.length) throw trouble(answer.errors);
  if (!answer.data) throw trouble(undefined);
  return { data: answer.data, at: date ? Date.parse(date) : Date.now() };
}
