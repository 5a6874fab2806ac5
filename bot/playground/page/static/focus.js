// Where the keyboard is, also when blocks are rendered anew under it.

/**
 * @param {Element | null | undefined} holder
 * @returns {any} The first field in it, or else the first button; never a link in its text. `null`: there is none.
 */
export function fieldOf(holder) {
  return holder?.querySelector("input, textarea, select") ?? holder?.querySelector("button") ?? null;
}

/**
 * Render, and put the focus and the caret back where they were.
 *
 * @param {Element} body Its children name their blocks in `data-block`.
 * @param {() => void} render
 */
export function keepingFocus(body, render) {
  const focused = /** @type {any} */ (document.activeElement);
  const block = body.contains(focused) ? focused.closest("[data-block]") : null;
  const place = block && { key: block.dataset.block, number: focusable(block).indexOf(focused), caret: caretOf(focused) };
  render();
  if (!place || document.activeElement === focused) return;
  const now = [...body.children].find((child) => /** @type {HTMLElement} */ (child).dataset.block === place.key);
  const field = now && focusable(now)[place.number];
  field?.focus({ preventScroll: true });
  if (place.caret) field?.setSelectionRange(...place.caret);
}

/**
 * @param {Element} holder
 * @returns {any[]}
 */
function focusable(holder) {
  return [...holder.querySelectorAll("input, textarea, select, button, a[href]")];
}

/**
 * @param {any} field
 * @returns {[number, number] | null} `null` where it is no text; dates and numbers have no caret to ask for.
 */
function caretOf(field) {
  const isText = field.matches("textarea, input[type=text], input[type=url]");
  return isText ? [field.selectionStart, field.selectionEnd] : null;
}
