"use strict";
// The live page: asks for state.json once a second while somebody looks, and shows it. Names come
// from configs, so all text goes in as text.

const PERIOD = 1000;  // ms
const KEPT = 60;      // points of a curve
const history = new Map();  // listener name -> rates of the last minute
let before = null;

const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

function short(number) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]])
    if (Math.abs(number) >= size) return (number / (unit === "k" ? 1e3 : size)).toFixed(1) + " " + unit;
  return number >= 10 || Number.isInteger(number) ? String(Math.round(number)) : number.toFixed(1);
}

// A count for people; the exact one stands behind it.
const count = (number) => make("span", {title: String(number), textContent: short(number)});

function since(seconds) {
  if (seconds === null) return "never";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]])
    if (seconds >= size) return Math.floor(seconds / size) + " " + unit;
  return Math.floor(seconds) + " s";
}

function milliseconds(seconds) {
  return seconds === null ? "" : (seconds * 1000).toFixed(seconds < 0.01 ? 2 : 0) + " ms";
}

// Counts of `now` less those of `then`, per second; a counter that went back began again.
function rate(now, then, seconds) {
  return then === undefined || seconds <= 0 ? 0 : Math.max(0, now - then) / seconds;
}

const named = (list) => new Map(list.map((item) => [item.name, item]));

