// Builds and keeps DOM nodes. Text always becomes text nodes: nothing here, or anywhere on the page, parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect", "line", "polyline", "g"]);

/**
 * Make an element.
 *
 * @param {string} tag
 * @param {Record<string, any>} props `class`, `onclick` and other listeners, `aria-…`, `data-…`; `false`,
 *   `null` and `undefined` are left out, `true` becomes an empty attribute.
 * @param {...(Node | string | number | null | undefined | false | any[])} children
 * @returns {any} The element.
 */
export function h(tag, props = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/**
 * Make a parent's children match a list, and keep the nodes of items that did not change: players go on playing,
 * and what is typed or focused stays.
 *
 * @template T
 * @param {Element} parent Holds nothing else.
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T, old: Element | undefined) => Element} render May change and return the old node.
 */
export function keyed(parent, items, keyOf, render) {
  const old = new Map([...parent.children].map((node) => [/** @type {any} */ (node).key, node]));
  // First, so that what stays is not moved: a player that moves falls silent, and a field loses the focus.
  const staying = new Set(items.map(keyOf));
  for (const [key, node] of old) if (!staying.has(key)) node.remove();
  items.forEach((item, position) => {
    const key = keyOf(item);
    const content = JSON.stringify(item);
    let node = old.get(key);
    if (/** @type {any} */ (node)?.content !== content) {
      const made = /** @type {any} */ (render(item, node));
      made.key = key;
      made.content = content;
      if (node && node !== made) node.replaceWith(made);
      node = made;
    }
    if (parent.children[position] !== node)
      parent.insertBefore(/** @type {Node} */ (node), parent.children[position] ?? null);
  });
}
