"use strict";
// What a reader takes along: the numbers of a figure as CSV, the figure as SVG, and an address that shows the same view.

const LOOK = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "paint-order",
  "font-family", "font-size", "font-weight", "letter-spacing", "text-anchor"];

const shownSvg = (figure) => [...figure.querySelectorAll("svg")].find((svg) => svg.getClientRects().length && svg.querySelector(".tip"));

// One line a mark, as its tooltip says it; figures/ has the same with every digit.
function figureCsv(figure) {
  const svg = shownSvg(figure);
  if (!svg) return "";
  const rows = [...svg.querySelectorAll(".tip")].map((node) => tips.get(node));
  const names = [...new Set(rows.flatMap(([, pairs]) => pairs.map(([name]) => name)))];
  const quote = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = rows.map(([heading, pairs]) => [heading, ...names.map((name) => (pairs.find((pair) => pair[0] === name) || ["", ""])[1])]);
  return [["mark", ...names], ...lines].map((line) => line.map((value) => quote(String(value))).join(",")).join("\n") + "\n";
}

// A drawing that looks the same outside the page: every style is written into it.
function figureSvg(figure) {
  const svg = shownSvg(figure);
  if (!svg) return "";
  const copy = svg.cloneNode(true), from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((node, index) => {
    const style = getComputedStyle(node);
    for (const name of LOOK) if (style.getPropertyValue(name)) to[index].style.setProperty(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const defs = make("defs");
  const hatch = document.getElementById("hatch"), drawn = hatch.cloneNode(true);
  drawn.firstElementChild.style.stroke = getComputedStyle(hatch.firstElementChild).stroke;
  defs.appendChild(drawn);
  const paper = make("rect", { width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor });
  copy.prepend(defs, paper);
  return new XMLSerializer().serializeToString(copy);
}

function save(words, kind, name) {
  const link = tag("a", { href: URL.createObjectURL(new Blob([words], { type: kind })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function tools(figure) {
  const host = figure.querySelector(".chart"), section = figure.closest("section");
  const name = [section.dataset.study || section.id, host ? host.dataset.chart : "figure"].join("_").replace(/[^\w-]+/g, "-");
  const bar = tag("div", { class: "tools" });
  const last = figure.querySelector(".source");
  figure.insertBefore(bar, last);
  for (const [label, kind, ending, made] of [["CSV", "text/csv", "csv", figureCsv], ["SVG", "image/svg+xml", "svg", figureSvg]]) {
    const button = tag("button", { type: "button", "aria-label": `${label} of ${name}` }, bar, label);
    button.addEventListener("click", () => save(made(figure), kind, `${name}.${ending}`));
  }
}

// --- the address of a view --------------------------------------------------------------------------------------

function addressOf(section) {
  const { arm, target, outcome, distance } = states[section.dataset.study], only = section.dataset.only;
  const query = new URLSearchParams({ intermediate: arm, target, outcome, distance });
  if (only) query.set("family", DATA.families[only][0]);
  return `#${section.id}?${query}`;
}

function remember(section) {
  const address = addressOf(section), link = section.querySelector(".view");
  if (link) link.href = address;
  try {
    history.replaceState(null, "", address);
  } catch {
    // A page inside a frame of another site may not change its address; the link has it anyway.
  }
}

// What an address asks for, as far as the study has it.
function asked(study, query) {
  const found = {}, wanted = new URLSearchParams(query);
  const allowed = {
    intermediate: ["arm", study.intermediates], target: ["target", [ALL, ...study.targets]],
    outcome: ["outcome", Object.keys(DATA.labels.outcomes)], distance: ["distance", Object.keys(DATA.distances)],
  };
  for (const [name, [key, values]] of Object.entries(allowed)) if (values.includes(wanted.get(name))) found[key] = wanted.get(name);
  return [found, DATA.families.findIndex(([family]) => family === wanted.get("family"))];
}

// Opens what an address points to: the page begins with everything folded.
function arrive() {
  hide();
  const [id, query] = location.hash.slice(1).split("?");
  const node = document.getElementById(decodeURIComponent(id));
  if (!node) return;
  const section = node.closest("section"), part = section && section.querySelector("details.part");
  if (part) part.open = true;
  if (query && section.dataset.study) {
    const [change, family] = asked(DATA.studies[section.dataset.study], query);
    states[section.dataset.study].choose(change);
    if (family >= 0 && section.dataset.only !== String(family)) section.querySelector(`.legend [data-only="${family}"]`)?.click();
  }
  node.scrollIntoView();
}
