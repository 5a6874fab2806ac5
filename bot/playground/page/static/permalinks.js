// Links to messages of this workspace lead there, as they do in Slack, in place of a site that does not exist.

import { go, parsePermalink } from "./route.js";
import { channelById } from "./workspace.js";

const MARKED_MS = 2500;

/** The message that a link led to, until it is on the page. */
let awaited = "";

/** @param {() => import("./workspace.js").Workspace | undefined} current */
export function followPermalinks(current) {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a[href]");
    const found = link && parsePermalink(/** @type {HTMLAnchorElement} */ (link).href);
    const workspace = current();
    if (!found || !workspace || !channelById(workspace, found.channel)) return;
    event.preventDefault();
    awaited = found.ts;
    go(found.channel, found.thread);
    goOn();
  });
}

/** Bring the message into view, once it is there. */
export function goOn() {
  const article = awaited && [...document.querySelectorAll(`article[data-ts="${CSS.escape(awaited)}"]`)].at(-1);
  if (!article) return;
  awaited = "";
  article.scrollIntoView({ block: "center" });
  article.classList.add("marked");
  setTimeout(() => article.classList.remove("marked"), MARKED_MS);
}
