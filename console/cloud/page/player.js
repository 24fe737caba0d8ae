// A small live player on Media Source Extensions.
//
// One loop per track reads its media playlist, fetches what is new and appends it. Time stamps count from 1970; they
// are shifted so that the first segment played starts at 0. A hole is jumped over, an endpoint that does not answer is
// asked again, and whatever else can't be mended starts the player again at the live edge.

import { getBytes, getText, Unanswered } from "./common.js";

const BEHIND_S = 3.5; // where playback settles behind the end of what both tracks have
const HOLD_S = 2.5; // after running dry it waits for this much
const LOST_S = 12; // further behind than this, it jumps
const KEEP_S = 30; // played media that is kept
const AHEAD_S = 40; // unplayed media that is fetched at most
const TRIES = 3; // for a segment that is listed and can't be had

/** Read a live media playlist: [{k, url, header, start (s since 1970), gap}], oldest first. */
export function parsePlaylist(text, base) {
  const segments = [];
  let k = 0;
  let header = null;
  let start = null;
  let length = 2;
  let gap = false;
  for (const line of text.split("\n")) {
    const [tag, rest] = [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1)];
    if (tag === "#EXT-X-MEDIA-SEQUENCE") k = Number(rest);
    else if (tag === "#EXT-X-MAP") header = new URL(/URI="([^"]*)"/.exec(rest)[1], base).href;
    else if (tag === "#EXT-X-PROGRAM-DATE-TIME") start = Date.parse(rest) / 1000;
    else if (tag === "#EXT-X-GAP") gap = true;
    else if (tag === "#EXTINF") length = parseFloat(rest);
    else if (line && !line.startsWith("#")) {
      segments.push({ k, url: new URL(line, base).href, header, start, gap });
      k += 1;
      gap = false;
      if (start !== null) start += length;
    }
  }
  return segments;
}

/** {video: codec, audio: codec} from a master playlist; a track that is not there is missing. */
export function parseMaster(text) {
  const codecs = /CODECS="([^"]*)"/.exec(text)?.[1].split(",") ?? [];
  const found = {};
  for (const codec of codecs) found[codec.startsWith("mp4a") ? "audio" : "video"] = codec;
  return found;
}

