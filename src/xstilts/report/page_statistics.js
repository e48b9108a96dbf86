"use strict";
// Charts with one mark per statistic: heatmap, forest, leave-one-family-out, specification curve, coverage.

const NEGATIVE = "var(--smaller)", POSITIVE = "var(--larger)";
const cellKey = (arm, target, state) => [arm, target, state.outcome, state.distance].join("|");

// Whether a cell has no verdict of its own: too few languages, or nothing learned on its target.
const excluded = (study, arm, target) => !study.verdicts[`${arm}|${target}`] || study.verdicts[`${arm}|${target}`][2] === 1;

function statisticPairs(study, arm, target, row) {
  const verdict = study.verdicts[`${arm}|${target}`];
  const pairs = [
    ["languages, families", `${row[R.n]}, ${row[R.families]}`],
    ["slope, SD per SD", `${rText(row[R.r])} ${interval(row[R.low], row[R.high])}`],
    ["Pearson r, descriptive", `${rText(row[R.rho])} ${interval(row[R.rhoLow], row[R.rhoHigh])}`],
    ["p of the slope", row[R.tested] ? pText(row[R.p]) : "no test: too few languages or families"],
    ["q over the grid", pText(row[R.q])],
    ["p, naive", pText(row[R.pNaive])],
    ["smallest detectable |slope|", write(row[R.smallest], 2)],
    ["noise ceiling", known(row[R.ceiling]) ? write(row[R.ceiling], 2) : "unknown: one seed"],
    ["without Indo-European", known(row[R.withoutIE]) ? `${rText(row[R.withoutIE])} (n = ${row[R.nWithoutIE]})` : "too few languages"],
  ];
  if (verdict) pairs.push(["verdict", verdict[0]]);
  if (excluded(study, arm, target)) pairs.push(["not judged", verdict ? verdict[1] : ""]);
  return pairs;
}

// How wide the longest of some names is, in pixels.
const room = (names) => Math.max(...names.map((name) => name.length)) * 7 + 10;

function heatmap(host, study, state) {
  const gutter = room(study.intermediates.map(armName)), width = Math.min(110, (host.clientWidth - gutter) / study.targets.length), height = 40;
  const slanted = width < 62, tight = width < 42, head = slanted ? 58 : 22;
  const svg = drawing(host, host.clientWidth, head + study.intermediates.length * height + 4, "Slope of gain on distance: intermediates by targets");
  study.targets.forEach((target, column) => {
    const x = gutter + (column + 0.5) * width, y = head - 8;
    make("text", slanted ? { x: x - 4, y, class: "tick", transform: `rotate(-48 ${x - 4} ${y})` } : { x, y, class: "tick middle" }, svg, targetName(target));
  });
  study.intermediates.forEach((arm, order) => {
    const top = head + order * height;
    make("text", { x: gutter - 6, y: top + height / 2 + 3, class: "tick end" }, svg, armName(arm));
    study.targets.forEach((target, column) => {
      const row = study.correlations[cellKey(arm, target, state)], left = gutter + column * width, middle = left + width / 2;
      const look = { x: left + 1, y: top + 1, width: width - 2, height: height - 2, rx: 2 };
      const strength = row && known(row[R.r]) ? 0.07 + 0.68 * Math.abs(row[R.r]) : 0;
      const out = !row || excluded(study, arm, target), clear = !out && known(row[R.q]) && row[R.q] < 0.05;
      const colour = out ? { fill: "var(--excluded)" } : { fill: row[R.r] < 0 ? NEGATIVE : POSITIVE, "fill-opacity": strength.toFixed(2) };
      const cell = make("rect", { ...look, class: `cell${out ? " excluded" : ""}`, ...colour }, svg);
      if (clear) make("rect", { ...look, class: "clear over" }, svg);
      if (state.arm === arm && state.target === target) make("rect", { ...look, class: "chosen over" }, svg);
      make("text", { x: middle, y: top + 18, class: `value middle over${tight ? " tight" : ""}` }, svg, row ? (tight ? rText(row[R.r]).replace("0.", ".").replace("+", "") : rText(row[R.r])) : "–");
      make("text", { x: middle, y: top + 31, class: "count middle over" }, svg, row ? (tight ? `${row[R.n]}` : `n ${row[R.n]}`) : "");
      if (row) explain(cell, `${armName(arm)} → ${targetName(target)}`, statisticPairs(study, arm, target, row));
      cell.addEventListener("click", () => state.choose({ arm, target }));
    });
  });
  enter(svg);
}

