// The status page: asks /status.json every second and shows what it says.
"use strict";

const WINDOW = 15 * 60;
const element = (id) => document.getElementById(id);
const state = { samples: new Map(), topics: new Map(), time: 0, since: 0, started: 0, heard: 0 };

const SERIES = ["events", "bytes", "p50_ms", "p99_ms", "lag_seconds", "lag_bytes"];

// Numbers for people.
const whole = (n) => Math.round(n).toLocaleString("en");

function rate(n) {
  if (n >= 100) return whole(n);
  return n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000;
  return (unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + " " + units[unit];
}

function duration(seconds) {
  if (seconds < 1) return Math.round(seconds * 1000) + " ms";
  if (seconds < 120) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " days";
}

const milliseconds = (ms) => (ms === 0 ? "–" : duration(ms / 1000));

// Changes a text only if it is another one, so that nothing is read out twice.
function show(id, text) {
  const target = typeof id === "string" ? element(id) : id;
  if (target.textContent !== text) target.textContent = text;
}

function make(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const NAMES = {
  streaming: "Streaming",
  standing_by: "Standing by",
  connecting: "Connecting",
  held: "Held",
  stopping: "Stopping",
};

function mood(relay) {
  if (relay.state === "held") return "bad";
  if (!relay.ready) return relay.state === "streaming" ? "bad" : "wait";
  return relay.kafka_up ? "good" : "wait";
}

function showState(relay) {
  element("state").dataset.state = mood(relay);
  show("sentence", relay.sentence);
  show("about", `version ${relay.version}, up for ${duration(relay.uptime_seconds)}`);
  document.title = `${NAMES[relay.state] || relay.state} · pg_outbox`;
}

function showNumbers(status) {
  const { relay, totals, last_minute: minute } = status;
  show("events-rate", rate(minute.events_per_second));
  show("bytes-rate", bytes(minute.bytes_per_second));
  show("p50", milliseconds(minute.p50_ms));
  show("p99", milliseconds(minute.p99_ms));
  show("lag-seconds", relay.lag_seconds === 0 ? "none" : duration(relay.lag_seconds));
  show("lag-bytes", bytes(relay.lag_bytes));
  show("in-flight", whole(relay.in_flight_events));
  show("published", whole(totals.published));
  show("others", `${whole(totals.dead_letters)} dead letters, ${whole(totals.skipped)} skipped, ` +
    `${whole(totals.transactions)} transactions, ${bytes(totals.published_bytes)}`);
}

function keepSamples(samples) {
  samples.time.forEach((time, i) => {
    state.samples.set(time, SERIES.map((name) => samples[name][i]));
    state.since = Math.max(state.since, time);
  });
  for (const time of state.samples.keys()) {
    if (time <= state.since - WINDOW) state.samples.delete(time);
  }
}

// A curve over the last 15 minutes with its area; gaps are 0.
function draw(id, series, text) {
  const index = SERIES.indexOf(series);
  const points = [];
  let highest = 0;
  for (let time = state.since - WINDOW + 1; time <= state.since; time++) {
    const sample = state.samples.get(time);
    const value = sample ? sample[index] : 0;
    highest = Math.max(highest, value);
    points.push(value);
  }
  const top = highest || 1;
  const path = points
    .map((value, i) => `${((i / (WINDOW - 1)) * 300).toFixed(1)},${(88 - (value / top) * 84).toFixed(1)}`)
    .join(" L");
  const svg = element(id);
  if (!svg.firstChild) {
    for (const name of ["area", "curve"]) {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
      shape.setAttribute("class", name);
      svg.append(shape);
    }
  }
  svg.children[0].setAttribute("d", `M0,90 L${path} L300,90 Z`);
  svg.children[1].setAttribute("d", `M${path}`);
  show(`${id}-value`, highest === 0 ? "nothing" : `up to ${text(highest)}`);
}

function showTopics(status) {
  const seconds = status.time - state.time;
  const rows = status.topics
    .map((topic) => {
      const before = state.topics.get(topic.topic);
      const perSecond = before && seconds > 0 ? (topic.events - before.events) / seconds : 0;
      // Smoothed, since a second is short.
      const smooth = before ? before.rate * 0.8 + perSecond * 0.2 : perSecond;
      state.topics.set(topic.topic, { events: topic.events, rate: smooth });
      return { ...topic, rate: smooth };
    })
    .sort((a, b) => b.events - a.events);
  if (rows.length === 0) return;
  element("topics").replaceChildren(...rows.map((topic) => {
    const row = make("tr");
    row.append(
      make("td", topic.topic || "all others"),
      make("td", rate(topic.rate), "number"),
      make("td", whole(topic.events), "number"),
      make("td", topic.last_event ? `${duration(Math.max(0, status.time - topic.last_event))} ago` : "–", "number"),
    );
    return row;
  }));
}

function showSlot(status) {
  const slot = status.slot;
  const pairs = [["Confirmed", status.relay.confirmed || "–"]];
  if (slot) {
    pairs.unshift(["Name", slot.name]);
    pairs.push(["WAL status", slot.wal_status]);
    if ("retained_wal_bytes" in slot) pairs.push(["WAL kept for it", bytes(slot.retained_wal_bytes)]);
    if ("safe_wal_bytes" in slot) pairs.push(["WAL until it is lost", bytes(slot.safe_wal_bytes)]);
  } else {
    pairs.push(["WAL status", "not known"]);
  }
  element("slot").replaceChildren(...pairs.map(([name, value]) => {
    const pair = make("div");
    pair.append(make("dt", name), make("dd", String(value)));
    return pair;
  }));
}

function showLog(log) {
  if (log.length === 0) return;
  element("log").replaceChildren(...log.map((entry) => {
    const item = make("li");
    const time = make("time", new Date(entry.time * 1000).toLocaleString());
    time.dateTime = new Date(entry.time * 1000).toISOString();
    item.append(time, make("span", entry.level, entry.level), ` ${entry.text}`);
    return item;
  }));
}

function showSettings(settings) {
  const target = element("settings");
  if (target.childElementCount > 0) return;
  for (const [section, values] of Object.entries(settings)) {
    if (Object.keys(values).length === 0) continue;
    const list = make("dl", undefined, "pairs");
    for (const [key, value] of Object.entries(values)) {
      const pair = make("div");
      pair.append(make("dt", key), make("dd", value));
      list.append(pair);
    }
    target.append(make("h3", `[${section}]`), list);
  }
}

function showAll(status) {
  const started = Math.round(status.time - status.relay.uptime_seconds);
  if (Math.abs(started - state.started) > 5) {
    // Another process than before: what was drawn is not its history.
    state.samples.clear();
    state.topics.clear();
    state.started = started;
    element("settings").replaceChildren();
  }
  showState(status.relay);
  showNumbers(status);
  keepSamples(status.samples);
  draw("chart-events", "events", (n) => whole(n));
  draw("chart-latency", "p99_ms", (n) => duration(n / 1000));
  draw("chart-lag", "lag_seconds", duration);
  showTopics(status);
  showSlot(status);
  showLog(status.log);
  showSettings(status.settings);
  state.time = status.time;
}

function showGone() {
  const since = state.heard ? ` since ${new Date(state.heard).toLocaleTimeString()}` : "";
  element("state").dataset.state = "bad";
  show("sentence", `The relay has not answered${since}. This page goes on by itself when it does.`);
  document.title = "No answer · pg_outbox";
}

async function refresh() {
  try {
    const answer = await fetch(`status.json?since=${state.since}`, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const status = await answer.json();
    state.heard = Date.now();
    showAll(status);
  } catch (error) {
    showGone();
  }
  setTimeout(refresh, 1000);
}

refresh();
