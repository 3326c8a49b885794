// Events: keys and buttons; then the page starts.
stage.addEventListener("pixel", (event) => {
  tell(state.chosen, ...event.detail);
  drawOutlines(state.chosen);
});

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
byId("outlines").addEventListener("change", () => drawOutlines(state.chosen));
byId("pause").addEventListener("click", () => pause(!view.paused));

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
