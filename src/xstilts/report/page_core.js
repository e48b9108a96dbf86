"use strict";
// What every chart needs: elements, scales, axes, marks with tooltips, and moving between marks with the arrow keys.

const DATA = JSON.parse(document.getElementById("data").textContent);
const ALL = "all", ENGLISH = "eng", PRIMARY = "syntactic";
const GAP = 14; // pixels between panels

function make(name, attributes = {}, parent = null, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== "") node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function tag(name, attributes = {}, parent = null, text = "") {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== "") node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function write(value, places = 1, signed = false) {
  if (value === null || value === undefined) return "–";
  const rounded = Math.abs(value).toFixed(places);
  const sign = Number(rounded) === 0 ? "" : value < 0 ? "−" : signed ? "+" : "";
  return sign + rounded;
}
const gainText = (value) => write(value, 1, true);
const rText = (value) => write(value, 2, true);
const pText = (value) => (value === null ? "–" : value < 0.001 ? "<0.001" : value.toFixed(value < 0.01 ? 3 : 2));
const interval = (low, high, places = 2) =>
  low === null || high === null ? "–" : `[${write(low, places, true)}, ${write(high, places, true)}]`;
const known = (value) => value !== null && value !== undefined;

function scale(domain, range) {
  const factor = (range[1] - range[0]) / (domain[1] - domain[0] || 1);
  return (value) => range[0] + (value - domain[0]) * factor;
}

function ticks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= raw);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toFixed(10)));
  return found;
}

function padded(values, share = 0.08) {
  const finite = values.filter(known);
  let low = Math.min(...finite), high = Math.max(...finite);
  if (!finite.length) return [0, 1];
  if (low === high) [low, high] = [low - 1, high + 1];
  const pad = (high - low) * share;
  return [low - pad, high + pad];
}

// A drawing of one chart. `title` is what a screen reader says of it.
function drawing(host, width, height, title) {
  return make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": title }, host);
}

