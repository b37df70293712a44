import "./live.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Dashboard } from "./Dashboard";
import { Desk } from "./desk";

const root = document.getElementById("root");
if (!root) throw new Error("live.html has no #root");

// Made once, outside of what React may draw twice.
const desk = new Desk(window.location);
window.addEventListener("online", () => desk.wake());
window.addEventListener("offline", () => desk.sleep());
window.addEventListener("pageshow", () => desk.wake());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && desk.wake());
// The tokens die with the page, so the session would be nobody's.
window.addEventListener("pagehide", ({ persisted }) => persisted || desk.session.endThere());

createRoot(root).render(
  <StrictMode>
    <Dashboard desk={desk} />
  </StrictMode>,
);