// The rows of the forest and of the leave-one-family-out strip: every cell if they fit, otherwise a slice.
function slices(study, state) {
  const groups = [];
  if (state.target !== ALL) groups.push([targetName(state.target), study.intermediates.map((arm) => [arm, state.target])]);
  else if (study.targets.length * study.intermediates.length <= 48) {
    for (const target of study.targets) groups.push([targetName(target), study.intermediates.map((arm) => [arm, target])]);
  } else groups.push([armName(state.arm), study.targets.map((target) => [state.arm, target])]);
  if (state.target === ALL && state.distance === PRIMARY) {
    const arms = groups.length > 1 || study.targets.length === 1 ? study.intermediates : [state.arm];
    groups.push(["Pooled over targets (standardised slope)", arms.map((arm) => [arm, ALL])]);
  }
  return groups;
}

function strip(host, groups, title, name, draw) {
  const wide = host.clientWidth > 620, rows = groups.reduce((sum, [, cells]) => sum + cells.length, 0);
  const height = rows * 19 + groups.length * 24 + 34, right = wide ? 170 : 12;
  const svg = drawing(host, host.clientWidth, height, title);
  const box = { left: room(groups.flatMap(([heading, cells]) => cells.map((cell) => name(cell, heading)))), right: host.clientWidth - right, top: 4, bottom: height - 28 };
  const x = scale([-1, 1], [box.left, box.right]);
  axes(svg, box, { x, xDomain: [-1, 1], xTicks: wide ? 8 : 4, xSigned: true });
  make("text", { x: (box.left + box.right) / 2, y: height - 3, class: "axis middle" }, svg, "slope of gain on distance, SD per SD");
  let y = 2;
  for (const [heading, cells] of groups) {
    y += 18;
    make("text", { x: 0, y, class: "title small" }, svg, heading);
    y += 6;
    for (const cell of cells) {
      make("text", { x: box.left - 6, y: y + 13, class: "tick end" }, svg, name(cell, heading));
      const written = draw(svg, x, y + 9.5, cell, box);
      if (wide && written) make("text", { x: box.right + 8, y: y + 13, class: "code" }, svg, written);
      y += 19;
    }
  }
  enter(svg);
}

const rowName = (study) => ([arm, target], heading) => (heading === armName(arm) && target !== ALL ? targetName(target) : armName(arm));
const clip = (value) => Math.max(-1, Math.min(1, value));

function forest(host, study, state) {
  strip(host, slices(study, state), "Forest plot of slopes", rowName(study), (svg, x, y, [arm, target], box) => {
    if (target === ALL) return diamond(svg, x, y, study, arm, state);
    const row = study.correlations[cellKey(arm, target, state)];
    if (!row || !known(row[R.r])) return "not computed";
    const blind = row[R.smallest], ceiling = row[R.ceiling];
    if (known(blind)) make("rect", { x: x(-blind), width: x(blind) - x(-blind), y: y - 8, height: 16, class: "blind" }, svg);
    if (known(ceiling) && ceiling < 1) {
      make("rect", { x: box.left, width: x(-ceiling) - box.left, y: y - 8, height: 16, fill: "url(#hatch)", class: "over" }, svg);
      make("rect", { x: x(ceiling), width: box.right - x(ceiling), y: y - 8, height: 16, fill: "url(#hatch)", class: "over" }, svg);
    }
    if (known(row[R.low])) make("line", { x1: x(clip(row[R.low])), x2: x(clip(row[R.high])), y1: y, y2: y, class: "bar" }, svg);
    const mark = make("rect", { x: x(clip(row[R.r])) - 4, y: y - 4, width: 8, height: 8, class: `mark estimate${row[R.tested] ? "" : " hollow"}` }, svg);
    explain(mark, `${armName(arm)} → ${targetName(target)}`, statisticPairs(study, arm, target, row));
    return `${rText(row[R.r])} ${interval(row[R.low], row[R.high])}  n ${row[R.n]}`;
  });
}

function diamond(svg, x, y, study, arm, state) {
  const row = study.pooled[`${arm}|${state.outcome}`];
  if (!row || !known(row[0])) return "not computed";
  const [slope, low, high, p, maxT, adjustment] = row, verdict = study.verdicts[`${arm}|${ALL}`];
  const ends = known(low) && known(high) ? [x(clip(low)), x(clip(high))] : [x(clip(slope)) - 5, x(clip(slope)) + 5];
  const corners = `${ends[0]},${y} ${x(clip(slope))},${y - 6} ${ends[1]},${y} ${x(clip(slope))},${y + 6}`;
  explain(make("polygon", { points: corners, class: "mark estimate pooled" }, svg), `${armName(arm)}, all targets`, [
    ["standardised slope", `${rText(slope)} ${interval(low, high)}`], ["model", adjustment], ["p, family-aware", pText(p)],
    ["max-T p over intermediates", pText(maxT)], ["verdict", verdict ? verdict[0] : "–"],
  ]);
  return `${rText(slope)} ${interval(low, high)}`;
}

