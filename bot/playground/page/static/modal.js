// The stack of modals that the app has opened for this person.

import { act } from "./api.js";
import { ModalDialog } from "./modal_dialog.js";

/** @type {Map<string, ModalDialog>} By the view's id, the one on top last. */
const dialogs = new Map();
/** Views that the person has closed, and of which the workspace does not know yet. */
const leaving = new Set();

/**
 * Open, update and close what changed. Called on every event of the workspace.
 *
 * @param {any[]} views The person's open modals, the bottom one first.
 * @param {{users: Record<string, any>, channels: any[]}} workspace
 */
export function showModals(views, workspace) {
  const wanted = new Map(views.map((view) => [view.id, view]));
  for (const id of leaving) if (!wanted.delete(id)) leaving.delete(id);
  // From the top down, so that the focus goes back step by step to where it came from.
  for (const [id, dialog] of [...dialogs].reverse()) {
    if (wanted.has(id)) continue;
    dialogs.delete(id);
    uncoverTop();
    dialog.remove();
  }
  for (const [id, view] of wanted) {
    const known = dialogs.get(id);
    if (known) known.update(view, workspace);
    else dialogs.set(id, new ModalDialog(view, workspace, () => leave(id)));
  }
  uncoverTop();
}

/** Only the modal on top is seen, as in Slack. */
function uncoverTop() {
  const all = [...dialogs.values()];
  for (const dialog of all) dialog.setCovered(dialog !== all.at(-1));
}

/**
 * Tell of a modal that the person has closed, without a wait for the answer: it is gone from the page.
 *
 * @param {string} id
 */
function leave(id) {
  leaving.add(id);
  dialogs.delete(id);
  uncoverTop();
  // Where that fails the app still has it open, and so has the page again with the next event.
  act("close_view", { view_id: id }).catch(() => leaving.delete(id));
}
