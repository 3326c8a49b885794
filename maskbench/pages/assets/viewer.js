// The image viewer: panes that zoom and move together, what lies on them, and the tool bar.
// A page makes one in an element of its own and shows panes in it; see docs/pages.md.
import * as camera from "pages/camera.js";
import { make, makeSvg } from "pages/elements.js";
import { paint } from "pages/masks.js";
import { frameOf, marker, outline, picture } from "pages/picture.js";
import { listen } from "pages/pointer.js";
import { toolbar } from "pages/toolbar.js";

/** @typedef {import("pages/masks.js").Layer} Layer */
/** @typedef {import("pages/masks.js").Region} Region */

/**
 * @typedef {Object} Pane
 * @property {string} title
 * @property {[number, number]} size of the picture, in pixels
 * @property {string | null} scene address of the scene's picture
 * @property {Layer | null} layer what is painted over it
 * @property {(Region & {color?: string})[]} [regions] whose outlines can be drawn, in a colour of their own
 * @property {Set<string>} [changed] ids of regions whose outlines stand out
 * @property {string} [note] what is said instead of a picture
 */

/**
 * @typedef {Object} Mode A way to show the panes.
 * @property {string} id in addresses
 * @property {string} title
 * @property {"side" | "slider" | "blink" | "single"} kind slider and blink show the first two panes
 * @property {number} [pane] of kind single: which one
 */

/**
 * @typedef {Object} Events
 * @property {(at: [number, number]) => void} [pixel] a pixel was asked for
 * @property {(at: [number, number], pane: number) => string | null} [hover] returns what to say at the pointer
 * @property {() => void} [moved] mode, zoom or place changed
 */

const STEP = 48;
const BLINK = 800;

/** An image viewer in an element. */
export class Viewer {
  /**
   * @param {HTMLElement} element is filled with the tool bar and the panes
   * @param {Mode[]} modes the first is the usual one; with one mode there is no choice
   * @param {Events} events
   */
  constructor(element, modes, events = {}) {
    this.modes = modes;
    this.mode = modes[0];
    this.events = events;
    /** @type {Pane[]} */
    this.panes = [];
    this.place = { scale: 1, x: 0, y: 0, fitted: true };
    this.look = { opacity: 0.6, only: /** @type {number | null} */ (null), patterns: false };
    this.shown = { scene: true, layer: true, outlines: false };
    this.lit = /** @type {string | null} */ (null);
    this.marker = /** @type {[number, number] | null} */ (null);
    this.divider = 50;
    this.isPaused = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.isSwapped = false;
    this.narrow = matchMedia("(max-width: 860px)");
    this.narrow.addEventListener("change", () => this.build());
    this.stage = make("div", { class: "stage", tabindex: "0", role: "application",
      "aria-label": "Picture: plus and minus zoom, the arrow keys then move it, Enter shows the pixel in the middle" });
    this.tip = make("div", { class: "tip", hidden: true });
    this.tools = toolbar(this);
    element.append(this.tools.element, this.stage, this.tip);
    listen(this);
    setInterval(() => { if (!this.isPaused && !document.hidden && this.stage.offsetParent) this.swap(); }, BLINK);
    new ResizeObserver(() => this.refresh()).observe(this.stage);
  }

  /** The size that places are measured in: the last pane's, which is the newest version's. */
  get size() { return this.panes[this.panes.length - 1].size; }

  /** @returns {[number, number]} */
  get paneSize() {
    const pane = this.stage.querySelector(".pane");
    return pane ? [pane.clientWidth, pane.clientHeight] : [1, 1];
  }

  /**
   * Show panes. A zoom is kept where the size is the same as before.
   * @param {Pane[]} panes
   */
  show(panes) {
    const isSame = this.panes.length > 0 && this.size.join() === panes[panes.length - 1].size.join();
    this.panes = panes;
    this.lit = null;
    this.marker = null;
    this.look.only = null;
    if (!isSame) this.place.fitted = true;
    this.build();
  }

  /** Show nothing, with a reason. @param {string} why */
  clear(why) {
    this.panes = [];
    this.stage.replaceChildren(make("div", { class: "pane" }, make("p", { class: "nothing" }, why)));
  }

  /** @param {string} id */
  setMode(id) {
    this.mode = this.modes.find((mode) => mode.id === id) || this.modes[0];
    this.build();
    this.events.moved?.();
  }

