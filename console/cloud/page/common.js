// What both pages share: the view token, the endpoint's status, and how numbers are written.

const token = new URLSearchParams(location.search).get("token");

/** An address of this endpoint with the view token, where one is needed. */
export function withToken(address) {
  if (!token) return address;
  return `${address}${address.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}

/** Fetch something of this endpoint; throws when there is no answer within 8 s or it is no success. */
export async function get(address) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(address, { headers, signal: AbortSignal.timeout(8000) });
  if (!answer.ok) {
    const error = new Error(`${answer.status}`);
    error.status = answer.status;
    throw error;
  }
  return answer;
}

export async function getStatus() {
  return (await get("/status")).json();
}

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
