// The app's home tab, as it was published for whoever looks.

import { act } from "./api.js";
import { renderBlock } from "./blocks.js";
import { h, keyed } from "./dom.js";
import { keepingFocus } from "./focus.js";
import { telling } from "./notices.js";

/**
 * @returns {{node: HTMLElement, show: (workspace: import("./workspace.js").Workspace, shown: boolean) => void}}
 */
export function mountHome() {
  let openedAs = "";
  const content = h("div", { class: "home-blocks" });
  const empty = h("p", { class: "empty late" }, "The app has not published its home tab yet.");
  const node = h(
    "div",
    { class: "home scroller", id: "home", role: "tabpanel", "aria-label": "Home", tabindex: "0" },
    empty,
    content,
  );

  /** @param {import("./workspace.js").Workspace} workspace @param {boolean} shown */
  function show(workspace, shown) {
    node.hidden = !shown;
    // Slack tells the app each time that somebody opens the tab, and the app publishes it anew.
    if (shown && openedAs !== workspace.you) telling(() => act("open_home"));
    openedAs = shown ? workspace.you : "";
    if (!shown) return;
    empty.hidden = Boolean(workspace.home);
    const blocks = workspace.home?.blocks ?? [];
    const rows = blocks.map((/** @type {any} */ block, /** @type {number} */ at) => ({
      key: `${workspace.home.id} ${at} ${block.type}`,
      block,
    }));
    keepingFocus(content, () =>
      keyed(
        content,
        rows,
        (row) => row.key,
        (row) => renderRow(row, workspace),
      ),
    );
  }
  return { node, show };
}

/** @param {{key: string, block: any}} row @param {import("./workspace.js").Workspace} workspace */
function renderRow({ key, block }, workspace) {
  const made = /** @type {HTMLElement} */ (renderBlock(block, contextOf(workspace)));
  made.dataset.block = key;
  return made;
}

/** @param {import("./workspace.js").Workspace} workspace @returns {import("./blocks.js").Context} */
function contextOf({ home, users, channels }) {
  return {
    users,
    channels,
    surface: "home",
    press: (block, element, chosen) =>
      act("press_in_view", {
        view_id: home.id,
        block_id: block.block_id,
        action_id: element.action_id,
        chosen,
        values: {},
      }),
  };
}
