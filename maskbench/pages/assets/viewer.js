// The image viewer: panes in #stage that zoom and move together, the slider between two pictures,
// outlines of regions, and the pixel under a click (the event "pixel" of the stage, detail [x, y]).
// A page sets view.size and fills the stage with .pane > .layers; it has the controls #divider,
// #opacity, #zoom-in, #zoom-out, #zoom-fit and #zoom-value.
const view = { size: null, scale: 1, x: 0, y: 0, fitted: true, divider: 50, marker: null };
const stage = byId("stage");
const SVG = "http://www.w3.org/2000/svg";

function image(src, kind, alt) {
  return make("img", { src, class: kind, alt, draggable: "false", decoding: "async" });
}

// Return pictures that lie on each other; size: width and height of a mask in pixels.
function layered([width, height], side, ...pictures) {
  const box = make("div", { class: "layers" }, ...pictures);
  box.style.width = `${width}px`;
  box.style.height = `${height}px`;
  box.dataset.side = side;
  return box;
}

// As high as the picture needs, within the window.
function heighten() {
  const number = stage.children.length;
  if (matchMedia("(max-width: 860px)").matches) { stage.style.height = ""; return; }
  const wide = (stage.clientWidth - 8 * (number - 1)) / number;
  const most = Math.max(300, Math.min(innerHeight * 0.62, 720));
  stage.style.height = `${Math.round(Math.min(most, Math.max(240, (wide * view.size[1]) / view.size[0] + 2)))}px`;
}

function pane() { return stage.querySelector(".pane"); }

function fit() {
  const box = pane().getBoundingClientRect();
  const [width, height] = view.size;
  view.scale = Math.min((box.width - 2) / width, (box.height - 2) / height);
  view.x = (box.width - 2 - width * view.scale) / 2;
  view.y = (box.height - 2 - height * view.scale) / 2;
}

function place() {
  if (!view.size || !pane()) return;
  if (view.fitted) fit();
  for (const box of stage.querySelectorAll(".layers")) {
    const grown = view.size[0] / parseFloat(box.style.width);
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

function marker([x, y]) {
  return ["marker under", "marker"].map((kind) => {
    const shape = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width: 1, height: 1, class: kind })) shape.setAttribute(name, value);
    return shape;
  });
}

function fitAgain() { view.fitted = true; place(); }

function opacity(by) {
  byId("opacity").value = Number(byId("opacity").value) + by;
  place();
}

function pixelAt(event, over) {
  const box = over.querySelector(".layers:not([hidden])");
  const frame = over.getBoundingClientRect();
  const grown = view.size[0] / parseFloat(box.style.width);
  const x = Math.floor((event.clientX - frame.left - 1 - view.x) / (view.scale * grown));
  const y = Math.floor((event.clientY - frame.top - 1 - view.y) / (view.scale * grown));
  const inPicture = x >= 0 && y >= 0 && x < parseFloat(box.style.width) && y < parseFloat(box.style.height);
  return inPicture ? [x, y] : null;
}

function setDivider(percentage) {
  view.divider = Math.min(Math.max(percentage, 0), 100);
  byId("divider").value = view.divider;
  place();
}

let drag = null;
stage.addEventListener("pointerdown", (event) => {
  const over = event.target.closest(".pane");
  if (!over || event.button !== 0) return;
  drag = { x: event.clientX, y: event.clientY, far: false, pane: over, divider: event.target.classList.contains("divider") };
  over.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (drag.divider) {
    const frame = drag.pane.getBoundingClientRect();
    setDivider((100 * (event.clientX - frame.left)) / frame.width);
    return;
  }
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.far && Math.hypot(dx, dy) < 4) return;
  drag.far = true;
  drag.pane.classList.add("dragging");
  move(dx, dy);
  Object.assign(drag, { x: event.clientX, y: event.clientY });
});
stage.addEventListener("pointerup", (event) => {
  const done = drag;
  drag = null;
  if (!done) return;
  done.pane.classList.remove("dragging");
  if (done.far || done.divider) return;
  const at = pixelAt(event, done.pane);
  if (!at) return;
  view.marker = at;
  stage.dispatchEvent(new CustomEvent("pixel", { detail: at }));
});
stage.addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("wheel", (event) => {
  const over = event.target.closest(".pane");
  if (!over) return;
  event.preventDefault();
  const frame = over.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), [event.clientX - frame.left - 1, event.clientY - frame.top - 1]);
}, { passive: false });
addEventListener("resize", () => { if (view.size && pane()) { heighten(); place(); } });
byId("zoom-in").addEventListener("click", () => zoom(1.25));
byId("zoom-out").addEventListener("click", () => zoom(0.8));
byId("zoom-fit").addEventListener("click", fitAgain);
byId("opacity").addEventListener("input", place);
byId("divider").addEventListener("input", () => setDivider(Number(byId("divider").value)));
