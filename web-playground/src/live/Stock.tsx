import type { Product } from "./documents";
import { Panel } from "./Panel";
import type { Change, Section } from "./section";
import { useStore } from "./use";

const byName = (a: Product, b: Product) => a.name.localeCompare(b.name);

/** What is there of each product. For everybody. */
export function Stock({ section }: { section: Section<Product> }) {
  const view = useStore(section);
  const rows = view.rows.filter(({ archived }) => !archived).sort(byName);
  return (
    <Panel title="Stock" view={view} onAgain={section.again} onRead={section.read}>
      <div className="scroll" tabIndex={0} role="region" aria-label="Stock of all products">
        <table>
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="number">
                In stock
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((product) => (
              <Row key={product.id} product={product} change={view.changes.get(product.id)} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Row({ product, change }: { product: Product; change: Change<Product> | undefined }) {
  return (
    // Another key for another change, so that it is seen to change.
    <tr key={change?.at} data-sku={product.sku} className={change && "fresh"}>
      <th scope="row">
        {product.name}
        <small>{product.category}</small>
      </th>
      <td className="number">
        <Delta product={product} before={change?.before} />
        <b>{product.stock}</b>
      </td>
    </tr>
  );
}

function Delta({ product, before }: { product: Product; before: Product | undefined }) {
  const delta = before ? product.stock - before.stock : 0;
  if (delta === 0) return null;
  const isMore = delta > 0;
  return (
    <span className="delta" data-more={isMore}>
      <span aria-hidden="true">{isMore ? "▲" : "▼"}</span>
      <span className="unseen">{isMore ? "up by" : "down by"}</span>
      {Math.abs(delta)}
    </span>
  );
}
