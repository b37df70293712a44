import { type FormEvent, useState } from "react";

import type { Product } from "./documents";
import { newer } from "./newest";
import { Panel } from "./Panel";
import type { Section } from "./section";
import { useStore } from "./use";

interface Props {
  section: Section<Product>;
  /** Knows when there is enough of a product again, of which `lowStock` doesn't tell. */
  stock: Section<Product>;
  threshold: number;
  onThreshold(threshold: number): void;
}

/** What runs out. For staff. */
export function LowStock({ section, stock, threshold, onThreshold }: Props) {
  const view = useStore(section);
  const rows = runningOut(view.rows, useStore(stock).rows, threshold);
  const tools = <Threshold value={threshold} onChange={onThreshold} />;
  return (
    <Panel title="Running out" view={view} onAgain={section.again} onRead={section.read} tools={tools}>
      {rows.length === 0 ? (
        <p className="empty">There are more than {threshold} of everything.</p>
      ) : (
        <ul className="chips">
          {rows.map(({ id, sku, name, stock }) => (
            <li key={id} data-sku={sku} className={view.changes.has(id) ? "fresh" : undefined} data-none={stock === 0 || undefined}>
              <b>{stock}</b> {name}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Those of which so few are left, by what is known of them last, the fewest first. */
export function runningOut(low: readonly Product[], all: readonly Product[], threshold: number): Product[] {
  const known = new Map(all.map((product) => [product.id, product]));
  const rows = low.map((product) => newer(product, known.get(product.id)));
  const few = rows.filter(({ stock, archived }) => stock <= threshold && !archived);
  return few.sort((a, b) => a.stock - b.stock || a.name.localeCompare(b.name));
}

function Threshold({ value, onChange }: { value: number; onChange(value: number): void }) {
  const [text, setText] = useState(String(value));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const number = Number.parseInt(text, 10);
    if (number >= 0) onChange(number);
  };
  return (
    <form className="threshold" onSubmit={submit}>
      <label>
        at most
        <input type="number" min={0} max={1_000_000} required value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <button>Set</button>
    </form>
  );
}
