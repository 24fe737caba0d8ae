// The watch page: the player, and what is known of the channel around it.

import { age, bitrate, getStatus, withToken } from "./common.js";
import { Player } from "./player.js";

const channel = decodeURIComponent(location.pathname.split("/").at(-1));
const at = (id) => document.getElementById(id);
const video = at("video");
const player = new Player(video, channel);
const NO_SIGNAL_MS = 6000;

at("name").textContent = channel;
at("all").href = withToken("/");
document.title = `${channel} · Podium`;

let known = null; // the channel's status, and when it came
let failure = null;

async function poll() {
  try {
    const status = await getStatus();
    known = { status: status.channels[channel], nowMs: status.now_ms, at: performance.now() };
    failure = null;
  } catch (error) {
    failure = error;
  }
  setTimeout(poll, 1000);
}

function say(kind, word) {
  at("state").className = `state ${kind}`;
  at("state").textContent = word;
}

function tell(large, small) {
  const message = at("message");
  message.hidden = !large;
  if (!large) return;
  message.replaceChildren(large);
  const line = document.createElement("small");
  line.textContent = small;
  message.append(line);
}

function draw() {
  player.tend();
  const since = known ? performance.now() - known.at : 0;
  const status = known?.status;
  const latency = known ? player.latency(known.nowMs + since) : null;
  at("latency").textContent = latency === null ? "–" : `${latency.toFixed(1)} s`;
  at("buffer").textContent = `${player.buffered().toFixed(1)} s`;
  at("byte").textContent = status ? age(status.byte_age_ms + since) : "–";
  at("rate").textContent = bitrate(status?.state === "live" ? status.bits_per_second : 0);
  at("format").textContent = video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : "–";
  const quiet = status && status.age_ms !== null ? status.age_ms + since : null;
  if (failure?.status === 401 || failure?.status === 403) {
    say("alarm", "refused");
    tell("Not allowed", "Open this page with a valid ?token=...");
  } else if (failure && since > NO_SIGNAL_MS) {
    say("alarm", "endpoint does not answer");
    tell("The endpoint does not answer", `for ${age(since)}`);
  } else if (!known) {
    say("warning", "connecting");
  } else if (!status) {
    say("alarm", "no signal");
    tell("No signal", "Nothing has come on this channel yet");
  } else if (quiet === null || quiet > NO_SIGNAL_MS) {
    say("alarm", "no signal");
    tell("No signal", quiet === null ? "Nothing has come yet" : `The last segment came ${age(quiet)} ago`);
  } else if (player.problem) {
    say("warning", "live, not shown");
    tell(player.problem, "The program itself is coming in");
  } else {
    tell(null);
    const playing = video.readyState > 2 && !video.paused;
    say(playing ? "good" : "warning", playing ? "live" : "buffering");
  }
}

function toggleSound() {
  video.muted = !video.muted;
  at("sound").textContent = video.muted ? "Sound is off" : "Sound is on";
  at("sound").setAttribute("aria-pressed", String(!video.muted));
}

at("sound").addEventListener("click", toggleSound);
at("live").addEventListener("click", () => player.goLive());
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "m") toggleSound();
  if (event.key === "l") player.goLive();
});

// For tests and for the curious: what the player is doing.
window.podium = { player, video };

poll();
setInterval(draw, 250);
draw();