  /** The mode that is seen: a phone has no room for panes side by side, and blinks, or shows one. */
  get seenMode() {
    const others = this.mode.kind === "side" && this.narrow.matches ? [...this.modes.filter((mode) => mode.kind === "blink"), ...this.modes.filter((mode) => mode.kind === "single")] : [];
    return others[0] || this.mode;
  }

  /** A single pane has one way to be seen. */
  get kind() { return this.panes.length < 2 ? "single" : this.seenMode.kind; }

  /** Build the panes again, after other panes or another mode. */
  build() {
    this.tools.update();
    if (!this.panes.length) return;
    const { kind } = this;
    this.stage.dataset.kind = kind;
    const single = this.panes.length > 1 && this.seenMode.kind === "single" ? this.seenMode.pane ?? 0 : this.panes.length - 1;
    const used = [...this.stage.querySelectorAll("canvas")]; // fresh ones take longer than painting
    const boxes = {
      side: () => this.panes.map((pane, i) => frameOf(pane.title, picture(pane, i, used))),
      slider: () => [frameOf(`${this.panes[0].title} | ${this.panes[1].title}`,
        picture(this.panes[0], 0, used), make("div", { class: "over" }, picture(this.panes[1], 1, used)), make("div", { class: "divider" }))],
      blink: () => [frameOf(this.panes[0].title, picture(this.panes[0], 0, used), picture(this.panes[1], 1, used))],
      single: () => [frameOf(this.panes[single].title, picture(this.panes[single], single, used))],
    }[kind]();
    this.stage.replaceChildren(...boxes);
    this.refresh();
    this.repaint();
    this.drawOutlines();
    this.blink();
  }

  /** Place the pictures; after zooming and moving. */
  refresh() {
    if (!this.panes.length) return;
    this.stage.style.setProperty("--ratio", String(this.size[0] / this.size[1]));
    const room = this.paneSize;
    this.place = this.place.fitted ? camera.fit(this.size, room) : camera.inSight(this.place, this.size, room);
    const { scale, x, y, fitted } = this.place;
    this.stage.classList.toggle("fitted", fitted);
    for (const box of this.pictures()) {
      const own = scale * (this.size[0] / this.panes[Number(box.dataset.pane)].size[0]);
      box.style.setProperty("--zoom", String(own));
      box.style.transform = `translate(${x}px, ${y}px) scale(${own})`;
      box.classList.toggle("enlarged", own >= 1);
    }
    this.stage.style.setProperty("--divider", `${this.divider}%`);
    this.tools.update();
  }

  /** @returns {HTMLElement[]} */
  pictures() { return [...this.stage.querySelectorAll(".picture")]; }

  /** Paint the layers; after another opacity, class or pattern was chosen. */
  repaint() {
    for (const box of this.pictures()) {
      const { layer, scene } = this.panes[Number(box.dataset.pane)];
      const canvas = box.querySelector("canvas");
      if (layer && canvas) paint(canvas, layer, this.look);
      if (canvas) canvas.hidden = !this.shown.layer;
      const photo = box.querySelector("img");
      if (photo) photo.hidden = !scene || !this.shown.scene;
      box.classList.toggle("covered", this.shown.layer && this.look.opacity > 0.15);
    }
    this.tools.update();
  }

  /** Draw the outlines (all, or only the region that is pointed at) and the marked pixel. */
  drawOutlines() {
    for (const box of this.pictures()) {
      box.querySelector("svg")?.remove();
      const { size, regions = [], changed } = this.panes[Number(box.dataset.pane)];
      const drawn = regions.filter((region) => this.shown.outlines || region.id === this.lit);
      const kind = (/** @type {Region} */ region) => (region.id === this.lit ? "lit" : changed?.has(region.id) ? "changed" : "");
      const shapes = drawn.flatMap((region) => outline(region, kind(region)));
      if (this.marker) shapes.push(...marker(this.marker));
      if (shapes.length) box.append(makeSvg("svg", { viewBox: `0 0 ${size[0]} ${size[1]}`, "aria-hidden": "true" }, ...shapes));
    }
  }

  /** @param {number} factor @param {[number, number]} [point] in the pane; else the middle */
  zoom(factor, point) {
    const room = this.paneSize;
    this.place = camera.zoom(this.place, factor, point || [room[0] / 2, room[1] / 2], this.size, room);
    this.changePlace();
  }

  /** @param {number} dx @param {number} dy */
  move(dx, dy) {
    this.place = { ...this.place, x: this.place.x + dx, y: this.place.y + dy, fitted: false };
    this.changePlace();
  }

