// The main column: a channel's head, its messages and its composer; for the app also its home tab.

import { act } from "./api.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { dropZone } from "./dropping.js";
import { mountHome } from "./home.js";
import { icon } from "./icons.js";
import { showMessages } from "./messages.js";
import { telling } from "./notices.js";
import { go, goHome } from "./route.js";
import { sticking } from "./scrolling.js";
import { botName, channelMessages, isAppsOwn } from "./workspace.js";

const FEW_MESSAGES = 3;

/** The column, for the channel that it was told of last. */
export class Conversation {
  #channelId = "";
  #title = h("h2", {});
  #topic = h("span", { class: "topic muted" });
  #tabs = tabList(() => this.#channelId);
  #home = mountHome();
  #hint = h(
    "p",
    { class: "hint" },
    icon("mic"),
    "Record something, or drop a file: the transcript comes in the thread.",
  );
  #invitation = invitation(() => this.#channelId);
  #list = h("div", { class: "messages" });
  #scroller = h(
    "div",
    { class: "scroller", id: "messages", tabindex: "0", role: "region", "aria-label": "Messages" },
    h("div", { class: "spring" }),
    this.#hint,
    this.#invitation.node,
    this.#list,
  );
  #stick = sticking(this.#scroller);
  #composer = new Composer();

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} trafficButton Stands in the head.
   */
  constructor(root, trafficButton) {
    const back = h(
      "button",
      { class: "tool back", type: "button", "aria-label": "Back to the channels", onclick: () => go("") },
      icon("back"),
    );
    const head = h(
      "header",
      { class: "pane-head" },
      back,
      h("div", { class: "pane-title" }, this.#title, this.#topic),
      trafficButton,
    );
    root.append(head, this.#tabs.node, this.#home.node, this.#scroller, this.#composer.node);
    dropZone(root, (files) => this.#composer.attach(files));
  }

  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {import("./workspace.js").Channel} channel
   * @param {boolean} wantsHome The app's home tab, where the channel has one.
   */
  show(workspace, channel, wantsHome) {
    this.#channelId = channel.id;
    const own = isAppsOwn(channel);
    const atHome = own && wantsHome;
    this.#title.textContent = own ? botName(workspace) : channel.title;
    this.#topic.textContent = channel.topic;
    this.#tabs.show(own, atHome);
    this.#home.show(workspace, atHome);
    this.#scroller.hidden = this.#composer.node.hidden = atHome;
    this.#stick(`${workspace.you} ${channel.id} ${atHome}`, () => this.#fill(workspace, channel));
    this.#composer.show(workspace, { channel: channel.id, thread: "", label: `Message ${channel.title}` });
  }

  /** Where one writes, or the home tab in its place. */
  focus() {
    (this.#composer.node.hidden ? this.#home.node : this.#composer).focus();
  }

  /** @param {import("./workspace.js").Workspace} workspace @param {import("./workspace.js").Channel} channel */
  #fill(workspace, channel) {
    const messages = channelMessages(workspace, channel.id);
    this.#hint.hidden = messages.length > FEW_MESSAGES || !channel.has_bot;
    this.#invitation.show(workspace, channel);
    showMessages(this.#list, workspace, messages, "channel");
  }
}

/** @param {() => string} channelId */
function tabList(channelId) {
  const tabs = [
    h("button", { role: "tab", type: "button", "aria-controls": "home", onclick: () => goHome(channelId()) }, "Home"),
    h(
      "button",
      { role: "tab", type: "button", "aria-controls": "messages", onclick: () => go(channelId()) },
      "Messages",
    ),
  ];
  const node = h(
    "div",
    {
      class: "tabs",
      role: "tablist",
      "aria-label": "App",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = tabs.find((tab) => tab !== document.activeElement);
        other.focus();
        other.click();
      },
    },
    tabs,
  );
  /** @param {boolean} shown @param {boolean} atHome */
  function show(shown, atHome) {
    node.hidden = !shown;
    tabs.forEach((tab, at) => {
      const selected = atHome === (at === 0);
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    });
  }
  return { node, show };
}

/** @param {() => string} channelId */
function invitation(channelId) {
  const sentence = h("span", {});
  const invite = () => telling(() => act("invite_bot", { channel: channelId() }));
  const node = h(
    "p",
    { class: "hint" },
    sentence,
    h("button", { class: "quiet", type: "button", onclick: invite }, "Invite"),
  );
  /** @param {import("./workspace.js").Workspace} workspace @param {import("./workspace.js").Channel} channel */
  function show(workspace, channel) {
    node.hidden = channel.has_bot || channel.kind === "im";
    sentence.textContent = `${botName(workspace)} is not in this conversation.`;
  }
  return { node, show };
}
