// The player of voice clips: the browser's own <audio>, with a waveform to see and seek.

import { h } from "./dom.js";
import { bytesOf, downloadLink } from "./download.js";
import { icon } from "./icons.js";
import { duration } from "./times.js";
import { waveform } from "./waveform.js";

const SPEEDS = [1, 1.5, 2];

/** @type {HTMLAudioElement | undefined} Only one plays at a time. */
let playing;

/** One recording. */
export class Player {
  #play = h("button", { class: "play", type: "button", onclick: () => this.#toggle() });
  #at = h("span", {});
  #all = h("span", { class: "player-length" });
  #time = h("span", { class: "player-time" }, this.#at, this.#all);
  #trouble = h("p", { class: "player-trouble", role: "status", hidden: true });

  /** @param {import("./workspace.js").SharedFile} file */
  constructor(file) {
    this.file = file;
    // Loading all that is on the page would use up the few connections that a browser opens to one host.
    /** @type {HTMLAudioElement} */
    this.audio = h("audio", { preload: "none", src: bytesOf(file.id) });
    this.wave = waveform(file.wave, {
      seek: (share) => this.#seek(share),
      share: () => this.audio.currentTime / (this.#length_s() || 1),
      toggle: () => this.#toggle(),
    });
    for (const event of ["play", "pause", "timeupdate", "durationchange", "seeked"])
      this.audio.addEventListener(event, () => this.#show());
    this.audio.addEventListener("ended", () => this.#seek(0));
    this.audio.addEventListener("error", () => this.#fail());
    if (!this.audio.canPlayType(file.mimetype)) this.#fail();
    /** @type {HTMLElement} */
    this.node = h(
      "div",
      { class: "player", role: "group", "aria-label": file.clip ? "Voice clip" : file.name },
      h(
        "div",
        { class: "player-row" },
        this.#play,
        this.wave.node,
        this.#time,
        speedButton(this.audio),
        downloadLink(file),
        this.audio,
      ),
      this.#trouble,
    );
    this.#show();
  }

  #length_s() {
    // WebM that a browser recorded has no length in its head, and counts as infinite.
    return (Number.isFinite(this.audio.duration) && this.audio.duration) || this.file.duration_s || 0;
  }

  async #toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (playing !== this.audio) playing?.pause();
    playing = this.audio;
    // Where it fails an error event tells; where it is paused while it loads nothing is wrong.
    await this.audio.play().catch(() => {});
  }

  /** @param {number} share */
  #seek(share) {
    this.audio.currentTime = Math.min(1, Math.max(0, share)) * this.#length_s();
    this.#show();
  }

  #show() {
    const { paused, currentTime } = this.audio;
    const all = duration(Math.round(this.#length_s()));
    this.#play.setAttribute("aria-label", paused ? "Play" : "Pause");
    this.#play.replaceChildren(icon(paused ? "play" : "pause"));
    const begun = !paused || currentTime > 0;
    this.#at.textContent = begun ? duration(currentTime) : all;
    this.#all.textContent = begun ? ` / ${all}` : "";
    this.wave.showAt(currentTime, this.#length_s());
  }

  #fail() {
    this.#trouble.textContent = `This browser cannot play ${this.file.mimetype}. Download it to listen.`;
    this.#trouble.hidden = false;
  }
}

/** @param {HTMLAudioElement} audio */
function speedButton(audio) {
  const button = h("button", { class: "speed", type: "button" });
  const show = () => {
    button.textContent = `${audio.playbackRate}×`;
    button.setAttribute("aria-label", `Speed: ${audio.playbackRate}×`);
  };
  button.addEventListener("click", () => {
    audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    audio.defaultPlaybackRate = audio.playbackRate; // Loading the file would set it back.
    show();
  });
  show();
  return button;
}
