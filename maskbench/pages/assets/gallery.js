// What pages with many images share: a list that filters choose from, the image that is open, other
// views, the address, the keys, and triage. A page brings the list, and draws an image.
import { onAddress, readAddress, writeAddress } from "pages/address.js";
import { byId, count, counted, make } from "pages/elements.js";
import { startKeys } from "pages/keys.js";
import { startTheme, nextTheme } from "pages/theme.js";
import { askNote, takeAlong, triageBar, TRIAGE_CHOICES } from "pages/triage.js";

/** @typedef {any} Item with key, task and link (or null); the rest is the page's */

/**
 * @typedef {Object} Parts
 * @property {Item[]} items
 * @property {import("pages/windowed.js").Windowed<Item>} list
 * @property {import("pages/filters.js").Filters<Item>} filters
 * @property {import("pages/viewer.js").Viewer} viewer
 * @property {import("pages/triage.js").Triage} triage
 * @property {(item: Item) => Promise<void>} draw shows an image in the viewer and beside it
 * @property {string} home the view without an image, such as "summary"
 * @property {string} title for notes that are taken along
 * @property {string} [more] what is said after the number of images
 * @property {import("pages/keys.js").Keys} [keys] of the page
 * @property {() => void} [shownChanged] other images fit the filters
 * @property {{read: (state: Record<string, string>) => void, write: () => Record<string, string>}} [own] what else the address says
 */

/** The filter by triage, for a page's filters. @param {import("pages/triage.js").Triage} triage */
export function triageFilter(triage) {
  return { id: "triage", label: "Triage", options: TRIAGE_CHOICES,
    fits: (/** @type {Item} */ item, /** @type {string} */ choice) => triage.fits(item.key, choice) };
}

