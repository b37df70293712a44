import type { Versioned } from "./newest";

export type Role = "CUSTOMER" | "STAFF" | "ADMIN";
export type OrderStatus = "PENDING" | "CONFIRMED" | "SHIPPED" | "DELIVERED" | "CANCELLED";

/** An amount in a currency's minor unit; a string where a number would lose digits. */
export interface Money {
  amount: number | string;
  currency: string;
}

export interface Product extends Versioned {
  sku: string;
  name: string;
  category: string;
  stock: number;
  archived: boolean;
}

export interface Order extends Versioned {
  number: string;
  status: OrderStatus;
  total: Money;
  createdAt: string;
  customer: { email: string | null };
}

export interface Page<T> {
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** What auth grants. */
export interface Session {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
  user: { id: string; email: string | null; role: Role };
}

// The event carries all of this: to tell it, the gateway asks nobody.
const PRODUCT = `fragment Product on Product { id version sku name category stock archived }`;
// Of this it asks orders when it was placed and, for staff, auth for the customer's e-mail.
const ORDER = `fragment Order on Order { id version number status total { amount currency } createdAt customer { email } }`;
const SESSION = `fragment Session on Session { accessToken refreshToken expiresAt user { id email role } }`;

export const LOG_IN = `mutation LogIn($email: String!, $password: String!) {
  session: login(email: $email, password: $password) { ...Session }
}
${SESSION}`;

export const REFRESH = `mutation Refresh($refreshToken: String!) {
  session: refresh(refreshToken: $refreshToken) { ...Session }
}
${SESSION}`;

export const LOG_OUT = `mutation LogOut($refreshToken: String) { logout(refreshToken: $refreshToken) }`;

export const SHELF = `query Shelf($after: String) {
  products(first: 100, after: $after, sort: NAME) { nodes { ...Product } pageInfo { hasNextPage endCursor } }
}
${PRODUCT}`;

export const STOCK_CHANGED = `subscription StockChanged { row: stockChanged { ...Product } }
${PRODUCT}`;

export const LOW_STOCK = `subscription LowStock($threshold: Int!) { row: lowStock(threshold: $threshold) { ...Product } }
${PRODUCT}`;

export const ORDERS = `query Orders($first: Int!) { orders(first: $first) { nodes { ...Order } } }
${ORDER}`;

export const ORDERS_PLACED = `subscription OrdersPlaced { row: ordersPlaced { ...Order } }
${ORDER}`;

export const ORDER_UPDATED = `subscription OrderUpdated($id: ID!) { row: orderUpdated(id: $id) { ...Order } }
${ORDER}`;

export const ONE_ORDER = `query OneOrder($number: String!) { order(number: $number) { ...Order } }
${ORDER}`;

export const MY_ORDERS = `query MyOrders($first: Int!) { me { orders(first: $first) { nodes { ...Order } } } }
${ORDER}`;

export const MY_ORDER_UPDATED = `subscription MyOrderUpdated { row: myOrderUpdated { ...Order } }
${ORDER}`;
