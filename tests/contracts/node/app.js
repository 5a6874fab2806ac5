// A Bolt app that answers every voice clip in its thread, first reading the file's bytes. The test that
// starts it says where the look-alike is and reads "ready" and "replied" from its output.
"use strict";

const { App, SocketModeReceiver } = require("@slack/bolt");

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN } = process.env;

const clientOptions = { slackApiUrl: SLACK_API_URL };
const receiver = new SocketModeReceiver({
  appToken: SLACK_APP_TOKEN,
  clientPingTimeout: 300, // ms; also the wait before it connects again
  installerOptions: { clientOptions },
});
const app = new App({ token: SLACK_BOT_TOKEN, receiver, clientOptions });

app.message(async ({ message, client }) => {
  if (message.subtype !== "file_share") return;
  const [clip] = message.files.filter((file) => file.subtype === "slack_audio");
  const { file } = await client.files.info({ file: clip.id });
  const download = await fetch(file.url_private_download, {
    headers: { Authorization: `Bearer ${SLACK_BOT_TOKEN}` },
  });
  const bytes = (await download.arrayBuffer()).byteLength;
  await client.chat.postMessage({
    channel: message.channel,
    thread_ts: message.thread_ts ?? message.ts,
    text: `${file.name}: ${bytes} bytes, ${file.duration_ms} ms`,
  });
  console.log("replied");
});

// Bolt acknowledges nothing that has no listener.
app.event(/.*/, async () => {});

process.on("SIGTERM", async () => {
  await app.stop();
  process.exit(0);
});

app.start().then(
  () => console.log("ready"),
  (error) => {
    console.error(error.code);
    process.exit(1);
  },
);
