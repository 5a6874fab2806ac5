// Records the microphone with what the browser has, and says plainly why it cannot.

/** In the order of preference; the last is Safari's. */
const FORMATS = [
  { mimetype: "audio/webm;codecs=opus", extension: "webm" },
  { mimetype: "audio/ogg;codecs=opus", extension: "ogg" },
  { mimetype: "audio/mp4", extension: "m4a" },
];
const LEVEL_EVERY_MS = 60;
const LOUD = 0.25;

/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError:
    "The browser does not let this page use the microphone. Allow it beside the page's address, then try again.",
  NotFoundError: "This computer has no microphone. Connect one, or attach a file.",
  NotReadableError: "The microphone is in use by another program. Close that, then try again.",
};

/**
 * @typedef {{stop: () => Promise<Blob>, cancel: () => void}} Recording
 */

/**
 * Start to record.
 *
 * @param {(level: number) => void} onLevel How loud it is, 0 to 1, some 16 times a second.
 * @returns {Promise<Recording>}
 * @throws {Error} With a sentence for the person.
 */
export async function record(onLevel) {
  if (!isSecureContext) {
    throw new Error(
      "Browsers give the microphone only to pages of this computer. Open the page as http://127.0.0.1, or attach a file.",
    );
  }
  const format = FORMATS.find(({ mimetype }) => globalThis.MediaRecorder?.isTypeSupported(mimetype));
  if (!format) throw new Error("This browser cannot record sound. Attach a file instead.");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch((error) => {
    throw new Error(REASONS[error.name] ?? `The microphone cannot be opened: ${error.message}`, { cause: error });
  });
  try {
    return begin(stream, format.mimetype, onLevel);
  } catch (error) {
    close(stream);
    throw new Error("This browser cannot record from the microphone. Attach a file instead.", { cause: error });
  }
}

/**
 * @param {MediaStream} stream Closed at the end.
 * @param {string} mimetype
 * @param {(level: number) => void} onLevel
 * @returns {Recording}
 */
function begin(stream, mimetype, onLevel) {
  const recorder = new MediaRecorder(stream, { mimeType: mimetype });
  /** @type {Blob[]} */
  const pieces = [];
  recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.start();
  const deaf = listen(stream, onLevel);

  async function stop() {
    // The browser itself stops it when the microphone is unplugged.
    if (recorder.state !== "inactive") recorder.stop();
    await stopped;
    release();
    return new Blob(pieces, { type: recorder.mimeType });
  }
  function release() {
    deaf();
    close(stream);
  }
  return { stop, cancel: release };
}

/** @param {MediaStream} stream */
function close(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * @param {string} mimetype
 * @returns {string} As Slack's own clients name a clip.
 */
export function clipName(mimetype) {
  const found = FORMATS.find((format) => format.mimetype.split(";")[0] === mimetype.split(";")[0]);
  return `audio_message.${found?.extension ?? "webm"}`;
}

/**
 * @param {MediaStream} stream
 * @param {(level: number) => void} onLevel
 * @returns {() => void} Stop listening.
 */
function listen(stream, onLevel) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    onLevel(Math.min(1, Math.sqrt(power) / LOUD));
  }, LEVEL_EVERY_MS);
  return () => {
    clearInterval(timer);
    context.close();
  };
}
