"use strict";
// Charts with one mark per language or family: scatter, gains, family means.

const POINT = { code: 0, before: 1, gain: 2, low: 3, high: 4, se: 5, reduction: 6, reductionSe: 7, examples: 8, chance: 9, used: 10, seeds: 11, marks: 12 };
const R = {
  n: 0, families: 1, r: 2, low: 3, high: 4, pNaive: 5, p: 6, q: 7, smallest: 8, ceiling: 9, withoutIE: 10, nWithoutIE: 11,
  lofoLow: 12, lofoHigh: 13, tested: 14, rho: 15, rhoLow: 16, rhoHigh: 17, lofoFamily: 18, note: 19,
};
const MARKS = { near_chance: "near chance", near_ceiling: "near the ceiling", unseen: "unseen in pretraining" };

const armName = (arm) => DATA.labels.intermediates[arm] || arm;
const targetName = (target) => DATA.labels.targets[target] || target;

// One language of one cell, as the outcome and the distance that are chosen see it.
function place(point, state) {
  const [name, family] = DATA.languages[point[POINT.code]];
  const points = state.outcome === "points";
  const [distance, shared, features] = (DATA.distances[state.distance].values[point[POINT.code]] || [null, null, null]);
  const english = point[POINT.code] === ENGLISH;
  const used = state.distance === PRIMARY ? point[POINT.used] === 1 : known(distance) && !english;
  return {
    point, name, family, english, distance, shared, features, used,
    code: point[POINT.code],
    value: points ? point[POINT.gain] : point[POINT.reduction],
    se: points ? point[POINT.se] : point[POINT.reductionSe],
  };
}

function describe(row, state) {
  const point = row.point;
  const pairs = [
    ["family", DATA.families[row.family][0]],
    ["languages compared", `n = ${row.n ?? "–"}`],
    ["distance", `${write(row.distance, 3)} (${state.distance.replaceAll("_", " ")})`],
    ["coverage", known(row.features) ? `${row.features} features known, ${row.shared} shared with English` : "not recorded"],
    ["baseline", `${write(point[POINT.before])} points`],
    ["gain", `${gainText(point[POINT.gain])}${known(point[POINT.se]) ? ` ± ${write(point[POINT.se])} se` : ", one seed: no se"}`],
    ["error reduction", `${gainText(point[POINT.reduction])} %`],
    ["seeds", String(point[POINT.seeds])],
    ["test examples", point[POINT.examples] ? String(point[POINT.examples]) : "not recorded"],
  ];
  if (known(point[POINT.low])) pairs.splice(6, 0, ["95 % over seeds", interval(point[POINT.low], point[POINT.high], 1)]);
  const marks = point[POINT.marks].split(" ").filter(Boolean).map((mark) => MARKS[mark] || mark);
  if (row.english) marks.push("training language, never correlated");
  else if (!row.used) marks.push("not in the correlation");
  if (marks.length) pairs.push(["note", marks.join(", ")]);
  return pairs;
}

// The title of an upright axis.
function axisName(svg, x, y, words) {
  make("text", { transform: `translate(${x} ${y}) rotate(-90)`, class: "axis middle" }, svg, words);
}

function distanceName(state, width) {
  const label = DATA.distances[state.distance].label;
  return width > 320 ? `distance from English: ${label} (0 to 1)` : `${label} distance (0 to 1)`;
}

function line(rows) {
  const n = rows.length, mx = rows.reduce((sum, row) => sum + row.distance, 0) / n, my = rows.reduce((sum, row) => sum + row.value, 0) / n;
  const sxx = rows.reduce((sum, row) => sum + (row.distance - mx) ** 2, 0);
  if (n < 4 || sxx === 0) return null;
  const slope = rows.reduce((sum, row) => sum + (row.distance - mx) * (row.value - my), 0) / sxx;
  const ends = rows.map((row) => row.distance);
  return [Math.min(...ends), Math.max(...ends)].map((x) => [x, my + slope * (x - mx)]);
}

function panelTitle(svg, left, top, width, title, detail) {
  make("text", { x: left, y: top + 12, class: "title" }, svg, title);
  make("text", { x: left, y: top + 26, class: "detail" }, svg, detail);
}

function summary(study, arm, target, state) {
  const row = study.correlations[[arm, target, state.outcome, state.distance].join("|")];
  if (!row) return [null, "not computed for this distance"];
  if (!known(row[R.r])) return [row, `n = ${row[R.n]}: no slope`];
  if (!row[R.tested]) return [row, `n = ${row[R.n]}, slope = ${rText(row[R.r])}: too few, no test`];
  return [row, `n = ${row[R.n]}, slope = ${rText(row[R.r])} ${interval(row[R.low], row[R.high])}`];
}

