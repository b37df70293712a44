// The built page in a real browser, served by a real gateway with a real subgraph behind it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { shot, startBrowser } from "./browser/chromium.mjs";
import { startGateway } from "./browser/gateway.mjs";

let gateway;
let browser;
let page;

before(async () => {
  gateway = await startGateway();
  browser = await startBrowser(gateway.url);
  page = browser.page;
  await page.goto(gateway.url);
  await page.locator(".graphiql-query-editor .view-lines").waitFor();
});

after(async () => {
  await browser?.stop();
  await gateway?.stop();
});

test("the examples are open in tabs", async () => {
  for (const name of ["Shelf", "LogIn"]) await page.getByRole("tab", { name }).waitFor();
});

test("the explorer offers the graph's fields", async () => {
  await page.getByRole("button", { name: /GraphiQL Explorer/ }).click();
  await page.locator(".graphiql-explorer-root").getByText("hello", { exact: true }).first().waitFor();
  await shot(page, "explorer");
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
  await shot(page, "answer");
});

test("the browser had nothing to complain of, and nothing came from elsewhere", () => {
  assert.deepEqual(browser.complaints, []);
  assert.deepEqual(browser.foreign, []);
});
