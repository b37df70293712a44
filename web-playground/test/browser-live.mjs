// The live dashboard in a real browser, on the real shop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { shot, startBrowser } from "./browser/chromium.mjs";
import { Shop } from "./browser/shop.mjs";

let shop;
let browser;
let page;
let lamp;
let rope;
/** Each WebSocket that the page opened, with the messages of both directions. */
const sockets = [];
const loaded = [];

before(async () => {
  shop = await Shop.start();
  lamp = await shop.product("lamp", 50);
  rope = await shop.product("rope", 50);
  browser = await startBrowser(shop.url);
  page = browser.page;
  page.on("websocket", (socket) => {
    const seen = { sent: [], received: [] };
    socket.on("framesent", ({ payload }) => seen.sent.push(JSON.parse(payload)));
    socket.on("framereceived", ({ payload }) => seen.received.push(JSON.parse(payload)));
    sockets.push(seen);
  });
  page.on("response", (response) => loaded.push(response.url()));
  await page.goto(`${shop.url}/live`);
});

after(async () => {
  await browser?.stop();
  await shop?.stop();
});

test("everybody sees the stock, and how it changes", async () => {
  await stands("Stock", "live");
  await stock("lamp", 50);
  await shop.adjust(lamp, -3);
  await stock("lamp", 47);
  assert.equal(await panel("All orders").count(), 0);
});

test("the dashboard loads nothing of GraphiQL", () => {
  assert.ok(loaded.some((url) => /\/assets\/live-/.test(url)));
  assert.deepEqual(loaded.filter((url) => /monaco|index-|worker/i.test(url)), []);
});

test("who signs in wrongly reads so", async () => {
  await signIn({ ...shop.customer, password: "something else" });
  await page.getByRole("alert").getByText("The e-mail or the password is wrong.").waitFor();
});

test("customers see their own orders as they change, and nobody else's", async () => {
  await signIn(shop.customer);
  await stands("Your orders", "live");
  const number = await shop.order(lamp);
  await status("Your orders", number, "Pending");
  await shop.advance(number, "CONFIRMED");
  await status("Your orders", number, "Confirmed");
  for (const title of ["All orders", "Running out"]) assert.equal(await panel(title).count(), 0);
  await signOut();
  assert.equal(await panel("Your orders").count(), 0);
});

test("staff see everybody's orders as they change, and what runs out", async () => {
  await signIn(shop.staff);
  for (const title of ["Stock", "All orders", "Running out"]) await stands(title, "live");
  const number = await shop.order(lamp);
  await status("All orders", number, "Pending");
  await shop.advance(number, "CONFIRMED");
  await status("All orders", number, "Confirmed");
  const rare = panel("Running out").locator('[data-sku="rope"]');
  await shop.adjust(rope, -45);
  await rare.getByText("5").waitFor();
  await shop.adjust(rope, 45);
  await rare.waitFor({ state: "detached" });
  await shot(page, "live-staff");
});

test("the threshold can be moved", async () => {
  await page.getByLabel("at most").fill("49");
  await page.getByRole("button", { name: "Set" }).click();
  await panel("Running out").locator('[data-sku="lamp"]').getByText("47").waitFor();
});

test("what changes while the gateway is gone is told afterwards, without another snapshot", async () => {
  const number = await shop.order(lamp);
  await status("All orders", number, "Pending");
  await shop.cut();
  for (const title of ["Stock", "All orders", "Running out"]) await stands(title, "cut-off");
  await shot(page, "live-cut-off");
  await shop.adjust(lamp, -1);
  await shop.adjust(lamp, -1);
  await shop.advance(number, "CONFIRMED");
  await shop.advance(number, "SHIPPED");
  const late = await shop.order(rope);
  await shop.advance(late, "CONFIRMED");
  const before = sockets.length;
  await shop.open();
  for (const title of ["Stock", "All orders", "Running out"]) await stands(title, "live");
  await stock("lamp", 45);
  await status("All orders", number, "Shipped");
  await status("All orders", late, "Confirmed");
  const asked = sockets.slice(before).flatMap(({ sent }) => sent).filter(({ type }) => type === "subscribe");
  assert.ok(asked.length > 4, "it subscribed again");
  for (const { payload } of asked) assert.ok(payload.extensions?.resumeAfter, `from its place: ${payload.query}`);
});

test("what can't be told any more is replaced by a fresh snapshot, and the page says so", async () => {
  await shop.cut();
  await stands("Stock", "cut-off");
  await shop.adjust(lamp, -5);
  // Of one event that was missed it tells nothing any more.
  await shop.open("--max-replay-events", "0");
  await stands("Stock", "live");
  await stock("lamp", 40);
  await panel("Stock").getByText("This is a fresh snapshot.").waitFor();
  await panel("Stock").getByRole("button", { name: "Got it" }).click();
  await panel("Stock").getByText("This is a fresh snapshot.").waitFor({ state: "detached" });
});

