// The list of channels, once a second.

import { age, bitrate, getStatus, size, withToken } from "./common.js";

const rows = document.getElementById("channels");
const state = document.getElementById("state");

function cell(row, text, className) {
  const made = row.insertCell();
  if (className) {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = text;
    made.append(span);
  } else {
    made.textContent = text;
  }
  return made;
}

function draw(channels) {
  rows.replaceChildren();
  for (const [name, channel] of Object.entries(channels)) {
    const row = rows.insertRow();
    const link = document.createElement("a");
    link.href = withToken(`/watch/${encodeURIComponent(name)}`);
    link.textContent = name;
    row.insertCell().append(link);
    cell(row, channel.state, `state ${channel.state === "live" ? "good" : "alarm"}`);
    cell(row, age(channel.age_ms));
    cell(row, bitrate(channel.bits_per_second));
    cell(row, channel.segments);
    cell(row, channel.missing);
    cell(row, size(channel.bytes));
  }
  if (!rows.rows.length) {
    const empty = cell(rows.insertRow(), `Nothing has come yet. Send a program to ${location.origin}/ingest/CHANNEL/`);
    empty.colSpan = 7;
    empty.className = "empty";
  }
}

async function refresh() {
  try {
    draw((await getStatus()).channels);
    state.className = "state good";
    state.textContent = "connected";
  } catch (error) {
    state.className = "state alarm";
    state.textContent = error.status ? `refused (${error.status})` : "endpoint does not answer";
  }
  setTimeout(refresh, 1000);
}

refresh();