function axes(svg, box, { x, y, xDomain, yDomain, xTicks = 4, yTicks = 5, xPlaces, yPlaces, zero = true, xSigned = false }) {
  const group = make("g", { class: "axes", "aria-hidden": "true" }, svg);
  const places = (values) => Math.max(0, ...values.map((value) => (String(value).split(".")[1] || "").length));
  if (xDomain) {
    const at = ticks(...xDomain, xTicks);
    for (const value of at) {
      make("line", { x1: x(value), x2: x(value), y1: box.top, y2: box.bottom, class: zero && value === 0 ? "zero" : "grid" }, group);
      make("text", { x: x(value), y: box.bottom + 13, class: "tick middle" }, group, write(value, xPlaces ?? places(at), xSigned));
    }
  }
  if (yDomain) {
    const at = ticks(...yDomain, yTicks);
    for (const value of at) {
      make("line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), class: value === 0 ? "zero" : "grid" }, group);
      make("text", { x: box.left - 5, y: y(value) + 3.5, class: "tick end" }, group, write(value, yPlaces ?? places(at), true));
    }
  }
}

function outline(shape, x, y, radius) {
  const corners = DATA.shapes[shape];
  return "M" + corners.map(([dx, dy]) => `${(x + dx * radius).toFixed(1)},${(y + dy * radius).toFixed(1)}`).join("L") + "Z";
}

// The symbol of a family; `hollow` says that it does not enter the statistic.
function symbol(parent, family, x, y, radius, hollow = false) {
  const [, hue, shape] = DATA.families[family] || ["", 8, "circle"];
  const look = { class: `mark hue${hue}${hollow ? " hollow" : ""}`, "data-family": family };
  return shape === "circle"
    ? make("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: radius, ...look }, parent)
    : make("path", { d: outline(shape, x, y, radius), ...look }, parent);
}

// --- tooltips -------------------------------------------------------------------------------------------------

const tip = tag("div", { id: "tip", role: "tooltip", hidden: "" }, document.body);
const tips = new WeakMap();

// Gives a mark its tooltip: a heading and pairs of words. The first mark of a chart takes the focus, arrows move on.
function explain(node, heading, pairs) {
  tips.set(node, [heading, pairs]);
  node.classList.add("tip");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", `${heading}: ${pairs.map(([name, value]) => `${name} ${value}`).join("; ")}`);
  node.setAttribute("tabindex", "-1");
  return node;
}

function enter(svg) {
  const first = svg.querySelector(".tip");
  if (first) first.setAttribute("tabindex", "0");
}

function show(node) {
  const [heading, pairs, prose] = tips.get(node);
  tip.replaceChildren();
  tag("strong", {}, tip, heading);
  if (prose) tag("div", {}, tip, prose);
  const list = pairs.length ? tag("dl", {}, tip) : null;
  for (const [name, value] of pairs) {
    tag("dt", {}, list, name);
    tag("dd", {}, list, value);
  }
  tip.hidden = false;
  const mark = node.getBoundingClientRect(), box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, mark.x + mark.width / 2 - box.width / 2), document.documentElement.clientWidth - box.width - 8);
  const above = mark.y - box.height - 9;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above > 4 ? above : mark.bottom + 9) + scrollY}px`;
}

function hide() {
  tip.hidden = true;
}

document.addEventListener("pointerover", (event) => {
  const node = event.target.closest(".tip");
  if (node) show(node);
  else if (!document.activeElement || !document.activeElement.matches(".tip:focus-visible")) hide();
});
document.addEventListener("focusin", (event) => (event.target.matches(".tip") ? show(event.target) : hide()));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return hide();
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const svg = step && event.target.closest && event.target.matches(".tip") && event.target.closest("svg");
  if (!svg) return;
  event.preventDefault();
  const marks = [...svg.querySelectorAll(".tip")];
  const next = marks[(marks.indexOf(event.target) + step + marks.length) % marks.length];
  event.target.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});

// --- labels that do not cover one another ---------------------------------------------------------------------

// Marks that were drawn into the page: their words stand beside them, for readers without JavaScript too.
for (const node of document.querySelectorAll(".given")) {
  node.querySelector("title").remove();
  explain(node, node.dataset.heading, JSON.parse(node.dataset.pairs));
}
for (const svg of document.querySelectorAll("figure > svg")) enter(svg);

// Words with a definition in the glossary.
for (const node of document.querySelectorAll("a.term")) {
  const name = document.getElementById(node.getAttribute("href").slice(1));
  tips.set(node, [name.textContent, [], name.nextElementSibling.textContent]);
  node.classList.add("tip");
  node.setAttribute("aria-describedby", "tip");
}

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

// Writes as many labels as find a free place round their point; the others stay in the tooltip.
function labels(parent, points, box) {
  const taken = points.map(({ x, y }) => [x - 4, y - 4, x + 4, y + 4]);
  for (const { x, y, text } of points) {
    const width = text.length * 7.6, height = 11;
    const places = [[6, 3], [-6 - width, 3], [-width / 2, -6], [-width / 2, 13], [5, -4], [5, 11], [-5 - width, -4], [-5 - width, 11]];
    for (const [dx, dy] of places) {
      const area = [x + dx, y + dy - height, x + dx + width, y + dy];
      const inside = area[0] > box.left && area[2] < box.right && area[1] > box.top && area[3] < box.bottom;
      if (!inside || taken.some((other) => overlap(area, other))) continue;
      taken.push(area);
      make("text", { x: (x + dx).toFixed(1), y: (y + dy - 1).toFixed(1), class: "code", "aria-hidden": "true" }, parent, text);
      break;
    }
  }
}

// Where `count` panels go: as many side by side as fit, rows evenly filled, each row as high as its highest panel.
function layout(width, heights, smallest = 285) {
  const most = Math.max(1, Math.min(heights.length, Math.floor((width + GAP) / (smallest + GAP)), 4));
  const rows = Math.ceil(heights.length / most), many = Math.ceil(heights.length / rows);
  const each = Math.floor((width - GAP * (many - 1)) / many);
  const areas = [];
  let top = 0;
  for (let row = 0; row < rows; row++) {
    const tall = heights.slice(row * many, (row + 1) * many).map((height) => (typeof height === "function" ? height(each) : height));
    tall.forEach((height, column) => areas.push({ left: column * (each + GAP), top, width: each, height }));
    top += Math.max(...tall) + GAP;
  }
  return [areas, top - GAP];
}
