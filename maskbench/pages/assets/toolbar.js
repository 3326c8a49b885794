// The viewer's tool bar: modes, what is shown, opacity, zoom. It follows the viewer's state.
import { make } from "pages/elements.js";

/** @typedef {import("pages/viewer.js").Viewer} Viewer */

/** Return the tool bar's element and a function that shows the viewer's state in it. @param {Viewer} viewer */
export function toolbar(viewer) {
  const modes = make("div", { class: "segments", role: "radiogroup", "aria-label": "View" },
    ...viewer.modes.map((mode, i) => make("button", { type: "button", role: "radio", "data-mode": mode.id,
      title: String(i + 1), on: { click: () => viewer.setMode(mode.id) } }, mode.title)));
  modes.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => turn(viewer, modes, event));
  const divider = range("Divider", 50, (percentage) => viewer.setDivider(percentage));
  const pause = make("button", { type: "button", title: "Space", on: { click: () => viewer.pause() } }, "Pause");
  const scene = check("Image", "i", () => viewer.toggle("scene"));
  const layer = check("Mask", "m", () => viewer.toggle("layer"));
  const opacity = range("Opacity", 60, (percentage) => viewer.setOpacity(percentage / 100));
  const outlines = check("Regions", "r", () => viewer.toggle("outlines"));
  const patterns = check("Patterns", "h", () => viewer.togglePatterns());
  const value = make("output", { "aria-live": "off", class: "zoom-value" }, "100 %");
  const zoom = make("div", { class: "zoom", role: "group", "aria-label": "Zoom" },
    button("−", "Zoom out", "-", () => viewer.zoom(0.8)), value, button("+", "Zoom in", "+", () => viewer.zoom(1.25)),
    button("Fit", "Fit the picture", "0", () => viewer.fit()), button("1:1", "Actual size", "z", () => viewer.actualSize()));
  const element = make("div", { class: "toolbar", role: "toolbar", "aria-label": "How to look at the image" },
    modes, divider.label, pause, scene.label, layer.label, opacity.label, outlines.label, patterns.label, zoom);

  function update() {
    modes.hidden = viewer.modes.length < 2 || viewer.panes.length < 2;
    for (const entry of modes.children) {
      const isChosen = entry.dataset.mode === viewer.seenMode.id;
      entry.setAttribute("aria-checked", String(isChosen));
      entry.tabIndex = isChosen ? 0 : -1;
      entry.classList.toggle("only-wide", viewer.modes.find((mode) => mode.id === entry.dataset.mode)?.kind === "side");
    }
    divider.label.hidden = viewer.kind !== "slider";
    divider.input.value = String(viewer.divider);
    pause.hidden = viewer.kind !== "blink";
    pause.setAttribute("aria-pressed", String(viewer.isPaused));
    pause.textContent = viewer.isPaused ? "Paused" : "Pause";
    [scene.input.checked, layer.input.checked, outlines.input.checked] = [viewer.shown.scene, viewer.shown.layer, viewer.shown.outlines];
    outlines.label.hidden = !viewer.panes.some((pane) => pane.regions?.length);
    patterns.input.checked = viewer.look.patterns;
    opacity.input.value = String(Math.round(100 * viewer.look.opacity));
    value.textContent = `${Math.round(100 * viewer.place.scale)} %`;
  }
  return { element, update };
}

/** @param {string} text @param {string} label @param {string} key @param {() => void} click */
const button = (text, label, key, click) => make("button", { type: "button", "aria-label": label, title: `${label} (${key})`, on: { click } }, text);

/** @param {string} text @param {string} key @param {() => void} change */
function check(text, key, change) {
  const input = make("input", { type: "checkbox", on: { change } });
  return { input, label: make("label", { class: "check", title: key }, input, text) };
}

/** @param {string} text @param {number} value @param {(percentage: number) => void} action */
function range(text, value, action) {
  const input = make("input", { type: "range", min: "0", max: "100", value: String(value), "aria-label": `${text}, percent`,
    on: { input: () => action(Number(input.value)) } });
  return { input, label: make("label", { class: "range" }, text, input) };
}

/** Arrows turn the mode, as in every group of radio buttons. @param {Viewer} viewer @param {HTMLElement} modes @param {KeyboardEvent} event */
function turn(viewer, modes, event) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const next = (viewer.modes.indexOf(viewer.mode) + by + viewer.modes.length) % viewer.modes.length;
  viewer.setMode(viewer.modes[next].id);
  /** @type {HTMLElement} */ (modes.children[next]).focus();
}
