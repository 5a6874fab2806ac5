// What the page asks of its server.

/** The longest act waits 3 s for the app. */
const ACT_PATIENCE_MS = 10_000;

let you = "";

/** @param {string} userId Whoever acts from now on. */
export function actAs(userId) {
  you = userId;
}

/**
 * Do something in the workspace; what it changes arrives over /live.
 *
 * @param {string} name
 * @param {Record<string, unknown>} fields `as`: whoever acts, if it is not who one is now.
 * @returns {Promise<any>}
 * @throws {Error} With a sentence for the person.
 */
export async function act(name, fields = {}) {
  return answered(
    fetch("/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: you, act: name, ...fields }),
      signal: AbortSignal.timeout(ACT_PATIENCE_MS),
    }),
  );
}

/**
 * Share a file, as a voice clip or as an ordinary upload.
 *
 * @param {Blob} blob
 * @param {{as: string, channel: string, thread_ts: string, name: string, kind: "clip" | "file", text: string}} about
 *   `as`: whoever shares it.
 * @returns {Promise<any>}
 * @throws {Error} With a sentence for the person.
 */
export async function upload(blob, about) {
  const query = new URLSearchParams(Object.entries(about).filter(([, value]) => value));
  return answered(fetch(`/upload?${query}`, { method: "POST", body: blob }));
}

/**
 * @param {string} rowId
 * @returns {Promise<{title: string, parts: {name: string, json: unknown}[]}>} The whole of one row of the traffic.
 */
export async function trafficDetail(rowId) {
  return answered(fetch(`/traffic/${encodeURIComponent(rowId)}`));
}

/** @param {Promise<Response>} asked */
async function answered(asked) {
  let response;
  try {
    response = await asked;
  } catch (error) {
    // A browser opens few connections to one server, and each window of the page holds one.
    if (/** @type {Error} */ (error).name === "TimeoutError")
      throw new Error("The playground did not answer in 10 seconds. Close other windows of it, then try again.");
    throw new Error("The playground does not answer. Is it still running in your terminal?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The playground answered with ${response.status}.`);
  return body;
}
