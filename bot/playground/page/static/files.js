// Files of a message: sound with a player, video, pictures, and cards with a preview for the rest.

import { sizeOf } from "./sizes.js";
import { h } from "./dom.js";
import { bytesOf, downloadLink } from "./download.js";
import { icon } from "./icons.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { telling } from "./notices.js";
import { Player } from "./player.js";

const PREVIEW_BYTES = 64 * 1024;

/** @typedef {import("./workspace.js").SharedFile} SharedFile */

/** @param {SharedFile} file @returns {Element} */
export function renderFile(file) {
  if (file.deleted) return h("p", { class: "file file-gone muted" }, icon("trash"), "This file was deleted.");
  const [kind] = file.mimetype.split("/");
  if (kind === "audio")
    return h("figure", { class: "file file-sound" }, !file.clip && caption(file), new Player(file).node);
  if (kind === "video") return h("figure", { class: "file file-sound" }, caption(file), video(file));
  // A browser shows no SVG that the server hands out for keeping alone: it may hold scripts.
  if (kind === "image" && file.mimetype !== "image/svg+xml")
    return h("figure", { class: "file" }, caption(file), h("img", { src: bytesOf(file.id), alt: file.title }));
  return h("div", { class: "file card" }, caption(file), kind === "text" && preview(file));
}

/** @param {SharedFile} file */
const caption = (file) =>
  h(
    "div",
    { class: "caption" },
    icon(/^(audio|video)/.test(file.mimetype) ? "sound" : "page"),
    h("span", { class: "file-name", title: file.name }, file.title || file.name),
    h("span", { class: "muted" }, sizeOf(file.size)),
    downloadLink(file),
  );

/** @param {SharedFile} file */
const video = (file) =>
  h("video", { src: bytesOf(file.id), controls: true, preload: "metadata", "aria-label": file.title });

/** @param {SharedFile} file */
function preview(file) {
  const text = h("pre", { class: "preview", tabindex: "0" });
  const fetched = async () => {
    if (!folded.open || text.textContent) return;
    const response = await fetch(bytesOf(file.id), { headers: { Range: `bytes=0-${PREVIEW_BYTES - 1}` } });
    text.textContent = response.ok ? await response.text() : "The file cannot be read.";
    if (file.size > PREVIEW_BYTES) text.append("\n…");
  };
  const folded = h("details", { ontoggle: () => telling(fetched) }, h("summary", {}, "Preview"), text);
  return folded;
}

/**
 * A message that was forwarded.
 *
 * @param {any} attachment Slack's own JSON.
 * @param {any} context For its text.
 * @returns {Element}
 */
export function renderAttachment(attachment, context) {
  return h(
    "blockquote",
    { class: "attachment" },
    h("p", { class: "author" }, attachment.author_name ?? context.users[attachment.author_id]?.real_name),
    h("div", { class: "text" }, renderMrkdwn(attachment.text || attachment.fallback || "", context)),
    (attachment.files ?? []).map((/** @type {any} */ file) => renderFile(fromSlack(file))),
  );
}

/** @param {any} file As Slack tells it to apps. @returns {SharedFile} */
const fromSlack = (file) => ({
  ...file,
  clip: file.subtype === "slack_audio",
  duration_s: file.duration_ms ? file.duration_ms / 1000 : null,
  wave: file.audio_wave_samples ?? null,
  deleted: file.mode === "tombstone",
});