const once = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Player {
  #video;
  #base;
  #holding = true;
  #running = null; // what the present attempt holds; replaced when it starts again
  origin = null; // seconds since 1970 at currentTime 0
  appended = 0; // segments, since the page was opened
  restarts = 0;
  problem = null; // why this browser can't play it, as a sentence

  constructor(video, channel) {
    this.#video = video;
    this.#base = new URL(`/live/${encodeURIComponent(channel)}/`, location.href).href;
    video.addEventListener("error", () => this.#again("decoder"));
    this.#run();
  }

  /** Seconds between now (of the endpoint's clock) and the picture that is seen; null before the first. */
  latency(nowMs) {
    if (this.origin === null || this.#video.readyState < 2) return null;
    return nowMs / 1000 - (this.origin + this.#video.currentTime);
  }

  /** Seconds of media ahead of the picture that is seen. */
  buffered() {
    const { buffered, currentTime } = this.#video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= currentTime + 0.1 && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  /** Jump to the newest picture. */
  goLive() {
    const { buffered } = this.#video;
    if (!buffered.length) return;
    const last = buffered.length - 1;
    this.#video.currentTime = Math.max(buffered.start(last), buffered.end(last) - BEHIND_S);
  }

  /** Keep up: called a few times a second. */
  tend() {
    const video = this.#video;
    const { buffered } = video;
    if (!buffered.length) return;
    const end = buffered.end(buffered.length - 1);
    if (this.buffered() < 0.05) {
      this.#holding = true;
      // At the end of a range: over the hole, when there is something behind it.
      for (let i = 0; i < buffered.length; i += 1) {
        if (buffered.start(i) > video.currentTime) {
          video.currentTime = buffered.start(i) + 0.01;
          break;
        }
      }
    } else if (end - video.currentTime > LOST_S) {
      this.goLive();
    }
    const behind = end - video.currentTime;
    if (behind >= HOLD_S) this.#holding = false;
    video.playbackRate = behind > BEHIND_S + 2.5 ? 1.05 : 1;
    if (this.#holding && !video.paused) video.pause();
    if (!this.#holding && video.paused) video.play().catch(() => {});
  }

  async #run() {
    for (;;) {
      const attempt = { live: true, failed: null };
      this.#running = attempt;
      try {
        await this.#play(attempt);
      } catch (error) {
        console.info(`player: starting again: ${error.message}`);
      }
      attempt.live = false;
      this.restarts += 1;
      await pause(1000);
    }
  }

  #again(reason) {
    if (this.#running) this.#running.failed = new Error(reason);
  }

  async #play(attempt) {
    const codecs = parseMaster(await getText(`${this.#base}master.m3u8`));
    const strange = Object.entries(codecs).find(([kind, codec]) => !MediaSource.isTypeSupported(`${kind}/mp4; codecs="${codec}"`));
    this.problem = strange ? `This browser has no decoder for ${strange[1]}` : null;
    if (strange) throw new Error(this.problem);
    const source = new MediaSource();
    const address = URL.createObjectURL(source);
    this.#video.src = address;
    await once(source, "sourceopen");
    URL.revokeObjectURL(address);
    const tracks = [];
    for (const [kind, codec] of Object.entries(codecs)) {
      const buffer = source.addSourceBuffer(`${kind}/mp4; codecs="${codec}"`);
      buffer.addEventListener("error", () => this.#again(`${kind} could not be read`));
      tracks.push({ kind, buffer, next: null, header: null });
    }
    const first = await Promise.all(tracks.map((track) => this.#list(track)));
    const shared = first.map((segments) => segments.filter((each) => !each.gap).map((each) => each.k));
    const start = shared[0].filter((k) => shared.every((numbers) => numbers.includes(k))).at(-2) ?? shared[0].at(-1);
    const begin = first[0].find((each) => each.k === start);
    if (!begin) throw new Error("nothing to play yet");
    this.origin = begin.start;
    for (const track of tracks) {
      track.next = start;
      track.buffer.timestampOffset = -begin.start;
    }
    await Promise.race(tracks.map((track) => this.#feed(track, attempt)));
  }

  async #list(track) {
    const url = `${this.#base}${track.kind}.m3u8`;
    return parsePlaylist(await getText(url), url);
  }

  /** Append what is new in one track, for as long as the attempt lives. */
  async #feed(track, attempt) {
    let failures = 0;
    while (attempt.live) {
      try {
        for (const segment of await this.#fresh(track)) {
          if (attempt.failed) throw attempt.failed;
          if (!attempt.live || this.#ahead(track) > AHEAD_S) break;
          if (failures < TRIES) await this.#append(track, segment);
          track.next = segment.k + 1;
          failures = 0;
        }
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        failures += error.status === 404;
      }
      if (attempt.failed) throw attempt.failed;
      await pause(500);
    }
  }

  /** The segments of a track that are there and were not appended yet. */
  async #fresh(track) {
    const segments = await this.#list(track);
    const newest = segments.at(-1)?.k ?? track.next;
    if (Math.abs(newest - track.next) > 1000) throw new Error("another numbering");
    return segments.filter((each) => each.k >= track.next && !each.gap);
  }

  #ahead(track) {
    const { buffered } = track.buffer;
    return buffered.length ? buffered.end(buffered.length - 1) - this.#video.currentTime : 0;
  }

  async #append(track, segment) {
    if (segment.header !== track.header) {
      await this.#write(track, await getBytes(segment.header));
      track.header = segment.header;
    }
    await this.#write(track, await getBytes(segment.url));
    this.appended += 1;
    const before = this.#video.currentTime - KEEP_S;
    if (before > 1) {
      track.buffer.remove(0, before);
      await once(track.buffer, "updateend");
    }
    if (this.#video.currentTime === 0 && this.#video.buffered.length) {
      this.#video.currentTime = this.#video.buffered.start(0);
    }
  }

  async #write(track, bytes) {
    track.buffer.appendBuffer(bytes);
    await once(track.buffer, "updateend");
  }
}
