// The pictures: panes, zoom, slider, blink, regions, and the tables beside them.
const view = { mode: "side", scale: 1, x: 0, y: 0, fitted: true, divider: 50, swapped: false, paused: false, lit: null, marker: null };
const stage = byId("stage");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const source = (item, name) => `images/${item.n}-${name}`;
const SVG = "http://www.w3.org/2000/svg";

function panes(item) {
  const before = { title: "Before", side: "before", layers: ["scene", "classes"] };
  const after = { title: "After", side: "after", layers: ["scene", "classes"] };
  const difference = { title: "Difference", side: "after", layers: ["scene", "difference"] };
  if (item.status !== "changed") return [item.status === "added" ? after : before];
  const usual = { side: [before, after, difference], slider: [before], blink: [before], difference: [difference] };
  return usual[view.mode];
}

function image(src, kind, alt) {
  return make("img", { src, class: kind, alt, draggable: "false", decoding: "async" });
}

function layers(item, pane) {
  const old = pane.side === "before";
  const ownScene = old && (item.scene_before || item.status === "removed");
  const found = [image(source(item, ownScene ? "scene-before.jpg" : "scene.jpg"), pane.layers[1] === "difference" ? "dim" : "", `${item.key}, the image`)];
  if (pane.layers[1] === "classes") found.push(image(source(item, `${pane.side}.png`), "pixels classes", `classes ${pane.title.toLowerCase()}`));
  else if (item.comparable) found.push(image(source(item, "difference.png"), "pixels", "changed pixels"));
  const [width, height] = old && item.size_before ? item.size_before : item.size;
  const box = make("div", { class: "layers" }, ...found);
  box.style.width = `${width}px`;
  box.style.height = `${height}px`;
  box.dataset.side = pane.side;
  return box;
}

function build(item) {
  const made = panes(item).map((pane) => {
    const element = make("div", { class: "pane" }, make("h3", {}, pane.title), layers(item, pane));
    if (pane.layers[1] === "difference" && !item.comparable) element.append(make("div", { class: "nothing" }, "The image's size changed: pixels cannot be compared."));
    return element;
  });
  if (view.mode === "blink" && item.status === "changed") {
    made[0].append(layers(item, { title: "After", side: "after", layers: ["scene", "classes"] }));
    made[0].querySelector("h3").setAttribute("aria-live", "off");
  }
  if (view.mode === "slider" && item.status === "changed") {
    const over = layers(item, { title: "After", side: "after", layers: ["scene", "classes"] });
    made[0].querySelector("h3").textContent = "Before | After";
    made[0].append(make("div", { class: "over" }, over), make("div", { class: "divider" }));
    const cover = made[0].querySelector(".over");
    Object.assign(cover.style, { position: "absolute", inset: "0", pointerEvents: "none" });
  }
  stage.replaceChildren(...made);
  blink();
  heighten(item, made.length);
  place();
  drawOutlines(item);
}

// Both pictures stay in place and are shown in turn, so that nothing flickers.
function blink() {
  if (view.mode !== "blink" || !state.chosen || state.chosen.status !== "changed") return;
  const [before, after] = stage.querySelectorAll(".layers");
  before.hidden = view.swapped;
  after.hidden = !view.swapped;
  stage.querySelector("h3").textContent = view.swapped ? "After" : "Before";
}

// As high as the picture needs, within the window.
function heighten(item, number) {
  if (matchMedia("(max-width: 860px)").matches) { stage.style.height = ""; return; }
  const wide = (stage.clientWidth - 8 * (number - 1)) / number;
  const most = Math.max(300, Math.min(innerHeight * 0.62, 720));
  stage.style.height = `${Math.round(Math.min(most, Math.max(240, (wide * item.size[1]) / item.size[0] + 2)))}px`;
}

function pane() { return stage.querySelector(".pane"); }

function fit(item) {
  const box = pane().getBoundingClientRect();
  const [width, height] = item.size;
  view.scale = Math.min((box.width - 2) / width, (box.height - 2) / height);
  view.x = (box.width - 2 - width * view.scale) / 2;
  view.y = (box.height - 2 - height * view.scale) / 2;
}

