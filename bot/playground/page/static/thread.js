// The thread pane: the first message, the replies, what the bot is doing, and a composer of its own.

import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { showMessages } from "./messages.js";
import { go } from "./route.js";
import { sticking } from "./scrolling.js";
import { channelById, messageAt, replies, statusLine } from "./workspace.js";

/** The pane, for the thread that it was told of last. */
export class Thread {
  #channel = "";
  #opened = "";
  #where = h("span", { class: "muted" });
  #first = h("div", { class: "messages" });
  #count = h("span", {});
  #counted = h("div", { class: "day", role: "separator" }, this.#count);
  #rest = h("div", { class: "messages" });
  #gone = h("p", { class: "empty late" }, "This message is not here any more.");
  #scroller = h(
    "div",
    { class: "scroller", tabindex: "0", "aria-label": "Replies", role: "region" },
    this.#gone,
    this.#first,
    this.#counted,
    this.#rest,
  );
  #stick = sticking(this.#scroller);
  #status = h("p", { class: "status", role: "status" });
  #composer = new Composer();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const close = h(
      "button",
      { class: "tool", type: "button", "aria-label": "Close thread", title: "Close", onclick: () => this.#leave() },
      icon("close"),
      icon("back"),
    );
    root.append(
      h("header", { class: "pane-head" }, close, h("h2", {}, "Thread", this.#where)),
      this.#scroller,
      this.#status,
      this.#composer.node,
    );
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !root.querySelector(":popover-open")) this.#leave();
    });
  }

  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {string} channelId
   * @param {string} ts Of the first message; empty closes the pane.
   */
  show(workspace, channelId, ts) {
    const asked = ts !== this.#opened && document.activeElement?.closest("main article");
    [this.#channel, this.#opened, this.root.hidden] = [channelId, ts, !ts];
    if (!ts) return;
    this.#stick(`${channelId} ${ts}`, () => this.#fill(workspace, channelId, ts));
    this.#composer.show(workspace, { channel: channelId, thread: ts, label: "Reply in thread" });
    if (asked) this.#composer.focus();
  }

  /** @param {import("./workspace.js").Workspace} workspace @param {string} channelId @param {string} ts */
  #fill(workspace, channelId, ts) {
    const head = messageAt(workspace, channelId, ts);
    const answers = replies(workspace, channelId, ts);
    const counted = answers.filter((reply) => !reply.ephemeral).length;
    const doing = statusLine(workspace, channelId, ts);
    this.#where.textContent = channelById(workspace, channelId)?.title ?? "";
    this.#gone.hidden = Boolean(head);
    this.#composer.node.hidden = !head;
    this.#counted.hidden = !counted;
    this.#count.textContent = counted === 1 ? "1 reply" : `${counted} replies`;
    showMessages(this.#first, workspace, head ? [head] : [], "thread");
    showMessages(this.#rest, workspace, answers, "thread");
    // Setting it again would have it said again.
    if (this.#status.textContent !== doing) this.#status.textContent = doing;
  }

  /** Back to the channel, and the focus with it. */
  #leave() {
    go(this.#channel);
    document.getElementById("main")?.focus();
  }
}
