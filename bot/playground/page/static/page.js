// Starts the page: what arrives is shown, where the reader is decides what is seen of it.

import { actAs } from "./api.js";
import { arrivals } from "./arrivals.js";
import { mountChannels } from "./channels.js";
import { Conversation } from "./conversation.js";
import { live } from "./live.js";
import { showModals } from "./modal.js";
import { banner } from "./notices.js";
import { followPermalinks, goOn } from "./permalinks.js";
import { begin, here } from "./route.js";
import { markRead, rememberOpening } from "./seen.js";
import { Thread } from "./thread.js";
import { addTraffic } from "./traffic.js";
import { mountTrafficPane } from "./traffic_pane.js";

const YOU = "you";

/** @param {string} id @returns {HTMLElement} */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {import("./workspace.js").Workspace | undefined} */
let workspace;
const panes = place("panes");
const showChannels = mountChannels(place("channels"), become);
const conversation = new Conversation(place("main"), mountTrafficPane(place("traffic"), panes));
const thread = new Thread(place("thread"));
const announce = arrivals();

function show() {
  if (!workspace) return;
  const route = here();
  const found = workspace.channels.find(({ id }) => id === route.channel);
  const channel = found ?? workspace.channels[0];
  if (!channel) return;
  const threadTs = found ? route.thread : "";
  panes.dataset.pane = threadTs ? "thread" : route.channel ? "messages" : "channels";
  document.title = `${channel.title} · Threadscribe playground`;
  const newest = workspace.messages.filter((message) => message.channel === channel.id).at(-1);
  if (newest && document.hasFocus()) markRead(workspace.you, channel.id, newest.ts);
  showChannels(workspace, channel.id);
  conversation.show(workspace, channel, route.home);
  thread.show(workspace, channel.id, threadTs);
  showModals(workspace.views, workspace);
  goOn();
}

const connect = live({
  workspace(arrived) {
    if (!workspace && arrived.channels.length) begin(arrived.channels[0].id);
    workspace = arrived;
    actAs(arrived.you);
    sessionStorage.setItem(YOU, arrived.you);
    announce(arrived);
    show();
  },
  traffic: addTraffic,
  connected: (yes) => banner(yes ? "" : "The playground has stopped. Start it again with make playground."),
});

/** @param {string} userId */
function become(userId) {
  actAs(userId);
  connect(userId);
}

rememberOpening();
followPermalinks(() => workspace);
place("skip").addEventListener("click", () => conversation.focus());
addEventListener("hashchange", show);
addEventListener("focus", show);
connect(sessionStorage.getItem(YOU) ?? "");
