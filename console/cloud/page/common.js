// What both pages share: the view token, the endpoint's status, and how numbers are written.

const token = new URLSearchParams(location.search).get("token");

/** An address of this endpoint with the view token, where one is needed. */
export function withToken(address) {
  if (!token) return address;
  return `${address}${address.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}

/** There was no answer, or one that is no success (then with its `status`). */
export class Unanswered extends Error {
  constructor(reason, status = 0) {
    super(reason);
    this.status = status;
  }
}

async function fetched(address, take) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(address, { headers, signal: AbortSignal.timeout(8000) });
    if (answer.ok) return await take(answer);
  } catch (error) {
    throw new Unanswered(error.message);
  }
  throw new Unanswered(`${address} answered ${answer.status}`, answer.status);
}

/** A text of this endpoint; throws Unanswered after 8 s at most. */
export const getText = (address) => fetched(address, (answer) => answer.text());

/** Bytes of this endpoint; throws Unanswered after 8 s at most. */
export const getBytes = (address) => fetched(address, (answer) => answer.arrayBuffer());

export const getStatus = () => fetched("/status", (answer) => answer.json());

/** A length of time: 0.8 s, 12 s, 3:05, 1:02:03. */
export function age(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function bitrate(bits) {
  return bits ? `${(bits / 1e6).toFixed(2)} Mbit/s` : "–";
}

export function size(bytes) {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