export class Gallery {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    /** @type {Item[]} */
    this.shown = [];
    /** @type {Item | null} */
    this.chosen = null;
    this.view = parts.home;
    /** @type {[number, number] | null} */
    this.pixel = null;
  }

  /** Start: take the state from the address, and listen. */
  start() {
    startTheme();
    startKeys(() => this.keys(), this.keys(), (key) => this.focused(key));
    const on = { previous: () => this.step(-1), next: () => this.step(1), "back-button": () => this.open("list"), "triage-button": () => this.takeAlong() };
    for (const [id, action] of Object.entries(on)) byId(id)?.addEventListener("click", action);
    for (const button of document.querySelectorAll("button[data-open]")) {
      const view = /** @type {HTMLElement} */ (button).dataset.open || "";
      button.addEventListener("click", () => this.open(this.view === view ? (this.chosen ? "image" : this.parts.home) : view));
    }
    document.addEventListener("click", (event) => this.followed(event));
    onAddress(() => this.restore());
    const narrow = matchMedia("(max-width: 860px)");
    const drawer = byId("drawer"); // of filters: closed on a phone, where it can be opened
    const fold = () => { if (drawer) drawer.open = !narrow.matches; };
    narrow.addEventListener("change", fold);
    fold();
    this.restore();
  }

  /** A link within the page is a place in it. @param {MouseEvent} event */
  followed(event) {
    const link = /** @type {Element} */ (event.target).closest?.('a[href^="#"]');
    if (!link || link.id === "skip") return;
    event.preventDefault();
    const address = link.getAttribute("href") || "";
    if (link.hasAttribute("data-lead")) {
      this.lead(Object.fromEntries(new URLSearchParams(address.slice(1))));
      return;
    }
    history.pushState(null, "", address);
    this.restore();
  }

  /** Choose values of the filters, and open the first image that fits. @param {Record<string, string>} state */
  lead(state) {
    this.parts.filters.state = state;
    this.filter();
    if (this.shown.length) this.choose(this.shown[0]);
    else this.save(false);
  }

  /** Show what the address says. */
  restore() {
    const state = readAddress();
    const { filters, viewer, items, own } = this.parts;
    filters.state = state;
    own?.read(state);
    this.filter();
    const item = items.find((entry) => entry.key === state.key) || null;
    if (state.mode && viewer.mode.id !== state.mode) viewer.setMode(state.mode);
    this.chosen = item;
    this.setView(state.view || (item ? "image" : this.parts.home));
    if (!item || this.view !== "image") return;
    const zoom = Number(state.zoom);
    this.draw(item).then(() => {
      if (zoom > 0) viewer.centre([Number(state.x), Number(state.y)], zoom);
      if (state.pixel) viewer.ask(/** @type {[number, number]} */ (state.pixel.split(",").map(Number)));
    });
  }

  /** Put the state into the address. @param {boolean} isStep */
  save(isStep) {
    const { filters, viewer, home, own } = this.parts;
    const isImage = this.view === "image" && this.chosen;
    const usual = isImage ? "image" : home;
    const view = { view: this.view === usual ? "" : this.view, ...filters.state, ...own?.write() };
    writeAddress(isImage ? { key: this.chosen?.key, mode: viewer.mode === viewer.modes[0] ? "" : viewer.mode.id, ...view, ...this.place() } : view, isStep);
  }

  /** Zoom, middle and pixel of the picture, for the address; nothing while it is fitted. @returns {Record<string, string>} */
  place() {
    const { place, paneSize } = this.parts.viewer;
    const pixel = { pixel: this.pixel ? this.pixel.join() : "" };
    if (place.fitted) return pixel;
    const [x, y] = [(paneSize[0] / 2 - place.x) / place.scale, (paneSize[1] / 2 - place.y) / place.scale].map((n) => String(Math.round(n - 0.5)));
    return { ...pixel, zoom: String(Number(place.scale.toPrecision(4))), x, y };
  }

  /** Choose the images that fit the filters; the open one stays open. */
  filter() {
    const { filters, items, list, more = "" } = this.parts;
    this.shown = filters.apply(items);
    list.show(this.shown);
    byId("count").textContent = this.shown.length || !items.length
      ? `${count(this.shown.length)} of ${counted(items.length, "image")}${more}` : `No image fits: ${count(items.length)} are left out`;
    this.mark();
    this.parts.shownChanged?.();
  }

  /** The filters were changed by hand. */
  filtered() { this.parts.list.box.scrollTop = 0; this.filter(); this.save(false); }

  /** Choose a value of a filter, as a legend's entry does; the same one again: all. @param {string} id @param {string} value */
  toggleFilter(id, value) { this.parts.filters.toggle(id, value); this.filtered(); }

  /** Mark the open image in the list, and say where it stands. */
  mark() {
    const index = this.chosen ? this.shown.indexOf(this.chosen) : -1;
    this.parts.list.mark(index);
    const all = count(this.shown.length);
    byId("place").textContent = !this.chosen ? "" : index < 0 ? `not among the ${all} that fit` : `${count(index + 1)} / ${all}`;
    const seen = this.parts.items.filter((item) => this.parts.triage.of(item.key).seen).length;
    byId("triage-button").textContent = `${count(seen)} of ${count(this.parts.items.length)} seen`;
  }

  /** Open an image. @param {Item} item @returns {Promise<void>} */
  choose(item) {
    const isStep = this.view !== "image" || this.chosen !== item;
    this.chosen = item;
    this.pixel = null;
    this.setView("image");
    const drawn = this.draw(item);
    this.save(isStep);
    return drawn;
  }

  /** @param {Item} item */
  async draw(item) {
    this.parts.triage.see(item.key);
    this.mark();
    this.drawTriage();
    byId("name").textContent = item.key;
    await this.parts.draw(item);
    if (this.chosen === item) this.parts.viewer.stage.dataset.key = item.key;
  }

  /** Open the next or the previous image that fits. @param {number} by */
  step(by) {
    if (!this.shown.length) return;
    const here = this.chosen ? this.shown.indexOf(this.chosen) : -1;
    const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), this.shown.length - 1);
    this.choose(this.shown[next]);
  }

  /** Open another view than an image. @param {string} view */
  open(view) { this.setView(view); this.save(true); }

  /** @param {string} view */
  setView(view) {
    this.view = view;
    document.body.dataset.view = view;
    byId("image").hidden = view !== "image";
    for (const element of document.querySelectorAll("main > [data-view]")) {
      /** @type {HTMLElement} */ (element).hidden = /** @type {HTMLElement} */ (element).dataset.view !== view;
    }
    for (const button of document.querySelectorAll("button[data-open]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.open === view));
    }
    if (matchMedia("(max-width: 860px)").matches) scrollTo(0, 0);
    this.mark();
    this.parts.shownChanged?.();
  }

  /** What one thinks of the open image. */
  drawTriage() {
    const { triage, viewer } = this.parts;
    if (!this.chosen) return;
    byId("triage").replaceChildren(triageBar(triage, this.chosen.key, {
      ask: () => this.note(),
      go: (at) => { viewer.centre(at, Math.max(4, viewer.place.scale)); viewer.ask(at); },
    }));
  }

  /** Triage changed: show it. */
  judged() { this.mark(); this.drawTriage(); }

  /** @param {"fine" | "wrong"} verdict */
  judge(verdict) { if (this.view === "image" && this.chosen) this.parts.triage.judge(this.chosen.key, verdict); }

  /** Note something on the marked pixel, or on the one in the middle. */
  note() {
    const { viewer, triage } = this.parts;
    const { chosen } = this;
    if (this.view !== "image" || !chosen) return;
    if (!viewer.marker) viewer.askMiddle();
    const at = viewer.marker || [0, 0];
    askNote(at, (text) => triage.note(chosen.key, { x: at[0], y: at[1], text }));
  }

  takeAlong() { takeAlong(this.parts.triage, this.parts.items, this.parts.title); }

  /** @returns {import("pages/keys.js").Keys} */
  keys() {
    const { viewer, keys = [] } = this.parts;
    return [
      ["j", "next image", () => this.step(1)],
      ["k", "previous image", () => this.step(-1)],
      ["/", "find an image", () => byId("find").focus()],
      ...keys,
      ["g", "the image is fine", () => this.judge("fine")],
      ["x", "something is wrong", () => this.judge("wrong")],
      ["n", "a note on the pixel", () => this.note()],
      ...(this.view === "image" || !document.getElementById("help") ? viewer.keys() : []),
      ["t", "light, dark, as the system", nextTheme],
    ];
  }

  /** The picture's own keys, and arrows that turn pages where nothing else needs them. @param {string} key */
  focused(key) {
    const { viewer, list } = this.parts;
    const active = document.activeElement;
    if (active === viewer.stage && viewer.pressed(key)) return true;
    const isFree = !active || [document.body, viewer.stage, byId("main")].includes(/** @type {HTMLElement} */ (active));
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
    if (!by || !isFree || (this.view !== "image" && list.box.closest("main"))) return false;
    this.step(by);
    return true;
  }
}

/** Return a list of names and what they are. @param {[string, string | Node][]} facts */
export function factList(facts) {
  return make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
