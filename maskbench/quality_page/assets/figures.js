// Agreement in pictures: the matrix of annotators, and how each went over time.
import { chart, line } from "pages/chart.js";
import { byId, counted, make } from "pages/elements.js";
import { swatch } from "pages/legend.js";
import { matrix } from "pages/matrix.js";
import { named } from "quality_page/list.js";

const NAMES = /** @type {Record<string, string>} */ ({ iou: "IoU", dice: "Dice", boundary_iou: "Boundary IoU", kappa: "Kappa", alpha: "Alpha" });
const TICKS = 8;

/** @typedef {{coefficient: string, of: string}} Choice name of the coefficient; number of the class, or empty: all */

/** Return a value of what the page's data has of a pair or an annotator. @param {any} found @param {any} data @param {Choice} choice @returns {number | null} */
function valueOf(found, data, { coefficient, of }) {
  const values = found?.values;
  return values?.[of === "" ? values.length - 1 : Number(of)]?.[data.coefficients.indexOf(coefficient)] ?? null;
}

/** Fill the choices of coefficient and class. @param {any} data @param {Choice} choice @param {(choice: Choice) => void} choose */
export function drawChoices(data, choice, choose) {
  const buttons = data.coefficients.map((/** @type {string} */ name) => make("button", { type: "button", role: "radio", "data-coefficient": name,
    "aria-checked": String(name === choice.coefficient), tabindex: name === choice.coefficient ? "0" : "-1", on: { click: () => choose({ ...choice, coefficient: name }) } }, NAMES[name]));
  const box = byId("coefficients");
  const hadFocus = box.contains(document.activeElement);
  box.replaceChildren(...buttons);
  if (hadFocus) box.querySelector("[aria-checked=true]").focus();
  box.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const all = data.coefficients;
    choose({ ...choice, coefficient: all[(all.indexOf(choice.coefficient) + by + all.length) % all.length] });
  };
  const used = data.classes.slice(0, -1).map((/** @type {any} */ entry, /** @type {number} */ i) => [String(i), entry.name])
    .filter((/** @type {string[]} */ [number]) => Object.values(data.agreement.pairs).some((pair) => valueOf(pair, data, { coefficient: "iou", of: number }) !== null));
  const select = byId("of");
  select.replaceChildren(...[["", "all classes"], ...used].map(([value, text]) => make("option", { value, selected: value === choice.of }, text)));
  select.onchange = () => choose({ ...choice, of: select.value });
}

/** Draw the matrix. @param {any} data @param {Choice} choice @param {(filters: Record<string, string>) => void} lead to images */
export function drawMatrix(data, choice, lead) {
  const { pairs, against_the_others: others, against_consensus: voted, against_ground_truth: truth } = data.agreement;
  const people = data.people.map((/** @type {any} */ person) => person.name).filter((/** @type {string} */ name) => others[name]);
  const more = [["the others", others], ["the consensus", voted], ["ground truth", truth]].filter(([name, own]) => name === "the others" || Object.keys(own).length);
  const pairOf = (/** @type {number} */ i, /** @type {number} */ j) => [`${people[i]} and ${people[j]}`, `${people[j]} and ${people[i]}`].find((name) => pairs[name]) || "";
  const cell = (/** @type {number} */ i, /** @type {number} */ j) => {
    const [name, own] = more[j - people.length] || [named(people[j] || ""), null];
    const found = own ? own[people[i]] : pairs[pairOf(i, j)];
    const value = i === j ? null : valueOf(found, data, choice);
    if (value === null) return null;
    return {
      text: value.toFixed(2),
      label: `${named(people[i])} and ${name}: ${NAMES[choice.coefficient]} ${value.toFixed(3)} on ${counted(found.images, "image")}`,
      shade: Math.min(1, 0.12 + 1.6 * Math.abs(value - 0.5)),
      kind: /** @type {"right" | "wrong"} */ (value < 0.5 ? "wrong" : "right"),
    };
  };
  const columns = [...people, ...more.map(([name]) => name)];
  byId("matrix").replaceChildren(matrix("Agreement of annotators", "annotator", people, columns, cell,
    (i, j) => lead({ class: choice.of, ...(j < people.length ? { pair: pairOf(i, j) } : { annotator: people[i] }) }), people.length));
}

/** Draw how far each annotator agreed with the others over time; one can be chosen. @param {any} data @param {Choice} choice @param {string} chosen @param {(who: string) => void} choose */
export function drawTimeline(data, choice, chosen, choose) {
  const { unit, steps, people } = data.timeline;
  const place = (/** @type {number} */ step) => (steps.length > 1 ? step / (steps.length - 1) : 0.5);
  const every = Math.ceil(steps.length / TICKS);
  const ticks = steps.map((/** @type {string} */ name, /** @type {number} */ i) => [place(i), unit === "tasks" ? name.replace(/^0*/, "").replace(/ to 0*/, "–") : name])
    .filter((/** @type {any} */ _, /** @type {number} */ i) => i % every === 0);
  const shown = data.people.filter((/** @type {any} */ person) => people[person.name]);
  const marks = shown.flatMap((/** @type {any} */ person) => {
    const points = people[person.name].map((/** @type {any[]} */ [step, images, values]) => [step, images, valueOf({ values }, data, choice)])
      .filter((/** @type {any[]} */ [, , value]) => value !== null)
      .map((/** @type {[number, number, number]} */ [step, images, value]) => [place(step), Math.max(0, value), `${named(person.name)}, ${unit === "tasks" ? "images " : ""}${steps[step]}: ${value.toFixed(3)} (${counted(images, "image")})`]);
    return line(points, `person ${!chosen ? "" : chosen === person.name ? "chosen" : "faint"}`, person.color, true);
  });
  const axis = unit === "tasks" ? "images in the order of their keys: the annotations tell no dates" : `${unit} of the last save, UTC`;
  const title = `${NAMES[choice.coefficient]} with the majority of the others${choice.of === "" ? "" : `, ${data.classes[Number(choice.of)].name}`}`;
  const buttons = shown.map((/** @type {any} */ person) => make("li", {}, make("button", { type: "button", "aria-pressed": String(chosen === person.name), "data-person": person.name, on: { click: () => choose(chosen === person.name ? "" : person.name) } },
    swatch({ color: person.color }), make("span", {}, named(person.name)))));
  byId("timeline").replaceChildren(chart(title, axis, ticks, marks), make("ul", { class: "legend", "aria-label": "Annotators of the chart" }, ...buttons));
}

