// Telling the app that somebody used an element, and telling the person how that went.

import { confirmed } from "./confirm.js";
import { h } from "./dom.js";

/** What the person reads where the app let Slack's 3 seconds pass. */
export const NOT_ACKNOWLEDGED = "Threadscribe did not answer in 3 seconds.";

/**
 * @param {Promise<any>} answer Of an act that the app acknowledges.
 * @returns {Promise<string>} What is to be said about it; empty where all went well.
 */
export async function trouble(answer) {
  try {
    return (await answer)?.acknowledged === false ? NOT_ACKNOWLEDGED : "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {import("./controls.js").Place} place
 * @param {HTMLElement} control What shows that it is under way.
 * @param {Record<string, unknown>} chosen What the element says of itself.
 * @returns {Promise<boolean>} False where the person was asked first, and did not want it.
 */
export async function press({ block, element, context }, control, chosen) {
  if (!(await confirmed(element.confirm, context))) return false;
  control.setAttribute("aria-busy", "true");
  const said = await trouble(context.press(block, element, chosen));
  control.removeAttribute("aria-busy");
  showTrouble(control, said);
  return true;
}

/**
 * @param {HTMLElement} control
 * @param {string} said
 */
function showTrouble(control, said) {
  const next = control.nextElementSibling;
  if (next?.classList.contains("b-trouble")) next.remove();
  if (said) control.after(h("p", { class: "b-trouble", role: "alert" }, said));
}