function scatter(host, study, state) {
  const cells = state.target === ALL ? study.targets.map((target) => [state.arm, target]) : [[state.arm, state.target]];
  const shown = cells.filter((cell) => study.points[cell.join("|")]);
  const tall = (width) => Math.min(400, Math.max(270, width * 0.6));
  const [areas, height] = layout(host.clientWidth, shown.map(() => tall), 320);
  const svg = drawing(host, host.clientWidth, height, "Gain against distance from English");
  shown.forEach(([arm, target], index) => scatterPanel(svg, areas[index], study, arm, target, state));
  enter(svg);
}

function scatterPanel(svg, area, study, arm, target, state) {
  const [statistic, detail] = summary(study, arm, target, state);
  panelTitle(svg, area.left, area.top, area.width, `${targetName(target)} · ${study.metrics[target].replaceAll("_", " ")}`, detail);
  const rows = study.points[`${arm}|${target}`].map((point) => place(point, state)).filter((row) => known(row.value));
  const placed = rows.filter((row) => known(row.distance)), unplaced = rows.filter((row) => !known(row.distance));
  const gutter = unplaced.length ? 54 : 8;
  const box = { left: area.left + 54, right: area.left + area.width - gutter, top: area.top + 36, bottom: area.top + area.height - 36 };
  const used = placed.filter((row) => row.used), rest = used.filter((row) => DATA.families[row.family][0] !== "Indo-European");
  const fits = statistic && statistic[R.tested] ? [["fit", line(used)], ["fit without", line(rest)]].filter(([, ends]) => ends) : [];
  const heights = [...rows.flatMap((row) => [row.value - (row.se || 0), row.value + (row.se || 0), 0]), ...fits.flatMap(([, ends]) => ends.map((end) => end[1]))];
  const xDomain = padded(placed.map((row) => row.distance), 0.05), yDomain = padded(heights);
  const x = scale(xDomain, [box.left, box.right]), y = scale(yDomain, [box.bottom, box.top]);
  axes(svg, box, { x, y, xDomain, yDomain, zero: false });
  make("text", { x: (box.left + box.right) / 2, y: box.bottom + 29, class: "axis middle" }, svg, distanceName(state, box.right - box.left));
  axisName(svg, area.left + 11, (box.top + box.bottom) / 2, DATA.labels.outcomes[state.outcome]);
  if (unplaced.length) make("text", { x: box.right + 30, y: box.bottom + 13, class: "tick middle" }, svg, "unknown");
  for (const [look, ends] of fits) make("line", { x1: x(ends[0][0]), y1: y(ends[0][1]), x2: x(ends[1][0]), y2: y(ends[1][1]), class: look }, svg);
  const marks = make("g", {}, svg);
  const spots = rows.map((row, order) => {
    const px = known(row.distance) ? x(row.distance) : box.right + 24 + 12 * (unplaced.indexOf(row) % 2), py = y(row.value);
    if (row.se) make("line", { x1: px, x2: px, y1: y(row.value - row.se), y2: y(row.value + row.se), class: "whisker", "data-family": row.family }, marks);
    explain(symbol(marks, row.family, px, py, 4.2, !row.used), `${row.name} (${row.code})`, describe({ ...row, n: statistic ? statistic[R.n] : null }, state));
    return { x: px, y: py, text: row.code, order };
  });
  labels(svg, spots, { ...box, top: box.top - 4, right: area.left + area.width });
}

// --- gains sorted by distance, grouped by family ----------------------------------------------------------------

