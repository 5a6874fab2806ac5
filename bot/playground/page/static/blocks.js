// Block Kit: the blocks of a message, a modal or the home tab.
// Source: https://docs.slack.dev/reference/block-kit/blocks/

import { Place, renderControl } from "./controls.js";
import { h } from "./dom.js";
import { fieldOf } from "./focus.js";
import { newId } from "./ids.js";
import { safeUrl } from "./inline.js";
import { renderMarkdown } from "./markdown.js";
import { renderRichText } from "./rich_text.js";
import { plainText, renderText } from "./text.js";

/**
 * What blocks stand in.
 *
 * @typedef {object} Context
 * @property {Record<string, {name: string, real_name: string}>} users By id.
 * @property {{id: string, name: string, title: string, kind: string}[]} channels
 * @property {"message" | "modal" | "home"} surface
 * @property {(block: any, element: any, chosen: Record<string, unknown>) => Promise<any>} press Tells the app.
 * @property {import("./states.js").States} [states] What elements hold, kept from one rendering to the next.
 * @property {() => void} [changed] Called whenever somebody has changed what an element holds.
 */

/** @type {Record<string, (block: any, context: Context, error: string) => Element>} */
const BLOCKS = {
  section,
  header: (block) => h("h3", { class: "b-header" }, plainText(block.text)),
  divider: () => h("hr", { class: "b-divider" }),
  context: contextLine,
  actions,
  image: figure,
  input,
  markdown: (block) => h("div", { class: "b-markdown" }, renderMarkdown(block.text)),
  rich_text: renderRichText,
};

/**
 * @param {any[]} blocks
 * @param {Context} context
 * @returns {DocumentFragment}
 */
export function renderBlocks(blocks, context) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks.map((block) => renderBlock(block, context)));
  return fragment;
}

/**
 * @param {any} block
 * @param {Context} context
 * @param {string} error What is wrong with what stands in it, for whoever filled it in.
 * @returns {Element}
 */
export function renderBlock(block, context, error = "") {
  const render = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
  const made = render(block, context, error);
  made.classList.add("b-block");
  return made;
}

/** @type {(block: any, context: Context) => Element} */
function actions(block, context) {
  const elements = /** @type {any[]} */ (block.elements);
  return h("div", { class: "b-actions" }, elements.map((element) => renderControl(new Place(block, element, context))));
}

/** @param {any} block */
function unknown(block) {
  return h("p", { class: "b-unknown" }, `[${block.type}]`);
}

/** @type {(block: any, context: Context) => Element} */
function section(block, context) {
  const id = newId();
  const columns = (block.fields ?? []).map((/** @type {any} */ field) => h("div", {}, renderText(field, context)));
  const text = h(
    "div",
    { class: "b-text", id },
    block.text && h("div", {}, renderText(block.text, context)),
    columns.length > 0 && h("div", { class: "b-fields" }, columns),
  );
  return h("div", { class: "b-section" }, text, block.accessory && accessory(block, context, id));
}

/** @type {(block: any, context: Context, textId: string) => Element} */
function accessory(block, context, textId) {
  if (block.accessory.type === "image") return picture(block.accessory, "b-thumbnail");
  /** @type {Record<string, string>} */
  const named = ["button", "overflow"].includes(block.accessory.type) ? {} : { "aria-labelledby": textId };
  return h("div", { class: "b-accessory" }, renderControl(new Place(block, block.accessory, context, named)));
}

/** @type {(block: any, context: Context) => Element} */
function contextLine(block, context) {
  const parts = block.elements.map((/** @type {any} */ part) =>
    part.type === "image" ? picture(part, "b-icon") : h("span", {}, renderText(part, context)),
  );
  return h("div", { class: "b-context" }, parts);
}

/** @param {any} block */
function figure(block) {
  const caption = block.title && h("figcaption", {}, plainText(block.title));
  return h("figure", { class: "b-figure" }, caption, picture(block, "b-image"));
}

/**
 * A file of the workspace has no address here: its description stands for it.
 *
 * @type {(image: any, look: string) => Element}
 */
function picture(image, look) {
  return h("img", { class: look, src: safeUrl(image.image_url ?? ""), alt: image.alt_text });
}

/** @type {(block: any, context: Context, error: string) => Element} */
function input(block, context, error) {
  const [labelId, hintId, errorId] = [newId(), newId(), newId()];
  const described = [error && errorId, block.hint && hintId].filter(Boolean).join(" ");
  const named = {
    "aria-labelledby": labelId,
    ...(described && { "aria-describedby": described }),
    ...(error && { "aria-invalid": "true" }),
  };
  const optional = block.optional && h("span", { class: "b-optional" }, " (optional)");
  const label = h("div", { class: "b-label", id: labelId }, plainText(block.label), optional);
  const control = renderControl(new Place(block, block.element, context, named));
  // A click on the label goes to the field, also where that is made of several parts.
  label.addEventListener("click", () => (control.matches("input, textarea") ? control : fieldOf(control))?.focus());
  return h(
    "div",
    { class: "b-field" },
    label,
    control,
    error && h("p", { class: "b-error", id: errorId, role: "alert" }, error),
    block.hint && h("p", { class: "b-hint", id: hintId }, plainText(block.hint)),
  );
}
