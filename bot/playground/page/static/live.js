// The connection that brings everything: opened again by itself, also after the playground was started anew.
// A window that nobody sees has none: a browser opens only six to one server, and acts would wait for one.

const AGAIN_MS = 1000;

/**
 * @param {{workspace: (workspace: import("./workspace.js").Workspace) => void, traffic: (rows: any[]) => void,
 *   connected: (yes: boolean) => void}} on
 * @returns {(userId: string) => void} Look at the workspace as this person from now on; "" is the first one.
 */
export function live(on) {
  /** @type {EventSource | undefined} */
  let source;
  let timer = 0;
  let known = false;
  let you = "";

  function close() {
    clearTimeout(timer);
    source?.close();
  }

  /** @param {string} userId */
  function open(userId) {
    close();
    you = userId;
    if (document.hidden) return;
    source = new EventSource(`/live?${new URLSearchParams(userId ? { as: userId } : {})}`);
    source.onopen = () => on.connected(true);
    // Browsers differ in when they give up trying by themselves.
    source.onerror = () => {
      source?.close();
      on.connected(false);
      // Somebody of a playground that ended earlier may not be in this one.
      timer = setTimeout(open, AGAIN_MS, known ? userId : "");
    };
    source.addEventListener("workspace", (event) => {
      known = true;
      on.workspace(JSON.parse(event.data));
    });
    source.addEventListener("traffic", (event) => on.traffic(JSON.parse(event.data)));
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open(you)));
  return open;
}