function gains(host, study, state) {
  const cells = (state.target === ALL ? study.targets : [state.target]).map((target) => [target, ordered(study, state, target)]);
  const shown = cells.filter(([, rows]) => rows.length);
  const [areas, height] = layout(host.clientWidth, shown.map(([, rows]) => rows.length * 14 + 82));
  const svg = drawing(host, host.clientWidth, height, "Gains, languages sorted by distance within their family");
  shown.forEach(([target, rows], index) => {
    const { left, top, width } = areas[index];
    panelTitle(svg, left, top, width, targetName(target), summary(study, state.arm, target, state)[1]);
    const box = { left: left + 162, right: left + width - 6, top: top + 38, bottom: top + 42 + rows.length * 14 };
    const xDomain = padded(rows.flatMap((row) => [row.value - (row.se || 0), row.value + (row.se || 0), 0]), 0.05);
    const x = scale(xDomain, [box.left, box.right]);
    axes(svg, box, { x, xDomain, xSigned: true });
    make("text", { x: (box.left + box.right) / 2, y: box.bottom + 28, class: "axis middle" }, svg, DATA.labels.outcomes[state.outcome]);
    rows.forEach((row, order) => {
      const y = box.top + 9 + order * 14, first = !order || rows[order - 1].family !== row.family;
      if (first && order) make("line", { x1: left, x2: box.right, y1: y - 7, y2: y - 7, class: "grid" }, svg);
      if (first) make("text", { x: left, y: y + 3.5, class: "tick" }, svg, DATA.families[row.family][0]);
      make("text", { x: box.left - 6, y: y + 3.5, class: "code end" }, svg, `${row.code} ${known(row.distance) ? row.distance.toFixed(2).slice(1) : " –"}`);
      if (row.se) make("line", { x1: x(row.value - row.se), x2: x(row.value + row.se), y1: y, y2: y, class: "whisker", "data-family": row.family }, svg);
      explain(symbol(svg, row.family, x(row.value), y, 4, !row.used), `${row.name} (${row.code})`, describe(row, state));
    });
  });
  enter(svg);
}

// Languages of a cell: families by their mean distance, languages by theirs; unknown distances last.
function ordered(study, state, target) {
  const rows = (study.points[`${state.arm}|${target}`] || []).map((point) => place(point, state)).filter((row) => known(row.value));
  const far = (row) => (known(row.distance) ? row.distance : 9);
  const mean = {};
  for (const row of rows) if (known(row.distance)) (mean[row.family] ||= []).push(row.distance);
  for (const family of Object.keys(mean)) mean[family] = mean[family].reduce((a, b) => a + b, 0) / mean[family].length;
  const n = rows.filter((row) => row.used).length;
  return rows.map((row) => ({ ...row, n })).sort((a, b) => (mean[a.family] ?? 9) - (mean[b.family] ?? 9) || a.family - b.family || far(a) - far(b));
}

// --- family means with shrinkage ---------------------------------------------------------------------------------

function families(host, study, state) {
  const cells = (state.target === ALL ? study.targets : [state.target]).map((target) => [target, study.families[[state.arm, target, state.outcome].join("|")] || []]);
  const shown = cells.filter(([, rows]) => rows.length);
  if (!shown.length) return tag("p", { class: "absent" }, host, "Not computed: no family means for this choice.");
  const [areas, height] = layout(host.clientWidth, shown.map(([, rows]) => rows.length * 18 + 82));
  const svg = drawing(host, host.clientWidth, height, "Family means");
  shown.forEach(([target, rows], index) => {
    const { left, top, width } = areas[index];
    const contrast = study.contrasts[[state.arm, target, state.outcome].join("|")];
    const detail = contrast ? `Indo-European − rest ${gainText(contrast[2])}, p ${pText(contrast[3])} (floor ${pText(contrast[4])})` : "";
    panelTitle(svg, left, top, width, targetName(target), detail);
    const sorted = [...rows].sort((a, b) => (a[6] ?? 9) - (b[6] ?? 9));
    const box = { left: left + 138, right: left + width - 6, top: top + 38, bottom: top + 42 + rows.length * 18 };
    const xDomain = padded(sorted.flatMap((row) => [row[2], row[4], row[5], 0]), 0.05), x = scale(xDomain, [box.left, box.right]);
    axes(svg, box, { x, xDomain, xSigned: true });
    make("text", { x: (box.left + box.right) / 2, y: box.bottom + 28, class: "axis middle" }, svg, DATA.labels.outcomes[state.outcome]);
    sorted.forEach(([name, count, mean, shrunken, low, high, distance], order) => {
      const y = box.top + 11 + order * 18, family = DATA.families.findIndex((row) => row[0] === name);
      make("text", { x: box.left - 6, y: y + 3.5, class: "tick end" }, svg, `${name} (${count})`);
      if (known(low) && known(high)) make("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: "bar", "data-family": family }, svg);
      if (known(mean)) make("line", { x1: x(mean), x2: x(mean), y1: y - 5, y2: y + 5, class: "raw" }, svg);
      if (!known(shrunken)) return;
      explain(symbol(svg, family, x(shrunken), y, 5), name, [
        ["languages", String(count)], ["mean", gainText(mean)], ["shrunken mean", `${gainText(shrunken)} ${interval(low, high, 1)}`], ["mean distance", write(distance, 3)],
      ]);
    });
  });
  enter(svg);
}