function table(heads, rows) {
  const cell = (tag, value, number) => {
    const element = value instanceof Node ? make(tag, {}, value) : make(tag, {textContent: value});
    if (number) element.className = "number";
    return element;
  };
  const numeric = heads.map((head) => head.startsWith("#"));
  const head = make("tr", {}, ...heads.map((text, i) => cell("th", text.replace("#", ""), numeric[i])));
  const body = rows.map((row) => make("tr", {}, ...row.map((value, i) => cell("td", value, numeric[i]))));
  return make("div", {className: "scroll"}, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function curve(points) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${KEPT - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const top = Math.max(1, ...points);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", points.map((p, i) => `${KEPT - points.length + i},${98 - (96 * p) / top}`).join(" "));
  svg.append(line);
  return svg;
}

function mark(text, kind) {
  return make("span", {className: "dot " + kind, textContent: text});
}

function listenerCard(listener, old, seconds) {
  const then = old || {datagrams: {}, rules: []};
  const per = (direction) => rate(listener.datagrams[direction], then.datagrams[direction], seconds);
  const points = history.get(listener.name) || [];
  history.set(listener.name, points);
  if (seconds > 0) points.push(per("clientIn"));
  points.splice(0, points.length - KEPT);
  const oldRules = named(then.rules);
  const rules = listener.rules.map((rule) => [
    make("div", {}, `${rule.name} → ${rule.upstream}`,
      make("code", {className: "under", textContent: rule.match.join(" and ")})),
    count(rule.datagrams), short(rate(rule.datagrams, (oldRules.get(rule.name) || {}).datagrams, seconds))]);
  rules.push([`otherwise → ${listener.defaultUpstream}`, "", ""]);
  const status = listener.bound ? mark("bound", "good") : mark("not bound: " + listener.error, "bad");
  const card = make("article", {className: "card"},
    make("h3", {textContent: `${listener.name} · ${listener.address}`}), status, curve(points),
    table(["", "#Datagrams", "#/s", "#Bytes"], [["from clients", "clientIn"], ["to peers", "upstreamOut"],
      ["from peers", "upstreamIn"], ["to clients", "clientOut"]].map(([text, direction]) => [
      text, count(listener.datagrams[direction]), short(per(direction)), count(listener.bytes[direction])])),
    make("p", {className: "soft"}, count(listener.sessions), " sessions, ",
      count(sum(listener.dropped.up) + sum(listener.dropped.down)), " dropped"),
    table(["Rule", "#Hits", "#/s"], rules));
  card.dataset.listener = listener.name;
  return card;
}

const SERVING = {ready: "ready peers", draining: "draining peers", backup: "backup peers",
  failOpen: "all peers, none being usable", none: "nobody"};

function health(peer) {
  if (peer.passing === null) return make("span", {className: "soft", textContent: "no probe"});
  return peer.passing ? mark("up", "good") : mark("down", "bad");
}

function upstreamCard(upstream, old, seconds) {
  const then = old ? old.datagrams : {};
  const share = (peer) => {
    const bar = make("span", {className: "share", textContent: (100 * peer.share).toFixed(peer.share < 0.1 ? 1 : 0) + " %"});
    bar.style.backgroundSize = `${100 * peer.share}% 100%`;
    return bar;
  };
  const place = (peer) => make("div", {}, peer.address,
    ...(peer.role === "ready" ? [] : [make("span", {className: "under soft", textContent: peer.role})]));
  const rows = upstream.peers.map((peer) => [place(peer), health(peer), share(peer),
    upstream.probe === "NoError" ? "not asked" : milliseconds(peer.replySeconds)]);
  const kind = {ready: "good", draining: "warn", backup: "warn"}[upstream.serving] || "bad";
  const card = make("article", {className: "card"},
    make("h3", {textContent: upstream.name}), mark("serving: " + SERVING[upstream.serving], kind),
    make("p", {textContent: `${upstream.algorithm}, affinity ${upstream.affinity}, ` +
      `${short(rate(upstream.datagrams.upstreamOut, then.upstreamOut, seconds))}/s to peers, ` +
      `${short(rate(upstream.datagrams.upstreamIn, then.upstreamIn, seconds))}/s from them`}),
    table(["Peer", "Probe", "#Share", "#Reply"], rows));
  if (upstream.peersNotListed) card.append(make("p", {textContent: `and ${upstream.peersNotListed} more peers`}));
  card.dataset.upstream = upstream.name;
  return card;
}

function dropRows(state, old, seconds) {
  const oldListeners = named(old ? old.listeners : []);
  const rows = [];
  for (const listener of [...state.listeners, {...state.other, name: ""}]) {
    const then = listener.name ? oldListeners.get(listener.name) : old && old.other;
    for (const way of ["up", "down"])
      for (const [reason, dropped] of Object.entries(listener.dropped[way]))
        rows.push([listener.name || "no listener", way === "up" ? "to peers" : "to clients", reason, count(dropped),
          short(then ? rate(dropped, then.dropped[way][reason] || 0, seconds) : 0)]);
    if (listener.kernelDropped)
      rows.push([listener.name || "pool sockets", "received", "kernel buffer full", count(listener.kernelDropped),
        short(then ? rate(listener.kernelDropped, then.kernelDropped, seconds) : 0)]);
  }
  return rows;
}

function tiles(state, old, seconds) {
  const all = [...state.listeners, state.other];
  const then = old ? [...old.listeners, old.other] : [];
  const total = (list, pick) => list.reduce((t, item) => t + pick(item), 0);
  const per = (pick) => (old ? rate(total(all, pick), total(then, pick), seconds) : 0);
  const busy = (of) => of.process.workers.reduce((t, worker) => t + worker.busySeconds, 0);
  return [
    ["Datagrams in", short(per((l) => l.datagrams.clientIn)) + "/s"],
    ["Replies out", short(per((l) => l.datagrams.clientOut)) + "/s"],
    ["Dropped", short(per((l) => sum(l.dropped.up) + sum(l.dropped.down) + l.kernelDropped)) + "/s"],
    ["Sessions", `${short(total(all, (l) => l.sessions))} of ${short(state.process.sessionsLimit)}`],
    ["Workers busy", (old && seconds > 0 ? 100 * rate(busy(state), busy(old), seconds) /
      Math.max(1, state.process.workers.length) : 0).toFixed(0) + " %"],
  ].map(([name, value]) => make("div", {className: "tile"}, name, make("b", {textContent: value})));
}

function fill(select, listeners) {
  const wanted = listeners.map((listener) => `${listener.port} ${listener.name}`);
  if (wanted.join("\n") === [...select.options].map((option) => option.text).join("\n")) return;
  const chosen = select.value;
  select.replaceChildren(...listeners.map((listener) =>
    make("option", {value: listener.port, text: `${listener.port} ${listener.name}`})));
  if (listeners.some((listener) => String(listener.port) === chosen)) select.value = chosen;
}

function show(state) {
  const seconds = before ? state.process.uptimeSeconds - before.process.uptimeSeconds : 0;
  const old = seconds > 0 ? before : null;  // the process may have begun again
  const filter = byId("filter").value.toLowerCase();
  const wanted = (item) => item.name.toLowerCase().includes(filter);
  const oldListeners = named(old ? old.listeners : []);
  const oldUpstreams = named(old ? old.upstreams : []);
  byId("process").textContent = `${state.process.version} · up ${since(state.process.uptimeSeconds)}`;
  byId("tiles").replaceChildren(...tiles(state, old, seconds));
  byId("listeners").replaceChildren(...state.listeners.filter(wanted)
    .map((listener) => listenerCard(listener, oldListeners.get(listener.name), old ? seconds : 0)));
  byId("upstreams").replaceChildren(...state.upstreams.filter(wanted)
    .map((upstream) => upstreamCard(upstream, oldUpstreams.get(upstream.name), seconds)));
  const drops = dropRows(state, old, seconds);
  byId("drops").replaceChildren(drops.length ? table(["Listener", "On the way", "Reason", "#Datagrams", "#/s"], drops)
    : make("p", {className: "soft", textContent: "nothing so far"}));
  fill(byId("explain-listener"), state.listeners);
  const config = state.config;
  byId("config").textContent = config.digest ? `config ${config.digest}, in force for ${since(config.ageSeconds)}` :
    "no config yet";
  const refused = config.lastAttemptErrors.length > 0;
  tell(refused ? "the newest config was refused: " + config.lastAttemptErrors[0] : config.digest ? "running" :
    "waiting for a config", refused ? "bad" : config.digest ? "good" : "warn");
  for (const name of history.keys()) if (!state.listeners.some((l) => l.name === name)) history.delete(name);
  before = state;
}

function tell(text, kind) {
  byId("state").textContent = text;
  byId("state").className = kind;
}

async function look() {
  if (!document.hidden) {
    try {
      const reply = await fetch("state.json");
      if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
      show(await reply.json());
    } catch (error) {
      tell("no answer from the proxy: " + error.message, "bad");
      before = null;
    }
  }
  setTimeout(look, PERIOD);
}

byId("explain").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = new URLSearchParams({listener: byId("explain-listener").value, client: byId("explain-client").value,
    hex: byId("explain-hex").value.replace(/\s+/g, "")});
  try {
    const reply = await fetch("explain?" + asked);
    byId("explained").textContent = await reply.text();
    byId("explained").className = reply.ok ? "" : "bad";
  } catch (error) {
    byId("explained").textContent = "no answer (a payload of more than 3 500 bytes is too long here): " + error.message;
    byId("explained").className = "bad";
  }
});

look();
