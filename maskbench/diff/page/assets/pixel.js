// What a click tells: regions, labels, rule and class of a pixel, before and after.
const loaded = new Map();
function maskbenchItem(number, item) { loaded.set(number, item); }

// The data of an image, from a script beside the page (scripts load from files, fetches do not).
function itemData(item) {
  if (loaded.has(item.n)) return Promise.resolve(loaded.get(item.n));
  return new Promise((resolve, reject) => {
    const script = make("script", { src: `images/${item.n}.js` });
    script.onload = () => { script.remove(); resolve(loaded.get(item.n)); };
    script.onerror = () => { script.remove(); reject(new Error(`images/${item.n}.js cannot be read`)); };
    document.head.append(script);
  });
}

function classAt(side, x, y) {
  let left = y * side.size[0] + x;
  for (let i = 0; i < side.classes.length; i += 2) {
    left -= side.classes[i + 1];
    if (left < 0) return (data.classes[side.classes[i]] || { name: "(unnamed)" }).name;
  }
  return "";
}

// Non-zero winding, as Label Studio fills; the pixel's centre decides.
function inside(region, x, y) {
  if (region.rows) {
    for (let i = 0; i < region.rows.length; i += 3) {
      if (region.rows[i] === y && region.rows[i + 1] <= x && x < region.rows[i + 2]) return true;
    }
    return false;
  }
  const ring = region.ring, px = x + 0.5, py = y + 0.5;
  let winding = 0;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const x1 = ring[j], y1 = ring[j + 1], x2 = ring[i], y2 = ring[i + 1];
    if ((y1 <= py) === (y2 <= py)) continue;
    const cross = x1 + ((py - y1) / (y2 - y1)) * (x2 - x1);
    if (cross > px) winding += y2 > y1 ? 1 : -1;
  }
  return winding !== 0;
}

// The regions that decide: all, or with overlap top or smallest the winning one.
function deciding(hits, overlap) {
  if (overlap === "top") return hits.slice(-1);
  if (overlap === "smallest") return [...hits].sort((a, b) => a.pixels - b.pixels || hits.indexOf(b) - hits.indexOf(a)).slice(0, 1);
  return hits;
}

function reasonAt(side, version, x, y) {
  const hits = deciding((side.regions || []).filter((region) => inside(region, x, y)), version.overlap);
  const labels = [...new Set(hits.flatMap((region) => region.labels))].sort();
  const rule = version.rules.find(([, when]) => when.length === labels.length && when.every((label) => labels.includes(label)));
  const name = classAt(side, x, y);
  let why = "no region lies here";
  if (rule) why = `rule ${rule[0]}`;
  else if (labels.length === 1) why = "its only label";
  else if (labels.length) why = "combine.unmatched";
  const expected = rule ? rule[2] : labels.length === 1 ? labels[0] : null;
  if (expected !== null && expected !== name) why = `${why} would give ${expected}: an edge pixel, or look closer with maskbench blame`;
  return { name, why, hits };
}

function pixelFacts(item, name, side, version, x, y) {
  if (!side || x >= side.size[0] || y >= side.size[1]) return [];
  const reason = reasonAt(side, version, x, y);
  const regions = reason.hits.map((region) => `${region.labels.join(" + ")} (${region.shape} ${region.id})`).join(", ");
  return [[name, reason.name], ["because of", reason.why], ["regions", regions || "none"]];
}

// Quoted for a POSIX shell.
const quoted = (word) => (/^[\w.@/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function tell(item, x, y) {
  return itemData(item).then((found) => {
    const facts = [
      ...pixelFacts(item, "before", found.before, data.before, x, y),
      ...pixelFacts(item, "after", found.after, data.after, x, y),
    ];
    if (item.annotator) facts.push(["drawn by", `user ${item.annotator}${item.when ? `, saved ${item.when}` : ""}`]);
    const rev = data.after.revision ? ` --rev ${data.after.revision}` : "";
    const command = `maskbench blame ${quoted(item.key)} ${x} ${y}${rev}`;
    const list = make("dl", { class: "facts" });
    for (const [name, value] of facts) list.append(make("dt", {}, name), make("dd", {}, value));
    const since = make("p", { class: "hint" }, "Since which version: ", make("code", {}, command));
    byId("pixel").replaceChildren(make("h3", {}, `Pixel (${x}, ${y})`), list, since);
  }).catch((error) => {
    byId("pixel").replaceChildren(make("h3", {}, "Pixel"), make("p", { class: "hint" }, error.message));
  });
}