function lofo(host, study, state) {
  const own = { ...state, distance: PRIMARY }, has = (arm, target) => study.lofo[[arm, target, state.outcome].join("|")] && (target === ALL || tested(study, arm, target));
  const groups = slices(study, own).map(([heading, cells]) => [heading, cells.filter((cell) => has(...cell))]).filter(([, cells]) => cells.length);
  if (!groups.length) return tag("p", { class: "absent" }, host, "Not shown: no target of this choice has enough languages for a test.");
  strip(host, groups, "Leave one family out", rowName(study), (svg, x, y, [arm, target]) => {
    const rows = (study.lofo[[arm, target, state.outcome].join("|")] || []).filter((row) => known(row[2]));
    const whole = rows.find((row) => row[0] === ""), rest = rows.filter((row) => row[0] !== "");
    if (!rest.length) return "not computed";
    const ends = rest.map((row) => clip(row[2])), low = Math.min(...ends), high = Math.max(...ends);
    make("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: "whisker" }, svg);
    if (whole) make("line", { x1: x(clip(whole[2])), x2: x(clip(whole[2])), y1: y - 7, y2: y + 7, class: "raw" }, svg);
    for (const [name, n, estimate, left, right] of rest) {
      const family = DATA.families.findIndex((row) => row[0] === name);
      explain(symbol(svg, family, x(clip(estimate)), y, 4.2), `${armName(arm)} → ${targetName(target)} without ${name}`, [
        ["estimate", `${rText(estimate)} ${interval(left, right)}`], ["languages left", write(n, 0)], ["with every family", whole ? rText(whole[2]) : "–"],
      ]);
    }
    return `${rText(low)} to ${rText(high)}`;
  });
}

// Targets with fewer than ten languages show points and no test, so they have no curves of estimates either.
const tested = (study, arm, target) => ((study.correlations[[arm, target, "points", PRIMARY].join("|")] || [])[R.tested] || 0) === 1;

// --- specification curve -----------------------------------------------------------------------------------------

const CHOICES = ["outcome", "distance", "covariates", "languages", "method"];

function specification(host, study, state) {
  const size = (name) => (tested(study, state.arm, name) ? study.points[`${state.arm}|${name}`].length : 0);
  const target = state.target !== ALL ? state.target : [...study.targets].sort((a, b) => size(b) - size(a))[0];
  const cells = study.specification.cells[`${state.arm}|${target}`] || [];
  const rows = cells.map((cell, index) => [cell, index]).filter(([cell]) => cell).sort((a, b) => a[0][0] - b[0][0]);
  if (!rows.length || !size(target)) return tag("p", { class: "absent" }, host, `Not shown for ${armName(state.arm)} → ${targetName(target)}: too few languages.`);
  const primary = rows.find(([, index]) => index === study.specification.primary);
  const same = primary ? rows.filter(([cell]) => Math.sign(cell[0]) === Math.sign(primary[0][0])).length : 0;
  const clear = rows.filter(([cell]) => known(cell[1]) && cell[1] * cell[2] > 0).length;
  tag("p", { class: "count" }, host, `${armName(state.arm)} → ${targetName(target)}${state.target === ALL ? " (the target with most languages; choose another above)" : ""}: ` +
    `${rows.length} specifications, ${same} with the sign of the primary one, ${clear} whose naive interval leaves out zero.`);
  const rank = (name) => ["points", "none", "all", ...Object.keys(DATA.distances), "pearson"].indexOf(name);
  const levels = CHOICES.map((_, column) => [...new Set(rows.map(([, index]) => study.specification.choices[index][column]))].sort((a, b) => (rank(a) < 0) - (rank(b) < 0) || rank(a) - rank(b) || (a < b ? -1 : 1)));
  const gutter = host.clientWidth > 620 ? 178 : 118, curve = 190, height = curve + levels.reduce((sum, names) => sum + names.length * 14 + 18, 12);
  const svg = drawing(host, host.clientWidth, height, "Specification curve");
  const box = { left: gutter, right: host.clientWidth - 6, top: 8, bottom: curve - 8 };
  const x = scale([-0.5, rows.length - 0.5], [box.left, box.right]), y = scale([-1, 1], [box.bottom, box.top]);
  axes(svg, box, { y, yDomain: [-1, 1] });
  axisName(svg, gutter - 42, (box.top + box.bottom) / 2, "correlation or slope (−1 to 1)");
  make("path", { class: "whisker fine", d: rows.filter(([cell]) => known(cell[1])).map(([cell], at) => `M${x(at).toFixed(1)},${y(clip(cell[1] / 1000)).toFixed(1)}V${y(clip(cell[2] / 1000)).toFixed(1)}`).join("") }, svg);
  rows.forEach(([[estimate, low, high, n], index], at) => {
    const first = index === study.specification.primary, choice = study.specification.choices[index];
    const mark = make("circle", { cx: x(at).toFixed(1), cy: y(clip(estimate / 1000)).toFixed(1), r: first ? 5 : rows.length > 150 ? 1.8 : 3, class: `mark estimate dot${first ? " primary" : ""}` }, svg);
    const pairs = CHOICES.map((name, column) => [name, spell(choice[column])]);
    explain(mark, first ? "The primary specification" : "One specification", [["estimate", `${rText(estimate / 1000)} ${interval(known(low) ? low / 1000 : null, known(high) ? high / 1000 : null)} (naive)`], ["languages in it", String(n)], ...pairs]);
  });
  let top = curve;
  levels.forEach((names, column) => {
    make("text", { x: 0, y: top + 10, class: "title small" }, svg, CHOICES[column]);
    top += 14;
    for (const name of names) {
      make("text", { x: gutter - 6, y: top + 10.5, class: "tick end" }, svg, spell(name));
      const d = rows.map(([, index], at) => (study.specification.choices[index][column] === name ? `M${x(at).toFixed(1)},${top + 1}v11` : "")).join("");
      make("path", { d, class: "barcode", "stroke-width": Math.max(0.7, Math.min(5, (box.right - box.left) / rows.length - 0.4)).toFixed(1) }, svg);
      top += 14;
    }
    top += 4;
  });
  enter(svg);
}

function spell(name) {
  const words = { error_reduction: "error reduction", log_cc100: "log CC-100", "log_cc100+latin": "CC-100, script", latin: "script", pretrained_only: "pretrained only", without_indo_european: "without Indo-Eur." };
  return words[name] || name.replaceAll("_", " ");
}

// --- coverage ----------------------------------------------------------------------------------------------------

function coverage(host) {
  const codes = Object.keys(DATA.languages).filter((code) => code !== ENGLISH);
  const features = (code, name) => (DATA.distances[name].values[code] || [null, null, null])[2];
  const rows = DATA.groups.filter((name) => codes.some((code) => features(code, name) > 0));
  const most = Object.fromEntries(rows.map((name) => [name, Math.max(...codes.map((code) => features(code, name) || 0))]));
  const sorted = [...codes].sort((a, b) => features(a, rows[0]) - features(b, rows[0]) || (a < b ? -1 : 1));
  const across = host.clientWidth > 900, gutter = across ? 190 : 64;
  const size = across ? (host.clientWidth - gutter) / sorted.length : (host.clientWidth - gutter) / rows.length;
  const head = across ? 30 : 128, step = across ? 30 : 15;
  const svg = drawing(host, host.clientWidth, head + (across ? rows.length * step : sorted.length * step) + 6, "Known features of each language");
  const spot = (code, name) => (across ? [gutter + sorted.indexOf(code) * size, head + rows.indexOf(name) * step, size, step] : [gutter + rows.indexOf(name) * size, head + sorted.indexOf(code) * step, size, step]);
  for (const name of rows) {
    const [left, top] = spot(sorted[0], name);
    if (across) make("text", { x: gutter - 6, y: top + 19, class: "tick end" }, svg, DATA.distances[name].label);
    else make("text", { x: left + size / 2 + 3, y: head - 5, class: "tick", transform: `rotate(-90 ${left + size / 2 + 3} ${head - 5})` }, svg, name.replaceAll("_", " "));
  }
  for (const code of sorted) {
    const [left, top] = spot(code, rows[0]);
    if (across) make("text", { x: left + size / 2, y: head - 6, class: "code middle" }, svg, code);
    else make("text", { x: gutter - 6, y: top + 11, class: "tick end" }, svg, code);
    for (const name of rows) {
      const [value, shared, count] = DATA.distances[name].values[code] || [null, null, null], [x, y, w, h] = spot(code, name);
      const cell = make("rect", { x: x + 0.5, y: y + 0.5, width: w - 1, height: h - 1, class: "cell", fill: "var(--larger)", "fill-opacity": (0.06 + (0.64 * (count || 0)) / most[name]).toFixed(2) }, svg);
      if (!known(value)) make("rect", { x: x + 0.5, y: y + 0.5, width: w - 1, height: h - 1, fill: "url(#hatch)", class: "over" }, svg);
      make("text", { x: x + w / 2, y: y + h / 2 + 3.5, class: "count middle over" }, svg, write(count, 0));
      explain(cell, `${DATA.languages[code][0]} (${code}), ${DATA.distances[name].label}`, [
        ["features known", write(count, 0)], ["shared with English", write(shared, 0)], ["distance", known(value) ? write(value, 3) : "not used: too few features"],
      ]);
    }
  }
  enter(svg);
}
