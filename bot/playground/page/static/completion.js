// Names after "@" and commands after "/", offered while one types.

import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { newId } from "./ids.js";
import { INVITE, inviteCommand } from "./invite.js";
import { nameOf } from "./workspace.js";

const MOST = 8;

/**
 * @typedef {import("./workspace.js").Workspace} Workspace
 * @typedef {{insert: string, label: string, hint: string, detail: string, face: [string, string, boolean] | null}} Option
 * @typedef {{from: number, options: Option[], hint: string}} Offer  `from`: where the typed word begins.
 */

/** @type {Offer} */
const NOTHING = { from: 0, options: [], hint: "" };

/**
 * @param {string} text As typed.
 * @param {number} caret
 * @param {Workspace} workspace
 * @param {boolean} commands Whether commands work here.
 * @returns {Offer} Without options where nothing fits, or the one that fits is typed already.
 */
export function offerFor(text, caret, workspace, commands) {
  const before = text.slice(0, caret);
  if (commands && before.startsWith("/")) {
    const invited = before.startsWith(`${INVITE} `) ? nameOffer(before, workspace, ({ is_bot }) => is_bot) : NOTHING;
    return invited.options.length ? invited : commandOffer(before, workspace);
  }
  return nameOffer(before, workspace, () => true);
}

/**
 * @param {string} before
 * @param {Workspace} workspace
 * @param {(user: import("./workspace.js").User) => boolean} fits
 * @returns {Offer}
 */
function nameOffer(before, workspace, fits) {
  const mention = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!mention) return NOTHING;
  const typed = mention[1].toLowerCase();
  const options = Object.entries(workspace.users)
    .filter(([, user]) => fits(user))
    .filter(([, user]) => [user.name, user.real_name].some((name) => name.toLowerCase().startsWith(typed)))
    .slice(0, MOST)
    .map(([id, user]) => ({
      insert: `@${nameOf(workspace, id)} `,
      label: nameOf(workspace, id),
      hint: "",
      detail: id === workspace.you ? "you" : user.is_bot ? "app" : "",
      face: /** @type {[string, string, boolean]} */ ([nameOf(workspace, id), id, user.is_bot]),
    }));
  return {
    from: before.length - typed.length - 1,
    options: options.filter(({ label }) => label.toLowerCase() !== typed),
    hint: "",
  };
}

/** @param {string} before @param {Workspace} workspace @returns {Offer} */
function commandOffer(before, workspace) {
  const typed = before.split(/\s/)[0];
  const all = [...workspace.commands, inviteCommand(workspace)];
  const known = all.find(({ command }) => command === typed);
  if (known) return { from: 0, options: [], hint: `${known.command} ${known.hint}` };
  const options = before === typed ? all.filter(({ command }) => command.startsWith(typed)) : [];
  return {
    from: 0,
    options: options.map(({ command, hint, description }) => ({
      insert: `${command} `,
      label: command,
      hint,
      detail: description,
      face: null,
    })),
    hint: "",
  };
}

/** The list above a text field: arrow keys choose, Tab or Enter take, Escape closes it. */
export class CompletionList {
  #offer = NOTHING;
  #at = 0;
  #list = h("ul", { class: "completion", role: "listbox", id: newId(), "aria-label": "Suggestions" });
  #hint = h("p", { class: "completion-hint" });

  /**
   * @param {HTMLTextAreaElement} field
   * @param {(option: Option, from: number) => void} take
   */
  constructor(field, take) {
    this.field = field;
    this.take = take;
    /** @type {HTMLElement} */
    this.node = h("div", { class: "completions" }, this.#list, this.#hint);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.#list.id);
    this.#draw();
  }

  /** @param {Offer} offer */
  show(offer) {
    this.#offer = offer;
    this.#at = 0;
    this.#draw();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether the key was for the list.
   */
  key(event) {
    const { options, from } = this.#offer;
    if (!options.length) return false;
    if (event.key === "ArrowDown") this.#at = (this.#at + 1) % options.length;
    else if (event.key === "ArrowUp") this.#at = (this.#at + options.length - 1) % options.length;
    else if (event.key === "Escape") this.show(NOTHING);
    else if (event.key === "Enter" || event.key === "Tab") this.take(options[this.#at], from);
    else return false;
    event.preventDefault();
    this.#draw();
    return true;
  }

  #draw() {
    const { options, hint } = this.#offer;
    this.#list.replaceChildren(...options.map((option, index) => this.#option(option, index)));
    this.#list.hidden = !options.length;
    this.#hint.textContent = hint;
    this.#hint.hidden = !hint;
    if (options.length) this.field.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  /** @param {Option} option @param {number} index */
  #option(option, index) {
    const { face, label, hint, detail } = option;
    const taken = (/** @type {Event} */ event) => {
      event.preventDefault(); // The text field keeps the focus.
      this.take(option, this.#offer.from);
    };
    return h(
      "li",
      {
        role: "option",
        id: `${this.#list.id}-${index}`,
        "aria-selected": String(index === this.#at),
        onpointerdown: taken,
      },
      face && avatar(...face),
      h("span", {}, h("strong", {}, label), hint && ` ${hint}`, h("span", { class: "muted" }, detail)),
    );
  }
}
