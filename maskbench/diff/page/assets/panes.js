// What the viewer shows of an image: its panes, legend, regions, and the tables beside them.
Object.assign(view, { mode: "side", swapped: false, paused: false, lit: null });
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const source = (item, name) => `images/${item.n}-${name}`;

function panes(item) {
  const before = { title: "Before", side: "before", layers: ["scene", "classes"] };
  const after = { title: "After", side: "after", layers: ["scene", "classes"] };
  const difference = { title: "Difference", side: "after", layers: ["scene", "difference"] };
  if (item.status !== "changed") return [item.status === "added" ? after : before];
  const usual = { side: [before, after, difference], slider: [before], blink: [before], difference: [difference] };
  return usual[view.mode];
}

function layers(item, pane) {
  const old = pane.side === "before";
  const ownScene = old && (item.scene_before || item.status === "removed");
  const found = [image(source(item, ownScene ? "scene-before.jpg" : "scene.jpg"), pane.layers[1] === "difference" ? "dim" : "", `${item.key}, the image`)];
  if (pane.layers[1] === "classes") found.push(image(source(item, `${pane.side}.png`), "pixels classes", `classes ${pane.title.toLowerCase()}`));
  else if (item.comparable) found.push(image(source(item, "difference.png"), "pixels", "changed pixels"));
  return layered(old && item.size_before ? item.size_before : item.size, pane.side, ...found);
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
  heighten();
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
    const background = data.classes[0].name;
    found.push(
      make("span", {}, "Difference: "),
      entry(`was ${background}`, "var(--gained)"),
      entry(`is ${background} now`, "var(--lost)"),
      entry("other class", "var(--other-class)"),
    );
  }
  byId("legend").replaceChildren(...found);
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
  Object.assign(view, { size: item.size, fitted: true, lit: null, marker: null, swapped: false });
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
