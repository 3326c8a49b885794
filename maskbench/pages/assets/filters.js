// A form that chooses among items: a word to find, selects, and an order.
import { make } from "pages/elements.js";

/**
 * @template T
 * @typedef {Object} Filter
 * @property {string} id in addresses
 * @property {string} label
 * @property {[string, string][]} options value and text
 * @property {(item: T, value: string) => boolean} fits
 */

/**
 * @template T
 * @typedef {Object} Order
 * @property {string} id
 * @property {string} label
 * @property {(a: T, b: T) => number} compare
 */

/** @template T */
export class Filters {
  /**
   * @param {HTMLElement} box is filled
   * @param {Filter<T>[]} filters
   * @param {Order<T>[]} orders the first is the usual one
   * @param {(item: T) => string} text what a word is looked for in
   * @param {() => void} changed
   * @param {{prefix: string, noun: string}} names of a second form in a page: what ids begin with, and what is looked for
   */
  constructor(box, filters, orders, text, changed, { prefix, noun } = { prefix: "", noun: "an image" }) {
    this.filters = filters.filter((filter) => filter.options.length > 0);
    this.orders = orders;
    this.text = text;
    this.find = make("input", { type: "search", id: `${prefix}find`, placeholder: `Find ${noun}…`, "aria-label": `Find ${noun} by name`, autocomplete: "off", on: { input: changed } });
    this.selects = new Map(this.filters.map((filter) => [filter.id, select(prefix + filter.id, [["", "all"], ...filter.options], changed)]));
    this.order = select(`${prefix}order`, orders.map(({ id, label }) => [id, label]), changed);
    const labelled = this.filters.map(({ id, label }) => make("label", {}, label, this.selects.get(id)));
    const form = make("form", { class: "filters", role: "search", on: {
      submit: (/** @type {Event} */ event) => event.preventDefault(),
      reset: () => setTimeout(changed),
    } }, this.find, make("div", { class: "selects" }, ...labelled, make("label", {}, "Order", this.order), make("button", { type: "reset", id: `${prefix}reset` }, "Clear")));
    box.append(form);
  }

  /** Return the items that fit, in order. @param {T[]} items @returns {T[]} */
  apply(items) {
    const word = this.find.value.trim().toLowerCase();
    const chosen = this.filters.map((filter) => ({ filter, value: this.value(filter.id) })).filter(({ value }) => value);
    const order = this.orders.find(({ id }) => id === this.order.value) || this.orders[0];
    return items
      .filter((item) => chosen.every(({ filter, value }) => filter.fits(item, value)) && this.text(item).toLowerCase().includes(word))
      .sort(order.compare);
  }

  /** @param {string} id */
  value(id) { return this.selects.get(id)?.value || ""; }

  /** Choose a value; the same one again: all. @param {string} id @param {string} value */
  toggle(id, value) {
    const element = this.selects.get(id);
    if (element) element.value = element.value === value ? "" : value;
  }

  /** The values for the address. @returns {Record<string, string>} */
  get state() {
    const order = this.order.value === this.orders[0].id ? "" : this.order.value;
    return { find: this.find.value, order, ...Object.fromEntries([...this.selects].map(([id, element]) => [id, element.value])) };
  }

  /** @param {Record<string, string>} state */
  set state(state) {
    this.find.value = state.find || "";
    choose(this.order, state.order || this.orders[0].id);
    for (const [id, element] of this.selects) choose(element, state[id] || "");
  }
}

/** @param {string} id @param {[string, string][]} options @param {() => void} change */
function select(id, options, change) {
  return make("select", { id: `by-${id}`, on: { change } }, ...options.map(([value, text]) => make("option", { value }, text)));
}

/** Choose a value if there is such an option. @param {HTMLSelectElement} element @param {string} value */
function choose(element, value) {
  element.value = value;
  if (element.selectedIndex < 0) element.selectedIndex = 0;
}
