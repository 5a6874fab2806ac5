// The sidebar: who you are, the channels, the people, the app.

import { avatar } from "./avatar.js";
import { h, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { isUnread } from "./seen.js";
import { botName, isAppsOwn, nameOf } from "./workspace.js";

/**
 * @param {HTMLElement} root
 * @param {(userId: string) => void} become Switch to another person.
 * @returns {(workspace: import("./workspace.js").Workspace, channelId: string) => void} Show it, with this channel open.
 */
export function mountChannels(root, become) {
  const team = h("h1", { class: "team" });
  const people = h("select", { id: "you-are", onchange: () => become(people.value) });
  const sections = h("div", { class: "sections" });
  root.append(
    h(
      "header",
      { class: "channels-head" },
      team,
      h("div", { class: "you" }, h("label", { for: "you-are" }, "You are"), people),
    ),
    sections,
  );
  return (workspace, channelId) => {
    team.textContent = workspace.team;
    keyed(
      people,
      workspace.people,
      (person) => person.id,
      (person) => h("option", { value: person.id }, person.name),
    );
    people.value = workspace.you;
    keyed(sections, sectionsOf(workspace, channelId), (section) => section.title, renderSection);
  };
}

/**
 * @typedef {{id: string, label: string, kind: string, current: boolean, unread: boolean, face: [string, string, boolean] | null}} Entry
 */

/** @param {import("./workspace.js").Workspace} workspace @param {string} channelId */
function sectionsOf(workspace, channelId) {
  const entries = workspace.channels.map((channel) => ({ channel, entry: entryOf(workspace, channel, channelId) }));
  /** @param {(channel: import("./workspace.js").Channel) => boolean} belongs */
  const those = (belongs) => entries.filter(({ channel }) => belongs(channel)).map(({ entry }) => entry);
  return [
    { title: "Channels", entries: those(({ kind }) => kind === "channel" || kind === "group") },
    {
      title: "Direct messages",
      entries: those((channel) => ["im", "mpim"].includes(channel.kind) && !isAppsOwn(channel)),
    },
    { title: "Apps", entries: those(isAppsOwn) },
  ].filter((section) => section.entries.length);
}

/**
 * @param {import("./workspace.js").Workspace} workspace
 * @param {import("./workspace.js").Channel} channel
 * @param {string} openId
 * @returns {Entry}
 */
function entryOf(workspace, channel, openId) {
  const current = channel.id === openId;
  const shared = { id: channel.id, kind: channel.kind, current, unread: !current && isUnread(workspace, channel.id) };
  if (isAppsOwn(channel))
    return { ...shared, label: botName(workspace), face: [botName(workspace), workspace.bot.user_id, true] };
  if (channel.kind !== "im") return { ...shared, label: channel.title.replace(/^#/, ""), face: null };
  const other = Object.keys(workspace.users).find((id) => nameOf(workspace, id) === channel.title) ?? channel.id;
  return { ...shared, label: channel.title, face: [channel.title, other, false] };
}

/** @param {{title: string, entries: Entry[]}} section @param {any} old */
function renderSection(section, old) {
  const node = old ?? h("section", { "aria-label": section.title }, h("h2", {}, section.title), h("ul", {}));
  keyed(node.lastElementChild, section.entries, (entry) => `${entry.id} ${entry.label}`, renderEntry);
  return node;
}

const SIGNS = /** @type {const} */ ({ channel: "hash", group: "lock", mpim: "people", im: "people" });

/** @param {Entry} entry @param {any} old The focus stays on it. */
function renderEntry(entry, old) {
  const node =
    old ??
    h(
      "li",
      {},
      h(
        "a",
        { class: "channel", href: `#${entry.id}` },
        entry.face ? avatar(...entry.face) : icon(SIGNS[/** @type {keyof typeof SIGNS} */ (entry.kind)]),
        h("span", { class: "channel-name" }, entry.label),
        h("span", { class: "unread" }, h("span", { class: "unseen" }, ", new messages")),
      ),
    );
  const link = node.firstElementChild;
  if (entry.current) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  link.querySelector(".unread").hidden = !entry.unread;
  link.classList.toggle("has-unread", entry.unread);
  return node;
}
