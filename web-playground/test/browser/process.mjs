import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a program to its end, with what it reads; throws where that isn't a good one. */
export async function run(program, args, env, input) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}\n${log}`);
}

/** Programs that end with the test, the youngest first. */
export class Processes {
  #running = [];

  start(program, args, env = {}) {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const entry = { program, child, log: "" };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (entry.log += text));
    child.on("error", (error) => (entry.log += `${error}\n`));
    entry.closed = once(child, "close").catch(() => {});
    this.#running.push(entry);
    return entry;
  }

  /** Kills one, as a power cut would. */
  async kill(entry) {
    this.#running = this.#running.filter((other) => other !== entry);
    entry.child.kill("SIGKILL");
    await entry.closed;
  }

  /** What they printed, for the text of a failure. */
  logs() {
    return this.#running.map(({ program, log }) => `--- ${program}\n${log}`).join("\n");
  }

  async end() {
    for (const { child, closed } of this.#running.toReversed()) {
      child.kill("SIGTERM");
      const forced = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await closed;
      clearTimeout(forced);
    }
  }
}
