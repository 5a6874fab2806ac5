// What was written, chosen or recorded and not sent yet, for each person in each place. Nothing here touches the page.

/**
 * @typedef {{you: string, channel: string, thread: string, label: string}} Target  Who writes where. Empty `thread`:
 *   the channel itself.
 * @typedef {{blob: Blob, name: string, kind: "clip" | "file"}} Item  A recording, or a file.
 * @typedef {{text: string, items: Item[]}} Draft
 */

/** @type {Draft} */
export const NOTHING = { text: "", items: [] };

/** @param {Target} target @returns {string} The same for the same person in the same place. */
export const placeOf = ({ you, channel, thread }) => `${you} ${channel} ${thread}`;

/** @param {Draft} draft */
export const isEmpty = ({ text, items }) => !text.trim() && !items.length;

/** @param {Draft} earlier @param {Draft} later @returns {Draft} Both, one below the other. */
export const joined = (earlier, later) => ({
  text: [earlier.text, later.text].filter(Boolean).join("\n"),
  items: [...earlier.items, ...later.items],
});

export class Drafts {
  /** @type {Map<string, Draft>} */
  #kept = new Map();

  /** @param {Target} target @returns {Draft} */
  at(target) {
    return this.#kept.get(placeOf(target)) ?? NOTHING;
  }

  /** @param {Target} target @param {Draft} draft In place of what was kept there. */
  keep(target, draft) {
    if (isEmpty(draft)) this.#kept.delete(placeOf(target));
    else this.#kept.set(placeOf(target), draft);
  }
}
