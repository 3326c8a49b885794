// Events: pointers, keys, buttons; then the page starts.
function pixelAt(event, over) {
  const box = over.querySelector(".layers:not([hidden])");
  const frame = over.getBoundingClientRect();
  const grown = state.chosen.size[0] / parseFloat(box.style.width);
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
  tell(state.chosen, ...at);
  drawOutlines(state.chosen);
});
stage.addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("wheel", (event) => {
  const over = event.target.closest(".pane");
  if (!over) return;
  event.preventDefault();
  const frame = over.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), [event.clientX - frame.left - 1, event.clientY - frame.top - 1]);
}, { passive: false });
addEventListener("resize", () => { if (state.chosen) { heighten(state.chosen, stage.children.length); place(); } });

function swap() {
  if (!state.chosen || view.mode !== "blink") return;
  view.swapped = !view.swapped;
  blink();
}
setInterval(() => { if (!view.paused && !still && !byId("viewer").hidden) swap(); }, 800);

function pause(paused) {
  view.paused = paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").textContent = paused ? "Paused" : "Pause";
}

function fitAgain() { view.fitted = true; place(); }

const themes = ["system", "light", "dark"];
let theme = "system";
try { theme = localStorage.getItem("maskbench-theme") || theme; } catch { /* no storage on files */ }
function setTheme(name) {
  theme = themes.includes(name) ? name : "system";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme-icon").textContent = { system: "◐", light: "☀", dark: "☾" }[theme];
  byId("theme-button").setAttribute("aria-label", `Theme: ${theme === "system" ? "as the system" : theme}`);
  try { localStorage.setItem("maskbench-theme", theme); } catch { /* no storage on files */ }
}
const nextTheme = () => setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);

function opacity(by) {
  byId("opacity").value = Number(byId("opacity").value) + by;
  place();
}

const arrows = { ArrowLeft: [48, 0], ArrowRight: [-48, 0], ArrowUp: [0, 48], ArrowDown: [0, -48] };
const keys = {
  j: () => step(1), k: () => step(-1), "1": () => mode("side"), "2": () => mode("slider"), "3": () => mode("blink"),
  "4": () => mode("difference"), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fitAgain,
  "[": () => opacity(-10), "]": () => opacity(10), r: () => byId("outlines").click(), s: summary, t: nextTheme,
  "/": () => byId("find").focus(), "?": () => byId("help").showModal(), " ": () => { pause(true); swap(); },
};
document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (target.matches("input[type=search], select")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (arrows[event.key]) {
    if (target === stage && state.chosen) move(...arrows[event.key]);
    else if (target.classList.contains("card")) step(event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1);
    else if (target.getAttribute("role") === "radio") turnMode(event.key);
    else return;
    event.preventDefault();
    return;
  }
  if (event.key === " " && (target.matches("button:not(.card), input") || view.mode !== "blink")) return;
  const viewing = !byId("viewer").hidden;
  if (keys[event.key] && (viewing || "jkst/?".includes(event.key))) {
    event.preventDefault();
    keys[event.key]();
  }
});

function turnMode(key) {
  const buttons = [...byId("modes").children];
  const here = buttons.findIndex((button) => button.dataset.mode === view.mode);
  const by = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const next = buttons[(here + by + buttons.length) % buttons.length];
  mode(next.dataset.mode);
  next.focus();
}

for (const button of byId("modes").children) button.addEventListener("click", () => mode(button.dataset.mode));
for (const element of Object.values(filters)) element.addEventListener("change", fillList);
byId("order").addEventListener("change", fillList);
byId("find").addEventListener("input", fillList);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(fillList));
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("summary-button").addEventListener("click", () => (byId("summary").hidden ? summary() : step(0)));
byId("help-button").addEventListener("click", () => byId("help").showModal());
byId("theme-button").addEventListener("click", nextTheme);
byId("zoom-in").addEventListener("click", () => zoom(1.25));
byId("zoom-out").addEventListener("click", () => zoom(0.8));
byId("zoom-fit").addEventListener("click", fitAgain);
byId("opacity").addEventListener("input", place);
byId("divider").addEventListener("input", () => setDivider(Number(byId("divider").value)));
byId("outlines").addEventListener("change", () => drawOutlines(state.chosen));
byId("pause").addEventListener("click", () => pause(!view.paused));

setTheme(theme);
fillFilters();
fillList();
function follow() {
  const named = decodeURIComponent(location.hash.slice(1));
  const item = data.items.find((entry) => entry.key === named);
  if (item) choose(item);
  else summary();
}
addEventListener("hashchange", follow);
follow();
