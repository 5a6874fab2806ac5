// Emoji by the names that Slack gives them.

/** @type {Record<string, string>} */
const CHARACTERS = {
  "+1": "👍", "-1": "👎", "100": "💯", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️",
  arrows_counterclockwise: "🔄", bar_chart: "📊", bell: "🔔", blush: "😊", bookmark: "🔖", boom: "💥", bug: "🐛",
  bulb: "💡", calendar: "📅", clap: "👏", clock1: "🕐", coffee: "☕", confused: "😕", cry: "😢", ear: "👂",
  earth_africa: "🌍", email: "📧", exclamation: "❗", eyes: "👀", face_with_monocle: "🧐", file_folder: "📁",
  fire: "🔥", gear: "⚙️", globe_with_meridians: "🌐", grin: "😁", grinning: "😀", headphones: "🎧", heart: "❤️",
  heart_eyes: "😍", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", hugging_face: "🤗",
  information_source: "ℹ️", joy: "😂", key: "🔑", laughing: "😆", link: "🔗", lock: "🔒", loud_sound: "🔊", mag: "🔍",
  mega: "📣", memo: "📝", microphone: "🎤", moneybag: "💰", muscle: "💪", musical_note: "🎵", mute: "🔇",
  neutral_face: "😐", no_entry: "⛔", no_entry_sign: "🚫", ok: "🆗", ok_hand: "👌", open_mouth: "😮",
  page_facing_up: "📄", paperclip: "📎", partying_face: "🥳", pencil: "📝", pencil2: "✏️", point_down: "👇",
  point_right: "👉", point_up: "☝️", pray: "🙏", question: "❓", rage: "😡", raised_hands: "🙌", recycle: "♻️",
  repeat: "🔁", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", sad: "😔", scissors: "✂️", scream: "😱",
  see_no_evil: "🙈", slightly_smiling_face: "🙂", smile: "😄", smiley: "😃", sob: "😭", sos: "🆘", sound: "🔉",
  sparkles: "✨", speak_no_evil: "🙊", speaker: "🔈", speech_balloon: "💬", star: "⭐", stopwatch: "⏱️",
  studio_microphone: "🎙️", sunglasses: "😎", sweat_smile: "😅", tada: "🎉", thinking_face: "🤔", thought_balloon: "💭",
  thumbsdown: "👎", thumbsup: "👍", unlock: "🔓", wastebasket: "🗑️", warning: "⚠️", wave: "👋", white_check_mark: "✅",
  wink: "😉", writing_hand: "✍️", x: "❌", zap: "⚡", zzz: "💤",
};

/** Names that are offered for a reaction. */
export const COMMON_REACTIONS = [
  "speech_balloon", "thumbsup", "heart", "tada", "eyes", "white_check_mark", "pray", "clap", "raised_hands", "joy",
  "wave", "fire", "rocket", "100", "thinking_face", "thumbsdown", "x", "memo", "microphone", "ear",
];

/**
 * @param {string} name Such as `speech_balloon`.
 * @returns {string} The character; `:name:` where it is not known.
 */
export function emoji(name) {
  return Object.hasOwn(CHARACTERS, name) ? CHARACTERS[name] : `:${name}:`;
}

/**
 * @param {string} text
 * @returns {string} The text with known `:name:` in it as characters.
 */
export function withEmoji(text) {
  return text.replace(/:([\w+-]{1,60}):/g, (_, name) => emoji(name));
}
