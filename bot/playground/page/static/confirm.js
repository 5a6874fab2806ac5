// The question that an element asks before it acts.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object

import { h } from "./dom.js";
import { newId } from "./ids.js";
import { plainText, renderText } from "./text.js";

/**
 * @param {any} question A confirm object, or none.
 * @param {import("./blocks.js").Context} context
 * @returns {Promise<boolean>} Whether the person wants it; at once where nothing is asked.
 */
export function confirmed(question, context) {
  if (!question) return Promise.resolve(true);
  const titleId = newId();
  const isDangerous = question.style === "danger";
  const dialog = h(
    "dialog",
    { class: "modal modal-confirm", "aria-labelledby": titleId },
    h(
      "form",
      { method: "dialog", class: "modal-form" },
      h("header", { class: "modal-head" }, h("h2", { id: titleId }, plainText(question.title))),
      h("div", { class: "modal-body" }, renderText(question.text, context)),
      h(
        "footer",
        { class: "modal-foot" },
        h("button", { class: "b-button", value: "" }, plainText(question.deny)),
        // Where it is dangerous the focus begins on the way out.
        h(
          "button",
          { class: isDangerous ? "b-button b-danger" : "b-button b-primary", value: "agreed", autofocus: !isDangerous },
          plainText(question.confirm),
        ),
      ),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "agreed");
    });
    dialog.showModal();
  });
}
