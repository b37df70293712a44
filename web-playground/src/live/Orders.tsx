import type { Order, OrderStatus } from "./documents";
import { newestFirst } from "./orders";
import { Panel } from "./Panel";
import type { View } from "./section";
import type { Store } from "./store";
import { useStore } from "./use";
import { moment, money, STATUSES } from "./words";

interface Props {
  title: string;
  section: Store<View<Order>> & { again(): void; read(): void };
  /** Whether it says who placed them. */
  withCustomer?: boolean;
}

const WAY: readonly OrderStatus[] = ["PENDING", "CONFIRMED", "SHIPPED", "DELIVERED"];

/** Orders, newest first: everybody's for staff, their own for customers. */
export function Orders({ title, section, withCustomer = false }: Props) {
  const view = useStore(section);
  const rows = newestFirst(view.rows);
  return (
    <Panel title={title} view={view} onAgain={section.again} onRead={section.read}>
      {rows.length === 0 && <p className="empty">No orders yet.</p>}
      <ol className="orders">
        {rows.map((order) => (
          <li key={order.id} data-order={order.number}>
            <div key={view.changes.get(order.id)?.at} className={view.changes.has(order.id) ? "order fresh" : "order"}>
              <code>{order.number}</code>
              <span className="status" data-status={order.status}>
                {STATUSES[order.status]}
              </span>
              <span className="about">
                {withCustomer && order.customer.email && <span className="email">{order.customer.email}</span>}
                <time dateTime={order.createdAt}>{moment(order.createdAt)}</time>
              </span>
              <b className="total">{money(order.total)}</b>
              <Way status={order.status} />
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** How far it is, for the eye; the status says it in words. */
function Way({ status }: { status: OrderStatus }) {
  const steps = WAY.indexOf(status) + 1;
  return (
    <span className="way" aria-hidden="true" data-off={status === "CANCELLED" || undefined}>
      {WAY.map((step, index) => (
        <i key={step} data-done={index < steps || undefined} />
      ))}
    </span>
  );
}
