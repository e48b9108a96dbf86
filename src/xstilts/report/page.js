"use strict";
// The controls of each study, and when its charts are drawn: as they come into view, and again when the width changes.

const CHARTS = { heatmap, scatter, forest, gains, lofo, specification, families };
const states = {};

function select(parent, label, options, value, change) {
  const box = tag("label", {}, parent, `${label} `);
  const list = tag("select", {}, box);
  for (const [key, words] of options) {
    const option = tag("option", { value: key }, list, words);
    option.selected = key === value;
  }
  list.addEventListener("change", () => change(list.value));
  return list;
}

function controls(section, study, state) {
  const bar = section.querySelector(".controls");
  bar.replaceChildren();
  const set = (key) => (value) => state.choose({ [key]: value });
  if (study.intermediates.length > 1) select(bar, "Intermediate", study.intermediates.map((arm) => [arm, armName(arm)]), state.arm, set("arm"));
  if (study.targets.length > 1) {
    const options = [[ALL, "every target"], ...study.targets.map((target) => [target, targetName(target)])];
    select(bar, "Target", options, state.target, set("target"));
  }
  select(bar, "Outcome", Object.entries(DATA.labels.outcomes), state.outcome, set("outcome"));
  const has = (name) => Object.keys(study.correlations).some((key) => key.endsWith(`|${name}`));
  const distances = Object.keys(DATA.distances).filter(has);
  select(bar, "Distance", distances.map((name) => [name, DATA.distances[name].label]), state.distance, set("distance"));
  tag("a", { class: "view", href: addressOf(section) }, bar, "Link to this view");
}

function legend(section, study) {
  const bar = section.querySelector(".legend");
  const present = new Set(Object.values(study.points).flat().map((point) => DATA.languages[point[0]][1]));
  DATA.families.forEach(([name], family) => {
    if (!present.has(family)) return;
    const button = tag("button", { type: "button", "aria-pressed": "false", "data-only": family, title: `Show only ${name}` }, bar);
    symbol(make("svg", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" }, button), family, 7, 7, 4.6);
    tag("span", {}, button, name);
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") === "true";
      for (const other of bar.children) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(!pressed));
      section.dataset.only = pressed ? "" : String(family);
      dim(section);
      remember(section);
    });
  });
}

function dim(section) {
  const only = section.dataset.only || "";
  for (const node of section.querySelectorAll(".chart [data-family]")) node.classList.toggle("dim", only !== "" && node.dataset.family !== only);
}

function draw(host) {
  const section = host.closest("section[data-study]");
  host.dataset.width = String(host.clientWidth);
  host.replaceChildren();
  host.classList.add("drawn");
  if (!section) return coverage(host);
  const name = section.dataset.study;
  CHARTS[host.dataset.chart](host, DATA.studies[name], states[name]);
  dim(section);
}

function start() {
  const hosts = [...document.querySelectorAll(".chart")];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      if (!entry.target.dataset.width) draw(entry.target);
    }
  }, { rootMargin: "600px" });
  for (const section of document.querySelectorAll("section[data-study]")) {
    const name = section.dataset.study, study = DATA.studies[name];
    states[name] = { arm: study.intermediates[0], target: ALL, outcome: "points", distance: PRIMARY };
    if (study.targets.length === 1) states[name].target = study.targets[0];
    states[name].choose = (change) => {
      Object.assign(states[name], change);
      hide();
      const focused = [...section.querySelectorAll(".controls select")].indexOf(document.activeElement);
      controls(section, study, states[name]);
      if (focused >= 0) section.querySelectorAll(".controls select")[focused].focus();
      for (const host of section.querySelectorAll(".chart")) if (host.dataset.width) draw(host);
      remember(section);
    };
    controls(section, study, states[name]);
    legend(section, study);
  }
  hosts.forEach((host) => watcher.observe(host));
  document.querySelectorAll("figure").forEach(tools);
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const host of hosts) if (host.dataset.width && host.dataset.width !== String(host.clientWidth)) draw(host);
    }, 150);
  });
  const all = () => {
    document.querySelectorAll("details.part").forEach((part) => (part.open = true));
    hosts.forEach((host) => host.dataset.width || draw(host));
  };
  addEventListener("beforeprint", all);
  addEventListener("hashchange", arrive);
  if (location.hash) arrive();
  window.drawEverything = all;
}

start();