test("the token is renewed on the open socket, and the subscriptions go on", async () => {
  const socket = sockets.at(-1);
  const count = sockets.length;
  const taken = () => socket.received.filter(({ type, payload }) => type === "pong" && payload?.authorized === true);
  const before = taken().length;
  const errors = () => socket.received.filter(({ type }) => type === "error").length;
  const already = errors();
  // The second one comes when the token with which the first was asked for is no longer good.
  await until(() => taken().length >= before + 2);
  await shop.adjust(lamp, 1);
  await stock("lamp", 41);
  assert.equal(sockets.length, count, "it is the same socket");
  assert.equal(errors(), already, "no subscription ended");
});

test("who can't be renewed is signed out, and reads why", async () => {
  await signOut();
  const granted = grant();
  await signIn(shop.staff);
  await stands("All orders", "live");
  const { refreshToken } = await granted;
  await shop.ask(`mutation($token: String!) { logout(refreshToken: $token) }`, { token: refreshToken });
  await page.getByText("You were signed out: the session has ended").waitFor();
  await shot(page, "live-signed-out");
  assert.equal(await panel("All orders").count(), 0);
  await stands("Stock", "live");
  await shop.adjust(lamp, 1);
  await stock("lamp", 42);
});

test("neither token is kept where another page or a later one could read it", async () => {
  await signIn(shop.customer);
  await stands("Your orders", "live");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.equal(kept, '[{},{},""]');
  await signOut();
});

test("who leaves the page ends the session", async () => {
  const granted = grant();
  await signIn(shop.customer);
  let { refreshToken } = await granted;
  await page.goto("about:blank");
  const refresh = `mutation($token: String!) { refresh(refreshToken: $token) { refreshToken } }`;
  // For as long as the session isn't ended yet, each use of the token gives the next one.
  await until(async () => {
    const again = shop.ask(refresh, { token: refreshToken });
    return again.then(
      ({ refresh }) => void (refreshToken = refresh.refreshToken),
      (error) => /INVALID_REFRESH_TOKEN/.test(error.message),
    );
  });
  await page.goto(`${shop.url}/live`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a phone shows all of it, in the dark as well", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await signIn(shop.staff);
  await stands("All orders", "live");
  await shot(page, "live-phone");
  const room = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(room, 0, "nothing is cut off at the side");
  await page.setViewportSize({ width: 1400, height: 900 });
});

test("GraphiQL subscribes, as the one of the headers", async () => {
  const authorization = `Bearer ${await shop.token(shop.staff)}`;
  await page.goto(shop.url);
  const editor = page.locator(".graphiql-query-editor .view-lines");
  await editor.waitFor();
  await page.getByRole("button", { name: /New tab/ }).click();
  await editor.getByText("Shelf").first().waitFor({ state: "hidden" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText("subscription Placed { ordersPlaced { number } }");
  await page.getByRole("tab", { name: "Placed" }).waitFor();
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  await page.locator(".graphiql-editor-tool .view-lines:visible").click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(JSON.stringify({ Authorization: authorization }));
  const count = sockets.length;
  await page.getByRole("button", { name: /Execute query/ }).click();
  // It is live when the gateway has told its first place.
  await until(() => sockets.slice(count).some(({ received }) => received.some(({ payload }) => payload?.places)));
  const number = await shop.order(rope);
  await page.locator(".result-window").getByText(number).waitFor();
  await shot(page, "graphiql-subscription");
});

test("the browser had nothing to complain of but the lost connection, and nothing came from elsewhere", () => {
  const others = browser.complaints.filter((text) => !/^WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/.test(text));
  assert.deepEqual(others, []);
  assert.deepEqual(browser.foreign, []);
});

function panel(title) {
  return page.getByRole("region", { name: title, exact: true }).and(page.locator(".panel"));
}

/** Waits until a section keeps up like that. */
async function stands(title, phase) {
  await panel(title).and(page.locator(`[data-phase="${phase}"]`)).waitFor();
}

async function stock(sku, left) {
  await panel("Stock").locator(`[data-sku="${sku}"] b`).getByText(String(left), { exact: true }).waitFor();
}

async function status(title, number, text) {
  await panel(title).locator(`[data-order="${number}"] .status`).getByText(text, { exact: true }).waitFor();
}

async function signIn({ email, password }) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The next session that auth grants to the page. */
async function grant() {
  const answer = await page.waitForResponse(async (answer) => (await answer.text()).includes("refreshToken"));
  return (await answer.json()).data.session;
}

async function signOut() {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

/** Waits for something that the page was told and shows nowhere. */
async function until(reached) {
  const deadline = Date.now() + 60_000;
  while (!(await reached())) {
    assert.ok(Date.now() < deadline, `never came: ${reached}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}
