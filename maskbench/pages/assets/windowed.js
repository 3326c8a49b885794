// A list or grid of any length of which only what is seen is in the document.
import { make } from "pages/elements.js";

const BEYOND = 2; // rows kept above and below what is seen

/** @template T */
export class Windowed {
  /**
   * @param {HTMLElement} box scrolls, and is filled
   * @param {{width: number, height: number}} cell least width and the height of an entry; width 0: one a row
   * @param {(entry: T, index: number) => HTMLElement} draw returns an entry's element, which can have the focus
   * @param {string} label
   * @param {(index: number) => void} moved the arrows went to another entry
   */
  constructor(box, cell, draw, label, moved = () => {}) {
    this.moved = moved;
    this.box = box;
    this.cell = cell;
    this.draw = draw;
    /** @type {T[]} */
    this.entries = [];
    this.current = -1;
    /** @type {Map<number, HTMLElement>} */
    this.drawn = new Map();
    this.inner = make("div", { class: "windowed", role: "list", "aria-label": label });
    box.append(this.inner);
    box.addEventListener("scroll", () => this.refresh(), { passive: true });
    new ResizeObserver(() => this.refresh(true)).observe(box);
    this.inner.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.pressed(event));
  }

  get columns() {
    return this.cell.width ? Math.max(1, Math.floor(this.inner.clientWidth / this.cell.width)) : 1;
  }

  /** Show other entries. @param {T[]} entries */
  show(entries) {
    this.entries = entries;
    this.current = Math.min(this.current, entries.length - 1);
    this.refresh(true);
  }

  /** Mark an entry as the current one, and scroll to it; -1: none. @param {number} index */
  mark(index) {
    this.current = index;
    if (index >= 0) {
      const top = Math.floor(index / this.columns) * this.cell.height;
      const { scrollTop, clientHeight } = this.box;
      if (top < scrollTop) this.box.scrollTop = top;
      else if (top + this.cell.height > scrollTop + clientHeight) this.box.scrollTop = top + this.cell.height - clientHeight;
    }
    this.refresh(true);
  }

  /** Draw what is seen. @param {boolean} isNew draw all again: the entries, their size or the current one changed */
  refresh(isNew = false) {
    if (!this.box.clientHeight) return;
    const { columns, cell } = this;
    const rows = Math.ceil(this.entries.length / columns);
    this.inner.style.height = `${rows * cell.height}px`;
    const first = Math.max(0, Math.floor(this.box.scrollTop / cell.height) - BEYOND) * columns;
    const seen = (Math.ceil(this.box.clientHeight / cell.height) + 2 * BEYOND) * columns;
    const end = Math.min(this.entries.length, first + seen);
    const focused = this.focusedIndex();
    for (const [index, element] of this.drawn) {
      if (!isNew && index >= first && index < end) continue;
      element.remove();
      this.drawn.delete(index);
    }
    const width = 100 / columns;
    for (let index = first; index < end; index++) {
      if (!this.drawn.has(index)) this.add(index, `${width * (index % columns)}%`, `${width}%`, Math.floor(index / columns) * cell.height);
    }
    const tabbable = this.drawn.get(this.current) || this.drawn.get(first);
    for (const item of this.drawn.values()) content(item).tabIndex = item === tabbable ? 0 : -1;
    if (focused >= 0 && this.focusedIndex() < 0) this.focus(focused);
  }

  /** @param {number} index @param {string} left @param {string} width @param {number} top */
  add(index, left, width, top) {
    const entry = this.draw(this.entries[index], index);
    if (index === this.current) entry.setAttribute("aria-current", "true");
    const item = make("div", { role: "listitem", "aria-setsize": String(this.entries.length), "aria-posinset": String(index + 1),
      "data-index": String(index), style: { left, width, top: `${top}px`, height: `${this.cell.height}px` } }, entry);
    this.drawn.set(index, item);
    const next = [...this.inner.children].find((other) => Number(other.dataset.index) > index);
    this.inner.insertBefore(item, next || null);
  }

  focusedIndex() {
    const item = document.activeElement?.closest("[data-index]");
    return item && this.inner.contains(item) ? Number(/** @type {HTMLElement} */ (item).dataset.index) : -1;
  }

  /** @param {number} index */
  focus(index) {
    const item = this.drawn.get(index);
    if (item) content(item).focus({ preventScroll: true });
  }

  /** Arrows, Home and End move the focus. @param {KeyboardEvent} event */
  pressed(event) {
    const { columns } = this;
    const here = this.focusedIndex();
    const steps = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    const by = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (here < 0 || by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(Math.max(here + by, 0), this.entries.length - 1);
    this.mark(next);
    this.moved(next);
    this.focus(next);
  }
}

/** Return what has the focus in an entry: its first button or link. @param {HTMLElement} item */
const content = (item) => /** @type {HTMLElement} */ (item.querySelector("button, a") || item.firstElementChild);