  fit() { this.place.fitted = true; this.changePlace(); }

  /** Show a pixel of the picture as a pixel of the screen. */
  actualSize() { this.zoom(1 / (this.place.scale * devicePixelRatio)); }

  /** Show a part as large as possible. @param {[number, number, number, number]} box left, top, right, bottom */
  frame(box) { this.place = camera.frame(box, this.paneSize); this.changePlace(); }

  changePlace() { this.refresh(); this.events.moved?.(); }

  /** Put the pixel in the middle of the pane, at a scale. @param {[number, number]} at @param {number} scale */
  centre(at, scale) {
    const room = this.paneSize;
    this.place = { scale, x: room[0] / 2 - (at[0] + 0.5) * scale, y: room[1] / 2 - (at[1] + 0.5) * scale, fitted: false };
    this.refresh();
  }

  /** @param {number} share 0 to 1 */
  setOpacity(share) { this.look.opacity = Math.min(Math.max(share, 0), 1); this.repaint(); }

  /** @param {"scene" | "layer" | "outlines"} what */
  toggle(what) { this.shown[what] = !this.shown[what]; this.repaint(); this.drawOutlines(); }

  togglePatterns() { this.look.patterns = !this.look.patterns; this.repaint(); }

  /** Paint only one number of the layers; null: all. @param {number | null} number */
  isolate(number) { this.look.only = number; this.repaint(); }

  /** Outline one region; null: none. @param {string | null} id */
  light(id) { this.lit = id; this.drawOutlines(); }

  /** @param {number} percentage */
  setDivider(percentage) { this.divider = Math.min(Math.max(percentage, 0), 100); this.refresh(); }

  pause(isPaused = !this.isPaused) { this.isPaused = isPaused; this.tools.update(); }

  swap() {
    if (this.kind !== "blink") return;
    this.isSwapped = !this.isSwapped;
    this.blink();
  }

  /** Both pictures stay in place and are shown in turn, so that nothing flickers. */
  blink() {
    if (this.kind !== "blink") return;
    this.pictures().forEach((box, i) => { box.hidden = i === (this.isSwapped ? 0 : 1); });
    this.stage.querySelector("h3").textContent = this.panes[this.isSwapped ? 1 : 0].title;
  }

  /** Ask about a pixel, which is marked. @param {[number, number]} at */
  ask(at) { this.marker = at; this.drawOutlines(); this.events.pixel?.(at); }

  /** Ask about the pixel in the middle, for the keyboard. */
  askMiddle() {
    const room = this.paneSize;
    const [x, y] = [(room[0] / 2 - this.place.x) / this.place.scale, (room[1] / 2 - this.place.y) / this.place.scale].map(Math.floor);
    if (x >= 0 && y >= 0 && x < this.size[0] && y < this.size[1]) this.ask([x, y]);
  }

  /** The keys of the viewer: what each does, and its words in the help. @returns {import("pages/keys.js").Keys} */
  keys() {
    const modes = this.modes.length < 2 ? [] : this.modes.map((mode, i) => [String(i + 1), mode.title.toLowerCase(), () => this.setMode(mode.id)]);
    return /** @type {any} */ ([
      ...modes,
      ["+ =", "zoom in (or the wheel, or two fingers)", () => this.zoom(1.25)],
      ["- _", "zoom out", () => this.zoom(0.8)],
      ["0", "fit the picture into the pane", () => this.fit()],
      ["z", "one pixel of the picture a pixel of the screen", () => this.actualSize()],
      ["[", "fainter classes", () => this.setOpacity(this.look.opacity - 0.1)],
      ["]", "stronger classes", () => this.setOpacity(this.look.opacity + 0.1)],
      ["i", "image on, off", () => this.toggle("scene")],
      ["m", "mask on, off", () => this.toggle("layer")],
      ["r", "outlines of regions on, off", () => this.toggle("outlines")],
      ["h", "patterns beside colours on, off", () => this.togglePatterns()],
      ...(this.modes.some((mode) => mode.kind === "blink") ? [[" ", "swap (blink)", () => { this.pause(true); this.swap(); }]] : []),
    ]);
  }

  /** The keys that count while the picture has the focus. @param {string} key @returns {boolean} whether it was one */
  pressed(key) {
    /** @type {Record<string, [number, number]>} */
    const arrows = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (key in arrows && !this.place.fitted) this.move(...arrows[key]);
    else if (key === "Enter") this.askMiddle();
    else return false;
    return true;
  }
}