function place() {
  const item = state.chosen;
  if (!item || !pane()) return;
  if (view.fitted) fit(item);
  for (const box of stage.querySelectorAll(".layers")) {
    const grown = item.size[0] / parseFloat(box.style.width);
    box.style.setProperty("--zoom", view.scale * grown);
    box.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale * grown})`;
  }
  byId("zoom-value").textContent = `${Math.round(100 * view.scale)} %`;
  const cover = stage.querySelector(".over");
  if (cover) {
    cover.style.clipPath = `inset(0 0 0 ${view.divider}%)`;
    stage.querySelector(".divider").style.left = `${view.divider}%`;
  }
  stage.style.setProperty("--opacity", byId("opacity").value / 100);
}

function zoom(factor, at) {
  const box = pane().getBoundingClientRect();
  const [x, y] = at || [box.width / 2, box.height / 2];
  const scale = Math.min(Math.max(view.scale * factor, 0.05), 64);
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  view.fitted = false;
  place();
}

function move(dx, dy) {
  view.x += dx;
  view.y += dy;
  view.fitted = false;
  place();
}

function outline(region, kinds) {
  const found = [];
  for (const kind of kinds) {
    const shape = document.createElementNS(SVG, "path");
    const points = region.ring ? pairs(region.ring).map((point) => point.join(",")).join("L") : "";
    shape.setAttribute("d", region.ring ? `M${points}Z` : rowPath(region.rows || []));
    shape.setAttribute("class", `outline ${kind}`);
    found.push(shape);
  }
  return found;
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

function rowPath(rows) {
  let path = "";
  for (let i = 0; i < rows.length; i += 3) path += `M${rows[i + 1]},${rows[i]}v1M${rows[i + 2]},${rows[i]}v1`;
  return path;
}

// Region outlines (all, or only the one that is pointed at) and the pixel that was clicked.
function drawOutlines(item) {
  itemData(item).then((found) => {
    if (state.chosen !== item) return;
    for (const box of stage.querySelectorAll(".layers")) {
      box.querySelector("svg")?.remove();
      const side = found[box.dataset.side];
      if (!side) continue;
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", `0 0 ${side.size[0]} ${side.size[1]}`);
      svg.setAttribute("aria-hidden", "true");
      const changed = new Set((item.regions || []).map((entry) => entry[1]));
      for (const region of side.regions) {
        const lit = region.id === view.lit;
        if (!lit && !byId("outlines").checked) continue;
        svg.append(...outline(region, ["under", lit ? "lit" : changed.has(region.id) ? "changed" : ""]));
      }
      if (view.marker) svg.append(...marker(view.marker));
      box.append(svg);
    }
  }).catch(() => { /* the click tells */ });
}

function marker([x, y]) {
  return ["marker under", "marker"].map((kind) => {
    const shape = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width: 1, height: 1, class: kind })) shape.setAttribute(name, value);
    return shape;
  });
}

function legend(item) {
  const colour = new Map(data.classes.map((entry) => [entry.name, entry.colour]));
  const entry = (text, shade) => {
    const box = make("span", { class: "swatch" });
    box.style.background = shade;
    return make("span", {}, box, text);
  };
  const classes = item.iou ? item.iou.map((row) => row[0]) : item.touched;
  const found = classes.filter((name) => name !== data.classes[0].name).map((name) => entry(name, colour.get(name)));
  if (item.status === "changed") {
    const words = [`was ${data.classes[0].name}`, `is ${data.classes[0].name} now`, "other class"];
    found.push(make("span", {}, "Difference: "), ...words.map((word, i) => entry(word, data.difference[i + 1])));
  }
  byId("legend").replaceChildren(...found);
}

function table(title, columns, rows, alarm) {
  if (!rows.length) return [];
  const right = columns.map((name) => (name.startsWith(">") ? "number" : null));
  const head = make("tr", {}, ...columns.map((name, i) => make("th", { scope: "col", class: right[i] }, name.replace(">", ""))));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: right[i] }, cell))));
  return [make("h3", {}, title), make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)))];
}

function regionRow([kind, id, shape, before, after]) {
  const light = (on) => () => { view.lit = on ? id : null; drawOutlines(state.chosen); };
  const name = make("button", { type: "button", class: "link", on: { mouseenter: light(true), mouseleave: light(false), focus: light(true), blur: light(false) } }, `${shape} ${id}`);
  const labels = before.length && after.length && before.join() !== after.join() ? `${before.join(" + ")} → ${after.join(" + ")}` : (after.length ? after : before).join(" + ");
  return [kind, labels, id ? name : ""];
}

function details(item) {
  const why = item.causes.map(([kind, name, pixels]) => [data.causes[kind], name, count(pixels)]);
  if (item.moved) why.push(["moved between splits", `${item.moved[0]} → ${item.moved[1]}: ${item.moved[2]}`, ""]);
  byId("why").className = item.alarm ? "alarm" : "";
  byId("why").replaceChildren(...table("Why", ["cause", "which", ">pixels"], why));
  const regions = item.regions || [];
  byId("regions").replaceChildren(...table("Regions", ["what", "labels", "region"], regions.map(regionRow)));
  if (item.by && regions.length) byId("regions").append(make("p", { class: "hint" }, `saved by ${item.by}`));
  byId("transitions").replaceChildren(...table("Pixels that moved", ["from", "to", ">pixels"], (item.transitions || []).map(([a, b, n]) => [a, b, count(n)])));
  const score = (share) => (share === null ? "-" : (Math.floor(share * 1000) / 1000).toFixed(3));
  byId("scores").replaceChildren(...table("Classes", ["class", ">before", ">after", ">IoU"], (item.iou || []).map(([name, a, b, share]) => [name, count(a), count(b), score(share)])));
}

function show(item) {
  Object.assign(view, { fitted: true, lit: null, marker: null, swapped: false });
  byId("name").textContent = item.key;
  const size = item.size_before && item.size_before.join() !== item.size.join() ? `${item.size_before.join(" × ")} → ${item.size.join(" × ")}` : item.size.join(" × ");
  const task = item.link ? make("a", { href: item.link, target: "_blank", rel: "noopener noreferrer" }, `task ${item.task}`) : `task ${item.task}`;
  const changed = item.status === "changed" ? `${percent(item.share)} of pixels changed · ` : `image ${item.status} · `;
  byId("facts").replaceChildren(`${changed}${size} · ${item.split} · `, task);
  const hint = make("p", { class: "hint" }, "Click a pixel to learn which region, label and rule gave it its class.");
  byId("pixel").replaceChildren(make("h3", {}, "Pixel"), hint);
  legend(item);
  details(item);
  mode(view.mode);
}

function mode(name) {
  view.mode = name;
  for (const button of byId("modes").children) {
    const chosen = button.dataset.mode === name;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  byId("divider-label").hidden = name !== "slider";
  byId("pause").hidden = name !== "blink";
  if (state.chosen) build(state.chosen);
}
