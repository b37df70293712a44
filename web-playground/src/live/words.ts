import type { Money, OrderStatus, Role } from "./documents";
import type { Phase } from "./feed";

/** How a section keeps up, in a word or two. */
export const PHASES: Record<Phase, string> = {
  idle: "Starting",
  subscribing: "Loading",
  asking: "Loading",
  "catching-up": "Catching up",
  live: "Live",
  "cut-off": "Cut off",
  stopped: "Stopped",
};

export const ROLES: Record<Role, string> = { CUSTOMER: "customer", STAFF: "staff", ADMIN: "admin" };

export const STATUSES: Record<OrderStatus, string> = {
  PENDING: "Pending",
  CONFIRMED: "Confirmed",
  SHIPPED: "Shipped",
  DELIVERED: "Delivered",
  CANCELLED: "Cancelled",
};

/** One sentence about all sections: the one that is worst off decides. */
export function summary(phases: readonly Phase[]): string {
  const has = (...some: Phase[]) => phases.some((phase) => some.includes(phase));
  if (has("cut-off")) return "Cut off from the shop. What is shown may be old; trying again.";
  if (has("stopped")) return "A section has stopped.";
  if (has("idle", "subscribing", "asking")) return "Loading.";
  if (has("catching-up")) return "Catching up with what was missed.";
  return "Everything is live.";
}

/** An amount as people write it. */
export function money({ amount, currency }: Money, locale?: string): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  const { maximumFractionDigits = 2 } = format.resolvedOptions();
  return format.format(Number(amount) / 10 ** maximumFractionDigits);
}

/** A moment: the time today, else the date, too. */
export function moment(time: number | string, now = Date.now()): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(undefined, isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}
