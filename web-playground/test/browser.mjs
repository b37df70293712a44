// The built page in a real browser, served by a real gateway with a real subgraph behind it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { startGateway } from "./browser/gateway.mjs";

const FLAGS = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Chromium's sandbox refuses to run as root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

let gateway;
let browser;
let page;
let profile;
const complaints = [];
const foreign = [];

before(async () => {
  const executablePath = process.env.CHROMIUM;
  assert.ok(executablePath, "CHROMIUM must name a Chromium: CHROMIUM=/usr/bin/chromium npm run test:browser");
  gateway = await startGateway();
  profile = mkdtempSync(join(tmpdir(), "tributary-browser-"));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    viewport: { width: 1400, height: 900 },
  });
  page = browser.pages()[0] ?? (await browser.newPage());
  page.on("console", (message) => {
    if (message.type() === "error" || /content security policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  browser.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== gateway.url) foreign.push(request.url());
  });
  await page.goto(gateway.url);
  await page.locator(".graphiql-query-editor .view-lines").waitFor();
});

after(async () => {
  await browser?.close();
  await gateway?.stop();
  if (profile) rmSync(profile, { recursive: true, force: true });
});

test("the examples are open in tabs", async () => {
  for (const name of ["Shelf", "LogIn"]) await page.getByRole("tab", { name }).waitFor();
});

test("the explorer offers the graph's fields", async () => {
  await page.getByRole("button", { name: /GraphiQL Explorer/ }).click();
  await page.locator(".graphiql-explorer-root").getByText("hello", { exact: true }).first().waitFor();
  await shot("explorer");
  await page.getByRole("button", { name: /GraphiQL Explorer/ }).click();
});

test("a typed query is answered", async () => {
  const editor = page.locator(".graphiql-query-editor .view-lines");
  await page.getByRole("button", { name: /New tab/ }).click();
  // The first tab's text has to be gone, or the new tab's would replace what is typed.
  await editor.getByText("Shelf").first().waitFor({ state: "hidden" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  // Inserted as a paste is, so that the editor adds no closing brackets of its own.
  await page.keyboard.insertText('query Greeting { hello(name: "river") }');
  // The tab takes the operation's name when GraphiQL has read what was typed.
  await page.getByRole("tab", { name: "Greeting" }).waitFor();
  await page.getByRole("button", { name: /Execute query/ }).click();
  await page.locator(".result-window").getByText("Hello, river!").waitFor();
  await shot("answer");
});

test("the browser had nothing to complain of, and nothing came from elsewhere", () => {
  assert.deepEqual(complaints, []);
  assert.deepEqual(foreign, []);
});

/** A picture to look at, where SCREENSHOTS names a folder. */
async function shot(name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}
